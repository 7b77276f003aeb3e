"""The columns of `TelemetryConsent` as operations of Alembic; importing this module adds them to `op`."""

import sqlalchemy
from alembic.operations import MigrateOperation, Operations
from sqlalchemy import Boolean, Column, DateTime, Integer


def _columns() -> list[Column[object]]:
    return [
        Column("telemetry_enabled", Boolean(), server_default=sqlalchemy.false(), nullable=False),
        Column("telemetry_decided_at", DateTime(timezone=True), nullable=True),
        Column("telemetry_consent_version", Integer(), nullable=True),
    ]


@Operations.register_operation("add_telemetry_consent")
class AddTelemetryConsent(MigrateOperation):
    """`op.add_telemetry_consent("user")`: add the columns that the table does not have yet."""

    def __init__(self, table: str, schema: str | None = None) -> None:
        self.table = table
        self.schema = schema

    @classmethod
    def add_telemetry_consent(cls, operations: Operations, table: str, schema: str | None = None) -> None:
        """Add the columns to a table of users; one that is there already stays as it is.

        Args:
            operations: Alembic's; given by `op`.
            table: The table's name.
            schema: Its schema.
        """
        operations.invoke(cls(table, schema))

    def reverse(self) -> "DropTelemetryConsent":
        """The operation that undoes this one."""
        return DropTelemetryConsent(self.table, self.schema)


@Operations.register_operation("drop_telemetry_consent")
class DropTelemetryConsent(MigrateOperation):
    """`op.drop_telemetry_consent("user")`: drop the columns, and with them all choices."""

    def __init__(self, table: str, schema: str | None = None) -> None:
        self.table = table
        self.schema = schema

    @classmethod
    def drop_telemetry_consent(cls, operations: Operations, table: str, schema: str | None = None) -> None:
        """Drop the columns from a table of users.

        Args:
            operations: Alembic's; given by `op`.
            table: The table's name.
            schema: Its schema.
        """
        operations.invoke(cls(table, schema))

    def reverse(self) -> AddTelemetryConsent:
        """The operation that undoes this one."""
        return AddTelemetryConsent(self.table, self.schema)


@Operations.implementation_for(AddTelemetryConsent)
def _add(operations: Operations, operation: AddTelemetryConsent) -> None:
    there = _existing(operations, operation)
    with operations.batch_alter_table(operation.table, schema=operation.schema) as table:
        for column in _columns():
            if column.name not in there:
                table.add_column(column)


@Operations.implementation_for(DropTelemetryConsent)
def _drop(operations: Operations, operation: DropTelemetryConsent) -> None:
    with operations.batch_alter_table(operation.table, schema=operation.schema) as table:
        for column in _columns():
            table.drop_column(column.name)


def _existing(operations: Operations, operation: AddTelemetryConsent) -> set[str]:
    """The table's columns; where only SQL is written (`--sql`) they can't be known, and none are."""
    if operations.get_context().as_sql:
        return set()
    columns = sqlalchemy.inspect(operations.get_bind()).get_columns(operation.table, schema=operation.schema)
    return {column["name"] for column in columns}
