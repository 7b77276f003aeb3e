"""Plausible events with real structure: people who come, stay or leave, releases that spread, an incident."""
