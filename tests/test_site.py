"""The documentation as a site, and the links of what is read on GitHub."""

import os
import re
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from documented import DOCS

ROOT = DOCS.parent
MKDOCS = ROOT / ".venv" / "docs" / "bin" / "mkdocs"
WITH_PAGES = ("README.md", "CONTRIBUTING.md", "migrations/README.md", "terraform/README.md", "examples/README.md")
PAGES = [*WITH_PAGES, *(str(page.relative_to(ROOT)) for page in sorted(DOCS.rglob("*.md")))]


def build(directory: Path, config: Path = ROOT / "mkdocs.yml", **variables: str) -> "subprocess.CompletedProcess[str]":
    if not MKDOCS.exists():
        pytest.skip("needs MkDocs: make .venv/docs.installed")
    return subprocess.run(
        [MKDOCS, "build", "--strict", "--config-file", config, "--site-dir", directory],
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"} | variables,
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("site")
    done = build(directory)
    assert done.returncode == 0, done.stderr
    return directory


class Loads(HTMLParser):
    """What a page makes a browser load, without being asked."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "link" and values.get("rel") not in {"canonical", "next", "prev"}:
            self.found.append(values.get("href") or "")
        elif tag in {"script", "img", "iframe", "source", "video"}:
            self.found.append(values.get("src") or "")


def test_every_page_is_there(site: Path) -> None:
    """And nothing that is not for readers."""
    pages = {path.relative_to(DOCS).with_suffix(".html") for path in DOCS.rglob("*.md")}
    expected = {page.with_name("index.html") if page.name == "README.html" else page for page in pages}

    assert expected <= {path.relative_to(site) for path in site.rglob("*.html")}
    assert [path.name for path in site.rglob("*") if path.suffix in {".py", ".sql", ".txt"}] == []


def test_it_asks_nobody_else(site: Path) -> None:
    """No font, script, style sheet or picture comes from another place."""
    loaded = [one for page in site.rglob("*.html") for one in Loads(page.read_text()).found]
    styles = [
        one for sheet in site.rglob("*.css") for one in re.findall(r"url\(([^)]*)\)|@import ([^;]*)", sheet.read_text())
    ]

    assert len(loaded) > 50
    assert [one for one in loaded if re.match(r"\w+:|//", one)] == []
    assert [one for pair in styles for one in pair if re.match(r"""["']?(https?:|//)""", one)] == []


def test_links_to_sources_lead_to_where_they_can_be_browsed(tmp_path: Path) -> None:
    """If that is told; else they are text."""
    done = build(tmp_path / "with", DOCS_SOURCES_URL="https://example.com/blob/main/")
    assert done.returncode == 0, done.stderr

    assert 'href="https://example.com/blob/main/README.md"' in (tmp_path / "with" / "index.html").read_text()


def small(directory: Path) -> Path:
    """A site of two pages with the settings of ours; where they are."""
    docs, config = directory / "docs", directory / "mkdocs.yml"
    docs.mkdir()
    (docs / "site_links.py").write_text((DOCS / "site_links.py").read_text())
    (docs / "privacy.md").write_text("# Privacy\n")
    (docs / "index.md").write_text("# Index\n")
    settings, _ = (ROOT / "mkdocs.yml").read_text().split("\nnav:\n")
    config.write_text(f"{settings}\nnav: [index.md, privacy.md]\n")
    return config


def test_a_page_that_is_not_listed_is_built(tmp_path: Path) -> None:
    """Whoever adds one need not know of the list."""
    config = small(tmp_path)
    (tmp_path / "docs" / "other.md").write_text("# Other\n\n[privacy](privacy.md)\n")

    done = build(tmp_path / "site", config)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "other.html").exists()


@pytest.mark.parametrize(
    "broken", ["[x](nowhere.md)", "[x](privacy.md#nowhere)", "[x](../nowhere.md)"], ids=["page", "anchor", "source"]
)
def test_a_broken_link_fails(tmp_path: Path, broken: str) -> None:
    """Of each kind; else the build would prove nothing."""
    config = small(tmp_path)
    assert build(tmp_path / "site", config).returncode == 0

    (tmp_path / "docs" / "index.md").write_text(f"# Index\n\n{broken}\n")

    assert build(tmp_path / "site", config).returncode != 0


# On GitHub


def links(page: Path) -> Iterator[str]:
    """Relative links of a page, without those in code."""
    text = re.sub(r"^```.*?^```$|`[^`\n]*`", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"\w+:", target):
            yield target


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links(page: str) -> None:
    """Each leads to a file that exists, and to a heading in it."""
    for target in links(ROOT / page):
        path, _, anchor = target.partition("#")
        place = (ROOT / page).parent / path if path else ROOT / page
        assert place.exists(), target
        assert not anchor or place.suffix != ".md" or anchor in anchors(place), target
