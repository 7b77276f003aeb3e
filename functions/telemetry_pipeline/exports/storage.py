"""Cloud Storage: an object that is written piece by piece (cloud.google.com/storage/docs/resumable-uploads).

The object is there when the last piece has arrived, or not at all. No more than a piece is held in memory.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

from telemetry_pipeline import identity

if TYPE_CHECKING:
    import requests

PIECE_BYTES = 8 << 20
"""A multiple of 256 KiB, as the protocol wants it."""

_SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
_HOST = "https://storage.googleapis.com"
_EMULATOR = "STORAGE_EMULATOR_HOST"
"""The variable that Google's own libraries look at."""

_TIMEOUT_SECONDS = 60.0
_ATTEMPTS = 6
_FIRST_PAUSE_SECONDS = 0.5
_RESUME = 308
_PASSING = frozenset({408, 429, 500, 502, 503, 504})


class UploadError(OSError):
    """Cloud Storage did not take the object."""


class Upload:
    """An object that is being written."""

    def __init__(self, session: "requests.Session", address: str) -> None:
        self._session = session
        self._address = address
        self._waiting = bytearray()
        self._sent = 0

    def write(self, data: bytes) -> int:
        """Write some bytes; whole pieces leave at once."""
        self._waiting += data
        while len(self._waiting) > PIECE_BYTES:
            self._send(PIECE_BYTES, is_last=False)
        return len(data)

    def finish(self) -> None:
        """Send the rest; then the object is there."""
        self._send(len(self._waiting), is_last=True)

    def cancel(self) -> None:
        """Have what was sent thrown away; where that can't be told, Cloud Storage does so by itself after a week."""
        with suppress(OSError):
            self._session.delete(self._address, timeout=_TIMEOUT_SECONDS)

    def _send(self, size: int, *, is_last: bool) -> None:
        """Send what waits up to a size; where that breaks off, ask how much has arrived, and send the rest."""
        end = self._sent + size
        total = str(end) if is_last else "*"
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(_FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
                if self._has_arrived(self._put(b"", f"bytes */{total}"), end, is_last=is_last):
                    return
            piece = bytes(self._waiting[: end - self._sent])
            span = f"{self._sent}-{end - 1}" if piece else "*"
            if self._has_arrived(self._put(piece, f"bytes {span}/{total}"), end, is_last=is_last):
                return
        raise UploadError("Cloud Storage does not take any more of it")

    def _put(self, piece: bytes, span: str) -> "requests.Response | None":
        """The answer; None where none came that says more."""
        import requests

        try:
            answer = self._session.put(
                self._address, data=piece, headers={"Content-Range": span}, timeout=_TIMEOUT_SECONDS
            )
        except (requests.ConnectionError, requests.Timeout):
            return None
        if answer.status_code in _PASSING:
            return None
        if answer.status_code not in {200, 201, _RESUME}:
            raise UploadError(f"Cloud Storage answered {answer.status_code} {answer.reason}")
        return answer

    def _has_arrived(self, answer: "requests.Response | None", end: int, *, is_last: bool) -> bool:
        if answer is None:
            return False
        if answer.status_code != _RESUME:
            return True
        self._advance(answer.headers.get("Range", ""))
        return not is_last and self._sent == end

    def _advance(self, arrived: str) -> None:
        """Forget what has arrived: `bytes=0-LAST`, or nothing."""
        until = int(arrived.rpartition("-")[2]) + 1 if arrived else 0
        del self._waiting[: until - self._sent]
        self._sent = until


@contextmanager
def uploading(bucket: str, name: str) -> Iterator[Upload]:
    """An object to write to; it is finished with the block, and cancelled if that fails.

    Raises:
        UploadError: Cloud Storage refused it.
        OSError: It can't be reached.
    """
    with _session() as session:
        address = f"{_host()}/upload/storage/v1/b/{quote(bucket, safe='')}/o"
        answer = session.post(
            address, params={"uploadType": "resumable", "name": name}, json={}, timeout=_TIMEOUT_SECONDS
        )
        if not answer.ok:
            raise UploadError(f"Cloud Storage answered {answer.status_code} {answer.reason} for gs://{bucket}")
        upload = Upload(session, answer.headers["Location"])
        try:
            yield upload
            upload.finish()
        except BaseException:
            upload.cancel()
            raise


def _host() -> str:
    emulator = os.environ.get(_EMULATOR, "")
    if not emulator:
        return _HOST
    return emulator if "://" in emulator else f"http://{emulator}"


def _session() -> "requests.Session":
    import requests

    if os.environ.get(_EMULATOR):
        return requests.Session()
    from google.auth.exceptions import GoogleAuthError

    try:
        return identity.session(_SCOPE)
    except GoogleAuthError as error:
        raise UploadError(f"no credentials for Cloud Storage: {error}") from None
