"""The questions' files: each view is defined in words, and the documentation names its real columns."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from telemetry_pipeline.analytics import OPERATORS, VIEWS, definition, explanation, install
from telemetry_pipeline.database import connect
from telemetry_pipeline.settings import DatabaseSettings

PAGE = Path(__file__).parents[2] / "docs" / "analytics.md"

CALLS = {
    "feature_funnel": "feature_funnel(array['a'], interval '1 day')",
    "endpoint_performance_between": "endpoint_performance_between(current_date, current_date)",
}


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    engine = connect(DatabaseSettings(database_url=database_url), "tests")
    with engine.connect() as connected:
        yield connected
    engine.dispose()


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_defined_in_words(view: str) -> None:
    """The file begins with the question, one row per what, and what each figure counts."""
    words = explanation(definition("postgres", view))

    assert "row per" in words
    assert len(words) > 200


@pytest.mark.parametrize("view", OPERATORS)
def test_a_view_for_operators_is_defined_in_the_same_words(view: str) -> None:
    """In both dialects."""
    words = explanation(definition("postgres", f"operators/{view}"))

    assert "row per" in words
    assert words == explanation(definition("bigquery", f"operators/{view}"))


@pytest.mark.parametrize("view", [*VIEWS, *OPERATORS])
def test_the_documented_columns_are_the_real_ones(view: str, connection: Connection) -> None:
    """docs/analytics.md lists a view's columns in their order."""
    with connection.begin():
        real = connection.execute(text(f"select * from {CALLS.get(view, view)}")).keys()

    section = PAGE.read_text().split(f"\n## {view}\n")[1]
    (documented,) = re.findall(r"^Columns: (.*)\.$", section.split("\n## ")[0], re.MULTILINE)

    assert [f"`{column}`" for column in real] == documented.split(", ")


def test_installing_again_changes_nothing(connection: Connection) -> None:
    """Views that are up to date are left alone; removed, they come back."""
    assert not install.install(connection)

    install.remove(connection)
    assert install.install(connection)
    assert not install.install(connection)


def test_a_view_whose_columns_changed_is_made_anew(connection: Connection) -> None:
    """What can't be replaced in place is dropped first, with all that stands on it."""
    with connection.begin():
        connection.execute(text("drop view deployment_mix"))
        connection.execute(text("create view deployment_mix as select 1 as something_else"))
        connection.execute(text("update analytics_rollup_state set definitions = 'older'"))

    assert install.install(connection)

    with connection.begin():
        columns = list(connection.execute(text("select * from deployment_mix")).keys())

    assert columns == ["day", "deployment_type", "users", "events"]
