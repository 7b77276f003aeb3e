"""docs/observability.md lists what is measured, and what of it can be set."""

import re
from dataclasses import fields

from documented import DOCS
from telemetry_pipeline.cli.doctor import doctor
from telemetry_pipeline.health import PATHS
from telemetry_pipeline.observing.metrics import COUNTERS, HISTOGRAMS
from telemetry_pipeline.settings import ObservingSettings

PAGE = (DOCS / "observability.md").read_text()


def test_every_metric() -> None:
    """Name, unit and attributes, each as it is exported, and no other."""
    rows = re.findall(r"^\| `([a-z.]+)` \| `([^`]+)` \| (.*?) ?\|", PAGE, re.MULTILINE)
    listed = {(name, unit, tuple(re.findall(r"`([^`]+)`", attributes))) for name, unit, attributes in rows}

    assert listed == {(one.name, one.unit, one.attributes) for one in (*COUNTERS, *HISTOGRAMS)}


def test_commands_and_paths() -> None:
    """Options of the command, paths of health and the settings' common beginning are there."""
    assert all(f"`GET {path}`" in PAGE for path in PATHS)
    options = set(re.findall(r"`(--[a-z]+)`", PAGE))
    assert options <= {name for option in doctor.params for name in option.opts}
    assert all(ObservingSettings.variable(one.name).startswith("RHESIS_OBSERVE_") for one in fields(ObservingSettings))
    assert "(docs/observability.md)" in (DOCS.parent / "README.md").read_text()
