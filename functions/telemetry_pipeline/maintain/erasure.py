"""Erasure: the events of people who ask for it are removed, from Postgres and from BigQuery.

A request holds for whatever a person did before it, so it is obeyed again whenever such an event arrives late. The
counts that can still be brought up to date are: as soon as an event is gone, its day is counted anew.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

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


@dataclass(frozen=True, slots=True)
class Request:
    """A person who is to be forgotten, and the time up to which: the latest of their requests."""

    user_id: str
    moment: datetime
    erased_in_bigquery_at: datetime | None


def erase(connection: Connection) -> dict[str, int]:
    """Remove from Postgres what requests ask for, in a transaction for each day, which also counts the day anew.

    Returns:
        How many requests are obeyed, and how many events this run removed.
    """
    with connection.begin():
        connection.execute(text("set transaction isolation level repeatable read"))
        begun = connection.execute(text("select now()")).scalar_one()
        requests = list(connection.execute(_OBEYED).scalars())
        days = list(connection.execute(_DAYS).scalars())
    erased = sum(_erase_day(connection, day) for day in days)
    with connection.begin():
        connection.execute(_ERASED, {"begun": begun, "requests": requests})
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
            _delete(client, f"{dataset}.{FIRST_DAYS}", request, "first_day <= date(@moment)")
        for event in contract.EVENTS:
            table = f"{dataset}.{event.table}"
            found = _found(client, table, known)
            for request in (*new, *(one for one in known if found.get(one.user_id, one.moment) < one.moment)):
                removed += _delete(client, table, request)
        with connection.begin():
            connection.execute(_ERASED_IN_BIGQUERY, {"now": now, "users": [request.user_id for request in requests]})
    return removed


def forget_requests(connection: Connection, now: datetime, days: int, *, in_bigquery: bool) -> int:
    """Forget whose the requests were that are older than `days`, when nothing of theirs can arrive any more.

    A request that was not obeyed yet, in BigQuery too where there is one, is kept.
    """
    with connection.begin():
        values = {"before": now - timedelta(days=days), "in_bigquery": in_bigquery}
        connection.execute(_UNLINK, values)
        return connection.execute(_FORGET, values).rowcount


def _erase_day(connection: Connection, day: date) -> int:
    total = 0
    with connection.begin():
        connection.execute(text("set transaction isolation level repeatable read"))
        for event in contract.EVENTS:
            total += connection.execute(text(_DELETE.format(table=event.table)), {"day": day}).scalar_one()
        if total:
            rollups.count_day(connection, day)
    return total


def _found(client: "bigquery.Client", table: str, requests: list[Request]) -> dict[str, datetime]:
    """The first event of each of these people that is in BigQuery."""
    if not requests:
        return {}
    from google.cloud import bigquery

    query = f"""
        select user_id, min(timestamp) as first
        from `{table}`
        where timestamp < @latest
            and user_id in unnest(@users)
        group by user_id
    """  # noqa: S608 - the name is the contract's and a setting's
    parameters: list[Any] = [
        bigquery.ScalarQueryParameter("latest", "TIMESTAMP", max(request.moment for request in requests)),
        bigquery.ArrayQueryParameter("users", "STRING", [request.user_id for request in requests]),
    ]
    config = bigquery.QueryJobConfig(query_parameters=parameters)
    patience = bigquery.DEFAULT_RETRY.with_timeout(warehouse.PATIENCE_SECONDS)
    job = client.query(query, job_config=config, retry=patience, job_retry=None)
    return {row["user_id"]: row["first"] for row in job.result()}


def _delete(client: "bigquery.Client", table: str, request: Request, before: str = "timestamp < @moment") -> int:
    from google.cloud import bigquery

    statement = f"delete from `{table}` where {before} and user_id = @user_id"  # noqa: S608 - as above
    parameters = [
        bigquery.ScalarQueryParameter("moment", "TIMESTAMP", request.moment),
        bigquery.ScalarQueryParameter("user_id", "STRING", request.user_id),
    ]
    config = bigquery.QueryJobConfig(query_parameters=parameters)
    patience = bigquery.DEFAULT_RETRY.with_timeout(warehouse.PATIENCE_SECONDS)
    job = client.query(statement, job_config=config, retry=patience, job_retry=None)
    job.result()
    return job.num_dml_affected_rows or 0


_OBEYED = text("select id from analytics_erasure_requests where user_id is not null")
# A day is looked at again when it was counted anew since: only then can it hold an event that was not there before.
_DAYS = text("""
    select distinct known.day
    from resolved_requests as request
    inner join analytics_person_days as known
        on known.user_id = request.person
        and known.deployment_type = 'all'
        and known.day <= (request."timestamp" at time zone 'UTC')::date
    inner join analytics_rolled_days as rolled on rolled.day = known.day
    where request.erased_at is null
        or rolled.refreshed_at > request.erased_at
    order by 1
""")
_DELETE = """
    with latest as (
        select distinct on (user_id)
            id,
            user_id,
            "timestamp"
        from resolved_requests
        order by user_id, "timestamp" desc
    ),

    gone as (
        delete from {table} as event
        using latest
        where event."timestamp" >= cast(:day as timestamp) at time zone 'UTC'
            and event."timestamp" < (cast(:day as timestamp) + interval '1 day') at time zone 'UTC'
            and event."timestamp" < latest."timestamp"
            and event.user_id = latest.user_id
        returning latest.id
    ),

    counted as (
        update analytics_erasure_requests as request
        set
            erased_events = request.erased_events + gone.events,
            erased_in_bigquery_at = null
        from (select id, count(*) as events from gone group by id) as gone
        where request.id = gone.id
    )

    select count(*)
    from gone
"""
_ERASED = text("""
    update analytics_erasure_requests
    set erased_at = :begun
    where id = any(:requests)
""")
_LATEST = text("""
    select distinct on (user_id)
        user_id,
        "timestamp",
        erased_in_bigquery_at
    from resolved_requests
    order by user_id, "timestamp" desc
""")
_ERASED_IN_BIGQUERY = text("""
    update analytics_erasure_requests
    set erased_in_bigquery_at = :now
    where id in (select id from resolved_requests where user_id = any(:users))
""")
_FORGOTTEN = """
    user_id is not null
    and received_at < :before
    and erased_at is not null
    and (erased_in_bigquery_at is not null or not :in_bigquery)
"""
# Until then the link is needed to find what arrives late; who came back since keeps it.
_UNLINK = text(f"""
    delete from analytics_pseudonym_links as link
    using resolved_requests as request
    where request.id in (select id from analytics_erasure_requests where {_FORGOTTEN})
        and link.domain = 'user'
        and link.previous = request.person
        and not exists (select from analytics_people as known where known.user_id = link.previous)
""")  # noqa: S608 - our own
_FORGET = text(f"""
    update analytics_erasure_requests
    set
        user_id = null,
        installation_id = null
    where {_FORGOTTEN}
""")  # noqa: S608 - our own
