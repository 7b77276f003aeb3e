"""Tables of figures: printed, and written to bench/results."""

import os
import platform
from collections.abc import Iterable
from pathlib import Path

RESULTS = Path(__file__).with_name("results")


def table(headers: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table; its first column is text, the others are figures."""
    headers = list(headers)
    lines = [headers, ["---", *["---:"] * (len(headers) - 1)], *([str(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write(name: str, about: str | None, figures: str) -> None:
    """Print figures and write them down under what was measured and on what."""
    print(figures)
    RESULTS.mkdir(exist_ok=True)
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}."
    (RESULTS / f"{name}.md").write_text(f"# {name}\n\n{(about or '').strip()}\n\n{machine}\n\n{figures}\n")
