"""The code in a page of the documentation."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: str, language: str) -> list[str]:
    """The blocks of a language."""
    return [code for named, code in _BLOCK.findall((DOCS / page).read_text()) if named == language]


def files(page: str) -> dict[str, str]:
    """Blocks of Python by the file name that their first line has as a comment."""
    return {code.partition("\n")[0].removeprefix("# "): code for code in blocks(page, "python")}


def commands(page: str) -> list[str]:
    """The lines of blocks of shell."""
    return [line for code in blocks(page, "sh") for line in code.splitlines()]
