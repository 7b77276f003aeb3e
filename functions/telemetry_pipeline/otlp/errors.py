"""Why a request is refused whole.

    Refused
    ├── Undecodable            400  the client's fault, never retried
    ├── Unauthenticated        401
    ├── NotFound               404
    ├── MethodNotAllowed       405
    ├── TooLarge               413
    ├── UnsupportedMediaType   415
    ├── TooManyRequests        429  too many for now; the client keeps its batch and tries again
    └── Unavailable            503  ours for now; the client keeps its batch and tries again

Messages name what was wrong and what is accepted, never a value that somebody sent.
"""

from collections.abc import Mapping

from google.rpc import code_pb2


class Refused(Exception):
    """A request that is answered with an error; `code` is a google.rpc.Code."""

    status: int
    code: int

    def __init__(self, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.headers = headers or {}


class Undecodable(Refused):
    """The body is not what its headers say."""

    status = 400
    code = code_pb2.INVALID_ARGUMENT


class Unauthenticated(Refused):
    """The request bears an API key, and it is none of ours."""

    status = 401
    code = code_pb2.UNAUTHENTICATED


class NotFound(Refused):
    """There is nothing at this path."""

    status = 404
    code = code_pb2.NOT_FOUND


class MethodNotAllowed(Refused):
    """The path exists, but not for this method."""

    status = 405
    code = code_pb2.UNIMPLEMENTED


class TooLarge(Refused):
    """The request is over a limit that holds for all of it."""

    status = 413
    code = code_pb2.INVALID_ARGUMENT


class UnsupportedMediaType(Refused):
    """The content type or the content encoding is not one of ours."""

    status = 415
    code = code_pb2.INVALID_ARGUMENT


class TooManyRequests(Refused):
    """The sender has sent too much of late (OTLP 1.x, "OTLP/HTTP Throttling"); `Retry-After` says when to go on."""

    status = 429
    code = code_pb2.RESOURCE_EXHAUSTED


class Unavailable(Refused):
    """The request could not be taken now."""

    status = 503
    code = code_pb2.UNAVAILABLE
