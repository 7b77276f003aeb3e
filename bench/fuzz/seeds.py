"""Where fuzzing begins: real requests, the messages that come of them, and texts that hold what may not stay."""

import gzip
import zlib
from collections.abc import Iterator
from hashlib import shake_256
from pathlib import Path

import yaml
from isal import isal_zlib

from bench.fuzz.targets import ENCODINGS, ITEMS, MEDIA, NOW, SETTINGS, SIGNALS
from telemetry_pipeline.ingest.export import Exporter
from telemetry_pipeline.otlp.media import Media
from telemetry_pipeline.otlp.requests import Signal

_TESTS = Path(__file__).parents[2] / "tests"
_WIRE = _TESTS / "fixtures" / "wire"
_LOGS = b"""{"resourceLogs":[{"scopeLogs":[{"logRecords":[{
"timeUnixNano":"1795900000000000000","eventName":"rhesis.login","attributes":[
{"key":"event.type","value":{"stringValue":"login"}},{"key":"user.id","value":{"stringValue":"alice"}}]}]}]}]}"""
_METRICS = b'{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","sum":{"dataPoints":[{"asInt":"1"}]}}]}]}]}'


def requests() -> Iterator[bytes]:
    """For the target `decode`."""
    for media, pattern in ((Media.PROTOBUF, "*.binpb"), (Media.JSON, "web*[0-9d].json")):
        for capture in sorted(_WIRE.glob(pattern)):
            raw = capture.read_bytes()
            yield _how(Signal.TRACES, media) + raw
            yield _how(Signal.TRACES, media, "gzip") + gzip.compress(raw, mtime=0)
            yield _how(Signal.TRACES, media, "deflate") + zlib.compress(raw)
    yield _how(Signal.LOGS, Media.JSON) + _LOGS
    yield _how(Signal.METRICS, Media.JSON) + _METRICS


def messages() -> Iterator[bytes]:
    """For `transform` and `mirror`: as `ingest` publishes them, and without compression, which hides their content."""
    for media, pattern in ((Media.PROTOBUF, "*.binpb"), (Media.JSON, "web*[0-9d].json")):
        for capture in sorted(_WIRE.glob(pattern)):
            groups = Signal.TRACES.decode(capture.read_bytes(), media, ITEMS)
            for message in Exporter(SETTINGS).export(Signal.TRACES, groups, NOW).messages:
                yield message.data
                if message.attributes.get("content-encoding"):
                    yield isal_zlib.decompress(message.data, 31)
    yield from (b"\0" + one for one in structures())


def texts() -> Iterator[bytes]:
    """For the target `scrubber`."""
    table = yaml.safe_load((_TESTS / "privacy" / "scrub.yaml").read_text(encoding="utf-8"))
    paths = yaml.safe_load((_TESTS / "privacy" / "templates.yaml").read_text(encoding="utf-8"))["paths"]
    known = [*table["secrets"], *table["stays"], *paths, *(text for kind in table["changes"].values() for text in kind)]
    yield from (str(text).encode("utf-8", "replace") for text in known)


def structures() -> Iterator[bytes]:
    """For the target `events`: anything, again the same."""
    yield from (shake_256(bytes([number])).digest(40 * number) for number in range(1, 50))


SEEDS = {"decode": requests, "events": structures, "transform": messages, "mirror": messages, "scrubber": texts}


def _how(signal: Signal, media: Media, encoding: str = "identity") -> bytes:
    """The first byte of a request."""
    return bytes([SIGNALS.index(signal) + 3 * (MEDIA.index(media) + 2 * ENCODINGS.index(encoding))])
