-- The days on which people were active, with the Monday of the week and the first of the month, and the same of the
-- first day ever, which analytics_first_days knows of whoever came before the events that are looked at. One row per
-- person, deployment type and day.
--
-- The Monday is counted back to, for date_trunc by weeks that begin on Monday is not the same everywhere.
with active_days as (
    select
        event.user_id,
        event.deployment_type,
        event.day,
        logical_or(event.is_login) as has_login
    from `${dataset}.events` as event
    cross join `${dataset}.horizon` as horizon
    where event.user_id is not null
        and event.day >= horizon.first_event_day
    group by event.user_id, event.deployment_type, event.day
),

dated as (
    select
        active_days.*,
        least(
            min(active_days.day) over (partition by active_days.user_id, active_days.deployment_type),
            coalesce(known.first_day, active_days.day)
        ) as first_day
    from active_days
    left join `${dataset}.analytics_first_days` as known
        on known.user_id = active_days.user_id
        and known.deployment_type = active_days.deployment_type
)

select
    user_id,
    deployment_type,
    day,
    date_sub(day, interval mod(extract(dayofweek from day) + 5, 7) day) as week,
    date_trunc(day, month) as month,
    has_login,
    first_day,
    date_sub(first_day, interval mod(extract(dayofweek from first_day) + 5, 7) day) as first_week,
    date_trunc(first_day, month) as first_month
from dated
