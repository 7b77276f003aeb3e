-- How many installations are there, and do they stay? One row per day (UTC), from the first installation's to today.
--
-- active_installations: installations with an event that day. new_installations: those whose first event is of that day.
-- gone_installations: those for which it is the 14th day in a row without an event; one that comes back can go again,
-- and is not new again unless its events were gone after 12 months.
--
-- Clients that tell no installation id are no installation. Today counts what has come so far: gone_installations may
-- still fall.
create or replace view exact_installations as
with changes as (
    select *
    from analytics_daily_installations
    union all
    select *
    from analytics_installation_changes(null)
),

counts as (
    select
        day,
        sum(active)::bigint as active,
        sum(new)::bigint as new,
        sum(gone)::bigint as gone
    from changes
    group by day
),

days as (
    select day::date as day
    from generate_series(
        (select min(day) from counts where active > 0)::timestamp,
        (now() at time zone 'UTC')::date::timestamp,
        interval '1 day'
    ) as day
)

select
    days.day,
    coalesce(counts.active, 0) as active_installations,
    coalesce(counts.new, 0) as new_installations,
    coalesce(counts.gone, 0) as gone_installations
from days
left join counts using (day);
