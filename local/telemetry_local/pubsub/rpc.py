"""How a method becomes a gRPC handler, and how a list becomes pages."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import grpc

from telemetry_local.pubsub.errors import Refused
from telemetry_pipeline.logs import log

Request = TypeVar("Request")
Item = TypeVar("Item")

_PAGE = 1000


class Paged(Protocol):
    """A request for a list."""

    page_size: int
    page_token: str


def unary(method: Callable[[Request, grpc.ServicerContext], object], request: Any) -> grpc.RpcMethodHandler:  # noqa: ANN401  # a protobuf class
    """A handler for a method of one request and one response; what it refuses becomes a gRPC status."""

    def handle(message: Request, context: grpc.ServicerContext) -> object:
        try:
            return method(message, context)
        except Refused as refusal:
            return context.abort(refusal.code, str(refusal))
        except Exception as error:  # the last rim: the caller gets a status, the log says which error
            log("ERROR", "request failed", method=method.__name__, error=type(error).__name__)
            return context.abort(grpc.StatusCode.INTERNAL, f"the local Pub/Sub failed: {type(error).__name__}")

    return grpc.unary_unary_rpc_method_handler(
        handle, request.FromString, lambda response: response.SerializeToString()
    )


def page(
    request: Paged, read: Callable[[str, int], Sequence[Item]], name_of: Callable[[Item], str]
) -> tuple[Sequence[Item], str]:
    """One page of what `read(after, limit)` lists by name, and the token of the next (empty: this was the last)."""
    size = min(max(request.page_size, 0) or _PAGE, _PAGE)
    items = read(request.page_token, size + 1)
    shown = items[:size]
    return shown, name_of(shown[-1]) if len(items) > size else ""
