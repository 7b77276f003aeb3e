"""API keys: who bears one is known to whoever runs the pipeline, and may say that it is the hosted product.

A key is 32 random bytes, so its plain SHA-256 tells nothing about it; only passwords need a slow hash. Hashes are all
that a setting, a file or this process keeps.
"""

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from telemetry_pipeline.otlp.errors import Unauthenticated

HEADER = "x-api-key"
"""The request's header that holds the key, as clients send their OTEL_API_KEY."""

PREFIX = "rhesis_"
"""What each key begins with, so that scanners for leaked secrets can know one."""

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends a request, as far as is known: whether it bears a key, and whether it may claim to be hosted."""

    is_trusted: bool = False
    may_claim_cloud: bool = True


def new_key() -> str:
    """A new key; it is shown once and kept nowhere."""
    return PREFIX + secrets.token_urlsafe(_KEY_BYTES)


def hashed(key: str) -> bytes:
    """What is kept of a key, 32 bytes."""
    return sha256(key.encode("utf-8", "surrogatepass")).digest()


class ApiKeys:
    """The keys of this pipeline; without any, a request's key means nothing and everybody may claim to be hosted."""

    def __init__(self, keys: Iterable[tuple[str, bytes]]) -> None:
        """Take each key's name and hash."""
        self._hashes = [known for _, known in keys]

    def sender_of(self, key: str) -> Sender:
        """Who sends a request with this header, which is empty where there is none.

        Raises:
            Unauthenticated: The key is none of these. To store its events as a stranger's would falsify two counts, and
                nobody would notice; so the sender is told.
        """
        key = key.strip()
        if not self._hashes:
            return Sender()
        if not key:
            return Sender(may_claim_cloud=False)
        presented = hashed(key)
        # All are compared, in constant time: the answer's delay tells neither which was near nor how near it was.
        matches = sum(hmac.compare_digest(presented, known) for known in self._hashes)
        if matches:
            return Sender(is_trusted=True)
        raise Unauthenticated("the API key is not one of this pipeline's; correct OTEL_API_KEY, or send none")
