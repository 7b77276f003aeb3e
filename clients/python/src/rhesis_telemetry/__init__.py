"""Product telemetry that asks first.

`initialize_telemetry` gets ready, `set_telemetry_enabled` says who acts and whether they agreed, `track_user_activity`
and `track_feature_usage` record what they did. Nothing leaves for anybody who has not agreed.
"""

from rhesis_telemetry.counts import Counts
from rhesis_telemetry.delivery import Delivery
from rhesis_telemetry.tracking import (
    feature_usage,
    flush_telemetry,
    get_tracer,
    initialize_telemetry,
    is_telemetry_enabled,
    new_receipt,
    request_erasure,
    set_telemetry_enabled,
    telemetry_counts,
    telemetry_for,
    track_feature_usage,
    track_user_activity,
    user_activity,
    withdraw_telemetry,
)

__all__ = [
    "Counts",
    "Delivery",
    "feature_usage",
    "flush_telemetry",
    "get_tracer",
    "initialize_telemetry",
    "is_telemetry_enabled",
    "new_receipt",
    "request_erasure",
    "set_telemetry_enabled",
    "telemetry_counts",
    "telemetry_for",
    "track_feature_usage",
    "track_user_activity",
    "user_activity",
    "withdraw_telemetry",
]
