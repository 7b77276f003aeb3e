"""The half of google.pubsub.v1.Subscriber that pulls: messages are fetched, kept longer, given back."""

import grpc
from google.protobuf.empty_pb2 import Empty

from telemetry_local.pubsub import names
from telemetry_local.pubsub.deliveries import Delivery
from telemetry_local.pubsub.errors import Invalid, Unsupported
from telemetry_local.pubsub.leases import Leases
from telemetry_local.pubsub.policy import Policy
from telemetry_local.pubsub.rpc import unary
from telemetry_local.pubsub.wire import (
    AcknowledgeRequest,
    ModifyAckDeadlineRequest,
    PullRequest,
    PullResponse,
    ReceivedMessage,
    SeekRequest,
    SeekResponse,
)

_PULL_SECONDS = 5.0  # how long a pull waits for a first message; an empty answer after it is legal and asked again
_PULL_MESSAGES = 1000


class Subscriber:
    """Pull, Acknowledge, ModifyAckDeadline, Seek."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases

    def methods(self) -> dict[str, grpc.RpcMethodHandler]:
        """The handlers by their methods' names."""
        return {
            "Pull": unary(self._pull, PullRequest),
            "Acknowledge": unary(self._acknowledge, AcknowledgeRequest),
            "ModifyAckDeadline": unary(self._modify_ack_deadline, ModifyAckDeadlineRequest),
            "Seek": unary(self._seek, SeekRequest),
        }

    def _pull(self, request: PullRequest, context: grpc.ServicerContext) -> PullResponse:
        if request.max_messages < 1:
            raise Invalid(f"max_messages is at least 1, got {request.max_messages}")
        policy = self._leases.policy(request.subscription)
        seconds = 0.0 if request.return_immediately else _wait_seconds(context)
        claimed = self._leases.wait(policy, min(request.max_messages, _PULL_MESSAGES), seconds, context.is_active)
        return PullResponse(received_messages=[received(each, policy) for each in claimed])

    def _acknowledge(self, request: AcknowledgeRequest, _: grpc.ServicerContext) -> Empty:
        names.check_subscription(request.subscription)
        self._leases.acknowledge(request.subscription, request.ack_ids)
        return Empty()

    def _modify_ack_deadline(self, request: ModifyAckDeadlineRequest, _: grpc.ServicerContext) -> Empty:
        policy = self._leases.policy(request.subscription)
        self._leases.modify(policy, request.ack_ids, request.ack_deadline_seconds)
        return Empty()

    def _seek(self, request: SeekRequest, _: grpc.ServicerContext) -> SeekResponse:
        names.check_subscription(request.subscription)
        if request.WhichOneof("target") != "time":
            raise Unsupported("the local Pub/Sub seeks to a time, and has no snapshots")
        self._leases.seek(request.subscription, request.time.ToMicroseconds())
        return SeekResponse()


def _wait_seconds(context: grpc.ServicerContext) -> float:
    """Less than the caller waits: an answer at its deadline would take messages that nobody gets."""
    left: float | None = context.time_remaining()
    return _PULL_SECONDS if left is None else min(_PULL_SECONDS, left / 2)


def received(delivery: Delivery, policy: Policy) -> ReceivedMessage:
    """A delivery as a subscriber gets it; attempts are told only where they lead to a dead letter, as in Pub/Sub."""
    attempt = delivery.attempt if policy.dead_letter_topic else 0
    return ReceivedMessage(ack_id=delivery.ack_id, message=delivery.message, delivery_attempt=attempt)
