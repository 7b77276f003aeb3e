"""Make the pictures of the dashboard and of Looker Studio's reports anew, from a pipeline with the demo's events.

Beside `make run ARGS=--demo`: `.venv/bin/python docs/pictures.py [DIRECTORY]`. It needs Debian's Chromium. The
dashboard's pages are photographed; Looker Studio's charts are drawn from the answers to their queries, since its
reports are made by hand, in it alone.
"""

import html
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright
from sqlalchemy import Connection, text

from telemetry_pipeline.database import connect
from telemetry_pipeline.settings import DatabaseSettings

DOCS = Path(__file__).parent
IMAGES = DOCS / "images"
WIDTH = 1180

PAGES = {
    "overview": "/",
    "retention": "/retention",
    "features": "/features",
    "feature": "/features/one?name=test_run",
    "funnel": "/features/funnel?step1=project&step2=test_set&step3=test_run:created",
    "performance": "/performance",
    "endpoint": "/performance/one?method=POST&endpoint=/test_sets/generate",
    "versions": "/versions",
    "pipeline": "/pipeline",
    "collected": "/collected",
}

COLOURS = ("#1b5fa7", "#d06a10", "#0a8870", "#8e4fa8", "#6b7480")
STYLE = """
    body { margin: 0; padding: 24px; background: #f6f7f9; color: #17202b; font: 14px "DejaVu Sans", sans-serif }
    main { display: grid; gap: 16px; grid-template-columns: 1fr 1fr }
    section { background: #fff; border: 1px solid #dfe3e8; border-radius: 8px; padding: 16px }
    section:first-child { grid-column: 1 / 3 }
    h2 { font-size: 15px; margin: 0 0 12px }
    svg { width: 100%; height: 220px; overflow: visible }
    polyline { fill: none; stroke-width: 2; vector-effect: non-scaling-stroke }
    table { border-collapse: collapse; width: 100% }
    th, td { padding: 3px 6px; text-align: right; font-weight: normal }
    th:first-child, td:first-child { text-align: left; white-space: nowrap }
    .bar { background: #1b5fa7; height: 14px }
    .pie { border-radius: 50%; height: 190px; margin: 0 auto 12px; width: 190px }
    .score { font-size: 56px; text-align: center }
    .legend span { margin-right: 14px }
"""

Rows = Sequence[Any]


def lines(rows: Rows) -> str:
    """Lines over days: one for each column of numbers, or of the second column's values those with most behind them."""
    series = _series(rows)
    days = sorted({row[0] for row in rows})
    top = max(value for points in series.values() for value in points.values())
    drawn = []
    for colour, points in zip(COLOURS, series.values(), strict=False):
        place = " ".join(
            f"{days.index(day) / (len(days) - 1) * 1000:.1f},{200 - float(value / top) * 200:.1f}"
            for day, value in sorted(points.items())
        )
        drawn.append(f'<polyline stroke="{colour}" points="{place}"/>')
    names = zip(COLOURS, series, strict=False)
    legend = "".join(f'<span style="color:{colour}">■ {html.escape(name)}</span>' for colour, name in names)
    axis = f"<table><tr><td>{days[0]}</td><td>0 to {float(top):,.0f}</td><td>{days[-1]}</td></tr></table>"
    svg = f'<svg viewBox="0 0 1000 200" preserveAspectRatio="none">{"".join(drawn)}</svg>'
    return f'{svg}{axis}<p class="legend">{legend}</p>'


def _series(rows: Rows) -> dict[str, dict[Any, Any]]:
    names = list(rows[0]._fields)
    if "adoption_rate" in names or "p95_ms" in names:
        found: dict[str, dict[Any, Any]] = {}
        for row in rows:
            if row[-1] is not None:
                found.setdefault(":".join(str(one) for one in row[1:-1] if one), {})[row[0]] = row[-1]
        most = sorted(found, key=lambda name: -sum(map(float, found[name].values())))
        return {name: found[name] for name in most[: len(COLOURS)]}
    return {name: {row[0]: getattr(row, name) or 0 for row in rows} for name in names[1:]}


def bars(rows: Rows) -> str:
    """A bar for each of the first."""
    top = max(row[1] for row in rows)
    body = "".join(
        f"<tr><td>{html.escape(row[0])}</td><td style='width:60%'>"
        f"<div class='bar' style='width:{float(row[1] / top) * 100:.1f}%'></div></td><td>{row[1]:,}</td></tr>"
        for row in rows[:10]
    )
    return f"<table>{body}</table>"


def pie(rows: Rows) -> str:
    """Shares of a whole."""
    total = sum(row[1] for row in rows)
    stops, begun = [], 0.0
    for colour, row in zip(COLOURS, rows, strict=False):
        ended = begun + float(row[1] / total) * 100
        stops.append(f"{colour} {begun:.2f}% {ended:.2f}%")
        begun = ended
    legend = "".join(
        f'<span style="color:{colour}">■ {row[0]} {float(row[1] / total):.0%}</span>'
        for colour, row in zip(COLOURS, rows, strict=False)
    )
    return (
        f'<div class="pie" style="background:conic-gradient({", ".join(stops)})"></div><p class="legend">{legend}</p>'
    )


def pivot(rows: Rows) -> str:
    """Cohorts by row, ages by column, the rate as the colour."""
    ages = sorted({row.age for row in rows})[:9]
    rates = {(row.cohort, row.age): float(row.rate) for row in rows if row.rate is not None}
    cohorts = sorted({row.cohort for row in rows})
    head = "".join(f"<th>{age}</th>" for age in ages)
    body = "".join(
        f"<tr><td>{cohort}</td>{''.join(_cell(rates.get((cohort, age))) for age in ages)}</tr>" for cohort in cohorts
    )
    return f"<table><tr><th>cohort</th>{head}</tr>{body}</table>"


def _cell(rate: float | None) -> str:
    if rate is None:
        return "<td></td>"
    colour = "#fff" if rate > 0.5 else "#17202b"
    return f'<td style="background:rgb(27 95 167 / {rate:.2f});color:{colour}">{rate:.0%}</td>'


def score(rows: Rows) -> str:
    """The last whole week's, which is the one before this week's."""
    week, growth = rows[-2]
    return f'<p class="score">{growth:+,}</p><p style="text-align:center">people in the week of {week}</p>'


def table(rows: Rows) -> str:
    """The first rows as they are."""
    head = "".join(f"<th>{name}</th>" for name in rows[0]._fields)
    body = "".join("<tr>" + "".join(f"<td>{value}</td>" for value in row) + "</tr>" for row in rows[:10])
    return f"<table><tr>{head}</tr>{body}</table>"


REPORTS: dict[str, dict[str, Callable[[Rows], str]]] = {
    "retention": {"retention-active": lines, "retention-cohorts": pivot, "retention-growth": score},
    "features": {"features-adoption": lines, "features-most-used": bars, "features-deployment": pie},
    "performance": {"performance-p95": lines, "performance-average": bars, "performance-errors": table},
}


def main() -> None:
    """Make all pictures."""
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS.parent / ".local"
    stack = json.loads((directory / "stack.json").read_text())
    engine = connect(DatabaseSettings(database_url=stack["database_url"]), "pictures")
    with sync_playwright() as playwright, engine.connect() as connection:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 400}, color_scheme="light")
        for name, path in PAGES.items():
            page.goto(stack["dashboard_url"] + path, wait_until="networkidle")
            page.screenshot(path=IMAGES / f"dashboard-{name}.png", full_page=True)
        # A page of its own: the dashboard's policy takes no inline style.
        page = browser.new_page(viewport={"width": WIDTH, "height": 400})
        for name, charts in REPORTS.items():
            _report(page, connection, name, charts.items())
        browser.close()
    engine.dispose()


def _report(page: Page, connection: Connection, name: str, charts: Iterable[tuple[str, Callable[[Rows], str]]]) -> None:
    sections = []
    for query, draw in charts:
        question = (DOCS / "looker-studio" / f"{query}.sql").read_text()
        title = question.partition("\n")[0].partition(": ")[2].capitalize()
        rows = connection.execute(text(question.partition("\n")[2])).all()
        sections.append(f"<section><h2>{html.escape(title)}</h2>{draw(rows)}</section>")
    page.set_content(f"<!doctype html><style>{STYLE}</style><main>{''.join(sections)}</main>")
    page.screenshot(path=IMAGES / f"looker-{name}.png", full_page=True)


if __name__ == "__main__":
    main()
