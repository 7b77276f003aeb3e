"""Requests for erasure that an operator makes, what they would find, and the receipts of all of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from telemetry_pipeline import contract, warehouse
from telemetry_pipeline.maintain.erasure import COLUMNS

if TYPE_CHECKING:
    from google.cloud import bigquery


def ask(connection: Connection, kind: str, pseudonyms: Sequence[str], key_epoch: int, receipt: str) -> None:
    """Record a request, which holds for whatever happened until now; `maintain` obeys it as it does people's own.

    Args:
        connection: The owner's.
        kind: What is to be forgotten, one of `COLUMNS`.
        pseudonyms: All that stand for it.
        key_epoch: The number of the key that is in use.
        receipt: The digest of the token that the receipt is fetched with.
    """
    statement = text(f"""
        insert into analytics_erasure_requests (id, kind, {COLUMNS[kind]}, "timestamp", key_epoch, received_at, receipt)
        select
            gen_random_uuid(),
            :kind,
            pseudonym,
            now(),
            :key_epoch,
            now(),
            :receipt
        from unnest(cast(:pseudonyms as text[])) as pseudonym
    """)  # noqa: S608 - a name of ours
    values = {"kind": kind, "pseudonyms": list(pseudonyms), "key_epoch": key_epoch, "receipt": receipt}
    with connection.begin():
        connection.execute(statement, values)


def found(connection: Connection, kind: str, pseudonyms: Sequence[str]) -> dict[str, int]:
    """How many events a request would find in Postgres now, by table."""
    with connection.begin():
        return {
            event.table: connection.execute(
                text(f"select count(*) from {event.table} where {COLUMNS[kind]} = any(:pseudonyms)"),  # noqa: S608
                {"pseudonyms": list(pseudonyms)},
            ).scalar_one()
            for event in contract.EVENTS
        }


def found_in_bigquery(
    client: "bigquery.Client", dataset: str, kind: str, pseudonyms: Sequence[str], now: datetime
) -> dict[str, int]:
    """The same in BigQuery.

    Raises:
        GoogleAPICallError: BigQuery did not tell.
    """
    from google.cloud import bigquery

    parameters: list[Any] = [
        bigquery.ScalarQueryParameter("moment", "TIMESTAMP", now),
        bigquery.ArrayQueryParameter("pseudonyms", "STRING", list(pseudonyms)),
    ]
    config = bigquery.QueryJobConfig(query_parameters=parameters)
    patience = bigquery.DEFAULT_RETRY.with_timeout(warehouse.PATIENCE_SECONDS)
    counts = {}
    for event in contract.EVENTS:
        # The tables refuse a query that does not say of which time.
        query = f"""
            select count(*) as events
            from `{dataset}.{event.table}`
            where timestamp < @moment
                and {COLUMNS[kind]} in unnest(@pseudonyms)
        """  # noqa: S608 - the names are the contract's and a setting's
        (row,) = client.query(query, job_config=config, retry=patience, job_retry=None).result()
        counts[event.table] = int(row["events"])
    return counts


def receipt(connection: Connection, digest: str) -> Mapping[str, Any] | None:
    """What became of the requests with this digest of a token; None where there are none."""
    with connection.begin():
        answered: Mapping[str, Any] | None = connection.execute(
            text("select analytics_erasure_receipt(:digest)"), {"digest": digest}
        ).scalar()
    return answered
