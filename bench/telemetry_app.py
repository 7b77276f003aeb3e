"""The app that is measured: FastAPI, with telemetry where `BENCH_TELEMETRY` says so."""

import os

from fastapi import FastAPI

app = FastAPI()
telemetry = bool(os.environ.get("BENCH_TELEMETRY"))

if telemetry:
    from rhesis_telemetry import initialize_telemetry, set_telemetry_enabled, track_feature_usage

    initialize_telemetry(app)


@app.post("/items/{item_id}")
async def item(item_id: int) -> list[int]:
    """Answer, and track a use of a feature as somebody who agreed."""
    if telemetry:
        set_telemetry_enabled(True, item_id % 100, item_id % 10)
        track_feature_usage("item", "viewed", plan="pro", count=item_id)
    return list(range(100))
