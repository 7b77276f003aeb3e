"""The protobuf classes of google.pubsub.v1 that the broker sends, receives and keeps.

Google's package hides each behind a proto-plus wrapper that converts on every access; the broker wants the plain class,
which is several times cheaper. The wrappers stand in for them in type annotations only, because the plain classes are
made when the package is imported and no type checker can see them.
"""

from typing import TYPE_CHECKING

from google.pubsub_v1 import types

if TYPE_CHECKING:
    from google.pubsub_v1.types import (
        AcknowledgeRequest,
        DeleteSubscriptionRequest,
        DeleteTopicRequest,
        GetSubscriptionRequest,
        GetTopicRequest,
        ListSubscriptionsRequest,
        ListSubscriptionsResponse,
        ListTopicsRequest,
        ListTopicsResponse,
        ListTopicSubscriptionsRequest,
        ListTopicSubscriptionsResponse,
        ModifyAckDeadlineRequest,
        ModifyPushConfigRequest,
        PublishRequest,
        PublishResponse,
        PubsubMessage,
        PullRequest,
        PullResponse,
        ReceivedMessage,
        SeekRequest,
        SeekResponse,
        StreamingPullRequest,
        StreamingPullResponse,
        Subscription,
        Topic,
        UpdateSubscriptionRequest,
        UpdateTopicRequest,
    )
else:
    AcknowledgeRequest = types.AcknowledgeRequest.pb()
    DeleteSubscriptionRequest = types.DeleteSubscriptionRequest.pb()
    DeleteTopicRequest = types.DeleteTopicRequest.pb()
    GetSubscriptionRequest = types.GetSubscriptionRequest.pb()
    GetTopicRequest = types.GetTopicRequest.pb()
    ListSubscriptionsRequest = types.ListSubscriptionsRequest.pb()
    ListSubscriptionsResponse = types.ListSubscriptionsResponse.pb()
    ListTopicsRequest = types.ListTopicsRequest.pb()
    ListTopicsResponse = types.ListTopicsResponse.pb()
    ListTopicSubscriptionsRequest = types.ListTopicSubscriptionsRequest.pb()
    ListTopicSubscriptionsResponse = types.ListTopicSubscriptionsResponse.pb()
    ModifyAckDeadlineRequest = types.ModifyAckDeadlineRequest.pb()
    ModifyPushConfigRequest = types.ModifyPushConfigRequest.pb()
    PublishRequest = types.PublishRequest.pb()
    PublishResponse = types.PublishResponse.pb()
    PubsubMessage = types.PubsubMessage.pb()
    PullRequest = types.PullRequest.pb()
    PullResponse = types.PullResponse.pb()
    ReceivedMessage = types.ReceivedMessage.pb()
    SeekRequest = types.SeekRequest.pb()
    SeekResponse = types.SeekResponse.pb()
    StreamingPullRequest = types.StreamingPullRequest.pb()
    StreamingPullResponse = types.StreamingPullResponse.pb()
    Subscription = types.Subscription.pb()
    Topic = types.Topic.pb()
    UpdateSubscriptionRequest = types.UpdateSubscriptionRequest.pb()
    UpdateTopicRequest = types.UpdateTopicRequest.pb()

__all__ = [
    "AcknowledgeRequest",
    "DeleteSubscriptionRequest",
    "DeleteTopicRequest",
    "GetSubscriptionRequest",
    "GetTopicRequest",
    "ListSubscriptionsRequest",
    "ListSubscriptionsResponse",
    "ListTopicSubscriptionsRequest",
    "ListTopicSubscriptionsResponse",
    "ListTopicsRequest",
    "ListTopicsResponse",
    "ModifyAckDeadlineRequest",
    "ModifyPushConfigRequest",
    "PublishRequest",
    "PublishResponse",
    "PubsubMessage",
    "PullRequest",
    "PullResponse",
    "ReceivedMessage",
    "SeekRequest",
    "SeekResponse",
    "StreamingPullRequest",
    "StreamingPullResponse",
    "Subscription",
    "Topic",
    "UpdateSubscriptionRequest",
    "UpdateTopicRequest",
]
