"""Monthly partitions."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, text

from telemetry_pipeline.maintain.partitions import make_partitions, summarize

TABLE = "analytics_user_activity"


def _insert(connection: Connection, *times: str) -> None:
    with connection.begin():
        for time in times:
            connection.execute(
                text("""
                    insert into analytics_user_activity
                        (id, event_type, "timestamp", deployment_type, key_epoch, received_at)
                    values (gen_random_uuid(), 'login', :time, 'cloud', 1, now())
                """),
                {"time": time},
            )


def _where(connection: Connection) -> dict[str, str]:
    """The time of each event, and the partition that it is in."""
    with connection.begin():
        rows = connection.execute(
            text("""
                select to_char("timestamp", 'YYYY-MM-DD'), tableoid::regclass::text
                from analytics_user_activity
                order by 1
            """)
        )
        return {row[0]: row[1] for row in rows}


def test_an_event_is_in_the_partition_of_its_month(connection: Connection) -> None:
    """Months from three ago to three ahead have a partition, all else is in the default one."""
    today = datetime.now(UTC).date().replace(day=15)
    _insert(connection, f"{today} 00:00:00+00", "2020-01-01 00:00:00+00")

    where = _where(connection)

    assert {str(today): f"{TABLE}_{today:%Y_%m}", "2020-01-01": f"{TABLE}_default"} == where


def test_a_month_begins_in_utc(connection: Connection) -> None:
    """The bounds don't move with anybody's time zone."""
    make_partitions(connection, date(2020, 2, 10), 1, 0)
    _insert(connection, "2020-01-31 23:59:59.999999+00", "2020-02-01 00:00:00+00")

    assert {"2020-01-31": f"{TABLE}_2020_01", "2020-02-01": f"{TABLE}_2020_02"} == _where(connection)


def test_what_the_migration_made_is_not_made_again(connection: Connection) -> None:
    """Partitions that are there are left alone."""
    assert make_partitions(connection, datetime.now(UTC).date(), 3, 3) == []


def test_partitions_are_made_over_a_new_year(connection: Connection) -> None:
    """Each table gets each month, once."""
    made = make_partitions(connection, date(2031, 12, 31), 1, 1)
    again = make_partitions(connection, date(2031, 12, 31), 1, 1)

    months = ("2031_11", "2031_12", "2032_01")
    assert [f"{TABLE}_{month}" for month in months] == [name for name in made if name.startswith(TABLE)]
    assert (len(made), again) == (9, [])


def test_events_move_out_of_the_default_partition(connection: Connection) -> None:
    """A partition that is made late takes its events with it, and only its own."""
    _insert(connection, "2020-03-01 00:00:00+00", "2020-03-31 12:00:00+00", "2020-04-01 00:00:00+00")

    make_partitions(connection, date(2020, 3, 5), 0, 0)

    assert {
        "2020-03-01": f"{TABLE}_2020_03",
        "2020-03-31": f"{TABLE}_2020_03",
        "2020-04-01": f"{TABLE}_default",
    } == _where(connection)


def test_past_months_are_summarized(connection: Connection) -> None:
    """The index on received_at knows all pages of months that are over, and of the running one as they fill up."""
    today = datetime.now(UTC).date().replace(day=15)
    make_partitions(connection, today, 2, 0)
    before = today.replace(day=1) - timedelta(days=1)
    with connection.begin():
        # Pages of more than one of the index's ranges, which have 128 of them.
        connection.execute(
            text("""
                insert into analytics_user_activity
                    (id, event_type, "timestamp", deployment_type, key_epoch, received_at)
                select gen_random_uuid(), 'login', day, 'cloud', 1, now()
                from unnest(cast(:days as timestamptz[])) as day
                cross join generate_series(1, 15000)
            """),
            {"days": [today, before]},
        )

    summarize(connection, today)

    with connection.begin():
        unknown = connection.execute(
            text("""
                select indrelid::regclass::text, brin_summarize_new_values(indexrelid)
                from pg_index
                where indrelid in (cast(:past as regclass), cast(:running as regclass))
                    and indexrelid::regclass::text like '%received_at_idx'
            """),
            {"past": f"{TABLE}_{before:%Y_%m}", "running": f"{TABLE}_{today:%Y_%m}"},
        )
        assert {row[0]: row[1] for row in unknown} == {f"{TABLE}_{before:%Y_%m}": 0, f"{TABLE}_{today:%Y_%m}": 1}
