"""What free text may keep, and what it never does."""

import re
import string
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from telemetry_pipeline.privacy import scrub
from telemetry_pipeline.privacy.folding import fold, is_ordinary
from telemetry_pipeline.privacy.patterns import RULES, rules_for
from telemetry_pipeline.privacy.rules import REDACTED
from telemetry_pipeline.privacy.scrub import _PLAIN as PLAIN
from telemetry_pipeline.privacy.scrub import _once

TABLE = yaml.safe_load(Path(__file__).with_name("scrub.yaml").read_text(encoding="utf-8"))
CHANGES = [(before, after) for kind in TABLE["changes"].values() for before, after in kind.items()]

FRAGMENTS = [
    *(before for before, _ in CHANGES),
    *TABLE["stays"],
    *("@", "%40", "%2540", "://", "?x=", "password=", "token:", '"', "\\", "\\u0040", "Bearer ", "eyJ", "sk-", "AKIA"),
    *("1", "12", "123456", "255.", "4111 ", "DE89", "+", "(", ")", "-", ".", ":", "::", " ", "\n", "\u200b", "\u0301"),
    *(
        "[redacted]",
        "[redacted",
        "{id}",
        "{",
        "}",
        "\ufdfa",
        "\u2474",
        "a",
        "Z",
        "\u00e9",
        "-----BEGIN PRIVATE KEY-----",
    ),
]
DANGEROUS = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=12).map("".join)

SECRETS = TABLE["secrets"]
AROUND = st.text(st.characters(exclude_categories=["Nd", "Nl", "No"]), max_size=40)
JOINTS = st.sampled_from([" ", "\n", "\t", ", ", " (", "> <", "\u00a0", "\u3000", " \u2014 "])


@pytest.mark.parametrize("text", TABLE["stays"], ids=ascii)
def test_what_is_harmless_stays(text: str) -> None:
    """Names, versions, times, measurements and prose in any script come out as they went in."""
    assert text == scrub(text)


@pytest.mark.parametrize(("text", "expected"), CHANGES, ids=ascii)
def test_what_identifies_or_opens_goes(text: str, expected: str) -> None:
    """Each text of the table loses exactly what the table says."""
    assert expected == scrub(text)


@given(st.text())
def test_scrubbing_again_changes_nothing(text: str) -> None:
    """scrub(scrub(x)) is scrub(x), for any text."""
    scrubbed = scrub(text)

    assert scrubbed == scrub(scrubbed)


@given(DANGEROUS)
@example('token: "a"b"c"d"e"f"g"h')
def test_scrubbing_again_changes_nothing_in_dangerous_texts(text: str) -> None:
    """The same for texts that are pieced together of all that the patterns look for."""
    scrubbed = scrub(text)

    assert scrubbed == scrub(scrubbed)


@given(st.sampled_from(SECRETS), AROUND, AROUND, JOINTS, JOINTS)
def test_a_planted_secret_never_survives(secret: str, before: str, after: str, left: str, right: str) -> None:
    """Whatever stands around it, a secret is gone."""
    assert secret not in scrub(f"{before}{left}{secret}{right}{after}")


@given(st.sampled_from(SECRETS), st.data())
def test_what_can_not_be_seen_hides_nothing(secret: str, data: st.DataObject) -> None:
    """Invisible characters between a secret's own don't smuggle it through."""
    place = data.draw(st.integers(1, len(secret) - 1))
    unseen = data.draw(st.sampled_from(["\u200b", "\u200d", "\u00ad", "\u2060", "\ufeff", "\u034f", "\ufe0f", "\x01"]))

    scrubbed = scrub(f"{secret[:place]}{unseen}{secret[place:]}")

    assert secret not in scrubbed.replace(unseen, "")


@given(st.sampled_from([one for one in SECRETS if one.isascii()]))
def test_full_width_characters_hide_nothing(secret: str) -> None:
    """A secret in full-width characters goes as the plain one does."""
    wide = "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in secret)

    assert wide != scrub(wide)
    assert secret not in fold(scrub(wide)).text


@given(st.sampled_from(SECRETS))
def test_percent_encoding_hides_nothing(secret: str) -> None:
    """A secret whose every character is percent-encoded goes as the plain one does."""
    encoded = "".join(f"%{byte:02X}" for byte in secret.encode())

    assert encoded != scrub(encoded)


@given(DANGEROUS)
def test_a_skipped_rule_finds_nothing(text: str) -> None:
    """The cheap signs by which a rule is skipped never hide a match from it."""
    text = fold(text).text
    skipped = [rule for rule in RULES if rule not in rules_for(text)]

    assert [rule.name for rule in skipped if rule.pattern.sub(rule.replace, text) != text] == []


@given(st.text() | DANGEROUS)
def test_folding_remembers_the_original(text: str) -> None:
    """A folded text in which nothing was replaced gives the original back, and ordinary text is its own folded form."""
    folded = fold(text)

    assert text == folded.original()
    assert not is_ordinary(text) or folded.text == text


@given(st.text(string.ascii_letters, min_size=1, max_size=14), st.text(string.ascii_letters, min_size=1, max_size=14))
@example("sk", "abcdefgh")
@example("sk_live", "abcdefgh")
@example("xoxb", "abcdefgh")
@example("glpat", "abcdefghijklm")
@example("SG.abcdefghijkl", "abcdefghijkl")
@example("Bearer", "abcDefGhi")
def test_the_short_cut_hides_nothing(one: str, other: str) -> None:
    """Words that pass unsearched are ones in which no pattern finds anything."""
    for text in (f"{one}{joint}{other}" for joint in " _.-"):
        if PLAIN.fullmatch(text):
            assert text == _once(text)


@pytest.mark.parametrize("prefix", ["sk-", "rh-", "sk_live_", "rk_test_", "whsec_", "xoxb-", "xapp-", "glpat-"])
def test_a_key_of_letters_alone_goes_too(prefix: str) -> None:
    """A key's prefix tells it from words even if the rest looks like one."""
    assert scrub(prefix + "abcdefghijkl") == REDACTED


@given(st.from_regex(r"[a-zA-Z]{1,12}([ _.-][a-z]{1,12}){0,4}", fullmatch=True))
def test_plain_words_stay(text: str) -> None:
    """Names that programmers give stay, unless they begin as keys do."""
    begins_as_keys_do = re.compile("(?i)sk-|rh-|xox.-|xapp-|gl[a-z]+-|k_live_|k_test_|whsec_|bearer|basic")

    assert text == scrub(text) or begins_as_keys_do.search(text)
