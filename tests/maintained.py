"""The function `maintain` in this process."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import functions_framework
import pytest
from flask.testing import FlaskClient

from telemetry_pipeline.instance import Once
from telemetry_pipeline.maintain import function
from telemetry_pipeline.settings import MaintainSettings

MAIN = Path(__file__).parents[1] / "functions" / "main.py"


@contextmanager
def serving(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    """A fresh instance of the function on the database at a URL; it reads its settings at its first request."""
    monkeypatch.setenv("RHESIS_DATABASE_URL", url)
    monkeypatch.setenv("FUNCTION_TARGET", "maintain")
    monkeypatch.setenv("RHESIS_K_ANONYMITY", "1")  # these tests have but a few people
    with ExitStack() as stack:
        set_up_anew(monkeypatch, stack)
        yield functions_framework.create_app("maintain", str(MAIN)).test_client()


def set_up_anew(monkeypatch: pytest.MonkeyPatch, stack: ExitStack) -> None:
    """Have the next request served by an instance that reads the settings as they are then."""
    instance = Once(lambda: function.Maintenance.made_from(MaintainSettings.read(os.environ)))
    monkeypatch.setattr(function, "maintenance", instance)
    stack.callback(lambda: instance().engine.dispose())
