"""The tables, and the rows' descriptor, are those of schemas/."""

import json
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from telemetry_pipeline import contract
from telemetry_pipeline.mirror.protobuf import descriptor
from telemetry_pipeline.rows.columns import COLUMNS
from warehouse import Warehouse

SCHEMAS = Path(__file__).parents[2] / "schemas" / "bigquery"
PROTOBUF = {"STRING": "STRING", "JSON": "STRING", "INT64": "INT64", "TIMESTAMP": "INT64", "FLOAT64": "DOUBLE"}

each_event = pytest.mark.parametrize("event", contract.EVENTS, ids=lambda event: event.name)


@each_event
def test_the_descriptor_has_the_tables_columns(event: contract.Event) -> None:
    """Names, types and what may be missing agree, so that BigQuery takes the rows."""
    schema = json.loads((SCHEMAS / f"{event.table}.json").read_text())

    fields = {
        field.name: (
            FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_"),
            field.label == FieldDescriptorProto.LABEL_REQUIRED,
        )
        for field in descriptor(event).field
    }

    assert fields == {column["name"]: (PROTOBUF[column["type"]], column["mode"] == "REQUIRED") for column in schema}
    assert set(COLUMNS[event.table]) == set(fields)


@each_event
def test_a_table_is_partitioned_clustered_and_forgets(dataset: Warehouse, event: contract.Event) -> None:
    """Days are partitions that go after twelve months; making the tables again does no harm.

    The emulator forgets whether a partition filter is required.
    """
    dataset.create_tables()

    table = dataset.client.get_table(f"{dataset.settings.bigquery_dataset}.{event.table}")

    assert (table.time_partitioning.type_, table.time_partitioning.field) == ("DAY", "timestamp")
    assert table.time_partitioning.expiration_ms == 366 * 86_400_000
    assert table.clustering_fields == ["user_id", "deployment_type"]
