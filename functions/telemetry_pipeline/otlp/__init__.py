"""OTLP/HTTP on the wire: content negotiation, limits, decoding, encoding, errors (opentelemetry.io/docs/specs/otlp)."""
