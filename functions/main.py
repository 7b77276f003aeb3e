"""The entry points of the functions. An instance loads the room of its own function alone, and while it starts."""

import os

import flask
import functions_framework

from telemetry_pipeline import instance

instance.start(os.environ)


@functions_framework.http
def ingest(request: flask.Request) -> flask.Response:
    """Receive an OTLP/HTTP export request."""
    from telemetry_pipeline.ingest import function

    return function.respond(request)


@functions_framework.http
def store(request: flask.Request) -> flask.Response:
    """Store the events of a Pub/Sub message that is pushed."""
    from telemetry_pipeline.store import function

    return function.respond(request)


@functions_framework.http
def mirror(request: flask.Request) -> flask.Response:
    """Mirror the events of a Pub/Sub message that is pushed into BigQuery."""
    from telemetry_pipeline.mirror import function

    return function.respond(request)


@functions_framework.http
def maintain(request: flask.Request) -> flask.Response:
    """Migrate, make partitions, refresh rollups, drop what is past its retention."""
    from telemetry_pipeline.maintain import function

    return function.respond(request)


@functions_framework.http
def dashboard(request: flask.Request) -> flask.Response:
    """Show the numbers."""
    from telemetry_pipeline.dashboard import function

    return function.respond(request)


@functions_framework.http
def public(request: flask.Request) -> flask.Response:
    """Show what everybody may see: receipts of erasures, and the public page."""
    from telemetry_pipeline.public import function

    return function.respond(request)
