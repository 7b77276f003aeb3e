"""Measurements: `make bench`, or `make bench ARGS=ingest` for one part; results are in bench/results."""
