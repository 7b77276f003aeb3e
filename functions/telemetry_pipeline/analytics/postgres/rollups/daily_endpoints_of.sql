-- analytics_daily_endpoints_of(of_day): the requests of a day, by endpoint.
create or replace function analytics_daily_endpoints_of(of_day date)
returns setof analytics_daily_endpoints
language sql
stable
security definer
set search_path from current
set plan_cache_mode to force_custom_plan
as $$
with bins as (
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
    from analytics_daily_endpoint_bins_of(of_day) as by_type
    cross join lateral (values (by_type.deployment_type), ('all')) as type (deployment_type)
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
