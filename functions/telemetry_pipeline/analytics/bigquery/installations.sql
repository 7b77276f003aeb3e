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
        installation_id,
        day
    from `${dataset}.events`
    where installation_id is not null
),

spaced as (
    select
        day,
        lag(day) over installation is null as is_first,
        date_diff(lead(day) over installation, day, day) as until_the_next
    from active_days
    window installation as (partition by installation_id order by day)
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
    group by day
),

first as (
    select min(day) as first_day
    from active_days
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
