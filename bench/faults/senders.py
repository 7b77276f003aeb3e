"""Senders that export as SDKs do: the same request again, until it is acknowledged."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random

import requests
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from urllib3.exceptions import HTTPError

CANARY = "canary"
"""Part of all that names somebody; nothing else contains it."""

EVENTS: tuple[dict[str, str], ...] = (
    {"event.category": "user_activity", "event.type": "login"},
    {"event.category": "endpoint_usage", "http.request.method": "GET", "http.route": "/tests/{id}"},
    {"event.category": "feature_usage", "feature.name": "test_run", "feature.action": "created"},
)

_DAY_SECONDS = 86_400
_SHIFTED_SECONDS = (0, 0, 0, 0, -30, 3_000, -3 * _DAY_SECONDS, -200 * _DAY_SECONDS)
"""How wrong a sender's clock is; each of these is within what is stored."""
_ABSURD_SECONDS = (3 * _DAY_SECONDS, -500 * _DAY_SECONDS)

_PAUSE_SECONDS = 0.1
_TIMEOUT_SECONDS = 10
_AGAIN_SECONDS = 0.05
_RETRYABLE = {429, 502, 503, 504}


@dataclass(slots=True)
class Ledger:
    """What was sent and what was acknowledged, by event id; `faults` are answers that the protocol has no place for."""

    sent: set[bytes] = field(default_factory=set)
    acknowledged: set[bytes] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    requests: int = 0
    attempts: int = 0


class Senders:
    """Some threads that send; they can be paused between two requests."""

    def __init__(self, url: str, seed: int, threads: int = 4) -> None:
        self.ledger = Ledger()
        self._url = f"{url}/v1/traces"
        self._seed = seed
        self._threads = threads
        self._go = threading.Event()
        self._ending = False
        self._lock = threading.Lock()
        self._idle = threading.Semaphore(0)

    @contextmanager
    def running(self) -> Iterator["Senders"]:
        """Send until the block ends, once `resume` was called."""
        threads = [threading.Thread(target=self._work, args=(number,), daemon=True) for number in range(self._threads)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._ending = True
            self._go.set()
            for thread in threads:
                thread.join()

    def resume(self) -> None:
        """Let them send."""
        self._go.set()

    def pause(self) -> None:
        """Stop them, and wait until each one's last request is acknowledged."""
        self._go.clear()
        for _ in range(self._threads):
            self._idle.acquire()

    def _work(self, number: int) -> None:
        dice = Random(f"{self._seed} {number}")
        session = requests.Session()
        self._go.wait()
        while not self._ending:
            try:
                self._export(session, dice, number)
            except Exception as fault:
                # Whoever waits for this sender must not wait for ever.
                self.ledger.faults.append(f"a sender failed: {fault!r}")
            time.sleep(dice.random() * _PAUSE_SECONDS)
            if not self._go.is_set():
                self._idle.release()
                self._go.wait()

    def _export(self, session: requests.Session, dice: Random, sender: int) -> None:
        is_absurd = dice.random() < 0.05
        request = _request(dice, sender, dice.choice(_ABSURD_SECONDS if is_absurd else _SHIFTED_SECONDS))
        spans = request.resource_spans[0].scope_spans[0].spans
        ids = {sha256(span.trace_id + span.span_id).digest()[:16] for span in spans}
        with self._lock:
            self.ledger.requests += 1
            if not is_absurd:
                self.ledger.sent |= ids
        rejected = self._deliver(session, request.SerializeToString())
        with self._lock:
            if rejected != (len(spans) if is_absurd else 0):
                self.ledger.faults.append(f"{rejected} of {len(spans)} spans rejected")
            elif not is_absurd:
                self.ledger.acknowledged |= ids

    def _deliver(self, session: requests.Session, body: bytes) -> int:
        while not self._ending:
            with self._lock:
                self.ledger.attempts += 1
            try:
                answer = session.post(
                    self._url,
                    data=body,
                    headers={"Content-Type": "application/x-protobuf", "User-Agent": f"{CANARY}-agent"},
                    timeout=_TIMEOUT_SECONDS,
                )
                if answer.status_code == 200:
                    return ExportTraceServiceResponse.FromString(answer.content).partial_success.rejected_spans
            except (requests.RequestException, HTTPError, DecodeError):
                # An answer that was cut short is none.
                time.sleep(_AGAIN_SECONDS)
                continue
            if answer.status_code not in _RETRYABLE:
                with self._lock:
                    self.ledger.faults.append(f"answered {answer.status_code}")
            time.sleep(_AGAIN_SECONDS)
        return 0


def _request(dice: Random, sender: int, shifted_seconds: int) -> ExportTraceServiceRequest:
    made = ExportTraceServiceRequest()
    resource_spans = made.resource_spans.add()
    for key, value in {
        "service.name": "backend",
        "deployment.type": "cloud",
        "rhesis.installation.id": f"{CANARY}-installation-{sender}",
        "host.name": f"{CANARY}.example.com",
    }.items():
        resource_spans.resource.attributes.add(key=key).value.string_value = value
    spans = resource_spans.scope_spans.add().spans
    for _ in range(dice.randint(1, 30)):
        start = time.time_ns() + shifted_seconds * 10**9
        span = spans.add(trace_id=dice.randbytes(16), span_id=dice.randbytes(8), name=f"{CANARY} name")
        span.start_time_unix_nano = span.end_time_unix_nano = start
        person = f"{CANARY}-{dice.randrange(200)}@example.com"
        attributes = dice.choice(EVENTS) | {
            "user.id": person,
            "metadata.plan": f"free, asked by {person}",
            "metadata.user_name": CANARY,
            "unknown": CANARY,
        }
        for key, value in attributes.items():
            span.attributes.add(key=key).value.string_value = value
    return made
