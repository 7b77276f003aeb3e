"""The installed wheel on the other Pythons that it is for."""

import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from installed import ROOT, VERSIONS, environment, interpreter

SUITE = Path(__file__).parent
ELSEWHERE = ("test_documentation.py", "test_pipeline.py", "test_versions.py")
"""What needs this repository's own environment."""


@pytest.mark.parametrize("version", VERSIONS)
def test_on_another_python(version: str, wheel: Path, tmp_path: Path) -> None:
    """All of the client's tests that need no more than it and its frameworks."""
    packages = ("pytest", "hypothesis", "jsonschema", "httpx2", *VERSIONS[version])
    python = environment(
        tmp_path, interpreter(version), f"{wheel}[alembic,django,fastapi,flask,sqlalchemy]", *packages
    ).joinpath("python")

    done = subprocess.run(
        [
            python,
            *("-m", "pytest", "--quiet", "-p", "no:cacheprovider", "--import-mode=importlib"),
            *(
                "-c",
                os.devnull,
                f"--rootdir={SUITE}",
                f"--confcutdir={SUITE}",
                "-o",
                "pythonpath=" + str(ROOT / "tests"),
            ),
            *("-k", "not postgres"),
            *(f"--ignore={SUITE / name}" for name in ELSEWHERE),
            SUITE,
        ],
        capture_output=True,
        check=False,
        text=True,
        env={name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ},
    )

    assert done.returncode == 0, done.stdout


def test_the_wheel_has_what_it_needs(wheel: Path) -> None:
    """Types, and no dependency beyond OpenTelemetry's SDK and exporter but for the extras."""
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith("METADATA"))
        lines = archive.read(metadata).decode().splitlines()
        assert "rhesis_telemetry/py.typed" in archive.namelist()

    required = {line.split(">")[0] for line in lines if line.startswith("Requires-Dist") and "extra" not in line}
    assert required == {f"Requires-Dist: opentelemetry-{name}" for name in ("exporter-otlp-proto-http", "sdk")}
    assert "Requires-Python: >=3.10" in lines
