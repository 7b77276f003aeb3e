"""`telemetry api-keys`: a key is shown once, its hash is kept, and a revoked one is gone."""

import re
import subprocess
from pathlib import Path

import pytest

from stack import TELEMETRY, environment
from telemetry_local.home import Home
from telemetry_pipeline.configuration import parse_api_keys
from telemetry_pipeline.ingest.api_keys import hashed


def keys(directory: Path, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*TELEMETRY, "api-keys", *arguments],
        cwd=directory,
        capture_output=True,
        check=False,
        text=True,
        env=environment() | settings,
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A directory in which a stack has been started."""
    (tmp_path / ".local").mkdir()
    return tmp_path


def key_in(output: str) -> str:
    (key,) = re.findall("OTEL_API_KEY=(rhesis_[A-Za-z0-9_-]{43})$", output, re.MULTILINE)
    return str(key)


def test_a_key_is_shown_once_and_its_hash_is_kept(home: Path) -> None:
    """The next start of the stack takes the hash; the key itself is in no file, and the file is its owner's alone."""
    made = keys(home, "create", "backend")

    key = key_in(made.stdout)
    file = home / ".local" / "api-keys"
    assert Home(home / ".local").api_keys() == f"backend={hashed(key).hex()}"
    assert key not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    listed = keys(home, "list").stdout
    assert "backend" in listed
    assert key not in listed


def test_a_revoked_key_is_gone(home: Path) -> None:
    """The others stay."""
    for name in ("backend", "website"):
        keys(home, "create", name)

    revoked = keys(home, "revoke", "backend")

    (line,) = re.findall("RHESIS_API_KEYS=(.*)", revoked.stdout)
    assert [name for name, _ in parse_api_keys(line)] == ["website"]
    assert line == Home(home / ".local").api_keys()
    assert "everybody may claim" not in revoked.stderr
    assert "everybody may claim" in keys(home, "revoke", "website").stderr


def test_where_nothing_is_kept_the_settings_are_the_list(tmp_path: Path) -> None:
    """Away from a stack, a new key joins those of the setting, and the lines to set say so."""
    known = "a" * 64

    made = keys(tmp_path, "create", "website", RHESIS_API_KEYS=f"backend={known}")

    key = key_in(made.stdout)
    assert f"RHESIS_API_KEYS=backend={known},website={hashed(key).hex()}\n" in made.stdout
    assert f'api_keys = {{ "backend" = "{known}", "website" = "{hashed(key).hex()}" }}' in made.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("create", "backend"), "there is a key backend already"),
        (("create", "Back end"), "small letters"),
        (("revoke", "website"), "there is no key website"),
    ],
)
def test_mistakes_are_named(home: Path, arguments: tuple[str, ...], reason: str) -> None:
    """And nothing changes."""
    keys(home, "create", "backend")
    before = Home(home / ".local").api_keys()

    done = keys(home, *arguments)

    assert done.returncode
    assert reason in done.stderr
    assert before == Home(home / ".local").api_keys()


def test_a_key_in_the_place_of_its_hash_is_not_repeated(tmp_path: Path) -> None:
    """Whoever sets the key itself is told so, without it."""
    done = keys(tmp_path, "list", RHESIS_API_KEYS="backend=rhesis_secret")

    assert done.returncode
    assert "never a key itself" in done.stderr
    assert "rhesis_secret" not in done.stderr + done.stdout
