"""Rules that a whole plan must keep, whoever adds a resource: `python policy.py PLAN.json SCHEMAS.json`.

The tests in tests/ name resources one by one and say what each must be; a rule here holds for all there are. Takes the
output of `terraform show -json PLAN` and of `terraform providers schema -json`; needs nothing but Python.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Resource = dict[str, Any]

PUBLIC = {"allUsers", "allAuthenticatedUsers"}
BASIC_ROLES = {"roles/owner", "roles/editor", "roles/viewer"}
PROJECT_ROLES = {
    "roles/artifactregistry.reader",
    "roles/bigquery.jobUser",
    "roles/browser",
    "roles/cloudfunctions.developer",
    "roles/iam.securityReviewer",
    "roles/logging.logWriter",
    "roles/monitoring.viewer",
    "roles/telemetry.metricsWriter",
    "roles/telemetry.tracesWriter",
}
"""What may be granted in the project without a condition, beside roles that only read: it has no smaller place."""

_CLOSED = {"ALLOW_INTERNAL_ONLY", "INGRESS_TRAFFIC_INTERNAL_ONLY"}


def resources_of(module: dict[str, Any]) -> Iterator[Resource]:
    """The resources of a module in a plan, and of those within it."""
    yield from (one for one in module.get("resources", []) if one["mode"] == "managed")
    for child in module.get("child_modules", []):
        yield from resources_of(child)


def basic_roles(resources: list[Resource]) -> Iterator[str]:
    """No role that reaches everything in a project."""
    for one in resources:
        if one["values"].get("role") in BASIC_ROLES:
            yield f"{one['address']} grants {one['values']['role']}: grant what is needed"


def project_roles(resources: list[Resource]) -> Iterator[str]:
    """What can be granted on a resource is not granted in the project."""
    for one in _of(resources, "google_project_iam_member"):
        role, condition = one["values"]["role"], one["values"].get("condition")
        if not (condition or role in PROJECT_ROLES or role.lower().endswith(("viewer", "reader"))):
            yield f"{one['address']} grants {role} in the whole project: grant it on the resource, or with a condition"


def public_principals(resources: list[Resource]) -> Iterator[str]:
    """Everybody may invoke ingest and public, and nothing else."""
    for one in resources:
        values = one["values"]
        principals = {values.get("member"), *(values.get("members") or ())}
        is_open = str(values.get("name")).endswith(("-ingest", "-public"))
        if principals & PUBLIC and not (is_open and values.get("role") == "roles/run.invoker"):
            yield f"{one['address']} is open to everybody"


def service_account_keys(resources: list[Resource]) -> Iterator[str]:
    """No key that could be stolen."""
    for one in _of(resources, "google_service_account_key"):
        yield f"{one['address']}: use the account itself instead of a key of it"


def public_addresses(resources: list[Resource]) -> Iterator[str]:
    """The database has none."""
    for one in _of(resources, "google_sql_database_instance"):
        if any(ip["ipv4_enabled"] for settings in one["values"]["settings"] for ip in settings["ip_configuration"]):
            yield f"{one['address']} has a public address"


def request_logs(resources: list[Resource]) -> Iterator[str]:
    """No entry that can be reached from outside keeps its callers' addresses."""
    filters = [
        one["values"]["filter"]
        for one in _of(resources, "google_logging_project_exclusion")
        if not one["values"].get("disabled")
    ]
    services = [one for one in _of(resources, "google_cloud_run_v2_service") if one["values"]["ingress"] not in _CLOSED]
    functions = [
        one
        for one in _of(resources, "google_cloudfunctions2_function")
        if one["values"]["service_config"][0]["ingress_settings"] not in _CLOSED
    ]
    entries = [(one, "run.googleapis.com/requests") for one in services + functions]
    entries += [(one, "requests") for one in _of(resources, "google_compute_url_map")]
    for one, log in entries:
        name = one["values"]["name"]
        if not any(f'log_id("{log}")' in filter_ and f'"{name}"' in filter_ for filter_ in filters):
            yield f"{one['address']} is public, and no exclusion names the request log of {name}"
    for one in _of(resources, "google_compute_backend_service"):
        if any(log["enable"] for log in one["values"].get("log_config") or ()):
            yield f"{one['address']} logs requests"


def unbounded_backends(resources: list[Resource]) -> Iterator[str]:
    """What the load balancer passes on is bounded."""
    for one in _of(resources, "google_compute_backend_service"):
        if "security_policy" in one["values"] and not one["values"]["security_policy"]:
            yield f"{one['address']} has no security policy"


def expiring_subscriptions(resources: list[Resource]) -> Iterator[str]:
    """No subscription goes away when it is idle, and none that pushes loses what it can't deliver."""
    for one in _of(resources, "google_pubsub_subscription"):
        values = one["values"]
        if [policy["ttl"] for policy in values["expiration_policy"]] != [""]:
            yield f"{one['address']} expires: set ttl to the empty string"
        if values["push_config"] and not values["dead_letter_policy"]:
            yield f"{one['address']} has no dead-letter topic"


def labels(resources: list[Resource], schemas: dict[str, Any]) -> Iterator[str]:
    """Everything that takes labels has ours."""
    for one in resources:
        block = schemas.get(one["type"], {}).get("block", {})
        names = ("user_labels", "labels")
        name = next((name for name in names if block.get("attributes", {}).get(name, {}).get("optional")), None)
        values = one["values"]
        if not name and "user_labels" in _nested(block, "settings"):
            name, values = "user_labels", values["settings"][0]
        if name and (values.get(name) or {}).get("app") != "rhesis-telemetry":
            yield f"{one['address']} takes {name} and has none of ours"


def _nested(block: dict[str, Any], name: str) -> dict[str, Any]:
    nested: dict[str, Any] = block.get("block_types", {}).get(name, {}).get("block", {}).get("attributes", {})
    return nested


def _of(resources: list[Resource], kind: str) -> Iterator[Resource]:
    return (one for one in resources if one["type"] == kind)


RULES: tuple[Callable[[list[Resource]], Iterator[str]], ...] = (
    basic_roles,
    project_roles,
    public_principals,
    service_account_keys,
    public_addresses,
    request_logs,
    unbounded_backends,
    expiring_subscriptions,
)


def breaches(plan: dict[str, Any], schemas: dict[str, Any]) -> list[str]:
    """What in a plan breaks a rule; `schemas` are the resources' by their types."""
    resources = list(resources_of(plan["planned_values"]["root_module"]))
    return [breach for rule in RULES for breach in rule(resources)] + list(labels(resources, schemas))


def main(plan_file: str, schemas_file: str) -> int:
    """Say what breaks a rule; 1 if anything does."""
    plan = json.loads(Path(plan_file).read_text())
    providers = json.loads(Path(schemas_file).read_text())["provider_schemas"].values()
    schemas = {kind: schema for one in providers for kind, schema in one.get("resource_schemas", {}).items()}
    found = breaches(plan, schemas)
    sys.stderr.writelines(f"{breach}\n" for breach in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
