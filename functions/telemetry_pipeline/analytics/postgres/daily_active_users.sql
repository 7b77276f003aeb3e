-- How many people are active, and how often do they come? One row per day (UTC) and deployment type.
--
-- A person is active on a day with at least one event of any kind. Events without a user id are nobody's. A row of a
-- deployment type counts who was active there; in the row of all, who was active in two is counted once.
--
-- dau: people active that day. wau, mau: people active in the 7 or in the 30 days that end with it. stickiness: dau/mau,
-- null if nobody was active. logins: people with an event of type login that day.
--
-- Days run from a deployment type's first to today, those without anybody included; today counts what has come so far.
-- An event counts for the day it happened, however late it comes; one dated ahead, by a wrong clock, shows on its day.
-- The first 29 days of all have a mau of fewer days.
create or replace view exact_daily_active_users as
with changes as (
    select *
    from analytics_daily_people
    union all
    select *
    from analytics_daily_people_changes()
),

changes_by_day as (
    select
        day,
        deployment_type,
        sum(active)::bigint as active,
        sum(logins)::bigint as logins,
        sum(weekly_change) as weekly_change,
        sum(monthly_change) as monthly_change
    from changes
    group by day, deployment_type
),

first_days as (
    select
        deployment_type,
        min(day) as first_day
    from changes_by_day
    where active > 0
    group by deployment_type
),

days as (
    select
        day::date as day,
        deployment_type
    from first_days
    cross join lateral generate_series(
        first_day::timestamp, (now() at time zone 'UTC')::date::timestamp, interval '1 day'
    ) as day
),

days_and_changes as (
    select
        day,
        deployment_type,
        true as is_listed,
        0 as active,
        0 as logins,
        0 as weekly_change,
        0 as monthly_change
    from days
    union all
    select
        day,
        deployment_type,
        false,
        active,
        logins,
        weekly_change,
        monthly_change
    from changes_by_day
),

people as (
    select
        day,
        deployment_type,
        bool_or(is_listed) as is_listed,
        sum(active)::bigint as dau,
        (sum(sum(weekly_change)) over type)::bigint as wau,
        (sum(sum(monthly_change)) over type)::bigint as mau,
        sum(logins)::bigint as logins
    from days_and_changes
    group by day, deployment_type
    window type as (partition by deployment_type order by day)
)

select
    day,
    deployment_type,
    dau,
    wau,
    mau,
    round(dau::numeric / nullif(mau, 0), 4) as stickiness,
    logins
from people
where is_listed;
