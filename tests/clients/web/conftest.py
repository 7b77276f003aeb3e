"""Fixtures: the web client as npm packs it, pages that use it, and a pipeline to send to."""

import functools
import http.server
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stack import Pipeline, running, server_directory

ROOT = Path(__file__).parents[3]
CLIENT = ROOT / "clients" / "web"
PAGES = Path(__file__).parent / "pages"

_NODE_MAJOR = 20


@pytest.fixture(scope="session")
def npm() -> Callable[..., str]:
    """Runs npm in a directory and returns what it prints."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed")
    version = subprocess.run(["node", "--version"], capture_output=True, check=True, text=True).stdout
    if int(version.lstrip("v").split(".")[0]) < _NODE_MAJOR:
        pytest.skip(f"node {_NODE_MAJOR} or later is needed, this is {version.strip()}")

    def run(directory: Path, *arguments: str, **environment: str) -> str:
        command = ["npm", "--no-audit", "--no-fund", "--no-update-notifier", *arguments]
        done = subprocess.run(
            command, cwd=directory, capture_output=True, check=False, text=True, env={**_environment(), **environment}
        )
        assert done.returncode == 0, f"npm {' '.join(arguments)}:\n{done.stdout}{done.stderr}"
        return done.stdout

    return run


def _environment() -> dict[str, str]:
    return {**os.environ, "NEXT_TELEMETRY_DISABLED": "1"}


@pytest.fixture(scope="session")
def client(npm: Callable[..., str]) -> Path:
    """The client's directory, with its tools installed and the package built."""
    if not (CLIENT / "node_modules").exists():
        npm(CLIENT, "ci")
    npm(CLIENT, "run", "build")
    return CLIENT


@pytest.fixture(scope="session")
def tarball(client: Path, npm: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it would be published."""
    destination = tmp_path_factory.mktemp("packed")
    npm(client, "pack", f"--pack-destination={destination}")
    (packed,) = destination.iterdir()
    return packed


@pytest.fixture(scope="session")
def pages(client: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the pages that use the built package are served; any path shows the page that `page` names."""
    site = tmp_path_factory.mktemp("site")
    modules = tmp_path_factory.mktemp("modules")
    (modules / "@rhesis").mkdir()
    (modules / "@rhesis" / "telemetry").symlink_to(client)
    for page in PAGES.iterdir():
        _bundle(client, modules, page, site / f"{page.stem}.js")
        (site / f"{page.stem}.html").write_text(
            f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Product</title>
            <meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
            <link rel="stylesheet" href="/styles.css"></head>
            <body><div id="root"></div><script src="/{page.stem}.js"></script></body></html>"""
        )
    page_style = ":root { color-scheme: light dark } body { padding: 1rem } header { margin-bottom: 2rem }\n"
    (site / "styles.css").write_text(page_style + (client / "dist" / "styles.css").read_text())
    with serving(site) as url:
        yield url


def _bundle(client: Path, modules: Path, page: Path, target: Path) -> None:
    packages = client / "node_modules"
    subprocess.run(
        [
            packages / ".bin" / "esbuild",
            page,
            "--bundle",
            "--jsx=automatic",
            "--define:process.env.NODE_ENV='production'",
            "--log-level=error",
            f"--outfile={target}",
        ],
        check=True,
        env={**_environment(), "NODE_PATH": f"{modules}:{packages}"},
    )


class _Site(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        pass

    def translate_path(self, path: str) -> str:
        """A file where there is one, otherwise the page: single-page apps have routes that are no files."""
        translated = super().translate_path(path)
        return translated if Path(translated).is_file() else super().translate_path(self.page)

    @property
    def page(self) -> str:
        return "/plain.html" if "page=plain" in self.path else "/react.html"

    def end_headers(self) -> None:
        if "look=mui" not in self.path:
            self.send_header("Content-Security-Policy", "default-src 'self'; img-src data:; connect-src *")
        super().end_headers()


@contextmanager
def serving(directory: Path) -> Iterator[str]:
    """Serve a directory until the block ends."""
    handler = functools.partial(_Site, directory=str(directory))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def receiver() -> Iterator[Pipeline]:
    """A pipeline that runs for all tests of the client."""
    directory = server_directory()
    with running(directory, "--port=0") as pipeline:
        yield pipeline
    shutil.rmtree(directory)
