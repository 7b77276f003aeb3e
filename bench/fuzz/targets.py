"""What is fuzzed: each target takes any bytes, and fails when a promise is broken.

Kept to what needs no server, so that thousands run in a second; what they leave is given to Postgres afterwards.
"""

from collections.abc import Callable, Mapping
from time import process_time_ns

from bench.fuzz import structured
from bench.fuzz.oracle import identifying, mirrored_id, stored_id, texts_of
from telemetry_pipeline import bus, contract
from telemetry_pipeline.ingest.export import Exporter
from telemetry_pipeline.mirror.protobuf import ProtobufForm
from telemetry_pipeline.otlp import body
from telemetry_pipeline.otlp.errors import Refused
from telemetry_pipeline.otlp.media import Media
from telemetry_pipeline.otlp.requests import Signal, data_points
from telemetry_pipeline.privacy import is_safe_key, is_sensitive_key, path_template, scrub
from telemetry_pipeline.privacy.templates import MAX_TEMPLATE_CHARACTERS
from telemetry_pipeline.rows.message import NewerContract, Reader, Unreadable
from telemetry_pipeline.settings import IngestSettings
from telemetry_pipeline.store.events import rows_of
from telemetry_pipeline.store.links import with_links
from telemetry_pipeline.store.tables import REJECTED_SPANS, Rows

NOW = 1_796_000_000 * 10**9
"""When everything is received, in nanoseconds since 1970: a crash is the same tomorrow."""

DECOMPRESSED_BYTES = 1 << 20
ITEMS = 1000
AGE_DAYS = 3650

SETTINGS = IngestSettings(
    events_topic="projects/fuzz/topics/events",
    pseudonym_key=b"k" * 32,
    max_age_days=AGE_DAYS,
    # Or what one execution has left would decide what becomes of the next one's paths.
    max_templates=100_000,
)

STAMP = bus.Stamp(contract.VERSION, 1, NOW).attributes()

_mirror_reader = Reader(ProtobufForm())

ENCODINGS = ("identity", "gzip", "deflate", "zstd")
SIGNALS = tuple(Signal)
MEDIA = tuple(Media)

_NANOSECONDS_PER_CHARACTER = 100_000
_NANOSECONDS_IN_ANY_CASE = 100_000_000
_TRIES = 4


def decode(data: bytes) -> Rows:
    """A request to `ingest`: how it is written, in the first byte, and its body.

    It is decoded, or refused by an error of the protocol; what passes is in the contract, `store` takes all of it, and
    nothing of it plainly identifies anybody.
    """
    how, sent = data[:1] or b"\0", data[1:]
    signal = SIGNALS[how[0] % 3]
    media = MEDIA[how[0] // 3 % 2]
    encoding = ENCODINGS[how[0] // 6 % 4]
    try:
        raw = body.decompress(sent, encoding, DECOMPRESSED_BYTES)
        assert len(raw) <= DECOMPRESSED_BYTES
        return _ingest(raw, signal, media)
    except Refused:
        return {}


def events(data: bytes) -> Rows:
    """As `decode`, of spans that can always be decoded: what their attributes hold is what the bytes decide."""
    try:
        return _ingest(structured.request(data, NOW), Signal.TRACES, Media.PROTOBUF)
    except Refused as refused:
        raise AssertionError("what can be decoded was refused") from refused


def transform(data: bytes) -> Rows:
    """A message that `store` is pushed: rows, or one of the two reasons why there are none.

    One that begins with a zero, as no message does, stands for one with `ingest`'s stamp on whatever follows.
    """
    try:
        rows = with_links(*rows_of(_message(data), AGE_DAYS))
    except (Unreadable, NewerContract):
        return {}
    _check_rows(rows)
    return rows


def mirror(data: bytes) -> Rows:
    """As `transform`, a message that `mirror` is pushed: BigQuery takes its rows, of the same events as `store`'s."""
    message = _message(data)
    try:
        mirrored = _mirror_reader.read(message, AGE_DAYS)
    except (Unreadable, NewerContract):
        return {}
    stored, _ = rows_of(message, AGE_DAYS)
    for event in contract.EVENTS:
        ids = [mirrored_id(event, row) for row in mirrored.rows.get(event.table, ())]
        assert ids == [stored_id(event.table, row) for row in stored.get(event.table, ())]
    assert len(mirrored.rejections) == len(stored.get(REJECTED_SPANS, ()))
    return {}


def scrubber(data: bytes) -> Rows:
    """A text that may hold anything: what comes out identifies nobody, stays as it is the next time, and comes soon."""
    text = data.decode("utf-8", "replace")
    for treat in (scrub, path_template):
        treated = _soon(treat, text)
        assert treat(treated) == treated
        assert not identifying(treated)
    template = path_template(text)
    assert template.isascii()
    assert template.isprintable()
    assert len(template) <= MAX_TEMPLATE_CHARACTERS
    if is_safe_key(text):
        is_sensitive_key(text)
    return {}


TARGETS: Mapping[str, Callable[[bytes], Rows]] = {
    "decode": decode,
    "events": events,
    "transform": transform,
    "mirror": mirror,
    "scrubber": scrubber,
}


def _message(data: bytes) -> bytes:
    return structured.request(data[1:], NOW, STAMP) if data[:1] == b"\0" else data


def _ingest(raw: bytes, signal: Signal, media: Media) -> Rows:
    groups = signal.decode(raw, media, ITEMS)
    if signal is Signal.METRICS:
        data_points(groups)
        return {}
    # A new one each time: what an instance remembers between requests would hide the request that fails.
    export = Exporter(SETTINGS).export(signal, groups, NOW)
    together: Rows = {}
    for message in export.messages:
        for table, rows in rows_of(message.data, AGE_DAYS)[0].items():
            together.setdefault(table, []).extend(rows)
    assert not any(map(identifying, _check_rows(together)))
    assert REJECTED_SPANS not in together
    assert sum(map(len, together.values())) == export.accepted
    return together


def _check_rows(together: Rows) -> list[str]:
    return [text for table, rows in together.items() for row in rows for text in texts_of(table, row)]


def _soon(treat: Callable[[str], str], text: str) -> str:
    """Time is linear in the text's length; another process may be in the way once or twice."""
    bound = _NANOSECONDS_IN_ANY_CASE + _NANOSECONDS_PER_CHARACTER * len(text)
    for _ in range(_TRIES):
        begun = process_time_ns()
        treated = treat(text)
        if process_time_ns() - begun <= bound:
            return treated
    raise AssertionError(f"{treat.__name__} takes too long for {len(text)} characters")
