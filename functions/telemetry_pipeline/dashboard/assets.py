"""The files that pages are made with: served by us, under an address that changes with their content."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from mimetypes import types_map
from pathlib import PurePath

_PLACE = "/assets"
"""Not /static, where Flask would look for files of its own."""

_FOREVER = "public, max-age=31536000, immutable"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".LICENSE": "text/plain"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent."""

    content: bytes
    media_type: str
    cache_control: str


@cache
def _contents() -> dict[str, bytes]:
    static = files("telemetry_pipeline.dashboard").joinpath("static")
    return {one.name: one.read_bytes() for one in sorted(static.iterdir(), key=lambda one: one.name) if one.is_file()}


@cache
def digest() -> str:
    """What the content of all files together is called; modules find each other beneath it."""
    whole = sha256()
    for name, content in _contents().items():
        whole.update(name.encode() + b"\0" + content)
    return whole.hexdigest()[:12]


def address(name: str) -> str:
    """Where a page finds a file, seen from its own directory."""
    return f"{_PLACE}/{digest()}/{name}"


def find(path: str) -> Asset | None:
    """The file at a path; one of another version is there as well, but not to be kept."""
    match path.split("/"):
        case ["", place, version, name] if f"/{place}" == _PLACE and name in _contents():
            suffix = PurePath(name).suffix
            kept = _FOREVER if version == digest() else "no-cache"
            return Asset(_contents()[name], _TYPES.get(suffix, types_map.get(suffix, "text/plain")), kept)
    return None
