"""What each part was measured to need (`bench.parts` writes it), for whoever calculates with it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

RESULTS = Path(__file__).with_name("results") / "parts.json"


@dataclass(frozen=True, slots=True)
class ServiceTimes:
    """Seconds. Those of ingest, bus, load, store and postgres are CPU time; a wait holds no CPU."""

    ingest_request: float
    ingest_event: float
    bus_message: float
    bus_event: float
    load_request: float
    load_event: float
    store_message: float
    store_transaction: float
    store_event: float
    postgres_transaction: float
    postgres_event: float
    publish_wait: float
    commit_wait: float
    count_event: float
    """Postgres, by event of a day that is counted."""
    compare_event: float
    """Postgres, by stored event, each time that all days are compared with what was counted of them."""
    ask_event: float
    """Postgres, by event of days that are not counted yet, for a question (exact_endpoint_performance)."""

    @classmethod
    def measured(cls) -> Self:
        """What was measured last."""
        return cls(**json.loads(RESULTS.read_text()))

    def to_json(self) -> str:
        """To be read by `measured`."""
        return json.dumps({name: float(f"{value:.4g}") for name, value in asdict(self).items()}, indent=2) + "\n"

    def cpu_seconds(self, requests: float, transactions: float, events: float) -> dict[str, float]:
        """The CPU time of each part for so many requests of so many events in all, stored in so many transactions."""
        return {
            "ingest": self.ingest_request * requests + self.ingest_event * events,
            "bus": self.bus_message * requests + self.bus_event * events,
            "load": self.load_request * requests + self.load_event * events,
            "store": self.store_message * requests + self.store_transaction * transactions + self.store_event * events,
            "postgres": self.postgres_transaction * transactions + self.postgres_event * events,
        }
