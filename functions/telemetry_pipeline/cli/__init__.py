"""`telemetry`: the operator's command."""

from importlib.metadata import entry_points
from pathlib import Path

import click

from telemetry_pipeline import __version__
from telemetry_pipeline.cli import api_keys, environment
from telemetry_pipeline.cli.backfill import backfill
from telemetry_pipeline.cli.dead_letters import dead_letters
from telemetry_pipeline.cli.doctor import doctor
from telemetry_pipeline.cli.erase import erase
from telemetry_pipeline.cli.export import export
from telemetry_pipeline.cli.import_legacy import import_legacy
from telemetry_pipeline.cli.keys import keys
from telemetry_pipeline.cli.looker import looker_url
from telemetry_pipeline.cli.maintain import maintain
from telemetry_pipeline.cli.migrate import migrate
from telemetry_pipeline.cli.replay import replay
from telemetry_pipeline.cli.smoke import smoke
from telemetry_pipeline.cli.tail import tail


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--settings",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path(".local/telemetry.env"),
    show_default=True,
    help="File of NAME=VALUE lines to read settings from; the environment's own variables win. May be missing.",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def main(context: click.Context, settings: Path) -> None:
    """Look after a telemetry pipeline: run one here, check it, watch events arrive."""
    context.obj = environment.load(settings)


for command in (
    *(api_keys.keys, backfill, dead_letters, doctor, erase, export, import_legacy, keys, looker_url, maintain, migrate),
    *(replay, smoke, tail),
):
    main.add_command(command)
for entry_point in entry_points(group="telemetry.commands"):
    main.add_command(entry_point.load())
