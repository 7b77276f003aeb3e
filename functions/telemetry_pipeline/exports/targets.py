"""Where an export goes: a file, or an object in Cloud Storage. Neither is there before it is whole."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, cast

_GS = "gs://"


class Counted:
    """Counts the bytes that are written to a target."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target = target
        self.bytes = 0
        self.closed = False

    def write(self, data: bytes) -> int:
        """Write some bytes."""
        self.bytes += len(data)
        self._target.write(data)
        return len(data)

    def tell(self) -> int:
        """How many were written."""
        return self.bytes

    def flush(self) -> None:
        """Leave that to the target."""


@contextmanager
def opened(address: str) -> Iterator[IO[bytes]]:
    """Open a target for writing; what is not written whole leaves nothing behind, and what was there stays.

    Args:
        address: A path, gs://BUCKET/OBJECT, or - for the standard output.

    Raises:
        OSError: It can't be written; Cloud Storage's refusals are of this kind too.
        ValueError: The address is none.
    """
    if address.startswith(_GS):
        from telemetry_pipeline.exports import storage

        bucket, _, name = address.removeprefix(_GS).partition("/")
        if not bucket or not name or name.endswith("/"):
            raise ValueError("expected gs://BUCKET/OBJECT")
        with storage.uploading(bucket, name) as upload:
            yield cast("IO[bytes]", Counted(cast("IO[bytes]", upload)))
    elif address == "-":
        yield cast("IO[bytes]", Counted(sys.stdout.buffer))
        sys.stdout.buffer.flush()
    else:
        with _replacing(Path(address)) as file:
            yield cast("IO[bytes]", Counted(file))


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file beside the path, only the owner's to read, that takes its place in the end."""
    with NamedTemporaryFile(dir=path.absolute().parent, prefix=f".{path.name}.", delete=False) as file:
        part = Path(file.name)
        try:
            yield cast("IO[bytes]", file)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            part.unlink()
            raise
    part.replace(path)
