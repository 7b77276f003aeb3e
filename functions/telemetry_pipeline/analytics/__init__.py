"""The questions: what the team asks of the events, as SQL, the same for Postgres and BigQuery.

One file per view; the comment on its top defines it. That view is exact, and called `exact_` and its name. The view of
the name alone, in published/, is what readers see: it hides groups smaller than k, and what would betray them.
"""

from importlib.resources import files

VIEWS = (
    "daily_active_users",
    "retention_cohorts",
    "retention_n_day",
    "user_lifecycle",
    "feature_adoption",
    "feature_funnel",
    "endpoint_performance",
    "endpoint_performance_between",
    "sessions",
    "version_adoption",
    "installations",
    "deployment_mix",
)
"""The views, and functions where a question has parameters; each after those that it reads."""

PUBLISHED = (
    "daily_active_users",
    "user_lifecycle",
    "retention_cohorts",
    "retention_n_day",
    "feature_adoption",
    "feature_funnel",
    "endpoint_performance",
    "sessions",
    "version_adoption",
    "installations",
    "deployment_mix",
)
"""Those of them that are exact, and published with small groups hidden; each after those that it reads."""

OPERATORS = ("sending_anomalies",)
"""Views for whoever looks after the pipeline: they are in operators/, tell installations apart and have no readers."""


def definition(dialect: str, name: str) -> str:
    """The SQL of a view, or of something below them, in a dialect: `postgres` or `bigquery`."""
    return files(__name__).joinpath(dialect, f"{name}.sql").read_text()


def explanation(sql: str) -> str:
    """The comment on top of a file: the definition in words."""
    lines = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").removeprefix(" "))
    return "\n".join(lines)
