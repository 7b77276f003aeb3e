"""The code in a page of the documentation."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files(page: str) -> dict[str, str]:
    """Blocks of Python by the file name that their first line has as a comment."""
    blocks = [code for language, code in _BLOCK.findall((DOCS / page).read_text()) if language == "python"]
    return {code.partition("\n")[0].removeprefix("# "): code for code in blocks}


def commands(page: str) -> list[str]:
    """The lines of blocks of shell."""
    blocks = [code for language, code in _BLOCK.findall((DOCS / page).read_text()) if language == "sh"]
    return [line for code in blocks for line in code.splitlines()]
