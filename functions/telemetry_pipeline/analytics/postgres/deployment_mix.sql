-- Where is the product used? One row per day (UTC) and deployment type with an event.
--
-- users: people active there that day, as daily_active_users has them. events: all events, anonymous ones included.
-- Who was active in two deployment types counts in both, and once in the row of all. Today counts what has come so far.
create or replace view exact_deployment_mix as
with stale as (
    select day
    from analytics_stale_days()
),

days as (
    select *
    from analytics_daily_events
    where day not in (select day from stale)
    union all
    select fresh.*
    from stale
    cross join lateral analytics_daily_events_of(stale.day) as fresh
)

select
    days.day,
    days.deployment_type,
    coalesce(active.dau, 0) as users,
    days.events
from days
left join exact_daily_active_users as active using (day, deployment_type)
where days.day <= (now() at time zone 'UTC')::date;
