"""How rows are written where BigQuery does what the emulator never does."""

from collections.abc import Iterator
from threading import Event

import grpc
import pytest
from google.cloud.bigquery_storage_v1.types import AppendRowsRequest, AppendRowsResponse, RowError
from google.rpc import code_pb2, status_pb2

from append_rows import rows_in, writing_to
from telemetry_pipeline.mirror.writer import Unavailable

TABLE = "analytics_user_activity"
OTHER = "analytics_feature_usage"


def refusing(*indexes: int) -> AppendRowsResponse:
    """The answer that these rows of a request can't be."""
    return AppendRowsResponse(
        error=status_pb2.Status(code=code_pb2.INVALID_ARGUMENT, message="a value that must not be told"),
        row_errors=[RowError(index=index, message="a value that must not be told") for index in indexes],
    )


def test_a_row_that_bigquery_refuses_takes_nobody_along() -> None:
    """It is left out and counted, and its neighbours are written by a second request."""
    written: list[bytes] = []

    def calls(requests: Iterator[AppendRowsRequest], _: grpc.ServicerContext) -> Iterator[AppendRowsResponse]:
        for request in requests:
            rows = rows_in(request)
            if b"bad" in rows:
                yield refusing(*(index for index, row in enumerate(rows) if row == b"bad"))
            else:
                written.extend(rows)
                yield AppendRowsResponse()

    with writing_to(calls) as writer:
        assert writer.write({TABLE: [b"a", b"bad", b"b", b"bad"], OTHER: [b"bad"]}) == 3

    assert written == [b"a", b"b"]


def test_a_request_that_is_refused_as_a_whole_waits() -> None:
    """Where no row is to blame, such as for a column that the table lacks, nothing is acknowledged."""

    def calls(requests: Iterator[AppendRowsRequest], _: grpc.ServicerContext) -> Iterator[AppendRowsResponse]:
        for _request in requests:
            yield refusing()

    with writing_to(calls) as writer, pytest.raises(Unavailable, match="INVALID_ARGUMENT"):
        writer.write({TABLE: [b"a"]})


def test_a_stream_that_ended_is_opened_again() -> None:
    """BigQuery ends a call that was idle; the next rows go by a new one, which tells the schema again."""
    schemas = []

    def calls(requests: Iterator[AppendRowsRequest], _: grpc.ServicerContext) -> Iterator[AppendRowsResponse]:
        schemas.append(next(requests).proto_rows.writer_schema.proto_descriptor.name)
        yield AppendRowsResponse()

    with writing_to(calls) as writer:
        for _ in range(3):
            assert writer.write({TABLE: [b"a"]}) == 0

    assert schemas == [TABLE] * 3


def test_the_schema_is_told_once_in_a_call() -> None:
    """Every request names its stream, the first alone describes the rows."""
    told = []

    def calls(requests: Iterator[AppendRowsRequest], _: grpc.ServicerContext) -> Iterator[AppendRowsResponse]:
        for request in requests:
            told.append((request.write_stream, bool(request.proto_rows.writer_schema.proto_descriptor.field)))
            yield AppendRowsResponse()

    with writing_to(calls) as writer:
        for _ in range(3):
            writer.write({TABLE: [b"a"]})

    stream = f"projects/project/datasets/dataset/tables/{TABLE}/streams/_default"
    assert told == [(stream, True), (stream, False), (stream, False)]


def test_an_answer_that_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait has an end, and the next rows do not wait behind those that hang."""
    monkeypatch.setattr("telemetry_pipeline.mirror.writer._ANSWER_SECONDS", 0.2)
    hang, is_over = Event(), Event()

    def calls(requests: Iterator[AppendRowsRequest], _: grpc.ServicerContext) -> Iterator[AppendRowsResponse]:
        for _request in requests:
            if not hang.is_set():
                hang.set()
                is_over.wait()
            yield AppendRowsResponse()

    with writing_to(calls) as writer:
        with pytest.raises(Unavailable, match="DEADLINE_EXCEEDED"):
            writer.write({TABLE: [b"a"]})
        monkeypatch.undo()
        assert writer.write({TABLE: [b"a"]}) == 0
        is_over.set()
