"""What keeps things: the key, the database, BigQuery; and the clock that maintenance goes by."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from telemetry_pipeline import contract
from telemetry_pipeline.cli.cloud.api import Api
from telemetry_pipeline.cli.cloud.functions import known
from telemetry_pipeline.cli.findings import Finding

_KEY_VARIABLE = "RHESIS_PSEUDONYM_KEY"
_DATASET_VARIABLE = "RHESIS_BIGQUERY_DATASET"
_LATE = timedelta(days=1)

_SCHEDULER_CODES = {4: "it took too long", 5: "it is not there", 7: "it refused", 13: "it failed", 14: "it was away"}
"""google.rpc.Code, as Cloud Scheduler has it of an HTTP answer."""


def secret(api: Api) -> Iterator[Finding]:
    """The version of the key that ingest uses is there; how many there are."""
    the, check = api.deployment, "key"
    name = f"{the.prefix}-pseudonym-key"
    address = f"secretmanager.googleapis.com/v1/projects/{the.project}/secrets/{name}"
    if not api.get(address):
        yield Finding(check, f"there is no secret {name}: ingest can't start", "Bring it back: `terraform apply`.")
        return
    states = {
        str(version["name"]).rpartition("/")[2]: str(version.get("state", ""))
        for version in api.items(f"{address}/versions", "versions")
    }
    enabled = f"{sum(state == 'ENABLED' for state in states.values())} of {len(states)} versions are enabled"
    ingest = known(api).get("ingest", {}).get("serviceConfig")
    if ingest is None:
        yield Finding(check, f"{enabled}; which one ingest uses is not known")
        return
    used = [one for one in ingest.get("secretEnvironmentVariables", ()) if one.get("key") == _KEY_VARIABLE]
    if not used:
        yield Finding(check, "ingest is not given one", "Deploy it again: `terraform apply`.")
        return
    version = str(used[0].get("version", ""))
    if version != "latest" and states.get(version) != "ENABLED":
        advice = f"Type `gcloud secrets versions enable {version} --secret={name} --project={the.project}`."
        yield Finding(check, f"ingest uses version {version}, which is {states.get(version, 'gone').lower()}", advice)
        return
    yield Finding(check, f"ingest uses version {version}; {enabled}")


def database(api: Api, instance: str) -> Iterator[Finding]:
    """The instance runs and is backed up."""
    the, check = api.deployment, "database"
    name = instance or the.prefix
    found = api.get(f"sqladmin.googleapis.com/v1/projects/{the.project}/instances/{name}")
    if not found:
        yield Finding(check, f"there is no instance {name}", "Name it with --database, or make it: `terraform apply`.")
        return
    settings = found.get("settings", {})
    if settings.get("activationPolicy") == "NEVER":
        advice = f"Type `gcloud sql instances patch {name} --activation-policy=ALWAYS --project={the.project}`."
        yield Finding(check, "stopped; events wait in the queue", advice)
    elif found.get("state") != "RUNNABLE":
        advice = f"Type `gcloud sql operations list --instance={name} --project={the.project}`."
        yield Finding(check, f"{str(found.get('state', 'unknown')).lower()}; events wait in the queue", advice)
    else:
        yield Finding(check, f"{found.get('databaseVersion', 'Postgres')} runs")
    backups = settings.get("backupConfiguration", {})
    both = backups.get("enabled") and backups.get("pointInTimeRecoveryEnabled")
    advice = "" if both else "Turn both on: `terraform apply`."
    yield Finding(check, "backups and point-in-time recovery" if both else "it is not backed up", advice)


def scheduler(api: Api) -> Iterator[Finding]:
    """Maintenance is called, and its last run succeeded: then the schema is the newest, and the database in reach."""
    known(api)
    the = api.deployment
    begin = f"{the.prefix}-maintain-"
    address = f"cloudscheduler.googleapis.com/v1/projects/{the.project}/locations/{the.region or '-'}/jobs"
    ours = {str(job["name"]).rpartition("/")[2]: job for job in api.items(address, "jobs")}
    ours = {name: job for name, job in ours.items() if name.startswith(begin)}
    if not ours:
        yield Finding("maintenance", "nobody calls it: no table is made, nothing is counted", "Type `terraform apply`.")
    for name, job in ours.items():
        check = f"maintenance {name.removeprefix(begin)}"
        where = f"--location={the.region} --project={the.project}"
        if job.get("state") != "ENABLED":
            yield Finding(check, "paused", f"Type `gcloud scheduler jobs resume {name} {where}`.")
            continue
        code = job.get("status", {}).get("code", 0)
        last = job.get("lastAttemptTime", "")
        if not last:
            yield Finding(check, "has not run yet", f"Type `gcloud scheduler jobs run {name} {where}`.")
        elif code:
            log = f"gcloud run services logs read {the.prefix}-maintain --region={the.region} --project={the.project}"
            said = _SCHEDULER_CODES.get(code, f"code {code}")
            yield Finding(check, f"its last run, {last}, failed: {said}", f"Type `{log}`.")
        elif datetime.now(UTC) - datetime.fromisoformat(last) > _LATE:
            yield Finding(check, f"its last run was {last}", f"Type `gcloud scheduler jobs run {name} {where}`.")
        else:
            yield Finding(check, f"its last run, {last}, migrated and maintained the database")


def bigquery(api: Api) -> Iterator[Finding]:
    """Where there is a mirror, its dataset has the tables."""
    mirror = known(api).get("mirror", {}).get("serviceConfig", {})
    if not mirror:
        yield Finding("BigQuery", "none, so that nothing is mirrored")
        return
    project, _, name = str(mirror.get("environmentVariables", {}).get(_DATASET_VARIABLE, "")).rpartition(".")
    address = f"bigquery.googleapis.com/bigquery/v2/projects/{project}/datasets/{name}"
    found = api.get(address)
    if not found:
        yield Finding("BigQuery", f"there is no dataset {name} for mirror to write to", "Type `terraform apply`.")
        return
    tables = {table["tableReference"]["tableId"] for table in api.items(f"{address}/tables", "tables")}
    if missing := sorted({event.table for event in contract.EVENTS} - tables):
        yield Finding("BigQuery", f"it lacks {', '.join(missing)}", "Type `terraform apply`.")
        return
    yield Finding("BigQuery", f"{name} in {found.get('location', 'unknown')}, {len(tables)} tables")
