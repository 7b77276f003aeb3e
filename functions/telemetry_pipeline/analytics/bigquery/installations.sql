-- How many installations are there, and do they stay? One row per day (UTC), from the first installation's to today.
--
-- active_installations: installations with an event that day. new_installations: those whose first event is of that day.
-- gone_installations: those for which it is the 14th day in a row without an event; one that comes back can go again,
-- and is not new again unless its events were gone after 12 months.
--
-- Clients that tell no installation id are no installation. Today counts what has come so far: gone_installations may
-- still fall.
with active_days as (
    select distinct
        event.installation_id,
        event.day
    from `${dataset}.events` as event
    cross join `${dataset}.horizon` as horizon
    where event.installation_id is not null
        and event.day >= horizon.first_event_day
),

spaced as (
    select
        active_days.day,
        lag(active_days.day) over installation is null
        and coalesce(known.first_day >= active_days.day, true) as is_first,
        date_diff(lead(active_days.day) over installation, active_days.day, day) as until_the_next
    from active_days
    left join `${dataset}.analytics_first_days` as known
        on known.installation_id = active_days.installation_id
    window installation as (partition by active_days.installation_id order by active_days.day)
),

changes as (
    select
        day,
        1 as active,
        if(is_first, 1, 0) as appeared,
        0 as gone
    from spaced
    union all
    select
        date_add(day, interval 14 day),
        0,
        0,
        1
    from spaced
    where coalesce(until_the_next > 14, true)
),

counts as (
    select
        day,
        sum(active) as active,
        sum(appeared) as appeared,
        sum(gone) as gone
    from changes
    cross join `${dataset}.horizon` as horizon
    where day >= horizon.first_counted_day
    group by day
    union all
    select
        daily_installations.day,
        daily_installations.active,
        daily_installations.appeared,
        daily_installations.gone
    from `${dataset}.analytics_history`
    where daily_installations.day is not null
),

first as (
    select min(day) as first_day
    from counts
    where active > 0
),

days as (
    select day
    from first
    cross join unnest(generate_date_array(first.first_day, current_date('UTC'))) as day
)

select
    days.day,
    coalesce(counts.active, 0) as active_installations,
    coalesce(counts.appeared, 0) as new_installations,
    coalesce(counts.gone, 0) as gone_installations
from days
left join counts
    on counts.day = days.day
