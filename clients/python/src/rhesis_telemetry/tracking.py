"""What an app calls: who is acting and whether they agreed, and what they did."""

import logging
import secrets
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from inspect import iscoroutinefunction
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from rhesis_telemetry import choice, client, consent, contract, events, settings
from rhesis_telemetry.consent import Person
from rhesis_telemetry.counts import Counts
from rhesis_telemetry.delivery import Delivery
from rhesis_telemetry.events import Event

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_logger = logging.getLogger("rhesis_telemetry")
_current = consent.current
_RECEIPT_BYTES = 16


def initialize_telemetry(app: object = None) -> None:
    """Read the environment and get ready; nothing is sent, opened or started by this.

    Where the environment turns telemetry off, the app stays as it is. Calling it again is harmless, and makes sense
    for a second app.

    Args:
        app: A FastAPI, Starlette or Flask app whose endpoints are to be tracked. Django has a middleware of its own.
    """
    active = client.activate(settings.read())
    if because := active.settings.off_because:
        _logger.info("telemetry is off: %s", because)
        return
    standing = choice.standing(active.settings, record=False)
    if standing.allowed:
        in_the_cloud = active.settings.deployment_type == "cloud"
        _logger.log(
            logging.WARNING if in_the_cloud else logging.INFO,
            "telemetry is on (%s): events of people who agree go to %s; `rhesis-telemetry show` prints them, "
            "`rhesis-telemetry disable` ends it",
            standing.because,
            active.settings.endpoint,
        )
    else:
        _logger.info("telemetry is off: %s", standing.because)
    # Now, or the first event would wait for it.
    import rhesis_telemetry.sending  # noqa: F401

    if app is not None:
        from rhesis_telemetry import frameworks

        frameworks.attach(app)


def is_telemetry_enabled() -> bool:
    """Whether the environment and the site allow telemetry; each person decides beneath that."""
    active = client.active
    return active is not None and not active.settings.off_because and active.site.standing().allowed


def set_telemetry_enabled(
    enabled: bool,
    user_id: object = None,
    org_id: object = None,
    *,
    consent_version: int | None = contract.VERSION,
) -> None:
    """Say who acts from here on, and whether they agreed: for the rest of the request, else of this context.

    Without agreement nothing is sent of what follows, and what still waits of that person is discarded.

    Args:
        enabled: Whether the person agreed.
        user_id: The person's id; its hash is sent. None for somebody without one.
        org_id: The id of the person's organization; its hash is sent.
        consent_version: The contract's version that the person agreed to. Who agreed to an older one than the present
            has to be asked again, and nothing is sent until then; None is the oldest.
    """
    active = client.active
    if active is None or active.settings.off_because:
        consent.settle(None)
        return
    agreed = consent.person(user_id, org_id, consent_version) if enabled else None
    consent.settle(agreed)
    if not enabled:
        active.forget(consent.hashed(user_id))


def telemetry_for(
    enabled: bool,
    user_id: object = None,
    org_id: object = None,
    *,
    consent_version: int | None = contract.VERSION,
) -> AbstractContextManager[None]:
    """The same as `set_telemetry_enabled`, for the length of a `with` block: a job, a command, a message.

    Args:
        enabled: Whether the person agreed.
        user_id: The person's id, or None.
        org_id: The id of the person's organization, or None.
        consent_version: The contract's version that the person agreed to.
    """
    active = client.active
    allowed = enabled and active is not None and not active.settings.off_because
    return consent.deciding(consent.person(user_id, org_id, consent_version) if allowed else None)


def track_user_activity(event_type: object, session_id: object = None, **metadata: object) -> None:
    """Record that a person did something, such as `login`, `logout` or `session_start`.

    Args:
        event_type: What was done, at most 128 characters, or a member of an enumeration.
        session_id: The id of the session in which it was done.
        **metadata: At most 32 texts, numbers or truth values more. What names a person, a credential or content is
            dropped.
    """
    place = _current.get()
    if place is not None and place.person is not None:
        _record(events.user_activity, event_type, session_id, metadata)


def track_feature_usage(feature_name: object, action: object = None, **metadata: object) -> None:
    """Record that a feature was used.

    Args:
        feature_name: The feature, such as `test_run`, at most 128 characters.
        action: What was done with it, such as `created`.
        **metadata: At most 32 texts, numbers or truth values more. What names a person, a credential or content is
            dropped.
    """
    place = _current.get()
    if place is not None and place.person is not None:
        _record(events.feature_usage, feature_name, action, metadata)


class Tracked:
    """Tracks when a block or a function ends without an exception; for `with`, `async with`, and as a decorator."""

    def __init__(self, track: Callable[[], None]) -> None:
        self._track = track

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(
        self, kind: type[BaseException] | None, exception: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the block."""
        if kind is None:
            self._track()

    async def __aenter__(self) -> None:
        """Begin the block."""

    async def __aexit__(
        self, kind: type[BaseException] | None, exception: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the block."""
        if kind is None:
            self._track()

    def __call__(self, function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        """Wrap a function, synchronous or asynchronous."""
        if iscoroutinefunction(function):

            @wraps(function)
            async def awaited(*arguments: Any, **options: Any) -> object:  # noqa: ANN401 - whatever the function takes
                result = await function(*arguments, **options)
                self._track()
                return result

            return cast("Callable[Parameters, Result]", awaited)

        @wraps(function)
        def called(*arguments: Parameters.args, **options: Parameters.kwargs) -> Result:
            result = function(*arguments, **options)
            self._track()
            return result

        return called


def user_activity(event_type: object, session_id: object = None, **metadata: object) -> Tracked:
    """As `track_user_activity`, once a block or a decorated function has ended without an exception.

    Args:
        event_type: What was done.
        session_id: The id of the session in which it was done.
        **metadata: What else is to be known.
    """
    return Tracked(lambda: track_user_activity(event_type, session_id, **metadata))


def feature_usage(feature_name: object, action: object = None, **metadata: object) -> Tracked:
    """As `track_feature_usage`, once a block or a decorated function has ended without an exception.

    Args:
        feature_name: The feature.
        action: What was done with it.
        **metadata: What else is to be known.
    """
    return Tracked(lambda: track_feature_usage(feature_name, action, **metadata))


def track_endpoint_usage(method: str, route: Callable[[], str | None], status_code: int, start: int, end: int) -> None:
    """Record that a request was answered; the middlewares do.

    Args:
        method: The request's method.
        route: Tells the template of its route, never its path; None if it had none, and is not tracked.
        status_code: The response's.
        start: When the request came, in nanoseconds since 1970.
        end: When it was answered.
    """
    if client.active is not None:
        duration = max(end - start, 0)
        client.active.record(_endpoint, start, start + duration, method, route, status_code, duration / 1e6)


def _endpoint(
    person: Person, method: str, route: Callable[[], str | None], status_code: int, duration_ms: float
) -> Event | None:
    template = route()
    return None if template is None else events.endpoint_usage(person, method, template, status_code, duration_ms)


def withdraw_telemetry(user_id: object) -> None:
    """Discard what waits of a person in all processes of the app: call it when somebody has just said no.

    `set_telemetry_enabled(False, user_id)`, which is called with each request, does so for its own process.

    Args:
        user_id: The person's id.
    """
    if client.active is not None:
        client.active.withdraw(consent.hashed(user_id))


def new_receipt() -> str:
    """A token for `request_erasure`, hard to guess and safe in an address; show it to the person, keep it nowhere."""
    return secrets.token_urlsafe(_RECEIPT_BYTES)


def request_erasure(user_id: object, *, seconds: float = 5.0, receipt: str = "") -> Delivery:
    """Ask the server to erase all events of a person that happened until now; it does so within minutes.

    It needs no consent, and is sent also for somebody who has just been disabled. What waits of the person is
    discarded. It blocks; call it from a thread where that matters.

    Args:
        user_id: The person's id.
        seconds: How long to wait for the server's answer.
        receipt: A token of `new_receipt`, with which the person can later fetch a receipt of what was erased; the
            server keeps a hash of it. Without one there is no receipt.

    Raises:
        ValueError: The token is none that is hard to guess.
    """
    if client.active is None:
        return Delivery.IMPOSSIBLE
    return client.active.erase(consent.hashed(user_id), seconds, receipt)


def flush_telemetry(seconds: float = 5.0) -> bool:
    """Send what waits, before a process is frozen or killed; at an orderly exit that happens by itself.

    Args:
        seconds: How long to wait.

    Returns:
        Whether nothing is left.
    """
    return client.active is None or client.active.flush(seconds)


def get_tracer(name: str) -> "Tracer":
    """A tracer of the app's own tracing, which telemetry has no part in; for code that got one from the former module.

    Args:
        name: The instrumented module.
    """
    from opentelemetry.trace import get_tracer as of_the_app

    return of_the_app(name)


def telemetry_counts() -> Counts:
    """What became of the events of this process."""
    return Counts() if client.active is None else client.active.counts


def _record(
    make: Callable[Concatenate[Person, Parameters], Event], *arguments: Parameters.args, **options: Parameters.kwargs
) -> None:
    if client.active is not None:
        now = time.time_ns()
        client.active.record(make, now, now, *arguments, **options)
