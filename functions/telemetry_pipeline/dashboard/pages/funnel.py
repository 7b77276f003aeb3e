"""The funnel builder: how many people go from one feature to the next?"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from telemetry_pipeline.dashboard import findings
from telemetry_pipeline.dashboard.anonymity import WITHHELD, Hidden, is_small, small
from telemetry_pipeline.dashboard.reader import Rows
from telemetry_pipeline.dashboard.units import Value
from telemetry_pipeline.dashboard.usage import Feature
from telemetry_pipeline.dashboard.view import Chart, Column, Page, Table
from telemetry_pipeline.dashboard.visit import Visit, words_of

MOST_STEPS = 5
WINDOWS = {"1": "a day", "7": "7 days", "30": "30 days"}
_SPAN_DAYS = 30


@dataclass(frozen=True, slots=True)
class Builder:
    """What the form shows: the steps that are chosen, and what can be."""

    steps: tuple[str, ...]
    window: str
    choices: tuple[str, ...]
    windows: tuple[tuple[str, str], ...] = tuple(WINDOWS.items())
    names: tuple[str, ...] = (*(f"step{number + 1}" for number in range(MOST_STEPS)), "window")


def view(visit: Visit) -> Page:
    """The page; the arguments `step1` to `step5` are its steps, `window` their days."""
    choices = _choices(visit)
    steps = tuple(step for number in range(MOST_STEPS) if (step := visit.arguments.get(f"step{number + 1}", "")[:260]))
    window = visit.arguments.get("window", "7")
    builder = Builder((*steps, *[""] * (MOST_STEPS - len(steps))), window if window in WINDOWS else "7", tuple(choices))
    return Page(
        title="Funnel",
        lead="How many go from one to the next?",
        charts=(_chart(visit, steps, builder.window),) if len(steps) > 1 else (),
        controls=("deployment",),
        reasons={
            "period": f"it looks at the last {_SPAN_DAYS} days, so that every way has time to its end",
            "feature": "its steps are the features",
        },
        template="funnel.html",
        extra=builder,
    )


def _choices(visit: Visit) -> list[str]:
    first = visit.today - timedelta(days=_SPAN_DAYS)
    rows = visit.reader.rows("feature_names", first=first, last=visit.today)
    names = dict.fromkeys(row.feature_name for row in rows)
    return [*names, *(str(Feature(row.feature_name, row.action)) for row in rows if row.action)]


def _chart(visit: Visit, steps: tuple[str, ...], window: str) -> Chart:
    since = datetime.combine(visit.today, datetime.min.time(), UTC) - timedelta(days=_SPAN_DAYS)
    rows = visit.reader.rows(
        "funnel", steps=list(steps), days=int(window), since=since, deployment=visit.filters.deployment
    )
    users = _shown(rows, visit.k)
    through = findings.share(users[-1], users[0])
    return Chart(
        "funnel",
        f"{through} go all the way, from {steps[0]} to {steps[-1]}" if through else "The way through",
        "ranked",
        Table.of(
            [
                Column("Step", "text"),
                Column("People"),
                Column("Of the first", "rate", is_drawn=False),
                Column("Of the one before", "rate", is_drawn=False),
            ],
            [
                (f"{row.step}. {row.feature}", value, _rate(value, users[0]), _rate(value, users[max(0, number - 1)]))
                for number, (row, value) in enumerate(zip(rows, users, strict=True))
            ],
        ),
        f"People who began in the last {_SPAN_DAYS} days and took each step within {WINDOWS[window]} of the first",
        words_of("feature_funnel"),
        is_wide=True,
    )


def _shown(rows: Rows, k: int) -> list[Value]:
    """People of each step; hidden are small ones, and those that differ from the last shown by a small group."""
    shown: list[Value] = []
    last: int | None = None
    for row in rows:
        if is_small(row.users, k):
            shown.append(small(k))
        elif last is not None and is_small(last - row.users, k):
            shown.append(WITHHELD)
        else:
            shown.append(row.users)
            last = row.users
    return shown


def _rate(part: Value, whole: Value) -> Value:
    if isinstance(part, Hidden) or isinstance(whole, Hidden):
        return WITHHELD
    some, all_of_them = findings.number(part), findings.number(whole)
    return round(some / all_of_them, 4) if some is not None and all_of_them else None
