"""Pseudonyms: the same for the same id, nothing without the key."""

import hmac
import re
from hashlib import sha256
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_pipeline.contract import Domain
from telemetry_pipeline.privacy import Pseudonymiser

KEY = bytes(range(32))
UUID = "0b3c7f5e-6a0d-4c5a-9d0e-000000000000"
HASHED = sha256(UUID.encode()).hexdigest()[:16]

RAW_IDS = st.text().map(str.strip).filter(lambda one: one and not re.search("[0-9a-fA-F]{12}", one))

DOMAINS: tuple[Domain, ...] = get_args(Domain)


def expected(domain: str, canonical: str, key: bytes = KEY) -> str:
    """The pseudonym by the definition, from the standard library alone."""
    derived = hmac.new(key, f"rhesis-telemetry/{domain}/v1".encode(), sha256).digest()
    return hmac.new(derived, canonical.encode(), sha256).hexdigest()[:32]


@pytest.fixture
def pseudonymiser() -> Pseudonymiser:
    return Pseudonymiser(KEY, 7)


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_pseudonym_is_a_keyed_hash_of_the_canonical_id(pseudonymiser: Pseudonymiser, domain: Domain) -> None:
    """The vectors hold for every domain."""
    assert expected(domain, HASHED) == pseudonymiser.pseudonym(domain, UUID)


def test_the_vectors_are_fixed(pseudonymiser: Pseudonymiser) -> None:
    """A change of the derivation would make everybody a new person: it can't happen unnoticed."""
    assert pseudonymiser.pseudonym("user", UUID) == "146d0e7e41104646f7cccee5bb5e49e3"
    assert pseudonymiser.pseudonym("organization", "075700498a154b28") == "89e8ac4caeab4d2028a31cd0d47bd93a"
    assert (
        pseudonymiser.record_id(b"record").hex() == "505fe17bffe8466e98d5f114c0af247510a7b4ab1e142facd081fcb48f9ffd0a"
    )


@pytest.mark.parametrize(
    "spelling",
    [
        UUID,
        UUID.upper(),
        UUID.replace("-", ""),
        f"{{{UUID}}}",
        f"urn:uuid:{UUID}",
        f"URN:UUID:{UUID.upper()}",
        f"  {UUID}\n",
        HASHED,
        HASHED.upper(),
        f" {HASHED} ",
    ],
)
def test_every_spelling_of_an_id_has_one_pseudonym(pseudonymiser: Pseudonymiser, spelling: str) -> None:
    """Raw, hashed, braced or upper case: the same person stays the same."""
    assert expected("user", HASHED) == pseudonymiser.pseudonym("user", spelling)


@pytest.mark.parametrize("raw", ["4a242ce1", "4", "sess-0", "alice", "0" * 15, "0" * 17, "g" * 16, "ü", UUID + "0"])
def test_any_other_id_is_hashed(pseudonymiser: Pseudonymiser, raw: str) -> None:
    """Weak hashes of the web client and all other texts are raw ids."""
    assert expected("user", sha256(raw.encode()).hexdigest()[:16]) == pseudonymiser.pseudonym("user", raw)


@pytest.mark.parametrize("empty", ["", " ", "\t\n", "\u00a0"])
def test_an_empty_id_is_none(pseudonymiser: Pseudonymiser, empty: str) -> None:
    """Nobody has no pseudonym."""
    assert pseudonymiser.pseudonym("user", empty) is None


@given(st.text(st.characters()), st.sampled_from(DOMAINS))
def test_any_id_has_a_pseudonym_of_one_form(identifier: str, domain: Domain) -> None:
    """Whatever the id, lone surrogates included: 32 hexadecimal digits, or none for an empty id."""
    pseudonym = Pseudonymiser(KEY, 1).pseudonym(domain, identifier)

    assert (pseudonym is None) == (not identifier.strip())
    assert pseudonym is None or (len(pseudonym) == 32 and set(pseudonym) <= set("0123456789abcdef"))


@given(st.tuples(RAW_IDS, RAW_IDS))
def test_different_ids_have_different_pseudonyms(ids: tuple[str, str]) -> None:
    """Pseudonyms of raw ids are equal exactly when the ids are."""
    pseudonymiser = Pseudonymiser(KEY, 1)

    assert (ids[0] == ids[1]) == (len({pseudonymiser.pseudonym("user", one) for one in ids}) == 1)


@given(st.uuids(), st.uuids())
def test_different_uuids_have_different_pseudonyms(one: object, other: object) -> None:
    """The same for UUIDs."""
    pseudonymiser = Pseudonymiser(KEY, 1)

    assert (one == other) == (pseudonymiser.pseudonym("user", str(one)) == pseudonymiser.pseudonym("user", str(other)))


def test_domains_and_keys_are_kept_apart() -> None:
    """One id has unrelated pseudonyms in each domain and under each key."""
    pseudonyms = {
        Pseudonymiser(key, 1).pseudonym(domain, UUID) for key in (KEY, KEY[::-1], KEY + b"1") for domain in DOMAINS
    }

    assert 3 * len(DOMAINS) == len(pseudonyms)


def test_the_epoch_takes_no_part() -> None:
    """The number of a key is a label; the key alone decides."""
    one, two = Pseudonymiser(KEY, 1), Pseudonymiser(KEY, 2)

    assert (one.epoch, two.epoch) == (1, 2)
    assert one.pseudonym("user", UUID) == two.pseudonym("user", UUID)
    assert one.record_id(b"record") == two.record_id(b"record")


@given(st.binary())
def test_a_record_has_a_keyed_identity(record: bytes) -> None:
    """The full keyed digest of its bytes, under a key of its own."""
    derived = hmac.new(KEY, b"rhesis-telemetry/records/v1", sha256).digest()

    assert hmac.new(derived, record, sha256).digest() == Pseudonymiser(KEY, 1).record_id(record)


def test_nothing_shows_the_key(pseudonymiser: Pseudonymiser) -> None:
    """Neither its text nor a trace in a log gives the key away."""
    assert "Pseudonymiser(epoch=7)" == repr(pseudonymiser) == str(pseudonymiser)


def test_an_empty_key_is_refused() -> None:
    """Without a key there are no pseudonyms."""
    with pytest.raises(ValueError, match="expected 32 random bytes"):
        Pseudonymiser(b"", 1)
