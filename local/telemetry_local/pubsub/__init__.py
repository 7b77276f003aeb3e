"""A durable Pub/Sub for one machine: google.pubsub.v1 over gRPC, with every message on disk until it is acknowledged.

Google's clients find it by `PUBSUB_EMULATOR_HOST`. Start it with `python -m telemetry_local.pubsub`, or from Python:

    with Broker(Path("pubsub.db")) as broker:
        os.environ["PUBSUB_EMULATOR_HOST"] = f"127.0.0.1:{broker.port}"
"""

from telemetry_local.pubsub.broker import Broker
from telemetry_local.pubsub.errors import CannotStart

__all__ = ["Broker", "CannotStart"]
