"""The smoke test of a deployment: events that are marked as such are counted, and taken away again."""

from sqlalchemy import Engine, text

from telemetry_pipeline import contract
from telemetry_pipeline.maintain.run import Report

SERVICE = "rhesis-smoke-test"
"""The `service.name` of marked events."""


def take(engine: Engine) -> Report:
    """Delete the marked events of the last day, and report how many there were."""
    report = Report()
    report.step("smoke", lambda: {"events": _delete(engine)})
    return report


def _delete(engine: Engine) -> int:
    with engine.begin() as connection:
        return sum(
            connection.execute(
                text(f"""
                    delete from {event.table}
                    where service_name = :service
                        and received_at > now() - interval '1 day'
                        and "timestamp" > now() - interval '1 day'
                """),  # noqa: S608 - the names are the contract's
                {"service": SERVICE},
            ).rowcount
            for event in contract.EVENTS
        )
