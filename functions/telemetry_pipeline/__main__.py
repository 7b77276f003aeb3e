"""`python -m telemetry_pipeline` is `telemetry`."""

from telemetry_pipeline.cli import main

main(prog_name="telemetry")
