-- analytics_daily_versions_of(of_day): which versions of which service were in use on a day.
create or replace function analytics_daily_versions_of(of_day date)
returns setof analytics_daily_versions
language sql
stable
security definer
set search_path from current
set plan_cache_mode to force_custom_plan
as $$
with events as (
    select
        service_name,
        service_version,
        deployment_type,
        installation_id,
        user_id
    from resolved_user_activity
    where "timestamp" >= of_day::timestamp at time zone 'UTC'
        and "timestamp" < (of_day + 1)::timestamp at time zone 'UTC'
    union all
    select
        service_name,
        service_version,
        deployment_type,
        installation_id,
        user_id
    from resolved_endpoint_usage
    where "timestamp" >= of_day::timestamp at time zone 'UTC'
        and "timestamp" < (of_day + 1)::timestamp at time zone 'UTC'
    union all
    select
        service_name,
        service_version,
        deployment_type,
        installation_id,
        user_id
    from resolved_feature_usage
    where "timestamp" >= of_day::timestamp at time zone 'UTC'
        and "timestamp" < (of_day + 1)::timestamp at time zone 'UTC'
),

seen as (
    select distinct *
    from events
)

select
    of_day,
    seen.service_name,
    seen.service_version,
    type.deployment_type,
    count(distinct seen.installation_id),
    count(distinct seen.user_id)
from seen
cross join lateral (values (seen.deployment_type), ('all')) as type (deployment_type)
group by 2, 3, 4
$$;
