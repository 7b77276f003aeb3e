"""`telemetry maintain`: what `maintain` does on its schedule, now."""

from collections.abc import Mapping
from typing import Any

import click

from telemetry_pipeline import database
from telemetry_pipeline.cli import environment
from telemetry_pipeline.maintain import run
from telemetry_pipeline.settings import MaintainSettings


@click.command()
@click.option("--now", is_flag=True, required=True, help="Run it at once; without this, it is left to its schedule.")
@click.pass_obj
def maintain(obj: dict[str, str], *, now: bool) -> None:  # noqa: ARG001 - it is required, so that it is meant
    """Migrate, make partitions, refresh rollups, drop what is past its retention, and say what was done."""
    settings = environment.read(MaintainSettings, obj)
    engine = run.engine_of(settings)
    try:
        report = run.run(engine, settings)
    except run.UnderWay:
        raise click.ClickException("a run is under way already; try again when it is done") from None
    except database.FAULTS as error:
        raise click.ClickException(f"the database refused: {database.reason(error)}") from None
    finally:
        engine.dispose()
    for step, figures in report.steps.items():
        click.echo(f"{step:<11}{figures['seconds']:>8.2f} s  {_words(figures)}")


def _words(figures: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_shown(value)}" for name, value in figures.items() if name != "seconds")


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name}: {count}" for name, count in value.items()) or "nothing"
    return (" ".join(map(str, value)) or "nothing") if isinstance(value, list) else str(value)
