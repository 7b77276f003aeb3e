"""The telemetry pipeline on one machine."""
