"""Functions: deployed, running as their own accounts, and well."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from telemetry_pipeline.cli.cloud.api import Answer, Api, Deployment, Unanswered
from telemetry_pipeline.cli.findings import Finding

REQUIRED = ("ingest", "store", "maintain", "dashboard", "public")
OPTIONAL = ("mirror",)

_BASIC_ROLES = {"roles/owner", "roles/editor"}
_DATABASE_ROLES = {"roles/cloudsql.client", "roles/cloudsql.instanceUser"}
_HEALTH_SECONDS = 10.0


def deployed(api: Api) -> dict[str, Answer]:
    """The functions that there are, by their short names; they also tell where the deployment is, if nobody said so."""
    if api.functions is not None:
        return api.functions
    the = api.deployment
    address = f"cloudfunctions.googleapis.com/v2/projects/{the.project}/locations/{the.region or '-'}/functions"
    names = {f"{the.prefix}-{name}": name for name in (*REQUIRED, *OPTIONAL)}
    found = {str(function["name"]).rpartition("/")[2]: function for function in api.items(address, "functions")}
    ours = {name: found[full] for full, name in names.items() if full in found}
    if ours and not the.region:
        api.deployment = replace(the, region=str(next(iter(ours.values()))["name"]).split("/")[3])
    api.functions = ours
    return ours


def known(api: Api) -> dict[str, Answer]:
    """As `deployed`, and none where that can't be read: what can't says so once, and hides nothing else."""
    try:
        return deployed(api)
    except Unanswered:
        return {}


def functions(api: Api) -> Iterator[Finding]:
    """Each is there and active; BigQuery's mirror may be missing."""
    found = deployed(api)
    the = api.deployment
    for name in REQUIRED:
        if name not in found:
            advice = "Deploy it (`terraform apply`), or name the deployment's --region and --prefix."
            yield Finding(f"function {name}", f"there is no {the.prefix}-{name}", advice)
    for name, function in found.items():
        yield _state(f"function {name}", function, api)


def _state(check: str, function: Answer, api: Api) -> Finding:
    state = function.get("state", "UNKNOWN")
    said = "; ".join(str(message.get("message", "")) for message in function.get("stateMessages", ()))
    if state == "ACTIVE":
        return Finding(check, f"active, revision {_config(function).get('revision', 'unknown')}")
    if state == "DEPLOYING":
        return Finding(check, "being deployed")
    the, name = api.deployment, str(function["name"]).rpartition("/")[2]
    describe = f"gcloud functions describe {name} --region={the.region} --project={the.project}"
    return Finding(check, f"{state.lower()}: {said or 'nothing is said'}", f"Type `{describe}`; then deploy again.")


def services(api: Api) -> Iterator[Finding]:
    """The Cloud Run service behind each serves its latest revision, to those who are to call it."""
    found = known(api)
    the = api.deployment
    for name in found:
        check, full = f"service {name}", f"{the.prefix}-{name}"
        address = f"run.googleapis.com/v2/projects/{the.project}/locations/{the.region}/services/{full}"
        service = api.get(address) or {}
        condition = service.get("terminalCondition", {})
        if condition.get("state") == "CONDITION_SUCCEEDED":
            yield _invokers(check, name, service, api.get(f"{address}:getIamPolicy") or {}, api.deployment)
            continue
        said = condition.get("message") or condition.get("reason") or "it is not there"
        logs = f"gcloud run services logs read {full} --region={the.region} --project={the.project}"
        yield Finding(check, f"does not serve: {said}", f"Type `{logs}`; it lists settings that need attention.")


_CALLERS = {"ingest": "allUsers", "public": "allUsers", "maintain": "scheduler", "mirror": "push", "store": "push"}
"""Who must be able to call a function; the dashboard's callers are people."""


def _invokers(check: str, name: str, service: Answer, policy: Answer, the: Deployment) -> Finding:
    caller = _CALLERS.get(name, "")
    account = f"{the.prefix}-{caller}@{the.project}.iam.gserviceaccount.com"
    member = caller if caller in {"", "allUsers"} else f"serviceAccount:{account}"
    bindings = [one for one in policy.get("bindings", ()) if one["role"] == "roles/run.invoker"]
    invokers = {one for binding in bindings for one in binding["members"]}
    if member and member not in invokers and not service.get("invokerIamDisabled"):
        return Finding(check, f"serves, but {member} may not call it", "Give it back: `terraform apply`.")
    if member != "allUsers" and invokers & {"allUsers", "allAuthenticatedUsers"}:
        return Finding(check, "everybody may call it", "Take it away: `terraform apply`; only ingest and public are.")
    return Finding(check, f"serves, and {member or 'who is let in'} may call it")


def accounts(api: Api) -> Iterator[Finding]:
    """Each runs as its own account, which has what it needs in the project and nothing that reaches everything."""
    found = known(api)
    the = api.deployment
    policy = api.post(f"cloudresourcemanager.googleapis.com/v1/projects/{the.project}:getIamPolicy", {}) or {}
    for name, function in found.items():
        check, account = f"account of {name}", str(_config(function).get("serviceAccountEmail", ""))
        expected = f"{the.prefix}-{name}@{the.project}.iam.gserviceaccount.com"
        if account != expected:
            yield Finding(check, f"it runs as {account or 'nobody'}", f"Make it {expected}: `terraform apply`.")
            continue
        yield _roles(check, roles_of(policy, account), _DATABASE_ROLES if name in _OF_THE_DATABASE else set())


_OF_THE_DATABASE = {"store", "maintain", "dashboard", "public"}


def _roles(check: str, roles: set[str], needed: set[str]) -> Finding:
    if too_many := sorted(roles & _BASIC_ROLES):
        return Finding(check, f"has {', '.join(too_many)}", "Take it away: a function has the roles that it needs.")
    if missing := sorted(needed - roles):
        return Finding(check, f"lacks {', '.join(missing)}", "Give it back: `terraform apply`.")
    return Finding(check, f"{len(roles)} roles in the project, none that reaches everything")


def roles_of(policy: Answer, account: str) -> set[str]:
    """What a policy gives to a service account."""
    member = f"serviceAccount:{account}"
    return {binding["role"] for binding in policy.get("bindings", ()) if member in binding.get("members", ())}


def health(api: Api) -> Iterator[Finding]:
    """What ingest says of itself to everybody, and maintain of the database to who may call it."""
    found = known(api)
    if ingest := found.get("ingest"):
        yield from _health("ingest", str(_config(ingest).get("uri", "")), {})
    if maintain := found.get("maintain"):
        yield from _health_of_maintain(str(_config(maintain).get("uri", "")))


def _health_of_maintain(url: str) -> Iterator[Finding]:
    import click

    from telemetry_pipeline.cli import remote

    try:
        headers = remote.identity(url)
    except click.ClickException:
        yield Finding("health of maintain", "not asked: a user's identity can't call it; its last run tells, below")
        return
    yield from _health("maintain", url, headers)


def _health(name: str, url: str, headers: dict[str, str]) -> Iterator[Finding]:
    import requests

    check = f"health of {name}"
    try:
        answer = requests.get(f"{url}/health/ready", headers=headers, timeout=_HEALTH_SECONDS)
        about: dict[str, Any] = answer.json() if answer.status_code in {200, 503} else {}
    except (requests.RequestException, ValueError) as error:
        yield Finding(check, f"no answer ({type(error).__name__})", f"Type `curl -i {url}/health`, and read its log.")
        return
    if answer.status_code == 404 and name == "ingest":
        yield Finding(check, "its own address is closed, as it should be behind a load balancer")
    elif answer.status_code in {401, 403}:
        advice = "It must be open to everybody: set public_access (docs/deploy.md)." if name == "ingest" else ""
        yield Finding(check, f"answered {answer.status_code}", advice)
    elif "dependencies" not in about:
        yield Finding(check, f"answered {answer.status_code}", f"Type `curl -i {url}/health`, and read its log.")
    else:
        yield from _dependencies(name, about["dependencies"])


_ADVICE = {
    "bus": "ingest does not reach Pub/Sub or its topic: is the topic there, and is Google's status page quiet?",
    "database": "Is the instance running? The roles and users that it takes come back by `terraform apply`.",
    "schema": "Call maintain: `telemetry maintain --now`, or wait for the scheduler; then read its log.",
}


def _dependencies(name: str, dependencies: dict[str, str]) -> Iterator[Finding]:
    for what, status in dependencies.items():
        advice = _ADVICE.get(what, "Read its log.") if status == "failed" else ""
        yield Finding(f"health of {name}", f"{what} {status}", advice)


def _config(function: Answer) -> Answer:
    config: Answer = function.get("serviceConfig", {})
    return config
