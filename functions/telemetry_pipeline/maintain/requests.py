"""Requests for erasure that an operator makes, what they would find, and the receipts of all of them."""

import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, text

from telemetry_pipeline import contract, warehouse
from telemetry_pipeline.logs import log
from telemetry_pipeline.maintain import run
from telemetry_pipeline.maintain.erasure import COLUMNS
from telemetry_pipeline.settings import MaintainSettings, WarehouseSettings

if TYPE_CHECKING:
    from google.cloud import bigquery

_DIGEST = re.compile(r"[0-9a-f]{32}")
_LAST_EPOCH = 32_767


@dataclass(frozen=True, slots=True)
class Order:
    """What an operator asks for.

    Args:
        kind: What is to be forgotten, one of `COLUMNS`.
        pseudonyms: All that stand for it.
        key_epoch: The number of the key that is in use.
        receipt: The digest of the token that the receipt is fetched with.
        dry_run: Whether it is only to be counted.
    """

    kind: str
    pseudonyms: tuple[str, ...]
    key_epoch: int
    receipt: str
    dry_run: bool

    @classmethod
    def read(cls, body: object) -> "Order":
        """An order as it comes in JSON.

        Raises:
            ValueError: It is none.
        """
        try:
            order = cls(**body)  # type: ignore[arg-type]
        except TypeError:
            raise ValueError("an order has kind, pseudonyms, key_epoch, receipt and dry_run") from None
        if not (
            order.kind in COLUMNS
            and isinstance(order.pseudonyms, list | tuple)
            and all(map(_is_digest, (*order.pseudonyms, order.receipt)))
            and isinstance(order.key_epoch, int)
            and 1 <= order.key_epoch <= _LAST_EPOCH
            and isinstance(order.dry_run, bool)
        ):
            raise ValueError("an order has known kinds, digests and an epoch")
        return order


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and bool(_DIGEST.fullmatch(value))


def fulfil(engine: Engine, settings: MaintainSettings, order: Order) -> dict[str, Any]:
    """Count what an order would find, and unless it is a dry run, erase it.

    Returns:
        `found`, the events in each table, by place; `erased`, what was done, or nothing where another run of
        maintenance is under way: the next one does it then.
    """
    with engine.connect() as connection:
        places = {"Postgres": found(connection, order.kind, order.pseudonyms)}
        if settings.warehouse:
            places["BigQuery"] = _found_in_bigquery(settings.warehouse, order)
        if order.dry_run:
            return {"found": places, "erased": None}
        ask(connection, order.kind, order.pseudonyms, order.key_epoch, order.receipt)
    try:
        erased = run.obey(engine, settings).steps["erasure"]
    except run.UnderWay:
        return {"found": places, "erased": None}
    return {"found": places, "erased": {key: erased[key] for key in ("events", "events_in_bigquery") if key in erased}}


def _found_in_bigquery(settings: WarehouseSettings, order: Order) -> dict[str, int]:
    """What there is in BigQuery; nothing where it does not tell."""
    from google.api_core.exceptions import GoogleAPIError

    try:
        with closing(warehouse.client(settings)) as client:
            dataset = settings.bigquery_dataset
            return found_in_bigquery(client, dataset, order.kind, order.pseudonyms, datetime.now(UTC))
    except (GoogleAPIError, OSError) as error:
        log("ERROR", "BigQuery did not tell what it has", error=type(error).__name__)
        return {}


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
                text(f"select count(*) from {event.table} where {COLUMNS[kind]} = any(:pseudonyms)"),  # noqa: S608 - ours
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
