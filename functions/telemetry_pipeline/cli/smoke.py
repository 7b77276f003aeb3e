"""`telemetry smoke`: does an event that is sent to the public endpoint arrive in the tables?"""

import time

import click

from telemetry_pipeline.cli import remote
from telemetry_pipeline.maintain.smoke import SERVICE

_POLL_SECONDS = 1.0


@click.command()
@click.argument("otlp_url")
@click.argument("maintain_url")
@click.option("--seconds", default=120.0, show_default=True, help="How long the event may take.")
def smoke(otlp_url: str, maintain_url: str, seconds: float) -> None:
    """Send a marked event to OTLP_URL, and wait until `maintain` at MAINTAIN_URL has found it and taken it away."""
    remote.post(f"{otlp_url.rstrip('/')}/v1/logs", _export(time.time_ns()))
    begun = time.monotonic()
    headers = remote.identity(maintain_url)
    while not remote.post(f"{maintain_url.rstrip('/')}/smoke", headers=headers)["steps"]["smoke"]["events"]:
        if time.monotonic() - begun > seconds:
            raise click.ClickException(f"the event was accepted, but did not arrive within {seconds:g} seconds")
        time.sleep(_POLL_SECONDS)
    click.echo(f"an event arrived within {time.monotonic() - begun:.1f} seconds, and was removed")


def _export(now: int) -> object:
    record = {"timeUnixNano": str(now), "eventName": "user_activity", "attributes": [_text("event.type", "smoke_test")]}
    resource = {"attributes": [_text("service.name", SERVICE)]}
    return {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]}


def _text(key: str, value: str) -> object:
    return {"key": key, "value": {"stringValue": value}}
