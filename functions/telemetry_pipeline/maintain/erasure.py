"""Erasure: the events of people who ask for it are removed, from Postgres and from BigQuery.

An operator may ask the same for an organization or for an installation, whose events are found by another column.

A request holds for whatever a person did before it, so it is obeyed again whenever such an event arrives late. The
counts that can still be brought up to date are: as soon as an event is gone, its day is counted anew.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Connection, text

from telemetry_pipeline import contract, warehouse
from telemetry_pipeline.maintain import rollups
from telemetry_pipeline.maintain.history import FIRST_DAYS

if TYPE_CHECKING:
    from google.cloud import bigquery

ARRIVES_WITHIN_DAYS = 31
"""How late a message may come: the longest that Pub/Sub keeps one, for a replay."""

_LOOK_AGAIN = timedelta(hours=1)
"""How often BigQuery is searched for events of people who were erased there."""

COLUMNS = {"user": "user_id", "organization": "organization_id", "installation": "installation_id"}
"""What may be forgotten, and the column of an event that names it."""


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody who is to be forgotten, and the time up to which: the latest of the requests."""

    id: UUID
    kind: str
    subject: str
    moment: datetime
    erased_in_bigquery_at: datetime | None

    @property
    def column(self) -> str:
        """Where an event names them."""
        return COLUMNS[self.kind]


def erase(connection: Connection) -> dict[str, int]:
    """Remove from Postgres what requests ask for, in a transaction for each day, which also counts the day anew.

    Returns:
        How many requests are obeyed, and how many events this run removed.
    """
    with connection.begin():
        connection.execute(text("set transaction isolation level repeatable read"))
        begun = connection.execute(text("select now()")).scalar_one()
        requests = {row.id: row.kind for row in connection.execute(_OBEYED)}
        kinds = sorted(set(requests.values()))
        days = list(connection.execute(_DAYS).scalars())
    erased = sum(_erase_day(connection, day, kinds) for day in days)
    with connection.begin():
        connection.execute(_ERASED, {"begun": begun, "requests": list(requests)})
    return {"requests": len(requests), "events": erased}


def erase_in_bigquery(connection: Connection, client: "bigquery.Client", dataset: str, now: datetime) -> int:
    """Remove from BigQuery what requests ask for, and return how many events that were.

    Raises:
        GoogleAPICallError: BigQuery did not do it; the next run tries again.
    """
    with connection.begin():
        requests = [Request(*row) for row in connection.execute(_LATEST)]
    new = [request for request in requests if request.erased_in_bigquery_at is None]
    known = [request for request in requests if request.erased_in_bigquery_at]
    removed = 0
    if new or any(one.erased_in_bigquery_at and one.erased_in_bigquery_at <= now - _LOOK_AGAIN for one in known):
        for request in new:
            if request.kind == "user":
                _delete(client, f"{dataset}.{FIRST_DAYS}", request, "first_day <= date(@moment)")
        for event in contract.EVENTS:
            table = f"{dataset}.{event.table}"
            found = _found(client, table, known)
            for request in (*new, *(one for one in known if found.get(one.subject, one.moment) < one.moment)):
                removed += _delete_and_note(connection, client, table, request, now)
        with connection.begin():
            values = {"now": now, "subjects": [request.subject for request in requests]}
            connection.execute(_ERASED_IN_BIGQUERY, values)
    return removed


def forget_requests(connection: Connection, now: datetime, days: int, *, in_bigquery: bool) -> int:
    """Forget whose the requests were that are older than `days`, when nothing of theirs can arrive any more.

    A request that was not obeyed yet, in BigQuery too where there is one, is kept.
    """
    with connection.begin():
        values = {"before": now - timedelta(days=days), "in_bigquery": in_bigquery}
        connection.execute(_UNLINK, values)
        return connection.execute(_FORGET, values).rowcount


def _erase_day(connection: Connection, day: date, kinds: list[str]) -> int:
    total = 0
    with connection.begin():
        connection.execute(text("set transaction isolation level repeatable read"))
        for event in contract.EVENTS:
            for kind in kinds:
                statement = text(_DELETE.format(table=event.table, column=COLUMNS[kind]))
                total += connection.execute(statement, {"day": day, "kind": kind}).scalar_one()
        if total:
            rollups.count_day(connection, day)
    return total


def _found(client: "bigquery.Client", table: str, requests: list[Request]) -> dict[str, datetime]:
    """The first event in BigQuery of each of those who are to be forgotten."""
    found: dict[str, datetime] = {}
    for column in COLUMNS.values():
        found |= _found_by(client, table, column, [request for request in requests if request.column == column])
    return found


def _found_by(client: "bigquery.Client", table: str, column: str, requests: list[Request]) -> dict[str, datetime]:
    if not requests:
        return {}
    from google.cloud import bigquery

    query = f"""
        select {column} as subject, min(timestamp) as first
        from `{table}`
        where timestamp < @latest
            and {column} in unnest(@subjects)
        group by {column}
    """  # noqa: S608 - the names are the contract's and a setting's
    parameters: list[Any] = [
        bigquery.ScalarQueryParameter("latest", "TIMESTAMP", max(request.moment for request in requests)),
        bigquery.ArrayQueryParameter("subjects", "STRING", [request.subject for request in requests]),
    ]
    config = bigquery.QueryJobConfig(query_parameters=parameters)
    patience = bigquery.DEFAULT_RETRY.with_timeout(warehouse.PATIENCE_SECONDS)
    job = client.query(query, job_config=config, retry=patience, job_retry=None)
    return {row["subject"]: row["first"] for row in job.result()}


def _delete_and_note(
    connection: Connection, client: "bigquery.Client", table: str, request: Request, now: datetime
) -> int:
    removed = _delete(client, table, request)
    if removed:
        with connection.begin():
            connection.execute(_REMOVED_IN_BIGQUERY, {"id": request.id, "removed": removed, "now": now})
    return removed


def _delete(client: "bigquery.Client", table: str, request: Request, before: str = "timestamp < @moment") -> int:
    from google.cloud import bigquery

    statement = f"delete from `{table}` where {before} and {request.column} = @subject"  # noqa: S608 - as above
    parameters = [
        bigquery.ScalarQueryParameter("moment", "TIMESTAMP", request.moment),
        bigquery.ScalarQueryParameter("subject", "STRING", request.subject),
    ]
    config = bigquery.QueryJobConfig(query_parameters=parameters)
    patience = bigquery.DEFAULT_RETRY.with_timeout(warehouse.PATIENCE_SECONDS)
    job = client.query(statement, job_config=config, retry=patience, job_retry=None)
    job.result()
    return job.num_dml_affected_rows or 0


_OBEYED = text("select id, kind from analytics_erasure_requests where subject is not null")
# A day is looked at again when it was counted anew since: only then can it hold an event that was not there before.
# Nothing tells on which days an organization or an installation had events, so the first time all are looked at.
_DAYS = text("""
    select known.day
    from resolved_requests as request
    inner join analytics_person_days as known
        on known.user_id = request.counted_as
        and known.deployment_type = 'all'
        and known.day <= (request."timestamp" at time zone 'UTC')::date
    inner join analytics_rolled_days as rolled on rolled.day = known.day
    where request.kind = 'user'
        and (request.erased_at is null or rolled.refreshed_at > request.erased_at)
    union
    select rolled.day
    from analytics_erasure_requests as request
    inner join analytics_rolled_days as rolled on rolled.day <= (request."timestamp" at time zone 'UTC')::date
    where request.kind <> 'user'
        and request.subject is not null
        and (request.erased_at is null or rolled.refreshed_at > request.erased_at)
    order by 1
""")
_DELETE = """
    with latest as (
        select distinct on (subject)
            id,
            subject,
            "timestamp"
        from resolved_requests
        where kind = :kind
        order by subject, "timestamp" desc
    ),

    gone as (
        delete from {table} as event
        using latest
        where event."timestamp" >= cast(:day as timestamp) at time zone 'UTC'
            and event."timestamp" < (cast(:day as timestamp) + interval '1 day') at time zone 'UTC'
            and event."timestamp" < latest."timestamp"
            and event.{column} = latest.subject
        returning latest.id
    ),

    counted as (
        update analytics_erasure_requests as request
        set
            erased_events = request.erased_events + gone.events,
            erased_in_bigquery_at = null,
            removed_at = now()
        from (select id, count(*) as events from gone group by id) as gone
        where request.id = gone.id
    )

    select count(*)
    from gone
"""
_ERASED = text("""
    update analytics_erasure_requests
    set
        erased_at = :begun,
        removed_at = coalesce(removed_at, :begun)
    where id = any(:requests)
""")
_LATEST = text("""
    select distinct on (kind, subject)
        id,
        kind,
        subject,
        "timestamp",
        erased_in_bigquery_at
    from resolved_requests
    order by kind, subject, "timestamp" desc
""")
_ERASED_IN_BIGQUERY = text("""
    update analytics_erasure_requests
    set
        erased_in_bigquery_at = :now,
        removed_in_bigquery_at = coalesce(removed_in_bigquery_at, :now)
    where id in (select id from resolved_requests where subject = any(:subjects))
""")
_REMOVED_IN_BIGQUERY = text("""
    update analytics_erasure_requests
    set
        erased_events_in_bigquery = erased_events_in_bigquery + :removed,
        removed_in_bigquery_at = :now
    where id = :id
""")
_FORGOTTEN = """
    subject is not null
    and received_at < :before
    and erased_at is not null
    and (erased_in_bigquery_at is not null or not :in_bigquery)
"""
# Until then the link is needed to find what arrives late; who came back since keeps it.
_UNLINK = text(f"""
    delete from analytics_pseudonym_links as link
    using resolved_requests as request
    where request.id in (select id from analytics_erasure_requests where {_FORGOTTEN})
        and link.domain = request.kind
        and link.previous = request.counted_as
        and not exists (select from analytics_people as known where known.user_id = link.previous)
        and not exists (select from analytics_installations as known where known.installation_id = link.previous)
""")  # noqa: S608 - our own
_FORGET = text(f"""
    update analytics_erasure_requests
    set
        user_id = null,
        organization_id = null,
        installation_id = null
    where {_FORGOTTEN}
""")  # noqa: S608 - our own
