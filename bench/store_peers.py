"""What `store` is compared with: one COPY of rows that are ready, and a writer as an ORM suggests it."""

import hashlib
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from sqlalchemy import Engine, MetaData, event
from sqlalchemy.ext.automap import automap_base
from sqlalchemy.orm import Session

from telemetry_pipeline import bus, contract
from telemetry_pipeline.store.copy import stream
from telemetry_pipeline.store.tables import COLUMNS, Rows

_COLUMN_OF = {attribute.name: attribute.column for attribute in contract.ATTRIBUTES if attribute.column}
_TABLE_OF = {one.name: one.table for one in contract.EVENTS}


def copy_ready_rows(engine: Engine, rows: Rows) -> None:
    """Copy rows that are made already into their tables; a row that is there already would be an error."""
    connection = engine.raw_connection()
    cursor: Any = connection.cursor()
    for table, ready in rows.items():
        columns = ", ".join(f'"{column}"' for column in COLUMNS[table])
        cursor.execute(f"copy {table} ({columns}) from stdin with (format binary)", stream=stream(ready))
    connection.commit()
    connection.close()


class OrmWriter:
    """Decodes with protobuf's own classes and adds one mapped object per span to a session."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        metadata = MetaData()
        event.listen(metadata, "column_reflect", _rename)
        metadata.reflect(engine, only=list(_TABLE_OF.values()))
        base = automap_base(metadata=metadata)
        base.prepare()
        self._classes = {table: base.classes[table] for table in _TABLE_OF.values()}

    def write(self, data: bytes) -> None:
        """Store a message in one transaction."""
        request = ExportTraceServiceRequest.FromString(bus.unpack(data))
        with Session(self._engine) as session:
            for resource_spans in request.resource_spans:
                of_resource = {pair.key: _value(pair) for pair in resource_spans.resource.attributes}
                for scope_spans in resource_spans.scope_spans:
                    for span in scope_spans.spans:
                        session.add(self._object(span, of_resource))
            session.commit()

    def _object(self, span: Span, of_resource: dict[str, Any]) -> object:
        attributes = of_resource | {pair.key: _value(pair) for pair in span.attributes}
        columns = {_COLUMN_OF[name]: value for name, value in attributes.items() if name in _COLUMN_OF}
        return self._classes[_TABLE_OF[span.name]](
            **({"deployment_type": "unknown"} | columns),
            id=UUID(bytes=hashlib.sha256(span.trace_id + span.span_id).digest()[:16]),
            timestamp=_time(span.start_time_unix_nano),
            metadata_={
                name.removeprefix(contract.METADATA_PREFIX): value
                for name, value in attributes.items()
                if name.startswith(contract.METADATA_PREFIX)
            },
            key_epoch=of_resource[bus.KEY_EPOCH],
            received_at=_time(of_resource[bus.RECEIVED_AT]),
        )


def _rename(_inspector: object, _table: object, column: dict[str, Any]) -> None:
    # A mapped class has an attribute `metadata` of its own.
    if column["name"] == "metadata":
        column["key"] = "metadata_"


def _value(pair: Any) -> Any:  # noqa: ANN401 - a KeyValue, and whatever it holds
    return getattr(pair.value, pair.value.WhichOneof("value"))


def _time(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC)
