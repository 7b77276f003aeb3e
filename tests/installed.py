"""The Python client as somebody installs it: a wheel, in a virtual environment that has nothing else."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from documented import DOCS

ROOT = DOCS.parent
CLIENT = ROOT / "clients" / "python"
VERSIONS = {
    "3.10": ("opentelemetry-sdk==1.42.1", "opentelemetry-exporter-otlp-proto-http==1.42.1"),
    "3.12": (),
    "3.13": (),
    "3.14": (),
}
"""Besides the one that the tests run on; the oldest with the oldest dependencies."""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the source."""
    directory = tmp_path_factory.mktemp("wheel")
    source = shutil.copytree(CLIENT, directory / "source", ignore=shutil.ignore_patterns("build", "*.egg-info"))
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-build-isolation", "--no-deps"]
    subprocess.run([*command, f"--wheel-dir={directory}", source], check=True)
    (built,) = directory.glob("*.whl")
    return built


def interpreter(version: str) -> str:
    """A Python of this version; the test is skipped where there is none that runs."""
    managed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for candidate in (shutil.which(f"python{version}"), *map(str, managed)):
        if candidate and subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0:
            return candidate
    pytest.skip(f"there is no Python {version} here")


def environment(directory: Path, python: str, *packages: str) -> Path:
    """A virtual environment with these packages; its `bin`. Skips where they can't be fetched."""
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", f"--python={python}", directory], check=True)
    install = [*uv, "pip", "install", "--quiet", f"--python={directory / 'bin' / 'python'}", *packages]
    done = subprocess.run(install, capture_output=True, check=False, text=True)
    if done.returncode:
        pytest.skip(f"a package index is needed: {done.stderr.strip()}")
    return directory / "bin"
