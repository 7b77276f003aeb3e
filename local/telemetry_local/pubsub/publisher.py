"""The gRPC service google.pubsub.v1.Publisher."""

import sqlite3

import grpc
from google.protobuf.empty_pb2 import Empty

from telemetry_local.pubsub import catalog, limits, messages, names
from telemetry_local.pubsub.bells import Bells
from telemetry_local.pubsub.database import Database
from telemetry_local.pubsub.errors import Invalid
from telemetry_local.pubsub.rpc import page, unary
from telemetry_local.pubsub.wire import (
    DeleteTopicRequest,
    GetTopicRequest,
    ListTopicsRequest,
    ListTopicsResponse,
    ListTopicSubscriptionsRequest,
    ListTopicSubscriptionsResponse,
    PublishRequest,
    PublishResponse,
    Topic,
    UpdateTopicRequest,
)

_CHANGEABLE = {"labels", "message_retention_duration", "message_storage_policy"}


class Publisher:
    """Topics, and publishing to them."""

    def __init__(self, database: Database, bells: Bells) -> None:
        self._database = database
        self._bells = bells

    def methods(self) -> dict[str, grpc.RpcMethodHandler]:
        """The handlers by their methods' names."""
        return {
            "CreateTopic": unary(self._create_topic, Topic),
            "UpdateTopic": unary(self._update_topic, UpdateTopicRequest),
            "GetTopic": unary(self._get_topic, GetTopicRequest),
            "ListTopics": unary(self._list_topics, ListTopicsRequest),
            "ListTopicSubscriptions": unary(self._list_topic_subscriptions, ListTopicSubscriptionsRequest),
            "DeleteTopic": unary(self._delete_topic, DeleteTopicRequest),
            "Publish": unary(self._publish, PublishRequest),
        }

    def _create_topic(self, topic: Topic, _: grpc.ServicerContext) -> Topic:
        limits.check_topic(topic)
        self._database.run(lambda connection: catalog.create_topic(connection, topic))
        return topic

    def _update_topic(self, request: UpdateTopicRequest, _: grpc.ServicerContext) -> Topic:
        mask = request.update_mask
        if not mask.paths or not {path.partition(".")[0] for path in mask.paths} <= _CHANGEABLE:
            raise Invalid(
                f"update_mask takes {', '.join(sorted(_CHANGEABLE))}; got {', '.join(mask.paths) or 'no path'}"
            )

        def work(connection: sqlite3.Connection) -> Topic:
            topic = catalog.get_topic(connection, request.topic.name)
            mask.MergeMessage(request.topic, topic, True, True)
            limits.check_topic(topic)
            catalog.put_topic(connection, topic)
            return topic

        names.check_topic(request.topic.name)
        return self._database.run(work)

    def _get_topic(self, request: GetTopicRequest, _: grpc.ServicerContext) -> Topic:
        names.check_topic(request.topic)
        return self._database.run(lambda connection: catalog.get_topic(connection, request.topic))

    def _list_topics(self, request: ListTopicsRequest, _: grpc.ServicerContext) -> ListTopicsResponse:
        names.check_project(request.project)
        topics, token = page(
            request,
            lambda after, limit: self._database.run(
                lambda connection: catalog.list_topics(connection, request.project, after, limit)
            ),
            lambda topic: topic.name,
        )
        return ListTopicsResponse(topics=topics, next_page_token=token)

    def _list_topic_subscriptions(
        self, request: ListTopicSubscriptionsRequest, _: grpc.ServicerContext
    ) -> ListTopicSubscriptionsResponse:
        names.check_topic(request.topic)
        self._database.run(lambda connection: catalog.get_topic(connection, request.topic))
        subscriptions, token = page(
            request,
            lambda after, limit: self._database.run(
                lambda connection: catalog.list_subscriptions_of(connection, request.topic, after, limit)
            ),
            str,
        )
        return ListTopicSubscriptionsResponse(subscriptions=subscriptions, next_page_token=token)

    def _delete_topic(self, request: DeleteTopicRequest, _: grpc.ServicerContext) -> Empty:
        names.check_topic(request.topic)
        self._database.run(lambda connection: catalog.delete_topic(connection, request.topic))
        return Empty()

    def _publish(self, request: PublishRequest, _: grpc.ServicerContext) -> PublishResponse:
        limits.check_publish(request)
        published = self._database.run(lambda connection: messages.publish(connection, request.topic, request.messages))
        self._bells.ring(published.subscriptions)
        return PublishResponse(message_ids=published.message_ids)
