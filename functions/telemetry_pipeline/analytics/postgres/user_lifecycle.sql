-- Where do this week's people come from, and who stayed away? One row per week (its Monday, in UTC) and deployment type.
--
-- new_users: their first event ever is of this week. returning_users: active this week and the week before, not new.
-- resurrected_users: active this week, not the week before, but earlier. dormant_users: active the week before, not this
-- week. Whoever is active in a week is one of the first three.
--
-- Weeks run from a deployment type's first to the current one, in which the figures are those so far: dormant_users then
-- falls until the week is over. A row of a deployment type looks at what people did there alone.
create or replace view exact_user_lifecycle as
with changes as (
    select *
    from analytics_weekly_people
    union all
    select *
    from analytics_weekly_people_changes()
),

counts as (
    select
        week,
        deployment_type,
        sum(new_users)::bigint as new_users,
        sum(returning_users)::bigint as returning_users,
        sum(resurrected_users)::bigint as resurrected_users,
        sum(dormant_users)::bigint as dormant_users
    from changes
    group by week, deployment_type
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
        week::date as week,
        deployment_type
    from first_weeks
    cross join lateral generate_series(
        first_week::timestamp, (now() at time zone 'UTC')::date::timestamp, interval '7 days'
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
left join counts using (week, deployment_type);
