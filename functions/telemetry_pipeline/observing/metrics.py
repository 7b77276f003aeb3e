"""All that the functions measure of themselves; docs/observability.md has the same list.

Names are those of OpenTelemetry's semantic conventions (HTTP, messaging and database metrics) where these have one.
"""

from collections.abc import Mapping

from telemetry_pipeline.observing.instruments import Counter, Histogram, Switch

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""The semantic conventions' advice for durations of requests."""
_MINUTES = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 86_400.0, 604_800.0)
_SIZES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 512.0, 1024.0, 4096.0, 16_384.0, 100_000.0)

HTTP_REQUESTS = Histogram(
    "http.server.request.duration",
    "s",
    "How long a function takes to answer a request.",
    _SECONDS,
    "http.request.method",
    "http.route",
    "http.response.status_code",
    "url.scheme",
    "error.type",
)
MESSAGING = Histogram(
    "messaging.client.operation.duration",
    "s",
    "How long Pub/Sub takes to acknowledge a message that ingest publishes.",
    _SECONDS,
    "messaging.system",
    "messaging.operation.name",
    "messaging.operation.type",
    "error.type",
)
PROCESSING = Histogram(
    "messaging.process.duration",
    "s",
    "How long store or mirror takes for a message that is pushed to it.",
    _SECONDS,
    "messaging.system",
    "messaging.operation.name",
    "messaging.operation.type",
    "error.type",
)
DATABASE = Histogram(
    "db.client.operation.duration",
    "s",
    "How long a transaction of store, an append of mirror or a question of the dashboard takes.",
    _SECONDS,
    "db.system.name",
    "db.operation.name",
    "db.query.summary",
    "error.type",
)
SPANS = Counter(
    "rhesis.ingest.spans",
    "{span}",
    "Spans and log records that ingest has judged; outcome is accepted or rejected, reason as docs/otlp.md lists them.",
    "signal",
    "outcome",
    "reason",
)
REQUESTS = Counter(
    "rhesis.ingest.requests",
    "{request}",
    "Export requests by what became of them: accepted, partial, rejected (nothing in it passed) or empty.",
    "signal",
    "outcome",
)
REQUEST_SPANS = Histogram(
    "rhesis.ingest.request.spans", "{span}", "Spans and log records in an export request.", _SIZES, "signal"
)
ROWS = Counter(
    "rhesis.reader.rows",
    "{row}",
    "Rows that store or mirror has written; outcome is written, or rejected for what is recorded as such.",
    "outcome",
)
MESSAGES = Counter(
    "rhesis.reader.messages",
    "{message}",
    "Messages by what became of them: stored, parked, mirrored, skipped, postponed (delivered again) or failed.",
    "outcome",
)
TRANSACTION_ROWS = Histogram("rhesis.store.transaction.rows", "{row}", "Rows of one transaction of store.", _SIZES)
DELAY = Histogram(
    "rhesis.event.delay",
    "s",
    "The time until the oldest event of a message was stored, from when it happened, or from when ingest took it.",
    _MINUTES,
    "from",
)
STEPS = Histogram(
    "rhesis.maintain.step.duration",
    "s",
    "How long a step of maintenance takes.",
    _MINUTES,
    "step",
    "error.type",
)
RUNS = Counter(
    "rhesis.maintain.runs", "{run}", "Runs of maintenance: done, under way (another was) or failed.", "outcome"
)


def count_export(signal: str, accepted: int, rejected: Mapping[str, int]) -> None:
    """Count a request of ingest, once what passed is published; `rejected` has a count for each reason."""
    if not Switch.is_on:
        return
    refused = sum(rejected.values())
    REQUEST_SPANS.record(accepted + refused, signal)
    if accepted:
        SPANS.add(accepted, signal, "accepted", "")
        REQUESTS.add(1, signal, "partial" if refused else "accepted")
    else:
        REQUESTS.add(1, signal, "rejected" if refused else "empty")
    for reason, count in rejected.items():
        # What follows the blank is an attribute's name.
        SPANS.add(count, signal, "rejected", reason.partition(" ")[0])


COUNTERS = (SPANS, REQUESTS, ROWS, MESSAGES, RUNS)
HISTOGRAMS = (
    HTTP_REQUESTS,
    MESSAGING,
    PROCESSING,
    DATABASE,
    REQUEST_SPANS,
    TRANSACTION_ROWS,
    DELAY,
    STEPS,
)
