-- Where is the product used? One row per day (UTC) and deployment type with an event.
--
-- users: people active there that day, as daily_active_users has them. events: all events, anonymous ones included.
-- Who was active in two deployment types counts in both, and once in the row of all. Today counts what has come so far.
select
    day,
    deployment_type,
    count(distinct user_id) as users,
    count(*) as events
from `${dataset}.events`
cross join `${dataset}.horizon` as horizon
where day >= horizon.first_counted_day
    and day <= current_date('UTC')
group by day, deployment_type
union all
select
    daily_events.day,
    daily_events.deployment_type,
    daily_events.users,
    daily_events.events
from `${dataset}.analytics_history`
where daily_events.day is not null
