"""The end of an overlap of two keys: from then on nothing here tells whose pseudonyms were whose under the key before.

It ends in two steps, so that it may break off in between. First it is written down, which keeps `store` from adding
links; then the links are used for the last time, and deleted.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, text

from telemetry_pipeline.settings import MaintainSettings


def end_overlaps(connection: Connection, settings: MaintainSettings, now: datetime) -> dict[str, list[int]]:
    """End the overlaps that are over: declared to be, past the linkage horizon, or followed by another rotation.

    Returns:
        The epochs whose pseudonyms are linked to the former ones no more.
    """
    values = {"declared": settings.unlinked_key_epoch, "months": settings.linkage_horizon_months, "now": now}
    with connection.begin():
        is_due = connection.execute(_DUE, values).first() is not None
    if is_due:
        _write_down(connection, values)
    with connection.begin():
        ended = list(connection.execute(_ENDED).scalars())
    for epoch in ended:
        with connection.begin():
            connection.execute(text("call analytics_unlink(cast(:epoch as smallint))"), {"epoch": epoch})
    return {"unlinked": ended}


def _write_down(connection: Connection, values: Mapping[str, object]) -> None:
    with connection.begin():
        # Whoever writes links is waited for, and whoever comes next finds it written down.
        connection.execute(text("lock table analytics_pseudonym_links in exclusive mode"))
        connection.execute(_END, values)


_OVER = """
    select
        key_epoch,
        min(first_seen) as began_at
    from analytics_pseudonym_links
    group by key_epoch
    having key_epoch <= :declared
        or key_epoch < (select max(key_epoch) from analytics_pseudonym_links)
        or (:months > 0 and min(first_seen) + make_interval(months => :months) <= :now)
"""
_DUE = text(_OVER)
_END = text(f"""
    insert into analytics_key_overlaps (key_epoch, began_at, ended_at)
    select
        key_epoch,
        began_at,
        :now
    from ({_OVER}) as over
    on conflict do nothing
""")  # noqa: S608 - our own
_ENDED = text("""
    select key_epoch
    from analytics_key_overlaps
    where unlinked_at is null
    order by key_epoch
""")
