"""`telemetry doctor --cloud`: a deployment is examined from outside, and each fault is told with what to type.

Google's interfaces can't be reached from a test: a server answers in their place, in the form that their references
document (the REST references of Cloud Functions v2, Cloud Run v2, Pub/Sub v1, Cloud Monitoring v3, Secret Manager v1,
Cloud SQL Admin v1, Cloud Scheduler v1, BigQuery v2 and Resource Manager v1). `google-auth` itself is the real one.
"""

import copy
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from google_cloud import TOKEN, GoogleCloud, google_cloud
from stack import TELEMETRY, environment, uncoloured
from telemetry_pipeline import contract
from telemetry_pipeline.cli import main

P, R = "my-project", "europe-west1"
LOCATION = f"projects/{P}/locations/{R}"
FUNCTIONS = f"/cloudfunctions.googleapis.com/v2/projects/{P}/locations/-/functions"
PUBSUB = f"/pubsub.googleapis.com/v1/projects/{P}"
SECRET = f"/secretmanager.googleapis.com/v1/projects/{P}/secrets/telemetry-pseudonym-key"
DATABASE = f"/sqladmin.googleapis.com/v1/projects/{P}/instances/telemetry"
JOBS = f"/cloudscheduler.googleapis.com/v1/{LOCATION}/jobs"
DATASET = f"/bigquery.googleapis.com/bigquery/v2/projects/{P}/datasets/telemetry_events"
SERIES = f"/monitoring.googleapis.com/v3/projects/{P}/timeSeries"
POLICY = f"/cloudresourcemanager.googleapis.com/v1/projects/{P}:getIamPolicy"
AGENT = "serviceAccount:service-1@gcp-sa-pubsub.iam.gserviceaccount.com"

Answers = dict[str, tuple[int, Any]]


def account(name: str) -> str:
    return f"telemetry-{name}@{P}.iam.gserviceaccount.com"


def bindings(role: str, *members: str) -> tuple[int, Any]:
    return 200, {"bindings": [{"role": role, "members": list(members)}]}


def function(name: str, root: str) -> dict[str, Any]:
    return {
        "name": f"{LOCATION}/functions/telemetry-{name}",
        "state": "ACTIVE",
        "serviceConfig": {
            "uri": f"{root}/{name}",
            "revision": f"telemetry-{name}-00007-abc",
            "serviceAccountEmail": account(name),
            "environmentVariables": {"RHESIS_BIGQUERY_DATASET": f"{P}.telemetry_events"},
            "secretEnvironmentVariables": [
                {"key": "RHESIS_PSEUDONYM_KEY", "secret": "telemetry-pseudonym-key", "version": "2"}
            ],
        },
    }


def subscription(name: str, root: str) -> dict[str, Any]:
    return {
        "name": f"projects/{P}/subscriptions/telemetry-events-{name}",
        "state": "ACTIVE",
        "ackDeadlineSeconds": 60,
        "expirationPolicy": {},
        "pushConfig": {"pushEndpoint": f"{root}/{name}", "oidcToken": {"serviceAccountEmail": account("push")}},
        "deadLetterPolicy": {
            "deadLetterTopic": f"projects/{P}/topics/telemetry-events-dead-letter",
            "maxDeliveryAttempts": 100,
        },
    }


def deployment(root: str) -> Answers:
    """The answers of a deployment that is well."""
    names = ("ingest", "store", "mirror", "maintain", "dashboard", "public")
    users = [f"serviceAccount:{account(name)}" for name in ("store", "maintain", "dashboard", "public")]
    callers = {
        "ingest": "allUsers",
        "maintain": f"serviceAccount:{account('scheduler')}",
        "mirror": f"serviceAccount:{account('push')}",
        "store": f"serviceAccount:{account('push')}",
        "dashboard": "group:team@example.com",
        "public": "allUsers",
    }
    answers: Answers = {
        FUNCTIONS: (200, {"functions": [function(name, root) for name in names]}),
        POLICY: (
            200,
            {
                "bindings": [
                    {"role": "roles/cloudsql.client", "members": users},
                    {"role": "roles/cloudsql.instanceUser", "members": users},
                ]
            },
        ),
        f"{PUBSUB}/topics/telemetry-events": (200, {"messageStoragePolicy": {"allowedPersistenceRegions": [R]}}),
        f"{PUBSUB}/topics/telemetry-events:getIamPolicy": bindings(
            "roles/pubsub.publisher", f"serviceAccount:{account('ingest')}"
        ),
        f"{PUBSUB}/topics/telemetry-events-dead-letter:getIamPolicy": bindings("roles/pubsub.publisher", AGENT),
        f"{PUBSUB}/subscriptions/telemetry-events-dead-letter": (200, {"state": "ACTIVE"}),
        SERIES: (200, {"timeSeries": [{"points": [{"value": {"int64Value": "0"}}]}]}),
        SECRET: (200, {"name": SECRET}),
        f"{SECRET}/versions": (
            200,
            {"versions": [{"name": f"s/versions/{n}", "state": "ENABLED"} for n in ("2", "1")]},
        ),
        DATABASE: (
            200,
            {
                "state": "RUNNABLE",
                "databaseVersion": "POSTGRES_18",
                "settings": {
                    "activationPolicy": "ALWAYS",
                    "backupConfiguration": {"enabled": True, "pointInTimeRecoveryEnabled": True},
                },
            },
        ),
        JOBS: (
            200,
            {
                "jobs": [
                    {
                        "name": f"{LOCATION}/jobs/telemetry-maintain-run",
                        "state": "ENABLED",
                        "lastAttemptTime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
                        "status": {},
                    }
                ]
            },
        ),
        DATASET: (200, {"location": "EU"}),
        f"{DATASET}/tables": (
            200,
            {"tables": [{"tableReference": {"tableId": event.table}} for event in contract.EVENTS]},
        ),
        "/ingest/health/ready": (200, {"dependencies": {"bus": "ok", "key": "ok"}}),
        "/maintain/health/ready": (200, {"dependencies": {"database": "ok", "schema": "ok"}}),
    }
    for name in names:
        service = f"/run.googleapis.com/v2/{LOCATION}/services/telemetry-{name}"
        answers[service] = 200, {"terminalCondition": {"type": "Ready", "state": "CONDITION_SUCCEEDED"}}
        answers[f"{service}:getIamPolicy"] = bindings("roles/run.invoker", callers[name])
    for name in ("store", "mirror"):
        place = f"{PUBSUB}/subscriptions/telemetry-events-{name}"
        answers[place] = 200, subscription(name, root)
        answers[f"{place}:getIamPolicy"] = bindings("roles/pubsub.subscriber", AGENT)
    return answers


@pytest.fixture(scope="module")
def cloud() -> Iterator[GoogleCloud]:
    """Google Cloud, as far as it is asked."""
    with google_cloud() as running:
        yield running


def doctor(cloud: GoogleCloud, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [*TELEMETRY, "--settings=/does/not/exist", "doctor", "--cloud", f"--api-root={cloud.url}", *arguments]
    done = subprocess.run(
        command, capture_output=True, check=False, text=True, env=environment() | cloud.environment(), timeout=120
    )
    assert "Traceback" not in done.stderr
    return done


def test_a_deployment_that_is_well(cloud: GoogleCloud) -> None:
    """Every part is looked at with the operator's identity, nothing is changed, and there is no fault."""
    cloud.answers, cloud.asked = deployment(cloud.url), []

    done = doctor(cloud, f"--project={P}")

    assert done.returncode == 0, done.stdout
    assert "FAULT" not in done.stdout
    said = uncoloured(done.stdout)
    for what in (
        *(f"function {name}: active" for name in ("ingest", "store", "mirror", "maintain", "dashboard", "public")),
        "service store: serves",
        "account of store: 2 roles",
        "health of ingest: bus ok",
        "topic: keeps messages in europe-west1",
        "subscription of mirror: pushes, waits 60 s for an answer, gives up after 100 attempts",
        "backlog of store: 0 messages, the oldest waits for 0 s",
        "dead letters: 0 messages",
        "key: ingest uses version 2; 2 of 2 versions are enabled",
        "database: POSTGRES_18 runs",
        "maintenance run: its last run",
        "BigQuery: telemetry_events in EU, 3 tables",
    ):
        assert what in said, what
    read = {path for path, _ in cloud.asked if ".googleapis.com/" in path}
    assert read <= cloud.answers.keys()
    assert {who for path, who in cloud.asked if ".googleapis.com/" in path} == {f"Bearer {TOKEN}"}


def edited(answers: Answers, path: str, *keys: str | int, to: object) -> None:
    """Change something within an answer."""
    status, content = answers[path]
    content = place = copy.deepcopy(content)
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = to
    answers[path] = status, content


def fail(path: str, *keys: str | int, to: object) -> Callable[[Answers], None]:
    return lambda answers: edited(answers, path, *keys, to=to)


def gone(path: str) -> Callable[[Answers], None]:
    return lambda answers: answers.update({path: (404, {})})


STORE = f"{PUBSUB}/subscriptions/telemetry-events-store"
RUN = f"/run.googleapis.com/v2/{LOCATION}/services"
YESTERDAY = f"{datetime.now(UTC) - timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}"

FAULTS: dict[str, tuple[Callable[[Answers], None], str, str]] = {
    "a function that failed": (
        fail(FUNCTIONS, "functions", 1, "state", to="FAILED"),
        "function store: failed",
        "gcloud functions describe telemetry-store",
    ),
    "a function that is missing": (
        fail(FUNCTIONS, "functions", to=[function(name, "") for name in ("ingest", "maintain", "dashboard")]),
        "there is no telemetry-store",
        "terraform apply",
    ),
    "a service that does not start": (
        fail(f"{RUN}/telemetry-store", "terminalCondition", to={"state": "CONDITION_FAILED", "message": "exit 1"}),
        "does not serve: exit 1",
        "gcloud run services logs read telemetry-store",
    ),
    "a push that is refused": (
        fail(f"{RUN}/telemetry-store:getIamPolicy", "bindings", to=[]),
        "telemetry-push@my-project.iam.gserviceaccount.com may not call it",
        "terraform apply",
    ),
    "a store for everybody": (
        fail(f"{RUN}/telemetry-dashboard:getIamPolicy", "bindings", 0, "members", to=["allUsers"]),
        "everybody may call it",
        "terraform apply",
    ),
    "an account of others": (
        fail(FUNCTIONS, "functions", 1, "serviceConfig", "serviceAccountEmail", to="1-compute@developer"),
        "it runs as 1-compute@developer",
        "terraform apply",
    ),
    "an account that may do everything": (
        fail(POLICY, "bindings", to=[{"role": "roles/editor", "members": [f"serviceAccount:{account('ingest')}"]}]),
        "account of ingest: has roles/editor",
        "Take it away",
    ),
    "an account without its roles": (
        fail(POLICY, "bindings", to=[]),
        "lacks roles/cloudsql.client, roles/cloudsql.instanceUser",
        "terraform apply",
    ),
    "a bus that is away": (
        fail("/ingest/health/ready", "dependencies", "bus", to="failed"),
        "health of ingest: bus failed",
        "is the topic there",
    ),
    "a schema that is behind": (
        fail("/maintain/health/ready", "dependencies", "schema", to="failed"),
        "health of maintain: schema failed",
        "telemetry maintain --now",
    ),
    "no topic": (gone(f"{PUBSUB}/topics/telemetry-events"), "there is no telemetry-events", "terraform apply"),
    "no subscription": (gone(STORE), "nothing reaches store", "terraform apply"),
    "a subscription elsewhere": (
        fail(STORE, "pushConfig", "pushEndpoint", to="https://old.example"),
        "pushes to https://old.example",
        "terraform apply",
    ),
    "a short deadline": (fail(STORE, "ackDeadlineSeconds", to=10), "a cold start takes longer", "terraform apply"),
    "no dead-letter policy": (fail(STORE, "deadLetterPolicy", to={}), "no dead-letter topic", "terraform apply"),
    "an agent without its right": (
        fail(f"{STORE}:getIamPolicy", "bindings", to=[]),
        "roles/pubsub.subscriber is missing",
        "terraform apply",
    ),
    "dead letters and a backlog": (
        fail(SERIES, "timeSeries", 0, "points", 0, "value", "int64Value", to="1200"),
        "1200 messages, the oldest waits for 1200 s",
        "gcloud pubsub subscriptions pull telemetry-events-dead-letter",
    ),
    "a key that is disabled": (
        fail(f"{SECRET}/versions", "versions", 0, "state", to="DISABLED"),
        "ingest uses version 2, which is disabled",
        "gcloud secrets versions enable 2",
    ),
    "a database that is stopped": (
        fail(DATABASE, "settings", "activationPolicy", to="NEVER"),
        "stopped; events wait in the queue",
        "--activation-policy=ALWAYS",
    ),
    "a run that failed": (
        fail(JOBS, "jobs", 0, "status", to={"code": 14}),
        "failed: it was away",
        "gcloud run services logs read telemetry-maintain",
    ),
    "a job that is paused": (fail(JOBS, "jobs", 0, "state", to="PAUSED"), "paused", "gcloud scheduler jobs resume"),
    "a job that does not run": (
        fail(JOBS, "jobs", 0, "lastAttemptTime", to=YESTERDAY),
        "its last run was",
        "gcloud scheduler jobs run telemetry-maintain-run",
    ),
    "a table that is missing": (fail(f"{DATASET}/tables", "tables", to=[]), "it lacks analytics_", "terraform apply"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_told_with_what_to_type(case: str, cloud: GoogleCloud, capsys: pytest.CaptureFixture[str]) -> None:
    """The finding and the advice, and all other checks are made all the same."""
    change, found, advice = FAULTS[case]
    cloud.answers = deployment(cloud.url)
    change(cloud.answers)

    said = examined(cloud, capsys)

    assert found in said
    assert advice in said
    assert "FAULT" in said
    assert "BigQuery: " in said


def examined(cloud: GoogleCloud, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command says, run in this process, which takes a tenth of the time."""
    with pytest.MonkeyPatch.context() as patch:
        for name, content in cloud.environment().items():
            patch.setenv(name, content) if content else patch.delenv(name, raising=False)
        with pytest.raises(SystemExit) as ended:
            main(["--settings=/does/not/exist", "doctor", "--cloud", f"--project={P}", f"--api-root={cloud.url}"])
    assert ended.value.code == 1
    return uncoloured(capsys.readouterr().out)


def test_what_may_not_be_read_hides_nothing_else(cloud: GoogleCloud, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a right to one interface, the others tell what they know."""
    cloud.answers = deployment(cloud.url)
    cloud.answers[FUNCTIONS] = 403, {"error": {"code": 403, "status": "PERMISSION_DENIED"}}
    disabled = {"details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}]}
    cloud.answers[DATABASE] = 403, {"error": {"code": 403, **disabled}}
    cloud.answers[SECRET] = 200, ["not what is documented"]

    said = examined(cloud, capsys)

    assert "functions: cloudfunctions.googleapis.com does not let this identity look" in said
    assert "gcloud projects add-iam-policy-binding my-project" in said
    assert "gcloud services enable sqladmin.googleapis.com --project=my-project" in said
    assert "subscription of store: pushes" in said
    assert "dead letters: 0 messages" in said


def test_without_an_identity() -> None:
    """It says how to get one."""
    nobody = GoogleCloud("http://127.0.0.1:1")

    done = doctor(nobody, f"--project={P}")

    assert done.returncode == 1
    assert "gcloud auth application-default login" in done.stdout


def test_without_a_project(capsys: pytest.CaptureFixture[str]) -> None:
    """It says what is missing."""
    with pytest.raises(SystemExit):
        main(["doctor", "--cloud"])
    assert "--project" in capsys.readouterr().err
