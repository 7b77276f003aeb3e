"""Rhesis Telemetry: receive OpenTelemetry spans, keep who anybody is out of them, store them once."""

__version__ = "0.1.0"
