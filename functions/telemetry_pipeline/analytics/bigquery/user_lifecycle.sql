-- Where do this week's people come from, and who stayed away? One row per week (its Monday, in UTC) and deployment type.
--
-- new_users: their first event ever is of this week. returning_users: active this week and the week before, not new.
-- resurrected_users: active this week, not the week before, but earlier. dormant_users: active the week before, not this
-- week. Whoever is active in a week is one of the first three.
--
-- Weeks run from a deployment type's first to the current one, in which the figures are those so far: dormant_users then
-- falls until the week is over. A row of a deployment type looks at what people did there alone.
with active_weeks as (
    select distinct
        user_id,
        deployment_type,
        week,
        first_week
    from `${dataset}.person_days`
),

spaced as (
    select
        deployment_type,
        week,
        week = first_week as is_first,
        coalesce(date_diff(week, lag(week) over person, day) = 7, false) as follows,
        coalesce(date_diff(lead(week) over person, week, day) = 7, false) as is_followed
    from active_weeks
    window person as (partition by user_id, deployment_type order by week)
),

changes as (
    select
        week,
        deployment_type,
        if(is_first, 1, 0) as new_users,
        if(follows and not is_first, 1, 0) as returning_users,
        if(not follows and not is_first, 1, 0) as resurrected_users,
        0 as dormant_users
    from spaced
    union all
    select
        date_add(week, interval 7 day),
        deployment_type,
        0,
        0,
        0,
        1
    from spaced
    where not is_followed
),

counts as (
    select
        week,
        deployment_type,
        sum(new_users) as new_users,
        sum(returning_users) as returning_users,
        sum(resurrected_users) as resurrected_users,
        sum(dormant_users) as dormant_users
    from changes
    cross join `${dataset}.horizon` as horizon
    where week >= horizon.first_counted_day
    group by week, deployment_type
    union all
    select
        weekly_people.week,
        weekly_people.deployment_type,
        weekly_people.new_users,
        weekly_people.returning_users,
        weekly_people.resurrected_users,
        weekly_people.dormant_users
    from `${dataset}.analytics_history`
    where weekly_people.week is not null
),

first_weeks as (
    select
        deployment_type,
        min(week) as first_week
    from counts
    where new_users > 0
    group by deployment_type
),

weeks as (
    select
        week,
        first_weeks.deployment_type
    from first_weeks
    cross join unnest(
        generate_date_array(first_weeks.first_week, current_date('UTC'), interval 7 day)
    ) as week
)

select
    weeks.week,
    weeks.deployment_type,
    coalesce(counts.new_users, 0) as new_users,
    coalesce(counts.returning_users, 0) as returning_users,
    coalesce(counts.resurrected_users, 0) as resurrected_users,
    coalesce(counts.dormant_users, 0) as dormant_users
from weeks
left join counts
    on counts.week = weeks.week
    and counts.deployment_type = weeks.deployment_type
