"""`telemetry up`: the whole pipeline on this machine."""

import signal
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from telemetry_local import ports, summary
from telemetry_local.bigquery import EmulatorMissingError
from telemetry_local.demo import first
from telemetry_local.gateway import GatewayMissingError
from telemetry_local.home import Home, HomeInUseError
from telemetry_local.postgres import PostgresError
from telemetry_local.stack import Stack, StackError


@click.command()
@click.option("--port", default=4318, show_default=True, help="Where apps post OTLP/HTTP; 0 picks free ports for all.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address that apps reach; 0.0.0.0 is all of them.")
@click.option("--grpc", is_flag=True, help="Take OTLP/gRPC too, by a collector in front of ingest.")
@click.option("--grpc-port", default=4317, show_default=True, help="Where apps send OTLP/gRPC.")
@click.option("--database-port", default=54318, show_default=True, help="Where Postgres listens, on 127.0.0.1.")
@click.option("--dashboard-port", default=8080, show_default=True, help="Where the dashboard is, on 127.0.0.1.")
@click.option("--pubsub-host", metavar="HOST:PORT", help="Use this Pub/Sub, such as Google's emulator, and start none.")
@click.option("--bigquery", is_flag=True, help="Mirror events into a BigQuery emulator.")
@click.option("--demo", is_flag=True, help="Fill it with 90 days of plausible events, the first time.")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".local"),
    show_default=True,
    help="Where data, logs, the key and stack.json are kept.",
)
def up(
    *,
    port: int,
    host: str,
    grpc: bool,
    grpc_port: int,
    database_port: int,
    dashboard_port: int,
    pubsub_host: str | None,
    bigquery: bool,
    demo: bool,
    directory: Path,
) -> None:
    """Run the whole pipeline on this machine until Ctrl-C.

    Events posted to the OTLP port arrive as rows in Postgres. What was received stays in the directory and is there
    again at the next start; a part that dies is started again.
    """
    signal.signal(signal.SIGTERM, _stop)
    home = Home(directory)
    try:
        home.open()
        chosen = ports.choose(
            host,
            port,
            database_port,
            dashboard_port,
            grpc_port if grpc else None,
            own_bus=not pubsub_host,
            bigquery=bigquery,
        )
        _run(home, chosen, pubsub_host or f"127.0.0.1:{chosen.bus}", demo=demo)
    except (
        first.DemoError,
        EmulatorMissingError,
        GatewayMissingError,
        HomeInUseError,
        PostgresError,
        StackError,
        ports.PortTakenError,
    ) as error:
        raise click.ClickException(str(error)) from None


def _run(home: Home, chosen: ports.Ports, pubsub_host: str, *, demo: bool) -> None:
    stack = Stack(home, chosen, pubsub_host)
    try:
        stack.start(lambda what: click.echo(f"  starting: {what}"))
        if demo:
            click.echo("  playing: 90 days of events")
            first.play_once(home)
        click.echo(summary.of(stack, home))
        stack.watch(click.echo)
    except KeyboardInterrupt:
        click.echo("\nstopping")
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        stack.stop()


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
