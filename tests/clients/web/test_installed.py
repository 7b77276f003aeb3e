"""The package, packed and installed into clean apps: what a developer gets from the registry."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from postgres import free_port
from servers import serving
from stack import Pipeline
from waiting import until

APPS = Path(__file__).parent / "apps"

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@contextmanager
def started(app: Path, *command: str) -> Iterator[str]:
    """Serve an app until the block ends."""
    port = free_port()
    url = f"http://localhost:{port}"
    with serving(["node", *command, f"--port={port}"], url, app / "log", cwd=app):
        yield url


def installed(name: str, directory: Path, tarball: Path, npm: Callable[..., str]) -> Path:
    """A copy of an app with the package in it."""
    app = directory / name
    shutil.copytree(APPS / name, app)
    npm(app, "install", "--prefer-offline", str(tarball))
    return app


def story(browser: Any, url: str, receiver: Pipeline, feature: str) -> None:
    """A visitor says yes and uses a feature; the row is there, and nothing went wrong."""
    context = browser.new_context()
    tab = context.new_page()
    faults: list[str] = []
    tab.on("console", lambda message: faults.append(message.text) if message.type in {"error", "warning"} else None)
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.goto(url)
    tab.get_by_role("dialog").get_by_role("button", name="Yes, share").click()
    tab.get_by_text("On. Thank you").wait_for()
    tab.get_by_role("button", name="Use it").click()
    query = f"select count(*) from analytics_feature_usage where feature_name = '{feature}' and user_id is not null"
    until(lambda: receiver.query(query) == [(1,)], 30)
    # The style sheet is the app's, not dropped as a module without effect.
    assert tab.locator(".rhesis-telemetry-switch").evaluate("(one) => getComputedStyle(one).width") == "44px"

    assert faults == []
    context.close()


def test_in_a_vite_app(
    browser: Any, receiver: Pipeline, tarball: Path, npm: Callable[..., str], tmp_path: Path
) -> None:
    """Types are found, the build passes, and it works."""
    app = installed("vite", tmp_path, tarball, npm)
    npm(app, "run", "build", VITE_OTEL_ENDPOINT=receiver.otlp_url)
    with started(app, "node_modules/vite/bin/vite.js", "preview", "--host=localhost") as url:
        story(browser, url, receiver, "from_vite")


def test_in_a_next_app(
    browser: Any, receiver: Pipeline, tarball: Path, npm: Callable[..., str], tmp_path: Path
) -> None:
    """The environment's variables are put in, pages are rendered on the server without a difference, and it works."""
    app = installed("next", tmp_path, tarball, npm)
    npm(app, "run", "build", NEXT_PUBLIC_OTEL_ENDPOINT=receiver.otlp_url, NEXT_PUBLIC_DEPLOYMENT_TYPE="cloud")
    with started(app, "node_modules/next/dist/bin/next", "start") as url:
        rendered = requests.get(url, timeout=20).text
        assert 'data-on-server="off"' in rendered
        assert re.search(r'role="switch"[^>]*aria-checked="false"', rendered)
        assert "<dialog" not in rendered
        assert "Share usage telemetry" in requests.get(f"{url}/material", timeout=20).text
        story(browser, url, receiver, "from_next")
    query = "select distinct deployment_type from analytics_feature_usage where feature_name = 'from_next'"
    assert receiver.query(query) == [("cloud",)]


@pytest.mark.parametrize("form", ["import(name)", "Promise.resolve(require(name))"])
@pytest.mark.parametrize("entry", ["", "/react", "/mui"])
def test_in_node(client: Path, entry: str, form: str) -> None:
    """Every entry loads where there is no window, as a module and by require, and the functions do nothing."""
    script = f"""
        const name = "@rhesis/telemetry{entry}";
        {form}.then((entry) => {{
            entry.initTelemetry?.({{ endpoint: "http://127.0.0.1:9" }});
            entry.trackPageViews?.()();
            entry.trackEvent?.("e");
            entry.identify?.("u");
            entry.reset?.();
            console.log(Object.keys(entry).length > 1, entry.isTelemetryEnabled?.() ?? false);
        }});
    """
    done = subprocess.run(
        ["node", "--input-type=commonjs", "--eval", script], cwd=client, capture_output=True, text=True, check=False
    )

    assert done.stdout == "true false\n", done.stderr
    assert done.stderr == ""
