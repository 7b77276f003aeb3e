-- How many events of the last 30 days came late, and how many were not stored? One row.
with stale as (
    select day
    from analytics_stale_days()
),

days as (
    select
        events,
        late
    from analytics_daily_events
    where deployment_type = 'all'
        and day between (now() at time zone 'UTC')::date - 29 and (now() at time zone 'UTC')::date
        and day not in (select day from stale)
    union all
    select
        fresh.events,
        fresh.late
    from stale
    cross join lateral analytics_daily_events_of(stale.day) as fresh
    where fresh.deployment_type = 'all'
        and stale.day between (now() at time zone 'UTC')::date - 29 and (now() at time zone 'UTC')::date
)

select
    coalesce(sum(events), 0)::bigint as events,
    coalesce(sum(late), 0)::bigint as late,
    (select count(*) from analytics_rejected_spans where received_at >= now() - interval '30 days') as rejected,
    (select count(*) from analytics_parked_messages where received_at >= now() - interval '30 days') as parked
from days;
