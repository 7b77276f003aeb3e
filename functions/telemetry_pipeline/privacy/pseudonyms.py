"""Ids become pseudonyms: equal for the same id, meaningless without the key.

Clients send one id in several forms: raw, or as the first 16 hexadecimal digits of its SHA-256. Both are first brought
to the hashed form, the canonical id; the pseudonym is an HMAC-SHA256 (RFC 2104) of that. The key of each domain is
derived from the one secret key by HMAC-SHA256 of a label (the expand step of HKDF, RFC 5869, for one block), so that
one string in two domains gives two pseudonyms that can't be linked.
"""

import hmac
import re
from hashlib import sha256
from typing import get_args

from telemetry_pipeline.contract import Domain

_LABEL = "rhesis-telemetry/{}/v1"
_CANONICAL_DIGITS = 16
_PSEUDONYM_DIGITS = 32

_HASHED = re.compile(r"[0-9a-fA-F]{16}")
_UUID = re.compile(
    r"(?:urn:uuid:)? \{? ([0-9a-f]{8}) -? ([0-9a-f]{4}) -? ([0-9a-f]{4}) -? ([0-9a-f]{4}) -? ([0-9a-f]{12}) \}?",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


class Pseudonymiser:
    """Makes pseudonyms under one secret key.

    `epoch` numbers the key; rows carry it, and it takes no part in the derivation. Only the derived keys are held:
    never an id or a pseudonym.
    """

    __slots__ = ("_domains", "_records", "epoch")

    def __init__(self, key: bytes, epoch: int) -> None:
        """Derive the keys.

        Args:
            key: The secret, 32 random bytes or more.
            epoch: The key's number; one higher with each rotation.

        Raises:
            ValueError: The key is empty.
        """
        if not key:
            raise ValueError("the pseudonym key is empty: expected 32 random bytes or more")
        self.epoch = epoch
        self._domains = {domain: _derived(key, domain) for domain in get_args(Domain)}
        self._records = _derived(key, "records")

    def __repr__(self) -> str:
        return f"Pseudonymiser(epoch={self.epoch})"

    def pseudonym(self, domain: Domain, identifier: str) -> str | None:
        """The pseudonym of an id, 32 lower-case hexadecimal digits; None for an empty one.

        Two ids of a domain have the same pseudonym exactly when their canonical ids are equal.
        """
        canonical = _canonical(identifier)
        if canonical is None:
            return None
        keyed = self._domains[domain].copy()
        keyed.update(canonical.encode("ascii"))
        return keyed.hexdigest()[:_PSEUDONYM_DIGITS]

    def record_id(self, record: bytes) -> bytes:
        """The identity of a record that has none of its own: a keyed digest of its bytes, 32 bytes.

        The same bytes are the same record only under the same key; ingest/keys.py sees to it that a retry gets the key
        that the record had when it came first.
        """
        keyed = self._records.copy()
        keyed.update(record)
        return keyed.digest()


def is_full_length(identifier: str) -> bool:
    """Whether an id is a hashed one or a UUID: too long to be found by trying."""
    identifier = identifier.strip()
    return bool(_HASHED.fullmatch(identifier) or _UUID.fullmatch(identifier))


def _derived(key: bytes, purpose: str) -> hmac.HMAC:
    derived = hmac.digest(key, _LABEL.format(purpose).encode("ascii"), "sha256")
    return hmac.new(derived, digestmod="sha256")


def _canonical(identifier: str) -> str | None:
    identifier = identifier.strip()
    if not identifier:
        return None
    if _HASHED.fullmatch(identifier):
        return identifier.lower()
    uuid = _UUID.fullmatch(identifier)
    raw = "-".join(uuid.groups()).lower() if uuid else identifier
    # A lone surrogate can't come over the wire, but must not be an error if it comes another way.
    return sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()[:_CANONICAL_DIGITS]
