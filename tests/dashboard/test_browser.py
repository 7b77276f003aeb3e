"""The pages in a real browser: Debian's Chromium, with the demo's events; screenshots are kept in .cache/dashboard."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from dashboards import PAGES, table
from edge import serve

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")

SCREENSHOTS = Path(__file__).parents[2] / ".cache" / "dashboard"
WIDTHS = (360, 768, 1280)
THEMES = ("light", "dark")

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

# Rules of style sheets that axe can't judge where a page has no landmark of its own.
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def url(demo_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    environment = {"RHESIS_DATABASE_URL": demo_url, "RHESIS_K_ANONYMITY": "1", "RHESIS_PUBLIC_PAGE": "true"}
    with serve("dashboard", environment, tmp_path_factory.mktemp("dashboard") / "log") as served:
        yield served


class Visitor:
    """A tab, and what went wrong in it."""

    def __init__(self, browser: Any, url: str, theme: str = "light", width: int = 1280) -> None:
        self._url = url
        self.faults: list[str] = []
        self.asked: list[str] = []
        self.context = browser.new_context(
            color_scheme=theme, viewport={"width": width, "height": 900}, accept_downloads=True
        )
        self.tab = self.context.new_page()
        self.tab.on("console", lambda message: self._note(message))
        self.tab.on("pageerror", lambda error: self.faults.append(str(error)))
        self.tab.on("request", lambda request: self.asked.append(request.url))

    def open(self, path: str) -> Any:
        """Load a page, and wait for its scripts to be done."""
        self.tab.goto(self._url + path)
        return self.settled()

    def settled(self) -> Any:
        """The tab, once its scripts are done."""
        self.tab.wait_for_selector("html[data-ready]", state="attached")
        return self.tab

    def _note(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.faults.append(message.text)


@pytest.fixture
def visitor(browser: Any, url: str) -> Iterator[Visitor]:
    opened = Visitor(browser, url)
    yield opened
    opened.context.close()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", [*PAGES, "public"])
def test_a_page(browser: Any, url: str, name: str, width: int, theme: str) -> None:
    """Each page loads without an error, asks nobody else, fits its screen and keeps the rules of accessibility."""
    visitor = Visitor(browser, url, theme, width)
    tab = visitor.open(PAGES.get(name, "/public"))
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    tab.screenshot(path=SCREENSHOTS / f"{name}-{theme}-{width}.png", full_page=True)

    found = axe.Axe().run(tab, options=AXE)

    assert visitor.faults == []
    assert [asked for asked in visitor.asked if not asked.startswith(url)] == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert found.violations_count == 0, found.generate_report()
    visitor.context.close()


def test_cards_are_the_views(visitor: Visitor, demo: Connection) -> None:
    """The cards show what daily_active_users says."""
    tab = visitor.open("/")
    with demo.begin():
        expected = demo.execute(
            text("select dau, wau, mau from daily_active_users where deployment_type = 'all' order by day desc limit 1")
        ).one()

    assert [f"{count:,}" for count in expected] == tab.locator(".card strong").all_text_contents()[:3]


def test_charts_are_drawn(visitor: Visitor) -> None:
    """Every chart has a canvas with something on it, and a legend that switches a line off."""
    tab = visitor.open("/")
    drawn = tab.evaluate("""[...document.querySelectorAll('.plot canvas')].map(
        (canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((one) => one))""")
    first = tab.locator("#active .legend button").first
    first.click()

    assert drawn == [True, True, True]
    assert first.get_attribute("aria-pressed") == "false"


def test_values_under_the_pointer(visitor: Visitor) -> None:
    """The legend tells the day under the pointer and its values, as the table has them."""
    tab = visitor.open("/")
    tab.locator("#active .plot .u-over").hover()
    tab.wait_for_function("document.querySelector('#active .legend .at').textContent.trim()")
    day = tab.locator("#active .legend .at").text_content().strip()
    told = tab.locator("#active .legend output").all_text_contents()

    assert [
        one.strip() for one in tab.locator(f"#active tr:has(th[data-value='{day}']) td").all_text_contents()
    ] == told


def test_links_keep_the_filters(visitor: Visitor) -> None:
    """A filter is in the address, goes along to other pages, and is undone by going back."""
    tab = visitor.open("/")
    tab.get_by_role("link", name="90 days").click()
    tab.wait_for_url("**/?period=90d")
    tab.get_by_role("link", name="Self-hosted").click()
    tab.wait_for_url("**deployment=self_hosted**")
    visitor.settled().get_by_role("link", name="Performance").click()
    tab.wait_for_url("**/performance?**")

    assert "period=90d" in tab.url
    assert "deployment=self_hosted" in tab.url
    tab.go_back()
    tab.go_back()
    assert tab.url.endswith("/?period=90d")
    assert tab.locator(".segments [aria-current]").first.text_content() == "90 days"
    tab.go_forward()
    assert "deployment=self_hosted" in tab.url
    assert tab.locator("html.is-leaving").count() == 0


def test_any_dates(visitor: Visitor) -> None:
    """Two dates make a period, which the address keeps."""
    tab = visitor.open("/?deployment=cloud")
    tab.get_by_role("textbox", name="From").fill("2026-01-01")
    tab.get_by_role("textbox", name="to", exact=True).fill("2026-01-07")
    tab.get_by_role("button", name="Show").click()
    tab.wait_for_url("**from=2026-01-01&to=2026-01-07**")

    assert "deployment=cloud" in tab.url
    assert visitor.settled().locator("#active tbody tr").count() == 7


def test_from_a_list_to_one(visitor: Visitor) -> None:
    """An endpoint in the table leads to its own page."""
    tab = visitor.open("/performance")
    tab.locator("#endpoints").get_by_role("link", name="GET /tests", exact=True).click()

    assert visitor.settled().locator("h1").text_content() == "GET /tests"
    assert tab.locator("#histogram canvas").count() == 1


def test_sorting(visitor: Visitor) -> None:
    """A click on a column's head sorts the table by its numbers, another the other way round."""
    tab = visitor.open("/performance")
    head = tab.locator("#endpoints th", has_text="Requests")
    read = "[...document.querySelectorAll('#endpoints tbody tr')].map((row) => Number(row.cells[1].dataset.value))"

    head.get_by_role("button").click()
    falling = tab.evaluate(read)
    assert falling == sorted(falling, reverse=True)
    assert head.get_attribute("aria-sort") == "descending"
    head.get_by_role("button").press("Enter")
    assert tab.evaluate(read) == sorted(falling)


def test_csv_is_the_table(visitor: Visitor) -> None:
    """The CSV that a click loads has the values of the table, each and no other."""
    tab = visitor.open("/performance")
    with tab.expect_download() as download:
        tab.locator("#endpoints").get_by_role("link", name="CSV").click()
    rows = Path(download.value.path()).read_text().splitlines()
    shown = tab.evaluate("""[...document.querySelectorAll('#endpoints tbody tr')].map(
        (row) => [...row.cells].map((cell) => cell.dataset.value ?? '').join(','))""")

    assert shown == rows[1:]


@pytest.mark.parametrize(("path", "chart"), [("/", "active"), ("/retention", "cohorts"), ("/features", "most-used")])
def test_png(visitor: Visitor, path: str, chart: str) -> None:
    """A click makes a picture of a chart, or of the table that is one."""
    tab = visitor.open(path)
    with tab.expect_download() as download:
        tab.locator(f"#{chart}").get_by_role("button", name="PNG").click()
    picture = Path(download.value.path()).read_bytes()
    (SCREENSHOTS / f"{chart}.download.png").write_bytes(picture)

    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 10_000


def test_by_keyboard(visitor: Visitor) -> None:
    """The first Tab offers to skip to the content; definitions and tables open by Enter."""
    tab = visitor.open("/")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Skip to the content"
    summary = tab.locator("#active .definition summary")
    summary.focus()
    tab.keyboard.press("Enter")

    assert tab.locator("#active .definition p").first.is_visible()
    assert re.search("one row per day", tab.locator("#active .definition").inner_text(), re.IGNORECASE)


def test_without_scripts(browser: Any, url: str) -> None:
    """Without JavaScript, cards and tables are all there."""
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{url}/")
    tab.locator("#active .data summary").click()

    assert tab.locator(".card strong").first.is_visible()
    assert tab.locator("#active tbody tr").first.is_visible()
    context.close()


def test_page_and_csv_agree(visitor: Visitor, dashboard: Any, demo_url: str) -> None:
    """A dashboard in this process exports what the browser's shows."""
    tab = visitor.open("/features")
    shown = tab.locator("#most-used tbody tr th").all_text_contents()

    assert [row["Feature"] for row in table(dashboard(demo_url), "/features", "most-used")] == [
        one.strip() for one in shown
    ]
