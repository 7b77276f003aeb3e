"""Events as spans of a provider of our own: nothing of the app's tracing gets into it, nor of it into the app's."""

from opentelemetry.context import Context
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.sdk.version import __version__ as sdk_version

from rhesis_telemetry.events import Event
from rhesis_telemetry.settings import Settings


class Spans:
    """Makes spans of events, as an installation."""

    def __init__(self, settings: Settings, installation_id: str) -> None:
        # All is explicit: the environment's resource, sampler and limits are meant for the app's own tracing.
        provider = TracerProvider(
            sampler=ALWAYS_ON,
            resource=Resource(_resource(settings, installation_id)),
            span_limits=SpanLimits(
                max_attributes=128,
                max_events=0,
                max_links=0,
                max_span_attributes=128,
                max_attribute_length=4096,
                max_span_attribute_length=4096,
            ),
            shutdown_on_exit=False,
            meter_provider=NoOpMeterProvider(),
        )
        self.installation_id = installation_id
        self._tracer = provider.get_tracer("rhesis_telemetry")

    def make(self, event: Event, start: int, end: int) -> ReadableSpan:
        """The ended span of an event.

        Args:
            event: The event.
            start: When it began, in nanoseconds since 1970.
            end: When it ended.
        """
        span = self._tracer.start_span(event.name, context=Context(), attributes=event.attributes, start_time=start)
        span.end(end)
        if not isinstance(span, ReadableSpan):
            raise TypeError("OpenTelemetry's SDK is disabled")
        return span


def _resource(settings: Settings, installation_id: str) -> dict[str, str]:
    attributes = {
        "service.name": settings.service_name,
        "service.namespace": "rhesis",
        "service.version": settings.service_version,
        "deployment.type": settings.deployment_type,
        "rhesis.installation.id": installation_id,
        "telemetry.sdk.language": "python",
        "telemetry.sdk.name": "opentelemetry",
        "telemetry.sdk.version": sdk_version,
    }
    return {name: value for name, value in attributes.items() if value}
