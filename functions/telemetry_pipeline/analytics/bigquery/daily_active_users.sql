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
with spaced as (
    select
        day,
        deployment_type,
        has_login,
        date_diff(day, lag(day) over person, day) as since_the_last,
        date_diff(lead(day) over person, day, day) as until_the_next
    from `${dataset}.person_days`
    window person as (partition by user_id, deployment_type order by day)
),

-- A day of activity makes a person one of the last 7 (30) days' people for 7 (30) days, unless they are already; when
-- that ends without another one, they cease to be.
changes as (
    select
        day,
        deployment_type,
        1 as active,
        if(has_login, 1, 0) as logins,
        if(coalesce(since_the_last >= 7, true), 1, 0) as weekly_change,
        if(coalesce(since_the_last >= 30, true), 1, 0) as monthly_change
    from spaced
    union all
    select
        date_add(day, interval 7 day),
        deployment_type,
        0,
        0,
        -1,
        0
    from spaced
    where coalesce(until_the_next >= 7, true)
    union all
    select
        date_add(day, interval 30 day),
        deployment_type,
        0,
        0,
        0,
        -1
    from spaced
    where coalesce(until_the_next >= 30, true)
),

changes_by_day as (
    select
        day,
        deployment_type,
        sum(active) as active,
        sum(logins) as logins,
        sum(weekly_change) as weekly_change,
        sum(monthly_change) as monthly_change
    from changes
    cross join `${dataset}.horizon` as horizon
    where day >= horizon.first_counted_day
    group by day, deployment_type
    union all
    select
        daily_people.day,
        daily_people.deployment_type,
        daily_people.active,
        daily_people.logins,
        daily_people.weekly_change,
        daily_people.monthly_change
    from `${dataset}.analytics_history`
    where daily_people.day is not null
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
        day,
        first_days.deployment_type
    from first_days
    cross join unnest(generate_date_array(first_days.first_day, current_date('UTC'))) as day
),

people as (
    select
        days.day,
        days.deployment_type,
        coalesce(changed.active, 0) as dau,
        sum(changed.weekly_change) over type as wau,
        sum(changed.monthly_change) over type as mau,
        coalesce(changed.logins, 0) as logins
    from days
    left join changes_by_day as changed
        on changed.day = days.day
        and changed.deployment_type = days.deployment_type
    window type as (partition by days.deployment_type order by days.day)
)

select
    day,
    deployment_type,
    dau,
    wau,
    mau,
    round(cast(dau as bignumeric) / nullif(mau, 0), 4) as stickiness,
    logins
from people
