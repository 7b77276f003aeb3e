"""Content negotiation: which of OTLP's two encodings a request speaks, and how answers are written in it.

The server answers in the encoding of the request (OTLP 1.x, "OTLP/HTTP Response").
"""

import json
from enum import Enum

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status

from telemetry_pipeline.otlp.errors import Refused, UnsupportedMediaType


class Media(Enum):
    """An encoding of OTLP/HTTP, by its content type."""

    PROTOBUF = "application/x-protobuf"
    JSON = "application/json"

    @classmethod
    def of(cls, content_type: str) -> "Media":
        """The encoding that a Content-Type header names; parameters such as `charset` are ignored.

        Raises:
            UnsupportedMediaType: It names neither.
        """
        name = content_type.partition(";")[0].strip().lower()
        try:
            return cls(name)
        except ValueError:
            supported = ", ".join(media.value for media in cls)
            raise UnsupportedMediaType(f"unsupported media type, supported: {supported}") from None

    def encode(self, message: Message) -> bytes:
        """Serialise a response message."""
        if self is Media.PROTOBUF:
            return message.SerializeToString()
        return json.dumps(MessageToDict(message), separators=(",", ":")).encode()


def status_of(refused: Refused) -> Status:
    """The google.rpc.Status that tells a client why its request was refused."""
    return Status(code=refused.code, message=refused.message)
