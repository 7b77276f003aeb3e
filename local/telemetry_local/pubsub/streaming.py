"""StreamingPull: what Google's high-level subscribers use instead of Pull."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import grpc

from telemetry_local.pubsub.errors import Refused
from telemetry_local.pubsub.leases import Leases
from telemetry_local.pubsub.policy import Policy
from telemetry_local.pubsub.subscriber import received
from telemetry_local.pubsub.wire import StreamingPullRequest, StreamingPullResponse

_LOOK_SECONDS = 5.0
_OUTSTANDING = 1000  # where the subscriber says nothing


class Streaming:
    """Streams of messages to subscribers that acknowledge on the stream or beside it."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases

    def methods(self) -> dict[str, grpc.RpcMethodHandler]:
        """The handler by its method's name."""
        return {
            "StreamingPull": grpc.stream_stream_rpc_method_handler(
                self._pull, StreamingPullRequest.FromString, lambda response: response.SerializeToString()
            )
        }

    def _pull(
        self, requests: Iterator[StreamingPullRequest], context: grpc.ServicerContext
    ) -> Iterator[StreamingPullResponse]:
        first = next(requests, None)
        if first is None:
            return
        try:
            policy = self._leases.policy(first.subscription)
            policy = replace(policy, ack_deadline=first.stream_ack_deadline_seconds or policy.ack_deadline)
            context.add_callback(self._leases.bell(policy.subscription).ring)
            threading.Thread(target=self._listen, args=(requests, policy), name="stream", daemon=True).start()
            yield from self._send(policy, first.max_outstanding_messages or _OUTSTANDING, context)
        except Refused as refusal:
            context.abort(refusal.code, str(refusal))

    def _send(self, policy: Policy, limit: int, context: grpc.ServicerContext) -> Iterator[StreamingPullResponse]:
        bell = self._leases.bell(policy.subscription)
        out: set[str] = set()
        while context.is_active():
            if self._leases.closed:
                context.abort(grpc.StatusCode.UNAVAILABLE, "the broker stops; connect again")
            rings = bell.rings
            out = self._leases.still_out(policy, out)
            if len(out) >= limit:
                bell.sleep(rings, _LOOK_SECONDS)
                continue
            claimed = self._leases.wait(policy, limit - len(out), _LOOK_SECONDS, context.is_active)
            out.update(delivery.ack_id for delivery in claimed)
            if claimed:
                yield StreamingPullResponse(received_messages=[received(each, policy) for each in claimed])

    def _listen(self, requests: Iterator[StreamingPullRequest], policy: Policy) -> None:
        # The stream ends with an error when the subscriber goes; and what it asks for in vain comes again by itself.
        with suppress(grpc.RpcError, Refused):
            for request in requests:
                if request.ack_ids:
                    self._leases.acknowledge(policy.subscription, request.ack_ids)
                for ack_id, seconds in zip(
                    request.modify_deadline_ack_ids, request.modify_deadline_seconds, strict=False
                ):
                    self._leases.modify(policy, [ack_id], seconds)
