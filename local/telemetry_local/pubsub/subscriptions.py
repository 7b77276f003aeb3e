"""The half of google.pubsub.v1.Subscriber that sets subscriptions up."""

import sqlite3
from collections.abc import Callable

import grpc
from google.protobuf.empty_pb2 import Empty

from telemetry_local.pubsub import catalog, limits, names
from telemetry_local.pubsub.database import Database
from telemetry_local.pubsub.errors import Invalid
from telemetry_local.pubsub.policy import DEFAULT_ACK_DEADLINE_SECONDS, DEFAULT_RETENTION_SECONDS
from telemetry_local.pubsub.pushes import Pushes
from telemetry_local.pubsub.rpc import page, unary
from telemetry_local.pubsub.wire import (
    DeleteSubscriptionRequest,
    GetSubscriptionRequest,
    ListSubscriptionsRequest,
    ListSubscriptionsResponse,
    ModifyPushConfigRequest,
    Subscription,
    UpdateSubscriptionRequest,
)

_CHANGEABLE = (
    "ack_deadline_seconds",
    "dead_letter_policy",
    "expiration_policy",
    "labels",
    "message_retention_duration",
    "push_config",
    "retain_acked_messages",
    "retry_policy",
)


class Subscriptions:
    """Creating, reading, changing and deleting subscriptions."""

    def __init__(self, database: Database, pushes: Pushes) -> None:
        self._database = database
        self._pushes = pushes

    def methods(self) -> dict[str, grpc.RpcMethodHandler]:
        """The handlers by their methods' names."""
        return {
            "CreateSubscription": unary(self._create, Subscription),
            "GetSubscription": unary(self._get, GetSubscriptionRequest),
            "UpdateSubscription": unary(self._update, UpdateSubscriptionRequest),
            "ModifyPushConfig": unary(self._modify_push_config, ModifyPushConfigRequest),
            "ListSubscriptions": unary(self._list, ListSubscriptionsRequest),
            "DeleteSubscription": unary(self._delete, DeleteSubscriptionRequest),
        }

    def _create(self, subscription: Subscription, _: grpc.ServicerContext) -> Subscription:
        limits.check_subscription(subscription)
        _fill_in(subscription)
        self._database.run(lambda connection: catalog.create_subscription(connection, subscription))
        self._pushes.follow(subscription)
        return subscription

    def _get(self, request: GetSubscriptionRequest, _: grpc.ServicerContext) -> Subscription:
        names.check_subscription(request.subscription)
        return self._database.run(lambda connection: catalog.get_subscription(connection, request.subscription))

    def _update(self, request: UpdateSubscriptionRequest, _: grpc.ServicerContext) -> Subscription:
        mask = request.update_mask
        fixed = [path for path in mask.paths if path.partition(".")[0] not in _CHANGEABLE]
        if fixed or not mask.paths or not mask.IsValidForDescriptor(Subscription.DESCRIPTOR):
            raise Invalid(f"update_mask takes {', '.join(_CHANGEABLE)}; got {', '.join(mask.paths) or 'no path'}")
        return self._change(
            request.subscription.name,
            lambda subscription: mask.MergeMessage(request.subscription, subscription, True, True),
        )

    def _modify_push_config(self, request: ModifyPushConfigRequest, _: grpc.ServicerContext) -> Empty:
        self._change(request.subscription, lambda subscription: subscription.push_config.CopyFrom(request.push_config))
        return Empty()

    def _list(self, request: ListSubscriptionsRequest, _: grpc.ServicerContext) -> ListSubscriptionsResponse:
        names.check_project(request.project)
        subscriptions, token = page(
            request,
            lambda after, limit: self._database.run(
                lambda connection: catalog.list_subscriptions(connection, request.project, after, limit)
            ),
            lambda subscription: subscription.name,
        )
        return ListSubscriptionsResponse(subscriptions=subscriptions, next_page_token=token)

    def _delete(self, request: DeleteSubscriptionRequest, _: grpc.ServicerContext) -> Empty:
        names.check_subscription(request.subscription)
        self._database.run(lambda connection: catalog.delete_subscription(connection, request.subscription))
        self._pushes.forget(request.subscription)
        return Empty()

    def _change(self, name: str, change: Callable[[Subscription], None]) -> Subscription:
        names.check_subscription(name)

        def work(connection: sqlite3.Connection) -> Subscription:
            subscription = catalog.get_subscription(connection, name)
            change(subscription)
            limits.check_subscription(subscription)
            _fill_in(subscription)
            catalog.put_subscription(connection, subscription)
            return subscription

        changed = self._database.run(work)
        self._pushes.follow(changed)
        return changed


def _fill_in(subscription: Subscription) -> None:
    """Say what Pub/Sub says of settings that were left out."""
    subscription.ack_deadline_seconds = subscription.ack_deadline_seconds or DEFAULT_ACK_DEADLINE_SECONDS
    if not subscription.HasField("message_retention_duration"):
        subscription.message_retention_duration.seconds = DEFAULT_RETENTION_SECONDS
