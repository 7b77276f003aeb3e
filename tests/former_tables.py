"""The former system's tables, as its two generations made them, and rows in them."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, text

_KINDS = {
    "user_activity": "event_type varchar(50) not null, session_id varchar(255)",
    "endpoint_usage": "endpoint varchar(255) not null, method varchar(10), status_code integer, duration_ms float",
    "feature_usage": "feature_name varchar(100) not null, action varchar(100)",
}


def make(connection: Connection, prefix: str = "", id_type: str = "varchar(32)") -> None:
    """Make the three tables: `analytics_` with ids that are UUIDs for 0.4, without a prefix for what came later."""
    with connection.begin():
        for kind, own in _KINDS.items():
            connection.exec_driver_sql(f"""
                create table {prefix}{kind} (
                    id uuid primary key,
                    user_id {id_type},
                    organization_id {id_type},
                    {own},
                    "timestamp" timestamp,
                    deployment_type varchar(50),
                    event_metadata jsonb,
                    created_at timestamp not null default now()
                )
            """)


def fill(connection: Connection, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add rows; each gets an id, and metadata is given as an object."""
    with connection.begin():
        connection.execute(
            text(f"insert into {table} select * from jsonb_populate_recordset(null::{table}, cast(:rows as jsonb))"),
            {"rows": json.dumps([_row(row) for row in rows])},
        )


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    made = {"id": str(uuid4()), "created_at": "2026-01-01"} | dict(row)
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in made.items()}
