"""`telemetry doctor`: is everything there that the pipeline needs, and what is to be done where it isn't?"""

import os
from collections.abc import Callable, Iterator

import click
from sqlalchemy import Engine, text

from telemetry_pipeline import contract, database
from telemetry_pipeline.cli import cloud
from telemetry_pipeline.cli.cloud.api import Deployment
from telemetry_pipeline.cli.findings import Finding, show
from telemetry_pipeline.configuration import Settings, SettingsError
from telemetry_pipeline.maintain import migrate
from telemetry_pipeline.settings import (
    FUNCTIONS,
    DatabaseSettings,
    IngestSettings,
    MirrorSettings,
    ObservingSettings,
)

_BUS_SECONDS = 5.0

_OPTIONAL = {"mirror": MirrorSettings.variable("bigquery_dataset")}
"""Functions that a pipeline may do without, and the variable that says that it has one."""


Check = Callable[[dict[str, str]], Iterator[Finding]]


@click.command()
@click.option("--cloud", "is_cloud", is_flag=True, help="Check a deployment on Google Cloud instead, from here.")
@click.option("--project", metavar="ID", help="Its project; needed with --cloud.")
@click.option("--region", default="", help="Its region; unless this says which, its functions are looked for in all.")
@click.option("--prefix", default="telemetry", show_default=True, help="What the names of all its parts begin with.")
@click.option("--database", "instance", default="", help="Its Cloud SQL instance, where it isn't named as the prefix.")
@click.option("--api-root", default="", hidden=True, help="Where Google's interfaces are instead.")
@click.pass_obj
def doctor(
    obj: dict[str, str], project: str | None, region: str, prefix: str, instance: str, api_root: str, *, is_cloud: bool
) -> None:
    """Check settings, bus, database, schema and key, or all of a deployment; exits with 1 if there is a fault."""
    if not is_cloud:
        show(finding for check in (_settings, _bus, _database) for finding in check(obj))
    elif not project:
        raise click.UsageError("--cloud needs --project=ID, the Google Cloud project")
    else:
        show(cloud.examine(Deployment(project, region, prefix), instance, api_root))


def _settings(environment: dict[str, str]) -> Iterator[Finding]:
    every: dict[str, type[Settings]] = {**FUNCTIONS, "every function": ObservingSettings}
    for function, settings in every.items():
        if settings is MirrorSettings and not environment.get(settings.variable("bigquery_dataset")):
            yield Finding(f"settings of {function}", "none, so that nothing is mirrored")
            continue
        try:
            settings.read(environment)
        except SettingsError as error:
            for fault in str(error).splitlines():
                yield Finding(f"settings of {function}", fault, "Set it; docs/settings.md has all of them.")
        else:
            yield Finding(f"settings of {function}", "complete")


def _bus(environment: dict[str, str]) -> Iterator[Finding]:
    # Imported here: it takes longer than all else that this command does.
    from google.api_core.exceptions import GoogleAPICallError, NotFound, RetryError
    from google.auth.exceptions import DefaultCredentialsError
    from google.cloud.pubsub_v1 import PublisherClient

    topic = environment.get(IngestSettings.variable("events_topic"), "")
    emulator = os.environ.get("PUBSUB_EMULATOR_HOST")
    where = f"Pub/Sub at {emulator}" if emulator else "Google Cloud"
    try:
        publisher = PublisherClient()
        subscriptions = list(publisher.list_topic_subscriptions(topic=topic, timeout=_BUS_SECONDS, retry=None))
    except NotFound:
        yield Finding("bus", f"{where} has no topic {topic}", "Make it (terraform apply), or correct the setting.")
    except (GoogleAPICallError, RetryError, DefaultCredentialsError, ValueError) as error:
        yield Finding(
            "bus",
            f"{where} did not answer ({type(error).__name__})",
            "Is PUBSUB_EMULATOR_HOST right, or unset for the cloud? May this account view the topic?",
        )
    else:
        advice = "" if subscriptions else "Nothing would be stored: add the push subscription of store."
        yield Finding("bus", f"{where}, {len(subscriptions)} subscriptions", advice)


def _database(environment: dict[str, str]) -> Iterator[Finding]:
    try:
        settings = DatabaseSettings.read(environment)
    except SettingsError:
        return
    engine = database.connect(settings, "telemetry doctor", statement_seconds=_BUS_SECONDS)
    try:
        with engine.connect() as connection:
            version = connection.execute(text("show server_version")).scalar_one()
        yield Finding("database", f"Postgres {version}")
        yield from _schema(engine, environment)
    except database.FAULTS as error:
        yield Finding("database", database.reason(error), "Is it running, and is RHESIS_DATABASE_URL right?")
    finally:
        engine.dispose()


def _schema(engine: Engine, environment: dict[str, str]) -> Iterator[Finding]:
    current, head = migrate.current(engine), migrate.head()
    if current != head:
        yield Finding("schema", f"at {current}, this version needs {head}", "Run `telemetry migrate`.")
        return
    yield Finding("schema", f"at {current}")
    yield from _key(engine, environment)


def _key(engine: Engine, environment: dict[str, str]) -> Iterator[Finding]:
    try:
        epoch = IngestSettings.read(environment).pseudonym_key_epoch
    except SettingsError:
        return
    tables = " union all ".join(f"select max(key_epoch) as epoch from {event.table}" for event in contract.EVENTS)  # noqa: S608 - names of the contract
    with engine.connect() as connection:
        latest = connection.execute(text(f"select max(epoch) from ({tables}) as epochs")).scalar() or epoch  # noqa: S608 - as above
    if epoch < latest:
        advice = "Raise RHESIS_PSEUDONYM_KEY_EPOCH with every new key, and never go back to an old one."
        yield Finding("key", f"epoch {epoch}, but events of epoch {latest} are stored", advice)
    else:
        yield Finding("key", f"epoch {epoch}")
