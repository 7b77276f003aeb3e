"""Which metadata keys pass."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from telemetry_pipeline.privacy import is_safe_key, is_sensitive_key

TABLE = yaml.safe_load(Path(__file__).with_name("keys.yaml").read_text(encoding="utf-8"))

DESIGN = (
    *("email", "phone", "ip", "user", "name", "password", "pwd", "passwd", "token", "secret", "key", "auth"),
    *("authorization", "credential", "bearer", "cookie", "ssn", "credit_card", "prompt", "completion", "response"),
    *("input", "output", "message"),
)


@pytest.mark.parametrize("key", TABLE["sensitive"])
def test_a_key_that_names_somebody_or_something_private_is_sensitive(key: str) -> None:
    """Persons, credentials and content, in any spelling."""
    assert is_sensitive_key(key)


@pytest.mark.parametrize("key", TABLE["harmless"])
def test_a_key_that_counts_or_classifies_stays(key: str) -> None:
    """What telemetry is about is not mistaken for what it must not know."""
    assert not is_sensitive_key(key)


@pytest.mark.parametrize("nested", ["{}", "app.{}", "{}.first", "my_{}", "{}-2", "the.{}.of", "x-{}", "{}1", "{}s"])
@pytest.mark.parametrize("key", DESIGN)
def test_nesting_and_case_hide_nothing(key: str, nested: str) -> None:
    """Each word of the design's list counts in any case and wherever it stands in a longer key."""
    spelled = nested.format(key)

    assert all(map(is_sensitive_key, (spelled, spelled.upper(), spelled.title())))


@pytest.mark.parametrize("key", DESIGN)
def test_humps_hide_nothing(key: str) -> None:
    """The same for camelCase."""
    hump = key.title().replace("_", "")

    assert all(map(is_sensitive_key, (f"my{hump}", f"{hump}OfIt", f"theSecond{hump}")))


@given(st.text())
def test_any_text_is_judged(key: str) -> None:
    """No text is an error, and a key's case alone never makes it less sensitive in separate words."""
    assert is_sensitive_key(f"{key}.email")
    assert is_sensitive_key(key) in {True, False}


@pytest.mark.parametrize("key", ["a", "A1", "login_method", "a.b-c_d", "a" * 64])
def test_a_plain_key_is_safe(key: str) -> None:
    """A letter, then letters, digits, dots, hyphens and underscores, 64 in all."""
    assert is_safe_key(key)


@pytest.mark.parametrize(
    "key", ["", "1a", "_a", ".a", "a b", "a\n", "a\0", "a" * 65, "\u00e9", "a\uff11", "a\u200b", "a/b"]
)
def test_any_other_key_is_not(key: str) -> None:
    """What is empty, too long, not ASCII or begins with something else is refused."""
    assert not is_safe_key(key)
