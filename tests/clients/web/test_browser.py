"""The web client in a real browser, sending to a real pipeline.

Pictures go to .cache/clients/web; those of the components there, web-*.png, are the ones in docs/images.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from stack import Pipeline
from waiting import until

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

SCREENSHOTS = Path(__file__).parents[3] / ".cache" / "clients" / "web"
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
LOOKS = ("plain", "mui")
THEMES = ("light", "dark")
CONSENT = "rhesis.telemetry.consent"

# After the switch is on, what waits is sent within five seconds; then store has it.
SECONDS = 30

OBJECTING = "Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })"


class Visitor:
    """A tab, and what it asked of whom."""

    def __init__(self, browser: Any, pages: str, endpoint: str, theme: str = "light") -> None:
        self._pages = pages
        self._endpoint = endpoint
        self.context = browser.new_context(color_scheme=theme, viewport={"width": 800, "height": 900})
        self.tab = self.context.new_page()
        self.faults: list[str] = []
        self.exports: list[Any] = []
        self.asked: list[str] = []
        self.tab.on("console", self._note)
        self.tab.on("pageerror", lambda error: self.faults.append(str(error)))
        self.tab.on("request", self._remember)

    def open(self, path: str = "/", pages: str = "", **parameters: str) -> Any:
        """Load a page."""
        query = urlencode({"endpoint": self._endpoint, **parameters})
        self.tab.goto(f"{pages or self._pages}{path}?{query}")
        return self.tab

    @property
    def elsewhere(self) -> list[str]:
        """What was asked of anybody but the app itself."""
        own = urlsplit(self._pages).port
        return [url for url in self.asked if urlsplit(url).port != own and url != "about:blank"]

    @property
    def stored(self) -> dict[str, str]:
        """What the page keeps."""
        found: dict[str, str] = self.tab.evaluate("({ ...localStorage, ...sessionStorage })")
        return found

    def press(self, name: str) -> None:
        """Press a button."""
        self.tab.get_by_role("button", name=name, exact=True).click()

    def _note(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.faults.append(message.text)

    def _remember(self, request: Any) -> None:
        if not request.url.startswith("data:"):
            self.asked.append(request.url)
        if request.url.endswith("/v1/traces") and request.method == "POST":
            self.exports.append(request)


@pytest.fixture
def visitor(browser: Any, pages: str, receiver: Pipeline) -> Iterator[Visitor]:
    opened = Visitor(browser, pages, receiver.otlp_url)
    yield opened
    opened.context.close()
    assert opened.faults == []


@pytest.fixture
def feature(receiver: Pipeline) -> Iterator[Any]:
    """The rows of feature_usage since the test began."""
    receiver.query("select 1")
    (before,) = receiver.query("select coalesce(max(received_at), '-infinity')::text from analytics_feature_usage")

    def rows(*columns: str) -> list[tuple[Any, ...]]:
        return receiver.query(
            f"select {', '.join(columns)} from analytics_feature_usage where received_at > '{before[0]}'"
            " order by timestamp, action"
        )

    return rows


def checked(tab: Any, name: str) -> None:
    """Take a picture, and hold the page against the rules of accessibility."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    tab.wait_for_timeout(300)  # a Material dialog fades in, and axe would measure its contrast on the way
    tab.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
    found = axe.Axe().run(tab, options=AXE)
    assert found.violations_count == 0, found.generate_report()


def pictured(tab: Any, locator: Any, name: str, margin: int = 0) -> None:
    """Take a picture of a part of the page, with as much around it."""
    box = locator.bounding_box()
    clip = {
        "x": box["x"] - margin,
        "y": box["y"] - margin,
        "width": box["width"] + 2 * margin,
        "height": box["height"] + 2 * margin,
    }
    tab.screenshot(path=SCREENSHOTS / f"{name}.png", clip=clip, full_page=True)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("look", LOOKS)
def test_the_components(browser: Any, pages: str, receiver: Pipeline, look: str, theme: str) -> None:
    """Each state keeps the rules of accessibility, in either look and theme, and nothing goes out meanwhile."""
    visitor = Visitor(browser, pages, receiver.otlp_url, theme)
    tab = visitor.open(look=look, user="alice")
    dialog = tab.get_by_role("dialog", name="May we count how you use this product?")
    dialog.wait_for()
    checked(tab, f"dialog-{look}-{theme}")
    docs = "web" if look == "plain" else "web-mui"
    pictured(tab, dialog if look == "plain" else tab.locator(".MuiDialog-paper"), f"{docs}-dialog-{theme}")
    tab.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    checked(tab, f"settings-{look}-{theme}")
    tab.get_by_text("See what would be sent", exact=True).click()
    tab.get_by_text("Byte for byte").click()
    visitor.press("Delete my data")
    checked(tab, f"open-{look}-{theme}")
    pictured(tab, tab.get_by_role("article"), f"{docs}-sent-{theme}")
    visitor.press("Keep it")
    tab.get_by_role("switch", name="Share usage telemetry").focus()

    assert visitor.elsewhere == []
    tab.keyboard.press("Space")
    tab.get_by_text("On. Thank you").wait_for()
    tab.get_by_text("Byte for byte").click()
    checked(tab, f"on-{look}-{theme}")
    visitor.press("Show what the server would keep of it")
    tab.get_by_text("This is what the server would keep.").wait_for()
    checked(tab, f"stored-{look}-{theme}")
    tab.get_by_text("See what is sent", exact=True).click()
    tab.mouse.move(0, 0)
    tab.wait_for_timeout(300)
    settings = tab.get_by_role("region", name="Usage telemetry")
    pictured(tab, settings, f"{docs}-settings-{theme}", margin=0 if look == "plain" else 16)
    assert visitor.faults == []
    visitor.context.close()


@pytest.mark.parametrize("look", LOOKS)
def test_the_question(visitor: Visitor, look: str) -> None:
    """It is asked by name, both answers look the same, focus stays inside, and Escape decides nothing."""
    tab = visitor.open(look=look)
    dialog = tab.get_by_role("dialog")
    dialog.wait_for()
    tab.wait_for_timeout(300)
    answers = [dialog.get_by_role("button", name=name, exact=True) for name in ("No, don't share", "Yes, share")]
    looks = [
        answer.evaluate("""(button) => {
            const { color, backgroundColor, borderColor, fontSize, fontWeight } = getComputedStyle(button);
            return { color, backgroundColor, borderColor, fontSize, fontWeight, height: button.offsetHeight };
        }""")
        for answer in answers
    ]
    assert looks[0] == looks[1]
    assert dialog.get_attribute("aria-describedby")
    focused = (
        "[document.body, ...document.querySelectorAll('[role=dialog] *, dialog *')].includes(document.activeElement)"
    )
    assert not tab.evaluate("document.activeElement.matches('button')")
    for _ in range(8):
        tab.keyboard.press("Tab")
        assert tab.evaluate(focused)
    tab.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    assert CONSENT not in visitor.stored

    tab.reload()
    dialog.wait_for()
    visitor.press("No, don't share")
    dialog.wait_for(state="detached")
    visitor.press("Create")
    tab.reload()
    tab.get_by_text("Off. Nothing is collected").wait_for()
    assert tab.get_by_role("dialog").count() == 0
    assert json.loads(visitor.stored[CONSENT]) == {"enabled": False, "version": 2}
    assert visitor.elsewhere == []


def test_the_whole_way(visitor: Visitor, receiver: Pipeline, feature: Any) -> None:
    """A yes, a login and a feature are rows with one pseudonym; what is shown is what was sent; a no is silence."""
    tab = visitor.open("/projects/41")
    visitor.press("Yes, share")
    visitor.press("Sign in")
    visitor.press("Create")
    visitor.press("Open a project")
    until(lambda: tab.evaluate("sentBodies().length") and len(feature("1")) == 3, SECONDS)

    (login,) = receiver.query(
        "select user_id, event_type, deployment_type, service_name, service_version from analytics_user_activity"
        " order by timestamp desc limit 1"
    )
    assert login[1:] == ("login", "self_hosted", "rhesis-frontend", "1.2.3")
    created = [
        row for row in feature("feature_name", "action", "page_path", "user_id", "metadata") if row[1] == "created"
    ]
    viewed = [row for row in feature("feature_name", "action", "page_path", "user_id") if row[1] == "viewed"]
    assert created == [("test_run", "created", None, login[0], {"tests": 5})]
    assert [row[:3] for row in viewed] == [("page_view", "viewed", "/projects/{id}")] * len(viewed)
    assert viewed[-1][3] == login[0]

    tab.get_by_text("See what is sent").click()
    tab.get_by_text("Byte for byte").first.click()
    shown = tab.locator("pre").all_text_contents()
    assert shown == [export.post_data for export in reversed(visitor.exports)]
    assert "alice" not in "".join(shown)
    assert visitor.stored.keys() == {CONSENT}
    assert visitor.context.cookies() == []
    for export in visitor.exports:
        assert not export.headers.get("referer")
        assert "cookie" not in export.headers

    tab.get_by_role("switch").click()
    tab.get_by_text("Off. Nothing is collected").wait_for()
    visitor.press("Delete my data")
    visitor.press("Yes, delete it")
    tab.get_by_text("Your request was received.").wait_for()
    before = len(visitor.elsewhere)
    visitor.press("Create")
    visitor.press("Open a project")
    tab.wait_for_timeout(6000)  # longer than events wait to be sent
    assert len(visitor.elsewhere) == before
    of_hers = f"select count(*) from analytics_feature_usage where user_id = '{login[0]}'"
    assert receiver.query(of_hers) != [(0,)]
    until(
        lambda: receiver.telemetry("maintain", "--now").returncode == 0 and receiver.query(of_hers) == [(0,)], SECONDS
    )


def test_the_same_person_as_the_backends(visitor: Visitor, receiver: Pipeline) -> None:
    """Raw or hashed by Web Crypto, by our own code on plain HTTP, or by Python: one id is one pseudonym."""
    insecure = visitor._pages.replace("127.0.0.1", "insecure.test")
    for name, pages in (("secure", ""), ("insecure", insecure)):
        tab = visitor.open(page="plain", pages=pages)
        tab.evaluate("telemetry.setTelemetryEnabled(true)")
        assert tab.evaluate("isSecureContext") is (name == "secure")
        tab.evaluate(f"telemetry.trackUserLogin('zoë', '{name}')")
        tab.evaluate("telemetry.reset()")  # sends what waits
    sent = [json.loads(export.post_data)["resourceSpans"][0]["scopeSpans"][0]["spans"] for export in visitor.exports]
    hashed = [one["value"]["stringValue"] for (span,) in sent for one in span["attributes"] if one["key"] == "user.id"]

    assert hashed == [hashlib.sha256("zoë".encode()).hexdigest()[:16]] * 2
    query = (
        "select count(distinct user_id), count(*) from analytics_user_activity"
        " where organization_id in (select organization_id from analytics_user_activity"
        " group by 1 having count(*) = 1) and service_name = 'rhesis-frontend' and service_version is null"
    )
    until(lambda: receiver.query(query) == [(1, 2)], SECONDS)


def test_a_page_that_is_left(visitor: Visitor, feature: Any) -> None:
    """What happened just before is not lost."""
    visitor.open()
    visitor.press("Yes, share")
    visitor.press("Leave")
    visitor.tab.wait_for_url("about:blank")

    until(lambda: ("left",) in feature("feature_name"), SECONDS)


def test_a_page_that_is_offline(visitor: Visitor, feature: Any) -> None:
    """Events wait until the network is back."""
    visitor.open()
    visitor.press("Yes, share")
    visitor.context.set_offline(True)
    visitor.press("Create")
    visitor.tab.wait_for_timeout(6000)  # longer than events wait to be sent
    assert visitor.exports == []
    visitor.context.set_offline(False)

    until(lambda: ("test_run",) in feature("feature_name"), SECONDS)


def test_a_browser_that_objects(visitor: Visitor, receiver: Pipeline) -> None:
    """Nothing is asked and nothing can be turned on; a person may still have their data deleted."""
    visitor.context.add_init_script(OBJECTING)
    tab = visitor.open(user="carol")
    tab.get_by_text("Off, because your browser asks sites not to track you").wait_for()
    assert tab.get_by_role("dialog").count() == 0
    assert tab.get_by_role("switch").is_disabled()
    visitor.press("Create")
    assert visitor.elsewhere == []

    visitor.press("Delete my data")
    assert tab.evaluate("document.activeElement.textContent") == "Keep it"
    visitor.press("Yes, delete it")
    tab.get_by_text("Your request was received.").wait_for()
    assert [
        json.loads(export.post_data)["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"]
        for export in visitor.exports
    ] == ["erasure.request"]
    until(lambda: receiver.query("select count(*) from analytics_erasure_requests") != [(0,)], SECONDS)


def test_a_server_that_is_away(browser: Any, pages: str) -> None:
    """The page goes on, without an error of ours."""
    visitor = Visitor(browser, pages, "http://127.0.0.1:9")
    tab = visitor.open(user="dave")
    visitor.press("Yes, share")
    visitor.press("Delete my data")
    visitor.press("Yes, delete it")
    tab.get_by_text("could not be delivered").wait_for(timeout=20_000)

    assert [fault for fault in visitor.faults if "net::ERR" not in fault] == []
    visitor.context.close()
