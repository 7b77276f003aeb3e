"""All checks of a deployment, one after the other; what one can't tell hides nothing of the others."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from telemetry_pipeline.cli.cloud import functions, queue, stores
from telemetry_pipeline.cli.cloud.api import Api, Deployment, Unanswered
from telemetry_pipeline.cli.findings import Finding

Check = Callable[[Api], Iterator[Finding]]


def examine(deployment: Deployment, database: str = "", root: str = "") -> Iterator[Finding]:
    """Look at a deployment.

    Args:
        deployment: Which.
        database: Its Cloud SQL instance, if it isn't named as the prefix.
        root: As `Api` has it.
    """
    try:
        api = Api(deployment, root)
    except Unanswered as unanswered:
        yield Finding("identity", str(unanswered), unanswered.advice)
        return
    checks: Mapping[str, Check] = {
        "functions": functions.functions,
        "services": functions.services,
        "accounts": functions.accounts,
        "health": functions.health,
        "topic": queue.topic,
        "subscriptions": queue.subscriptions,
        "backlog": queue.backlog,
        "dead letters": queue.dead_letters,
        "key": stores.secret,
        "database": partial(stores.database, instance=database),
        "maintenance": stores.scheduler,
        "BigQuery": stores.bigquery,
    }
    for name, check in checks.items():
        yield from _guarded(name, check, api)


def _guarded(name: str, check: Check, api: Api) -> Iterator[Finding]:
    try:
        yield from check(api)
    except Unanswered as unanswered:
        yield Finding(name, str(unanswered), unanswered.advice)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        advice = "The interface has changed, or something answers in its place: look at it in the console."
        yield Finding(name, f"an answer that can't be understood ({type(error).__name__})", advice)
