# `make run` and `make test` need Python 3.11 or later and make, nothing else; whatever they install goes to .venv.

# Any of these that is recent enough; PYTHON=... chooses another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --require-virtualenv install
INSTALL_PROJECT := $(PIP) --quiet --no-build-isolation --no-deps --editable . --editable clients/python

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url

ARGS ?=

# What an option of the same name needs beside the rest.
needed_by = $(if $(findstring --$(1),$(ARGS)),$(VENV)/$(1).installed)

.DEFAULT_GOAL := help
.PHONY: help run example test lint types web docs terraform audit sbom format generate lock bench fuzz clean
.PHONY: ci-install ci-lint ci-types ci-test ci-audit ci-sbom ci-variables ci-plan ci-deploy-maintain ci-migrate ci-apply ci-smoke

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS='	' read -r verb words; do printf '  %-10s %s\n' "$$verb" "$$words"; done

run: $(VENV)/run.installed $(call needed_by,grpc) $(call needed_by,bigquery) ## Run the whole pipeline on this machine; ARGS=--help shows its options
	@$(BIN)/telemetry up $(ARGS)

example: $(VENV)/dev.installed clients/web/node_modules/.package-lock.json ## Run an app with both clients beside the pipeline; needs Node.js 20; ARGS=--help shows its options
	cd clients/web && npm run --silent build
	cd examples/frontend && npm ci --no-audit --no-fund && npm run --silent build
	@$(BIN)/python examples/start.py $(ARGS)

test: $(VENV)/dev.installed ## Run the tests, one file a core at once; ARGS goes to pytest
	$(BIN)/pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile $(ARGS)

lint: $(VENV)/dev.installed ## Check style, formatting and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/dev.installed ## Check types
	$(BIN)/mypy
	cd clients/python && ../../$(BIN)/mypy
	$(BIN)/mypy examples/start.py examples/backend/app.py

web: clients/web/node_modules/.package-lock.json ## Check the web client: it builds, style, types, unit tests, sizes; needs Node.js 20
	cd clients/web && npm run build && npm run lint && npm run types && npm test

docs: $(VENV)/docs.installed ## Build the documentation as a site, its links checked, in site/
	NO_MKDOCS_2_WARNING=1 $(VENV)/docs/bin/mkdocs build --strict --quiet

terraform: $(VENV)/dev.installed ## Check the deployment: format, references, tests, the plans of its examples
	PYTHON=$(CURDIR)/$(BIN)/python terraform/check.sh

audit: $(VENV)/dev.installed $(VENV)/audit.installed ## Look for credentials, breaches of our own rules, and known vulnerabilities in what is locked
	$(BIN)/pytest -q tests/audit
	$(BIN)/python .ci/audit.py

sbom: $(VENV)/audit.installed ## Write what the functions consist of to build/sbom.json, in CycloneDX
	@mkdir -p build
	$(VENV)/audit/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible --output-file build/sbom.json functions/requirements.txt

format: $(VENV)/dev.installed ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

generate: $(VENV)/dev.installed ## Write what follows from schemas/events.yaml, the settings, the views, bench/results and wire.proto
	$(BIN)/python schemas/generate.py
	$(BIN)/python docs/generate_settings.py
	$(BIN)/python docs/generate_analytics.py
	$(BIN)/python docs/generate_tables.py
	$(BIN)/python docs/generate_python_client.py
	$(BIN)/python docs/generate_performance.py
	$(BIN)/python terraform/generate_readme.py
	cd functions && ../$(BIN)/python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. telemetry_pipeline/otlp/wire.proto

lock: $(VENV)/dev.installed ## Pin the dependencies that pyproject.toml names; ARGS=--upgrade takes newer ones
	$(COMPILE) $(ARGS) pyproject.toml --output-file functions/requirements.txt
	$(COMPILE) $(ARGS) pyproject.toml --group local --output-file local/requirements.txt
	$(COMPILE) $(ARGS) pyproject.toml --group dev --output-file tests/requirements.txt
	$(COMPILE) $(ARGS) --group grpc --prerelease allow --output-file local/requirements-grpc.txt
	$(COMPILE) $(ARGS) --group checkov --output-file terraform/requirements-checkov.txt
	$(COMPILE) $(ARGS) --group docs --output-file docs/requirements.txt
	$(COMPILE) $(ARGS) --group audit --output-file .ci/requirements-audit.txt
	$(COMPILE) $(ARGS) --group fuzz --output-file bench/requirements-fuzz.txt
	$(COMPILE) $(ARGS) --group bigquery --output-file local/requirements-bigquery.txt

bench: $(VENV)/dev.installed ## Measure, and write bench/results/; ARGS='analytics dashboard' with 10 million events
	$(BIN)/python -m bench $(ARGS)

fuzz: $(VENV)/fuzz.installed ## Fuzz decoder, scrubber, transformer and mirror, a million executions; ARGS='--executions 40000' is a minute
	$(BIN)/python -m bench.fuzz $(ARGS)

# What Cloud Build runs, one target a step; cloudbuild.yaml says in which order, and where Terraform comes in.
ci-install: $(VENV)/dev.installed

ci-lint: lint

ci-types: types

ci-test: test

ci-audit: audit sbom

ci-variables ci-plan ci-deploy-maintain ci-apply ci-sbom:
	.ci/$(@:ci-%=%)

ci-migrate ci-smoke: $(VENV)/dev.installed
	BIN=$(BIN) .ci/$(@:ci-%=%)

clean: ## Remove what was installed and what was received
	rm -rf $(VENV) site clients/web/dist clients/web/node_modules examples/frontend/dist examples/frontend/node_modules .local .hypothesis .mypy_cache .pytest_cache .ruff_cache *.egg-info clients/python/build clients/python/src/*.egg-info

$(VENV)/run.installed: local/requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo 'Installing what the pipeline needs (about a minute, once)'
	$(PIP) --require-hashes --requirement local/requirements.txt
	$(INSTALL_PROJECT)
	@touch $@

$(VENV)/grpc.installed: local/requirements-grpc.txt $(VENV)/run.installed
	$(PIP) --require-hashes --requirement local/requirements-grpc.txt
	@touch $@

$(VENV)/bigquery.installed: local/requirements-bigquery.txt | $(VENV)/bin/python
	@echo 'Installing the BigQuery emulator, in a virtual environment of its own (about a minute, once)'
	@$(BIN)/python -m venv --clear $(VENV)/bigquery
	$(VENV)/bigquery/bin/python -m pip --disable-pip-version-check install --require-hashes --requirement local/requirements-bigquery.txt
	$(VENV)/bigquery/bin/python -c 'import duckdb_extensions; duckdb_extensions.import_extension("spatial")'
	@touch $@

$(VENV)/checkov.installed: terraform/requirements-checkov.txt | $(VENV)/bin/python
	@$(BIN)/python -m venv --clear $(VENV)/checkov
	$(VENV)/checkov/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes --requirement terraform/requirements-checkov.txt
	@touch $@

$(VENV)/docs.installed: docs/requirements.txt | $(VENV)/bin/python
	@$(BIN)/python -m venv --clear $(VENV)/docs
	$(VENV)/docs/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes --requirement docs/requirements.txt
	@touch $@

$(VENV)/audit.installed: .ci/requirements-audit.txt | $(VENV)/bin/python
	@$(BIN)/python -m venv --clear $(VENV)/audit
	$(VENV)/audit/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes --requirement .ci/requirements-audit.txt
	@touch $@

$(VENV)/fuzz.installed: bench/requirements-fuzz.txt $(VENV)/dev.installed
	$(PIP) --require-hashes --requirement bench/requirements-fuzz.txt
	@touch $@

$(VENV)/dev.installed: tests/requirements.txt pyproject.toml clients/python/pyproject.toml | $(VENV)/bin/python
	@echo 'Installing what the tests need (about a minute, once)'
	$(PIP) --require-hashes --requirement tests/requirements.txt
	$(INSTALL_PROJECT)
	@touch $@ $(VENV)/run.installed

clients/web/node_modules/.package-lock.json: clients/web/package-lock.json
	cd clients/web && npm ci --no-audit --no-fund
	@touch $@

$(VENV)/bin/python:
	@test -n '$(PYTHON)' || { echo 'Python 3.11 or later is needed: install it, or name it with PYTHON=...' >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo 'On Debian and Ubuntu, venv is a package of its own: apt install python3-venv' >&2; exit 1; }
