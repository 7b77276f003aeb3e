"""For the site: links to files of the repository outside of docs/, which GitHub follows and a site can't.

MkDocs calls `on_page_markdown` (mkdocs.org/user-guide/configuration/#hooks).
"""

import logging
import re
from pathlib import Path
from posixpath import join, normpath
from typing import Any

_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((\.\./[^)\s]+)\)")
_log = logging.getLogger("mkdocs.hooks.site_links")


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_: Any) -> str:  # noqa: ANN401 - MkDocs' own
    """The page with such links leading to where sources can be browsed, or without them; a broken one is a warning."""
    docs = Path(config["docs_dir"])
    root = docs.parent
    inside = docs.relative_to(root).as_posix()

    def rewritten(found: re.Match[str]) -> str:
        words, target = found.groups()
        path, hash_sign, anchor = target.partition("#")
        place = normpath(join(inside, page.file.src_uri, "..", path))
        if place.startswith(f"{inside}/"):
            return found[0]
        if not (root / place).exists():
            _log.warning("%s links to %s, which does not exist", page.file.src_uri, target)
        sources = config["extra"]["sources"].rstrip("/")
        return f"[{words}]({sources}/{place}{hash_sign}{anchor})" if sources else words

    return _LINK.sub(rewritten, markdown)
