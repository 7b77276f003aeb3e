"""What a person lives through in the example app: asked, no, yes, seen, erased, silent; on the real pipeline."""

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from postgres import free_port, server_directory
from servers import serving
from stack import Pipeline, environment, running
from waiting import until

EXAMPLES = Path(__file__).parents[2] / "examples"
TABLES = ("analytics_user_activity", "analytics_endpoint_usage", "analytics_feature_usage")

# Both clients send within five seconds; then store has it.
SECONDS = 60

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture
def stack() -> Iterator[Pipeline]:
    """A pipeline in which nothing has happened yet."""
    directory = server_directory()
    with running(directory, "--port=0") as started:
        yield started
    shutil.rmtree(directory)


@pytest.fixture
def frontend(client: Path, npm: Callable[..., str]) -> None:
    """The frontend, built with the package as it is now."""
    assert (client / "dist").is_dir()
    npm(EXAMPLES / "frontend", "ci", "--prefer-offline")
    npm(EXAMPLES / "frontend", "run", "build")


@contextmanager
def started(stack: Pipeline) -> Iterator[str]:
    """Start the example as `make example` does, beside a pipeline that runs; its address."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    inherited = {name: value for name, value in environment().items() if not name.startswith(("OTEL_", "DO_NOT"))}
    command = [sys.executable, str(EXAMPLES / "start.py"), f"--directory={stack.directory}", f"--port={port}"]
    output = stack.directory / "example.log"
    with serving(command, url, output, env=inherited):
        assert stack.about["dashboard_url"] in output.read_text()
        yield url


class Person:
    """Somebody at the app; every request that leaves their browser is watched."""

    def __init__(self, browser: Any, url: str, pictures: Path) -> None:
        self.context = browser.new_context(viewport={"width": 900, "height": 900})
        self.faults: list[str] = []
        self.elsewhere: list[str] = []
        self._url = url
        self._pictures = pictures
        self.context.on("request", self._remember)
        self.context.on("console", self._note)
        self.tab = self.context.new_page()
        self.tab.on("pageerror", lambda error: self.faults.append(str(error)))

    def log_in(self, name: str = "Ada") -> None:
        """Log in, on the page that is shown."""
        self.tab.get_by_label("Your name").fill(name)
        self.press("Log in")
        self.tab.get_by_role("link", name="Settings").wait_for()

    def visit(self, name: str) -> None:
        """Follow a link."""
        self.tab.get_by_role("link", name=name, exact=True).click()
        self.tab.get_by_role("heading", name=name, exact=True).wait_for()

    def press(self, name: str) -> None:
        """Press a button."""
        self.tab.get_by_role("button", name=name, exact=True).click()

    def run_tests(self, name: str) -> None:
        """Create a test run and look at it."""
        self.visit("Test runs")
        self.tab.get_by_label("Name", exact=True).fill(name)
        self.press("Run tests")
        self.press("Sort by name")
        self.visit(name)

    def toggle(self) -> None:
        """Change one's mind in the settings."""
        self.visit("Settings")
        self.tab.get_by_role("switch", name="Share usage telemetry").click()

    def reads(self, words: str) -> None:
        """Wait for words to be there."""
        self.tab.get_by_text(words).wait_for()

    def picture(self, name: str) -> None:
        """Keep what is shown."""
        self.tab.screenshot(path=self._pictures / f"{name}.png", full_page=True)

    def _remember(self, request: Any) -> None:
        if not request.url.startswith((f"{self._url}/", "data:")):
            self.elsewhere.append(request.url)

    def _note(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.faults.append(message.text)


def kept(stack: Pipeline) -> dict[str, int]:
    """How many rows came of the example."""
    count = "select count(*) from {} where starts_with(service_name, 'example-')"
    return {table: stack.query(count.format(table))[0][0] for table in TABLES}


def distinct(stack: Pipeline, table: str, *columns: str) -> set[tuple[Any, ...]]:
    return set(stack.query(f"select distinct {', '.join(columns)} from {table}"))


def erased(stack: Pipeline) -> bool:
    """Whether nothing is left after a run of `maintain`."""
    done = stack.telemetry("maintain", "--now")
    assert done.returncode == 0, done.stdout + done.stderr
    return not any(kept(stack).values())


def send_marker(stack: Pipeline) -> None:
    """Send an event of nobody, and wait until it is stored: what was sent before it has been handled."""
    attribute = {"key": "event.type", "value": {"stringValue": "marker"}}
    record = {"eventName": "user_activity", "attributes": [attribute], "timeUnixNano": str(time.time_ns())}
    export = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
    requests.post(f"{stack.otlp_url}/v1/logs", json=export, timeout=10).raise_for_status()
    count = "select count(*) from analytics_user_activity where event_type = 'marker'"
    until(lambda: stack.query(count) == [(1,)], SECONDS)


@pytest.mark.usefixtures("frontend")
def test_a_person_decides(stack: Pipeline, browser: Any, tmp_path: Path) -> None:
    """After a no nothing leaves; a yes is in all tables under one pseudonym; what is erased is gone; off is off."""
    with started(stack) as url:
        person = Person(browser, url, tmp_path)
        person.tab.goto(url)

        # They are new, so they are asked, and say no.
        person.log_in()
        dialog = person.tab.get_by_role("dialog")
        dialog.wait_for()
        person.picture("1-asked")
        dialog.get_by_role("button", name="No, don't share").click()
        dialog.wait_for(state="detached")

        # They use the app, and nothing leaves their browser but what the app itself is asked.
        person.run_tests("After a no")
        person.visit("Settings")
        person.reads("Off. Nothing is collected")
        person.picture("2-no")
        assert person.elsewhere == []
        assert kept(stack) == dict.fromkeys(TABLES, 0)

        # They say yes in the settings, log in once more, click, create a test run.
        yes = datetime.now(UTC)
        person.toggle()
        person.reads("On. Thank you")
        person.picture("3-yes")
        person.press("Log out")
        person.log_in()
        person.run_tests("After a yes")
        person.visit("Test runs")
        person.tab.get_by_role("link", name="After a yes").wait_for()
        person.picture("4-used")

        # All three tables have it, from the frontend and the backend, of one person, and nothing from before.
        features = {
            ("test_run", "created", "example-backend"),
            ("test_run_list", "sorted", "example-frontend"),
            ("page_view", "viewed", "example-frontend"),
        }
        until(lambda: distinct(stack, TABLES[2], "feature_name", "action", "service_name") >= features, SECONDS)
        until(lambda: ("login",) in distinct(stack, TABLES[0], "event_type"), SECONDS)
        until(lambda: ("POST", "/api/test_runs") in distinct(stack, TABLES[1], "method", "endpoint"), SECONDS)
        paths = {("/settings",), ("/",), ("/test_runs/{id}",)}
        until(lambda: distinct(stack, TABLES[2], "page_path") >= paths, SECONDS)
        people = set().union(*(distinct(stack, table, "user_id", "organization_id") for table in TABLES))
        assert len(people) == 1
        assert None not in people.pop()
        for table in TABLES:
            assert stack.query(f"select min(timestamp) from {table}")[0][0] >= yes
        assert person.elsewhere
        assert set(person.elsewhere) == {f"{stack.otlp_url}/v1/traces"}

        see_dashboard(stack, browser, tmp_path / "5-dashboard.png")

        # They want it deleted.
        person.visit("Settings")
        person.press("Delete my data")
        person.press("Yes, delete it")
        person.reads("Your request was received")
        person.picture("6-erasure")
        until(lambda: erased(stack), SECONDS)

        # They say no again, and that is the end of it, also after the next login.
        person.toggle()
        person.reads("Off. Nothing is collected")
        person.elsewhere.clear()
        person.run_tests("After all")
        person.press("Log out")
        person.log_in()
        person.visit("Settings")
        person.reads("Off. Nothing is collected")
        person.picture("7-silence")
        assert dialog.count() == 0
        assert person.elsewhere == []
        assert person.faults == []
        person.context.close()
    # The backend has stopped, and has sent what it had.
    send_marker(stack)
    until(lambda: erased(stack), SECONDS)


@pytest.mark.usefixtures("frontend")
def test_each_of_several_people_at_one_browser_decides(stack: Pipeline, browser: Any, tmp_path: Path) -> None:
    """Nobody decides for the next one, and nobody is asked twice, in another browser either."""
    with started(stack) as url:
        browsers = [Person(browser, url, tmp_path) for _ in range(2)]
        for person in browsers:
            person.tab.goto(url)
        shared, own = browsers
        choices = {"Ada": "Yes, share", "Bob": "No, don't share", "Cleo": "Yes, share"}
        for name, choice in choices.items():
            shared.log_in(name)
            shared.tab.get_by_role("dialog").get_by_role("button", name=choice).click()
            shared.tab.get_by_role("dialog").wait_for(state="detached")
            shared.press("Log out")

        for name, choice in choices.items():
            own.log_in(name)
            own.visit("Settings")
            own.reads("On. Thank you" if choice == choices["Ada"] else "Off. Nothing is collected")
            assert own.tab.get_by_role("dialog").count() == 0
            own.press("Log out")
        for person in browsers:
            assert person.faults == []
            person.context.close()


def see_dashboard(stack: Pipeline, browser: Any, picture: Path) -> None:
    """The dashboard shows what the person did, under the names of features."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()

    def shown() -> bool:
        page.goto(f"{stack.about['dashboard_url']}/features")
        page.wait_for_selector("html[data-ready]", state="attached")
        page.screenshot(path=picture, full_page=True)
        words = page.locator("body").inner_text()
        return "test_run:created" in words and "test_run_list:sorted" in words

    until(shown, SECONDS)
    context.close()
