"""The message that `ingest` publishes and `store` and `mirror` read.

Its data is a binary, scrubbed ExportTraceServiceRequest, compressed where that pays. Its attributes are those of the
OpenTelemetry Collector's googlecloudpubsub exporter, so that a stock Collector can read the topic, and ours beside
them, for filters and people. A reader needs none of them: what it must know of a message's origin stands in every
resource, as the stamp, since an unwrapped push may arrive without attributes.
"""

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from isal import isal_zlib
from isal.igzip_lib import IsalError
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

CONTRACT_VERSION = "rhesis.contract.version"
KEY_EPOCH = "rhesis.key.epoch"
RECEIVED_AT = "rhesis.received_at_unix_nano"

LINKS = "rhesis.key.links."
"""What begins the attributes of a resource that tell, during an overlap of two keys, whose pseudonyms in its events
were which ones under the previous key; one for each domain, with two times 16 bytes for each id."""

MESSAGE_BYTES = 9_000_000
"""Largest payload of one message: Pub/Sub's limit of 10,000,000 bytes per publish request, less a margin."""

_PSEUDONYM_BYTES = 16

_GZIP_MAGIC = b"\x1f\x8b"
_WORTH_COMPRESSING_BYTES = 512
_COMPRESSION_LEVEL = 1
_GZIP_WINDOW = 31  # zlib's `wbits` for the gzip container, which is what the Collector's receiver understands


@dataclass(frozen=True, slots=True)
class Stamp:
    """What `ingest` says of itself in every resource that it passes on.

    `received_at` has nanoseconds since 1970 and is the same for all of a request, so that a redelivery or a replay of
    the message yields the same rows.
    """

    contract_version: int
    key_epoch: int
    received_at: int

    def attributes(self) -> list[bytes]:
        """The stamp as serialised resource attributes."""
        values = {
            CONTRACT_VERSION: self.contract_version,
            KEY_EPOCH: self.key_epoch,
            RECEIVED_AT: self.received_at,
        }
        return [KeyValue(key=key, value=AnyValue(int_value=value)).SerializeToString() for key, value in values.items()]


@dataclass(frozen=True, slots=True)
class Message:
    """What is published: the data and the attributes of one Pub/Sub message."""

    data: bytes
    attributes: Mapping[str, str]


def pack(payload: bytes, stamp: Stamp, spans: int) -> Message:
    """Make the message for a serialised ExportTraceServiceRequest of `spans` spans, each resource of it stamped."""
    received_at = datetime.fromtimestamp(stamp.received_at / 1e9, UTC).isoformat(timespec="milliseconds")
    attributes = {
        "ce-specversion": "1.0",
        "ce-id": str(uuid.uuid4()),
        "ce-source": "/rhesis/telemetry/ingest",
        "ce-time": received_at,
        "ce-type": "org.opentelemetry.otlp.traces.v1",
        "content-type": "application/protobuf",
        "received_at": received_at,
        "spans": str(spans),
        "contract_version": str(stamp.contract_version),
        "key_epoch": str(stamp.key_epoch),
    }
    if len(payload) >= _WORTH_COMPRESSING_BYTES:
        return Message(
            isal_zlib.compress(payload, _COMPRESSION_LEVEL, _GZIP_WINDOW), attributes | {"content-encoding": "gzip"}
        )
    return Message(payload, attributes)


def unpack(data: bytes) -> bytes:
    """Return the serialised ExportTraceServiceRequest in a message's data.

    Compression is recognised by its magic number, which no ExportTraceServiceRequest can begin with: it would be
    field 3 of wire type 7, which does not exist.

    Raises:
        ValueError: The data begins as gzip does but can't be decompressed, or is larger than a message of ours can be.
    """
    if not data.startswith(_GZIP_MAGIC):
        return data
    decompressor = isal_zlib.decompressobj(_GZIP_WINDOW)
    try:
        payload = decompressor.decompress(data, MESSAGE_BYTES + 1)
    except IsalError as error:  # type: ignore[misc]  # isal's stubs declare the class as an instance
        raise ValueError("the data is not gzip, though it begins like it") from error
    if len(payload) > MESSAGE_BYTES or not decompressor.eof:
        raise ValueError("the data is cut off, or larger than a message can be")
    return payload


def stamp_of(attributes: Iterable[tuple[str, object]]) -> Stamp | None:
    """Read the stamp among a resource's attributes; None if `ingest` did not write this resource."""
    found = {key: value for key, value in attributes if isinstance(value, int)}
    try:
        return Stamp(found[CONTRACT_VERSION], found[KEY_EPOCH], found[RECEIVED_AT])
    except KeyError:
        return None


def link_attributes(links: Mapping[str, Collection[tuple[str, str]]]) -> list[bytes]:
    """Serialise links, as a resource's attributes: for each domain, present and previous pseudonyms."""
    return [
        KeyValue(key=f"{LINKS}{domain}", value=AnyValue(bytes_value=_packed(pairs))).SerializeToString()
        for domain, pairs in links.items()
        if pairs
    ]


def links_of(attributes: Iterable[KeyValue]) -> Iterator[tuple[str, str, str]]:
    """Read the links among a resource's attributes: the domain, the present pseudonym and the previous one."""
    for pair in attributes:
        if pair.key.startswith(LINKS):
            both = pair.value.bytes_value
            for start in range(0, len(both) - 2 * _PSEUDONYM_BYTES + 1, 2 * _PSEUDONYM_BYTES):
                middle = start + _PSEUDONYM_BYTES
                present, previous = both[start:middle], both[middle : middle + _PSEUDONYM_BYTES]
                yield pair.key.removeprefix(LINKS), present.hex(), previous.hex()


def _packed(pairs: Iterable[tuple[str, str]]) -> bytes:
    return b"".join(bytes.fromhex(present + previous) for present, previous in sorted(pairs))
