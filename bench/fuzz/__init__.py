"""Any bytes: what decodes requests, what scrubs texts and what reads messages, under a coverage-guided fuzzer.

Each target (bench/fuzz/targets.py) takes bytes and fails when a promise is broken: an error that is not the protocol's,
a row that Postgres would not take, a text that still names somebody, a second scrubbing that changes something, a time
that is not linear. atheris (libFuzzer) changes the bytes so that they reach ever more of the code, from seeds that are
real requests and messages. What it found to be different is then stored in a real Postgres.

Run as `make fuzz`, or `make fuzz ARGS='--executions 30000 decode'`. What fails is written to .cache/fuzz/crashes.
"""
