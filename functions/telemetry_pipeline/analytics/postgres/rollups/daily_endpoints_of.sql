-- analytics_daily_endpoints_of(of_day): the requests of a day, by endpoint.
create or replace function analytics_daily_endpoints_of(of_day date)
returns setof analytics_daily_endpoints
language sql
stable
security definer
set search_path from current
set plan_cache_mode to force_custom_plan
as $$
with requests as (
    select
        method,
        endpoint,
        deployment_type,
        duration_ms,
        analytics_bin(duration_ms) as bin,
        coalesce(status_code >= 500, false) as has_failed
    from analytics_endpoint_usage
    where "timestamp" >= of_day::timestamp at time zone 'UTC'
        and "timestamp" < (of_day + 1)::timestamp at time zone 'UTC'
),

bins_by_type as (
    select
        method,
        endpoint,
        deployment_type,
        bin,
        count(*) as requests,
        count(*) filter (where has_failed) as errors,
        count(duration_ms) as timed,
        coalesce(sum(round(duration_ms::numeric * 1000)), 0) as microseconds,
        count(*) filter (where not has_failed and duration_ms <= 500) as satisfied,
        count(*) filter (where not has_failed and duration_ms > 500 and duration_ms <= 2000) as tolerating
    from requests
    group by method, endpoint, deployment_type, bin
),

bins as (
    select
        method,
        endpoint,
        type.deployment_type,
        bin,
        sum(requests) as requests,
        sum(errors) as errors,
        sum(timed) as timed,
        sum(microseconds) as microseconds,
        sum(satisfied) as satisfied,
        sum(tolerating) as tolerating
    from bins_by_type
    cross join lateral (values (bins_by_type.deployment_type), ('all')) as type (deployment_type)
    group by method, endpoint, type.deployment_type, bin
),

ranked as (
    select
        *,
        sum(timed) over (partition by method, endpoint, deployment_type order by bin) as reached,
        sum(timed) over (partition by method, endpoint, deployment_type) as all_timed
    from bins
)

select
    of_day,
    method,
    endpoint,
    deployment_type,
    sum(requests),
    sum(errors),
    sum(timed),
    sum(microseconds),
    sum(satisfied),
    sum(tolerating),
    min(bin) filter (where reached * 100 >= all_timed * 50),
    min(bin) filter (where reached * 100 >= all_timed * 95),
    min(bin) filter (where reached * 100 >= all_timed * 99),
    coalesce(array_agg(bin order by bin) filter (where bin is not null), '{}'),
    coalesce(array_agg(timed order by bin) filter (where bin is not null), '{}')
from ranked
group by method, endpoint, deployment_type
$$;
