import json
import socket
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from brokers import LocalBroker
from pubsub.bus import Bus, bus_at
from pubsub.push_endpoint import PushEndpoint
from telemetry_local.pubsub import Broker
from telemetry_local.pubsub.errors import CannotStart
from waiting import until

COMMAND = (sys.executable, "-m", "telemetry_local.pubsub")


def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=20, check=False)


def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    """The message names the port and the way out, and the exit code is 1."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        ended = run("--port", port, "--database", tmp_path / "pubsub.db")

    assert ended.returncode == 1
    assert f"port {port} of 127.0.0.1 is taken; stop what listens there or choose another with --port\n" == ended.stderr


def test_a_database_has_one_broker(broker: LocalBroker) -> None:
    """A second broker over the same file refuses to start: each message would be delivered twice."""
    ended = run("--port", 0, "--database", broker.database)

    assert ended.returncode == 1
    assert "does another broker run with it" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_it_stops_when_it_is_asked_to(broker: LocalBroker, own_bus: Bus, endpoint: PushEndpoint) -> None:
    """SIGTERM ends it with exit code 0, also while an endpoint doesn't answer and a pull waits."""
    topic = own_bus.topic()
    own_bus.subscription(topic, push_config={"push_endpoint": endpoint.url}, ack_deadline_seconds=600)
    endpoint.answer = lambda _: until(lambda: broker.process.returncode is not None and 204, 20)
    own_bus.publish(topic, b"never answered")
    until(lambda: endpoint.requests, 10)

    assert broker.stop() == 0


def test_nothing_of_a_message_is_logged(broker: LocalBroker, own_bus: Bus, endpoint: PushEndpoint) -> None:
    """Every line is JSON, and none has a payload, an attribute or an endpoint, whatever fails."""
    topic = own_bus.topic()
    own_bus.subscription(topic, push_config={"push_endpoint": endpoint.url})
    endpoint.answer = lambda _: 500
    own_bus.publish(topic, b"planted-payload", key="planted-value")
    until(lambda: len(endpoint.requests) > 1, 10)

    broker.stop()

    lines = [json.loads(line) for line in broker.output.splitlines()]
    assert "push not acknowledged" in {line["message"] for line in lines}
    assert "planted" not in broker.output
    assert endpoint.url not in broker.output


def test_it_runs_inside_another_program(tmp_path: Path, endpoint: PushEndpoint) -> None:
    """`with Broker(path)` is the same broker without a process: no thread stays, and its file can be had again."""
    path = tmp_path / "pubsub.db"
    with Broker(path) as broker, bus_at(f"127.0.0.1:{broker.port}") as bus:
        topic = bus.topic()
        subscription = bus.subscription(topic)
        bus.subscription(topic, push_config={"push_endpoint": endpoint.url})
        bus.publish(topic, b"kept")
        until(lambda: endpoint.requests, 10)
    until(lambda: "push" not in {thread.name for thread in threading.enumerate()}, 10)

    with Broker(path) as broker, bus_at(f"127.0.0.1:{broker.port}") as bus:
        assert [each.message.data for each in bus.pull(subscription)] == [b"kept"]


def test_a_file_of_another_version_is_left_alone(tmp_path: Path) -> None:
    """A broker that would not understand what waits in a file says so, and changes nothing."""
    path = tmp_path / "pubsub.db"
    with sqlite3.connect(path) as connection:
        connection.execute("pragma user_version = 99")
    before = path.read_bytes()

    with pytest.raises(CannotStart, match="another version"), Broker(path):
        pass

    assert path.read_bytes() == before
