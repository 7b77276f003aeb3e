"""cloudbuild.yaml: valid, and every step can be run by hand."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BUILD = yaml.safe_load((ROOT / "cloudbuild.yaml").read_text())
SCRIPTS = [step["script"] for step in BUILD["steps"]]


def test_it_is_what_cloud_build_takes() -> None:
    """It keeps to the published JSON Schema of Cloud Build's configuration."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.cloudbuild", "cloudbuild.yaml"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_steps_come_in_the_order_that_keeps_the_pipeline_serving() -> None:
    """Tests before anything is deployed, the schema before the code that needs it, and a trial at the end."""
    steps = [step["id"] for step in BUILD["steps"]]
    wanted = ["install", "lint", "types", "test", "audit", "plan", "deploy-maintain", "migrate", "apply", "smoke"]

    assert [step for step in steps if step in wanted] == wanted


def test_substitutions_that_are_used_are_declared_and_explained() -> None:
    """No step reads a variable that the head of the file does not explain."""
    text = (ROOT / "cloudbuild.yaml").read_text()
    scripts = text + "".join(path.read_text() for path in (ROOT / ".ci").iterdir())
    used = set(re.findall(r"\$\{?(_[A-Z_]+)", scripts))

    assert used == set(BUILD["substitutions"])
    assert all(name in text.split("steps:")[0] for name in used)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_step_is_a_target_of_the_makefile_or_a_script(script: str) -> None:
    """So that it can be run by hand."""
    if script.startswith("make "):
        done = subprocess.run([*script.split(), "--dry-run"], cwd=ROOT, capture_output=True, check=False)
        assert done.returncode == 0
    else:
        assert os.access(ROOT / script, os.X_OK)


@pytest.mark.parametrize("script", ["sbom", "variables", "plan", "deploy-maintain", "migrate", "apply", "smoke"])
def test_elsewhere_than_on_the_deployed_branch_nothing_is_deployed(script: str) -> None:
    """Without _DEPLOY and a bucket the last steps say so and succeed, and need no Terraform."""
    done = subprocess.run(
        [ROOT / ".ci" / script], capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"}
    )

    assert done.returncode == 0, done.stderr
    assert re.match("No(t on the branch| _STATE_BUCKET| _TFVARS)", done.stdout)
