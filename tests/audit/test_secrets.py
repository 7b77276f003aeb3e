"""No credential is in what is committed."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SECRET = re.compile(
    r"""
      -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----
    | \b (?: AKIA | ASIA ) [0-9A-Z]{16} \b
    | \b gh[opsu]_ [0-9A-Za-z]{36} \b | \b github_pat_ \w{22,}
    | \b gl[a-z]{2,5}- [0-9A-Za-z_-]{20,}
    | \b AIza [0-9A-Za-z_-]{35} \b
    | \b GOCSPX- [0-9A-Za-z_-]{20,}
    | \b ya29\. [0-9A-Za-z_-]{20,}
    | \b xox[abeoprs]- [0-9A-Za-z-]{12,}
    | \b [sr]k_live_ [0-9A-Za-z]{12,}
    | \b sk-(?:proj|ant)- [0-9A-Za-z_-]{16,}
    | \b npm_ [0-9A-Za-z]{36} \b | \b pypi- [0-9A-Za-z_-]{40,}
    | \b eyJ [0-9A-Za-z_-]{12,} \. eyJ [0-9A-Za-z_-]{12,} \. [0-9A-Za-z_-]{12,}
    | "private_key_id": \s* "[0-9a-f]{40}"
    | \b [a-z][a-z0-9+]{2,20} :// [^\s/:@"'{}$<>]{1,64} : (?! PASSWORD | password | secret ) [^\s/:@"'{}$<>]{6,64} @
    """,
    re.VERBOSE,
)

MADE_UP = {
    "bench/fuzz/oracle.py",
    "bench/privacy.py",
    "clients/web/test/events.test.ts",
    "tests/audit/test_secrets.py",
    "tests/cli/test_doctor.py",
    "tests/clients/python/test_events.py",
    "tests/deployment/test_archive.py",
    "tests/google_cloud.py",
    "tests/legacy/test_import.py",
    "tests/privacy/scrub.yaml",
    "tests/privacy/test_scrub.py",
    "tests/test_health.py",
}
"""Files whose secrets are examples of secrets, which open nothing."""

BINARY = {".png", ".svg", ".binpb", ".woff2", ".ico", ".gif"}


def committed() -> Iterator[Path]:
    """All files that are, or in an archive without git all that there are."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = listed.stdout.split("\0") if listed.returncode == 0 else map(str, ROOT.rglob("*"))
    for path in (ROOT / name for name in names if name):
        if path.is_file() and path.suffix not in BINARY and not {".venv", "node_modules"} & set(path.parts):
            yield path


def test_nothing_that_is_committed_opens_anything() -> None:
    """No private key, token, or URL with a password, but where the examples are."""
    found = {
        str(path.relative_to(ROOT)): match.group()[:12] + "…"
        for path in committed()
        if str(path.relative_to(ROOT)) not in MADE_UP
        for match in SECRET.finditer(path.read_text(errors="replace"))
    }

    assert found == {}


@pytest.mark.parametrize(
    "secret",
    [
        "-----BEGIN RSA PRIVATE KEY-----",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "a1" * 18,
        "AIza" + "b" * 35,
        "postgresql://alice:hunter22@db.example.org/x",
        '"private_key_id": "' + "0f" * 20 + '"',
    ],
)
def test_what_opens_something_is_found(secret: str) -> None:
    """Or the test above would find nothing because it can't."""
    assert SECRET.search(f"x = {secret} y")
