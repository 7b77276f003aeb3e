"""Bring the tables of pages that show what was measured up to date: `python docs/generate_tables.py [DIRECTORY]`.

A section of a file in bench/results stands between `<!-- bench/results/FILE.md: SECTION -->` and `<!-- end -->`; where
no section is named, all of the file's figures do. What is around is written by hand.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = ("cost.md", "reliability.md", "scaling.md")

_PLACE = re.compile(r"<!-- (?P<file>bench/results/\S+\.md)(?:: (?P<section>[^\n]+))? -->\n.*?<!-- end -->", re.DOTALL)


def page(text: str) -> str:
    """A page with its tables as they were measured last."""
    return _PLACE.sub(_filled, text)


def _filled(place: re.Match[str]) -> str:
    head, _, _ = place[0].partition("\n")
    results = (ROOT / place["file"]).read_text()
    found = section(results, place["section"]) if place["section"] else figures(results)
    return f"{head}\n\n{found}\n\n<!-- end -->"


def figures(results: str) -> str:
    """What a file of results has after the machine that it was measured on."""
    _, _, found = re.split(r"^(\d+ cores, .*)\n", results, maxsplit=1, flags=re.MULTILINE)
    return found.strip()


def section(results: str, title: str) -> str:
    """What stands under a title of a file of results."""
    parts = re.split(r"^## (.+)\n", results, flags=re.MULTILINE)
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    if title not in found:
        raise ValueError(f"there is no section {title!r}; there are {', '.join(found)}")
    return found[title].strip()


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for name in PAGES:
        (target / name).write_text(page((Path(__file__).parent / name).read_text()))
