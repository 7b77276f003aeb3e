"""The network under the exporter: one request, one bounded answer, and nothing that surprises.

No proxy, no `.netrc`, no cookie, no redirect, no header but OTLP's own and `x-api-key`; of an answer no more is read
than an OTLP response can have. Whatever comes of it is one of three outcomes.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

import requests
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

TIMEOUT_SECONDS = 5.0

_HEADERS = frozenset({"content-type", "content-length", "user-agent", "x-api-key"})
_ANSWER_BYTES = 65_536
_RETRIED = frozenset({429, 502, 503, 504})
_RETRY_AFTER_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Delivered:
    """The server has them; of these many it said that they break the contract."""

    rejected: int = 0


@dataclass(frozen=True, slots=True)
class Later:
    """Not now: the server can't be reached, or asks for patience for at least these seconds."""

    reason: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Refused:
    """Never: the same would be answered again. `too_large` where fewer at once may pass."""

    reason: str
    too_large: bool = False


Outcome = Delivered | Later | Refused


class UndeliveredError(requests.RequestException):
    """Ends the exporter's attempt; `Transport.outcome` says why. The exporter tries nothing of its own after it."""


class Transport(requests.Session):
    """A session that the exporter sends through; `outcome` is how its last request ended."""

    outcome: Outcome = Refused("nothing was sent")

    def __init__(self, adapter: BaseAdapter | None = None) -> None:
        """Use the network, or an adapter in its place."""
        super().__init__()
        self.trust_env = False
        if adapter is not None:
            self.mount("https://", adapter)
            self.mount("http://", adapter)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # noqa: ANN401 - as in requests
        """Send one request and judge its answer.

        Raises:
            UndeliveredError: It is not delivered.
        """
        request.headers = CaseInsensitiveDict(
            {name: value for name, value in request.headers.items() if name.lower() in _HEADERS}
        )
        # urllib3 would add its own.
        request.headers["Accept-Encoding"] = "identity"
        response, self.outcome = self._exchange(request, options)
        if response is None or not isinstance(self.outcome, Delivered):
            raise UndeliveredError
        return response

    def _exchange(
        self, request: requests.PreparedRequest, options: Mapping[str, Any]
    ) -> tuple[requests.Response | None, Outcome]:
        deadline = time.monotonic() + TIMEOUT_SECONDS
        try:
            response = self.get_adapter(str(request.url)).send(
                request,
                stream=True,
                timeout=TIMEOUT_SECONDS,
                verify=options.get("verify", True),
                cert=options.get("cert"),
            )
        except (requests.ConnectionError, requests.Timeout) as error:
            return None, Later(type(error).__name__)
        except (OSError, ValueError) as error:
            # Others of requests, and a file of certificates that is not there.
            return None, Refused(type(error).__name__)
        try:
            return response, _judged(response, deadline)
        finally:
            response.close()


def _judged(response: requests.Response, deadline: float) -> Outcome:
    status = response.status_code
    if status in _RETRIED:
        return Later(f"status {status}", _seconds(response.headers.get("Retry-After", "")))
    if status != requests.codes.ok:
        return Refused(f"status {status}", too_large=status == requests.codes.request_entity_too_large)
    if not response.headers.get("Content-Type", "").startswith("application/x-protobuf"):
        return Refused("the answer is not OTLP's")
    try:
        body = _body(response, deadline)
        answer = ExportTraceServiceResponse.FromString(body)
    except (DecodeError, ValueError, OSError, HTTPException, HTTPError):
        return Refused("the answer is not OTLP's")
    # The exporter may ask for it, and must not read on.
    response._content = body  # noqa: SLF001
    return Delivered(max(answer.partial_success.rejected_spans, 0))


def _body(response: requests.Response, deadline: float) -> bytes:
    """What was answered.

    Raises:
        ValueError: It is too much, or takes too long.
        OSError, HTTPException, HTTPError: It breaks off.
    """
    body = b""
    while part := response.raw.read1(_ANSWER_BYTES):
        body += part
        if len(body) > _ANSWER_BYTES or time.monotonic() > deadline:
            raise ValueError("the answer has no end")
    return body


def _seconds(retry_after: str) -> float:
    """Seconds to wait; a date or anything else is left to the client's own patience."""
    return min(float(retry_after), _RETRY_AFTER_SECONDS) if retry_after.isdecimal() else 0.0
