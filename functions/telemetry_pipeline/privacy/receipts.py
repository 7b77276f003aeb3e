"""Receipts: whoever asks for an erasure chooses a random token, and only a hash of it is kept.

The token is not to be guessed, so a hash without a key will do: whoever answers for receipts needs no secret, and no
change of the pseudonyms' key makes one unreadable.
"""

import re
import secrets
from hashlib import sha256

_LABEL = b"rhesis-telemetry/receipt/v1/"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22,128}", re.ASCII)
_TOKEN_BYTES = 16
_DIGITS = 32


def new_token() -> str:
    """A token of 128 random bits, safe in a URL."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def digest(token: str) -> str | None:
    """What is kept of a token, 32 lower-case hexadecimal digits; None where it is none, or too short to be secret."""
    token = token.strip()
    if not _TOKEN.fullmatch(token):
        return None
    return sha256(_LABEL + token.encode("ascii")).hexdigest()[:_DIGITS]
