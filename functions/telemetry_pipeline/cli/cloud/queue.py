"""Pub/Sub: the topic, the subscriptions, their backlog, and what could not be delivered."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from telemetry_pipeline.cli.cloud.api import Answer, Api
from telemetry_pipeline.cli.cloud.functions import known
from telemetry_pipeline.cli.findings import Finding
from telemetry_pipeline.maintain import dead_letters as counting

_PUBSUB = "pubsub.googleapis.com/v1/projects"
_READERS = ("store", "mirror")
_LEAST_ACK_SECONDS = 30
_OLD_SECONDS = 900
_LOOK_BACK = timedelta(minutes=10)

_APPLY = "Bring it back: `terraform apply`."


def topic(api: Api) -> Iterator[Finding]:
    """Events have somewhere to go, and ingest may publish there."""
    the = api.deployment
    name = f"{the.prefix}-events"
    found = api.get(f"{_PUBSUB}/{the.project}/topics/{name}")
    if not found:
        yield Finding("topic", f"there is no {name}: ingest answers 503 to everybody", _APPLY)
        return
    regions = found.get("messageStoragePolicy", {}).get("allowedPersistenceRegions", [])
    yield Finding("topic", f"keeps messages in {', '.join(regions) or 'any region'}", "" if regions else _APPLY)
    ingest = f"serviceAccount:{the.prefix}-ingest@{the.project}.iam.gserviceaccount.com"
    yield _granted(api, f"topics/{name}", "topic", "roles/pubsub.publisher", ingest, "ingest may publish to it")


def subscriptions(api: Api) -> Iterator[Finding]:
    """Each reader is pushed to, with time to answer, and what it can't take is kept."""
    readers = known(api)
    for reader in _READERS:
        found = api.get(f"{_PUBSUB}/{api.deployment.project}/subscriptions/{api.deployment.prefix}-events-{reader}")
        if found or reader == "store" or reader in readers:
            uri = str(readers.get(reader, {}).get("serviceConfig", {}).get("uri", ""))
            yield from _subscription(api, reader, found, uri)


def _subscription(api: Api, reader: str, found: Answer | None, uri: str) -> Iterator[Finding]:
    the, check = api.deployment, f"subscription of {reader}"
    name = f"{the.prefix}-events-{reader}"
    if not found:
        yield Finding(check, f"there is no {name}: nothing reaches {reader}", _APPLY)
        return
    faults = list(_faults(found, uri, the.prefix))
    seconds = found.get("ackDeadlineSeconds", 10)
    policy = found.get("deadLetterPolicy", {})
    yield from (Finding(check, fault, _APPLY) for fault in faults)
    if not faults:
        attempts = policy.get("maxDeliveryAttempts", 5)
        yield Finding(check, f"pushes, waits {seconds} s for an answer, gives up after {attempts} attempts")
    agent = "the agent of Pub/Sub may take dead letters from it"
    yield _granted(api, f"subscriptions/{name}", check, "roles/pubsub.subscriber", "@gcp-sa-pubsub.iam.", agent)


def _faults(found: Answer, uri: str, prefix: str) -> Iterator[str]:
    push = found.get("pushConfig", {})
    if found.get("detached") or found.get("state", "ACTIVE") != "ACTIVE":
        yield "it is detached from its topic, or in error: nothing is delivered"
    if not push.get("pushEndpoint"):
        yield "it doesn't push: messages wait until it does"
    elif uri and push["pushEndpoint"].rstrip("/") != uri.rstrip("/"):
        yield f"it pushes to {push['pushEndpoint']}, and the function is at {uri}"
    elif "oidcToken" not in push:
        yield "it pushes without an identity, which the function refuses"
    if found.get("ackDeadlineSeconds", 10) < _LEAST_ACK_SECONDS:
        yield f"it waits {found.get('ackDeadlineSeconds', 10)} s for an answer; a cold start takes longer"
    if not str(found.get("deadLetterPolicy", {}).get("deadLetterTopic", "")).endswith(f"{prefix}-events-dead-letter"):
        yield "it has no dead-letter topic: what can't be delivered is lost when it expires"
    if found.get("expirationPolicy", {}).get("ttl"):
        yield "it is deleted when nothing happens for a month"


def _granted(api: Api, resource: str, check: str, role: str, member: str, promise: str) -> Finding:
    """Whether a role on a topic or a subscription is given to a member, or to one whose name holds a part."""
    policy = api.get(f"{_PUBSUB}/{api.deployment.project}/{resource}:getIamPolicy") or {}
    members = [one for binding in policy.get("bindings", ()) if binding["role"] == role for one in binding["members"]]
    if any(member in one for one in members):
        return Finding(check, promise)
    return Finding(check, f"it is not so that {promise}: {role} is missing", _APPLY)


def backlog(api: Api) -> Iterator[Finding]:
    """What waits, and since when."""
    readers = known(api)
    the = api.deployment
    for reader in _READERS:
        if reader == "mirror" and reader not in readers:
            continue
        name, check = f"{the.prefix}-events-{reader}", f"backlog of {reader}"
        waiting = _latest(api, name, "num_undelivered_messages")
        oldest = _latest(api, name, "oldest_unacked_message_age")
        if waiting is None or oldest is None:
            yield Finding(check, "not known: Monitoring has no point of the last ten minutes")
            continue
        log = f"gcloud run services logs read {the.prefix}-{reader} --region={the.region} --project={the.project}"
        advice = f"Nothing is lost for as long as messages are kept. Type `{log}`." if oldest > _OLD_SECONDS else ""
        yield Finding(check, f"{waiting} messages, the oldest waits for {oldest} s", advice)


def dead_letters(api: Api) -> Iterator[Finding]:
    """What could not be delivered in all its attempts."""
    the, check = api.deployment, "dead letters"
    name = f"{the.prefix}-events-dead-letter"
    if not api.get(f"{_PUBSUB}/{the.project}/subscriptions/{name}"):
        yield Finding(check, f"there is no subscription {name}: a dead letter is gone at once", _APPLY)
        return
    topic = f"topics/{the.prefix}-events-dead-letter"
    agent = "the agent of Pub/Sub may publish dead letters"
    yield _granted(api, topic, check, "roles/pubsub.publisher", "@gcp-sa-pubsub.iam.", agent)
    count = _latest(api, name, "num_undelivered_messages")
    if count is None:
        yield Finding(check, "not counted: Monitoring has no point of the last ten minutes")
    else:
        pull = f"gcloud pubsub subscriptions pull {name} --limit=5 --project={the.project}"
        advice = f"They are kept for 31 days. Find the cause in the reader's log; `{pull}` shows some." if count else ""
        yield Finding(check, f"{count} messages", advice)


def _latest(api: Api, subscription: str, metric: str) -> int | None:
    """The newest value of a metric of a subscription; none if there is none of late."""
    now = datetime.now(UTC)
    address = f"monitoring.googleapis.com/v3/projects/{api.deployment.project}/timeSeries"
    answer = api.get(address, **counting.question(subscription, now, metric))
    return counting.latest(answer or {})
