-- analytics_daily_features_of(of_day): the features that were used on a day.
create or replace function analytics_daily_features_of(of_day date)
returns setof analytics_daily_features
language sql
stable
security definer
set search_path from current
set plan_cache_mode to force_custom_plan
as $$
with uses_by_person as (
    select
        feature_name,
        action,
        deployment_type,
        user_id,
        count(*) as uses
    from resolved_feature_usage
    where "timestamp" >= of_day::timestamp at time zone 'UTC'
        and "timestamp" < (of_day + 1)::timestamp at time zone 'UTC'
    group by feature_name, action, deployment_type, user_id
)

select
    of_day,
    feature_name,
    action,
    type.deployment_type,
    count(distinct user_id),
    sum(uses)
from uses_by_person
cross join lateral (values (uses_by_person.deployment_type), ('all')) as type (deployment_type)
group by 2, 3, 4
$$;
