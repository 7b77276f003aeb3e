-- analytics_weekly_people_changes(changes): by how much analytics_weekly_people changes.
create or replace function analytics_weekly_people_changes(changes analytics_person_change[])
returns setof analytics_weekly_people
language sql
immutable
as $$
with active_weeks as (
    select distinct
        weight,
        user_id,
        deployment_type,
        date_trunc('week', day::timestamp)::date as week,
        date_trunc('week', first_day::timestamp)::date as first_week
    from unnest(changes)
),

weeks as (
    select
        weight,
        deployment_type,
        week,
        week = first_week as is_first,
        coalesce(week - lag(week) over person = 7, false) as follows,
        coalesce(lead(week) over person - week = 7, false) as is_followed
    from active_weeks
    window person as (partition by weight, user_id, deployment_type order by week)
),

changes as (
    select
        week,
        deployment_type,
        case when is_first then weight else 0 end as new_users,
        case when follows and not is_first then weight else 0 end as returning_users,
        case when not follows and not is_first then weight else 0 end as resurrected_users,
        0 as dormant_users
    from weeks
    union all
    select
        week + 7,
        deployment_type,
        0,
        0,
        0,
        weight
    from weeks
    where not is_followed
)

select
    week,
    deployment_type,
    sum(new_users),
    sum(returning_users),
    sum(resurrected_users),
    sum(dormant_users)
from changes
group by week, deployment_type
having sum(new_users) <> 0
    or sum(returning_users) <> 0
    or sum(resurrected_users) <> 0
    or sum(dormant_users) <> 0
$$;

-- analytics_weekly_people_changes(): the same for the events that were received lately.
create or replace function analytics_weekly_people_changes()
returns setof analytics_weekly_people
language sql
stable
security definer
set search_path from current
as $$
select *
from analytics_weekly_people_changes(array(select change from analytics_person_changes(null) as change))
$$;
