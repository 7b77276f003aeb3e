"""What is generated is what its source says now."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "pattern",
    [
        "functions/telemetry_pipeline/contract.py",
        "functions/telemetry_pipeline/ingest/contract.json",
        "clients/python/src/rhesis_telemetry/contract.py",
        "clients/web/src/contract.ts",
        "schemas/bigquery/*.json",
        "schemas/json/*.json",
        "docs/what-we-collect.md",
    ],
)
def test_what_follows_from_the_contract_is_up_to_date(generated: Path, pattern: str) -> None:
    """`make generate` would change nothing: not a byte, not a file more or less."""
    expected = {file.relative_to(generated): file.read_text() for file in generated.glob(pattern)}

    assert expected
    assert {file.relative_to(ROOT): file.read_text() for file in ROOT.glob(pattern)} == expected


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that the generators write, in a place of its own."""
    root = tmp_path_factory.mktemp("generated")
    subprocess.run([sys.executable, ROOT / "schemas" / "generate.py", "--root", root], check=True)
    return root


def test_every_setting_is_documented(tmp_path: Path) -> None:
    """docs/settings.md lists each variable with its default and its meaning."""
    page = tmp_path / "settings.md"

    subprocess.run([sys.executable, ROOT / "docs" / "generate_settings.py", page], check=True)

    assert (ROOT / "docs" / "settings.md").read_text() == page.read_text()


def test_every_question_is_documented(tmp_path: Path) -> None:
    """docs/analytics.md has each view's definition as its SQL file has it, and its columns."""
    page = tmp_path / "analytics.md"

    subprocess.run([sys.executable, ROOT / "docs" / "generate_analytics.py", page], check=True)

    assert (ROOT / "docs" / "analytics.md").read_text() == page.read_text()


def test_every_figure_is_shown(tmp_path: Path) -> None:
    """docs/performance.md has what was measured last."""
    page = tmp_path / "performance.md"

    subprocess.run([sys.executable, ROOT / "docs" / "generate_performance.py", page], check=True)

    assert (ROOT / "docs" / "performance.md").read_text() == page.read_text()


def test_tables_are_what_was_measured(tmp_path: Path) -> None:
    """Pages that show what was measured have the tables of bench/results."""
    subprocess.run([sys.executable, ROOT / "docs" / "generate_tables.py", tmp_path], check=True)

    made = {page.name: page.read_text() for page in tmp_path.iterdir()}
    assert "reliability.md" in made
    assert made == {name: (ROOT / "docs" / name).read_text() for name in made}


def test_the_wire_messages_are_compiled(tmp_path: Path) -> None:
    """wire_pb2 is what protoc makes of wire.proto."""
    otlp = Path("telemetry_pipeline", "otlp")
    command = [sys.executable, "-m", "grpc_tools.protoc", "-I.", f"--python_out={tmp_path}", f"--pyi_out={tmp_path}"]

    subprocess.run([*command, otlp / "wire.proto"], check=True, cwd=ROOT / "functions")

    for name in ("wire_pb2.py", "wire_pb2.pyi"):
        assert (ROOT / "functions" / otlp / name).read_text() == (tmp_path / otlp / name).read_text()


def test_documented_rejections_are_those_that_exist() -> None:
    """docs/otlp.md explains each reason that partial_success can name, and no other."""
    import re

    sources = (ROOT / "functions" / "telemetry_pipeline" / "ingest").glob("*.py")
    text = "".join(source.read_text() for source in sources)
    raised = set(re.findall(r'(?:Rejected|_FaultError|fault=)\(?"([a-z_]+)"', text)) | {"not_an_event", "over_quota"}
    page = (ROOT / "docs" / "otlp.md").read_text().split("### Why an event is rejected")[1].split("## ")[0]

    assert set(re.findall(r"^\| `([a-z_]+)`", page, re.MULTILINE)) == raised
