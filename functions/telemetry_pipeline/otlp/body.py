"""The request's body: read and decompressed within limits, so that a bomb costs no more memory than they allow."""

import sys
import zlib
from typing import Protocol

from isal import isal_zlib

from telemetry_pipeline.otlp.errors import TooLarge, Undecodable, UnsupportedMediaType

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ENCODINGS = ("identity", "gzip", "deflate", "zstd")
"""Content encodings that are accepted."""

_READ_BYTES = 1 << 16
_DISCARDED_BYTES = 32 << 20  # Cloud Run passes no larger body
_MEMBERS = 32  # each one copies what is left of the body
_GZIP_WINDOW = 31
_ZLIB_WINDOW = 15
_RAW_DEFLATE_WINDOW = -15
_ZSTD_WINDOW_LOG = 23
"""Largest window of a zstd frame, 8 MiB: what every decoder must support (RFC 8878, section 3.1.1.1.2)."""


class Stream(Protocol):
    """What a body is read from."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the end."""


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /, max_length: int) -> bytes: ...


def read(stream: Stream, limit: int, announced: int | None = None) -> bytes:
    """Read the body as it was sent; it comes in chunks where no length was announced.

    Raises:
        TooLarge: It has more than `limit` bytes; the rest is left unread.
        Undecodable: It broke off, or its chunks are malformed.
    """
    body = bytearray()
    while True:
        try:
            piece = stream.read(_READ_BYTES)
        except Exception as error:  # every server has its own classes for a body that broke off
            raise Undecodable("the body could not be read to its end") from error
        if not piece:
            break
        body += piece
        if len(body) > limit:
            raise TooLarge(f"the body is larger than {limit} bytes; send smaller batches")
    # The beginning of a request may well be one by itself; it would be taken for all that there was.
    if announced is not None and len(body) < announced:
        raise Undecodable("the body could not be read to its end")
    return bytes(body)


def discard(stream: Stream) -> None:
    """Read what is left of the body and forget it, as far as a server has to listen to a request that it refuses."""
    left = _DISCARDED_BYTES
    try:
        while left > 0 and (piece := stream.read(_READ_BYTES)):
            left -= len(piece)
    except Exception:  # noqa: S110 - whatever broke off, there is no more to come
        pass


def decompress(body: bytes, content_encoding: str, limit: int) -> bytes:
    """Undo the content encoding.

    Raises:
        TooLarge: There are more than `limit` bytes after decompression; no more than that are ever held.
        Undecodable: The body is cut off or not in this encoding.
        UnsupportedMediaType: The encoding is not one of `ENCODINGS`.
    """
    encoding = content_encoding.strip().lower() or "identity"
    if encoding not in ENCODINGS:
        supported = ", ".join(ENCODINGS)
        raise UnsupportedMediaType(
            f"unsupported content encoding, supported: {supported}", {"Accept-Encoding": supported}
        )
    data = body if encoding == "identity" or not body else _inflate(body, encoding, limit)
    if len(data) > limit:
        raise TooLarge(f"the body is larger than {limit} bytes after decompression; send smaller batches")
    return data


def _inflate(body: bytes, encoding: str, limit: int) -> bytes:
    """Decompress at most `limit + 1` bytes; both gzip and zstd may come as several members in a row."""
    data, rest = b"", body
    for _ in range(_MEMBERS):
        if not rest or len(data) > limit:
            return data
        decompressor = _decompressor(encoding, rest)
        try:
            data += decompressor.decompress(rest, max_length=limit + 1 - len(data))
        except (ValueError, zlib.error, zstd.ZstdError, isal_zlib.IsalError) as error:  # type: ignore[misc]
            raise Undecodable(f"the body is not valid {encoding}") from error
        if not decompressor.eof and len(data) <= limit:
            raise Undecodable(f"the {encoding} body is cut off")
        rest = decompressor.unused_data
    raise TooLarge(f"the {encoding} body has {_MEMBERS} members or more; send it as one")


def _decompressor(encoding: str, body: bytes) -> _Decompressor:
    if encoding == "zstd":
        return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})
    if encoding == "gzip":
        return isal_zlib.decompressobj(_GZIP_WINDOW)
    # HTTP's "deflate" is zlib's format (RFC 9110, section 8.4.1.2), but some senders omit its header.
    has_header = len(body) >= 2 and body[0] & 0x0F == 8 and int.from_bytes(body[:2]) % 31 == 0
    return isal_zlib.decompressobj(_ZLIB_WINDOW if has_header else _RAW_DEFLATE_WINDOW)
