"""What the functions say of themselves: metrics and traces of their own, by OpenTelemetry (docs/observability.md).

None of it is about the people whose events they carry: an attribute has one of few values that are known beforehand.
Nothing is measured unless RHESIS_OBSERVE_URL says where it goes.
"""

from telemetry_pipeline.observing.export import start
from telemetry_pipeline.observing.instruments import Switch
from telemetry_pipeline.observing.operations import Operation
from telemetry_pipeline.observing.requests import observed

__all__ = ["Operation", "Switch", "observed", "start"]
