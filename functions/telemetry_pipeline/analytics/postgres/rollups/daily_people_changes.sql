-- analytics_daily_people_changes(changes): by how much analytics_daily_people changes.
--
-- A day of activity makes a person one of the last 7 (30) days' people for 7 (30) days, unless they are already; when
-- that ends without another one, they cease to be.
create or replace function analytics_daily_people_changes(changes analytics_person_change[])
returns setof analytics_daily_people
language sql
immutable
as $$
with days as (
    select
        weight,
        deployment_type,
        day,
        has_login,
        day - lag(day) over person as since_the_last,
        lead(day) over person - day as until_the_next
    from unnest(changes)
    window person as (partition by weight, user_id, deployment_type order by day)
),

changes as (
    select
        day,
        deployment_type,
        weight as active,
        case when has_login then weight else 0 end as logins,
        case when coalesce(since_the_last >= 7, true) then weight else 0 end as weekly_change,
        case when coalesce(since_the_last >= 30, true) then weight else 0 end as monthly_change
    from days
    union all
    select
        day + 7,
        deployment_type,
        0,
        0,
        -weight,
        0
    from days
    where coalesce(until_the_next >= 7, true)
    union all
    select
        day + 30,
        deployment_type,
        0,
        0,
        0,
        -weight
    from days
    where coalesce(until_the_next >= 30, true)
)

select
    day,
    deployment_type,
    sum(active),
    sum(logins),
    sum(weekly_change),
    sum(monthly_change)
from changes
group by day, deployment_type
having sum(active) <> 0
    or sum(logins) <> 0
    or sum(weekly_change) <> 0
    or sum(monthly_change) <> 0
$$;

-- analytics_daily_people_changes(): the same for the events that were received lately.
create or replace function analytics_daily_people_changes()
returns setof analytics_daily_people
language sql
stable
security definer
set search_path from current
as $$
select *
from analytics_daily_people_changes(array(select change from analytics_person_changes(null) as change))
$$;
