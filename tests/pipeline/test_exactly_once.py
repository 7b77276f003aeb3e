"""Under load and violence: what was acknowledged is a row, once."""

import itertools
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from exports import FEATURE, span, traces
from stack import Pipeline
from waiting import until

EVENTS = 20_000
BATCH = 100
SENDERS = 4


def send(url: str, body: bytes) -> None:
    """Send a batch as an exporter does: again, until it is acknowledged."""
    for _ in itertools.count():
        try:
            response = requests.post(url, data=body, headers={"Content-Type": "application/x-protobuf"}, timeout=30)
        except requests.ConnectionError:
            continue
        if response.status_code == 200:
            return
        assert response.status_code == 503, response.content


def kill(pipeline: Pipeline, victim: str) -> None:
    """Kill a part, and wait until it has been started again."""
    killed = pipeline.about["pids"][victim]
    os.kill(killed, signal.SIGKILL)
    until(lambda: pipeline.about["pids"][victim] != killed, 30)


@pytest.mark.parametrize("victim", ["store", "ingest"])
def test_a_killed_function_loses_and_doubles_nothing(pipeline: Pipeline, victim: str) -> None:
    """Kill -9 in the middle of a load of 20,000 events, several times: each is there, once."""
    feature = {**FEATURE, "feature.name": f"load {victim}"}
    batches = [traces(*(span(feature) for _ in range(BATCH))).SerializeToString() for _ in range(EVENTS // BATCH)]
    count = f"select count(*) from analytics_feature_usage where feature_name = 'load {victim}'"

    with ThreadPoolExecutor(SENDERS) as senders:
        sent = [senders.submit(send, f"{pipeline.otlp_url}/v1/traces", body) for body in batches]
        for share in (0.2, 0.4, 0.6):
            until(lambda share=share: pipeline.query(count)[0][0] > share * EVENTS, 120)  # type: ignore[misc]
            kill(pipeline, victim)
        for one in sent:
            one.result()

    until(lambda: pipeline.query(count)[0][0] >= EVENTS, 120)
    before_again = pipeline.query(count)
    with ThreadPoolExecutor(SENDERS) as senders:
        list(senders.map(lambda body: send(f"{pipeline.otlp_url}/v1/traces", body), batches[:20]))
    marker = traces(span({**FEATURE, "feature.name": f"after {victim}"})).SerializeToString()
    send(f"{pipeline.otlp_url}/v1/traces", marker)
    until(
        lambda: (
            pipeline.query(f"select count(*) from analytics_feature_usage where feature_name = 'after {victim}'")
            == [(1,)]
        ),
        60,
    )
    assert before_again == pipeline.query(count) == [(EVENTS,)]
