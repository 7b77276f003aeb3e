-- endpoint_performance over a span of days, one row per method, endpoint and deployment type.
--
--     select * from endpoint_performance_between(current_date - 6, current_date);
--
-- All is as in endpoint_performance, both days included. The quantiles are those of all requests of the span, from the
-- sum of the days' histograms: at most 1% from the exact ones, as a day's are; quantiles of days can't be averaged.
create or replace function endpoint_performance_between(first_day date, last_day date)
returns table (
    method text,
    endpoint text,
    deployment_type text,
    requests bigint,
    errors bigint,
    error_rate numeric,
    avg_ms numeric,
    p50_ms numeric,
    p95_ms numeric,
    p99_ms numeric,
    apdex numeric
)
language sql
stable
security definer
set search_path from current
set plan_cache_mode to force_custom_plan
as $$
with stale as (
    select day
    from analytics_stale_days()
    where day between first_day and last_day
),

endpoints as (
    select *
    from analytics_daily_endpoints
    where day between first_day and last_day
        and day not in (select day from stale)
    union all
    select fresh.*
    from stale
    cross join lateral analytics_daily_endpoints_of(stale.day) as fresh
),

bins_by_type as (
    select
        method,
        endpoint,
        deployment_type,
        bin,
        sum(count) as timed
    from endpoints
    cross join lateral unnest(bins, counts) as histogram (bin, count)
    where deployment_type <> 'all'
    group by method, endpoint, deployment_type, bin
),

bins as (
    select
        method,
        endpoint,
        type.deployment_type,
        bin,
        sum(timed) as timed
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
),

quantiles as (
    select
        method,
        endpoint,
        deployment_type,
        min(bin) filter (where reached * 100 >= all_timed * 50) as p50_bin,
        min(bin) filter (where reached * 100 >= all_timed * 95) as p95_bin,
        min(bin) filter (where reached * 100 >= all_timed * 99) as p99_bin
    from ranked
    group by method, endpoint, deployment_type
),

totals as (
    select
        method,
        endpoint,
        deployment_type,
        sum(requests)::bigint as requests,
        sum(errors)::bigint as errors,
        sum(timed) as timed,
        sum(microseconds) as microseconds,
        sum(satisfied) as satisfied,
        sum(tolerating) as tolerating
    from endpoints
    group by method, endpoint, deployment_type
)

select
    method,
    endpoint,
    deployment_type,
    requests,
    errors,
    round(errors::numeric / requests, 4),
    round(microseconds / 1000.0 / nullif(timed, 0), 3),
    analytics_bin_ms(p50_bin),
    analytics_bin_ms(p95_bin),
    analytics_bin_ms(p99_bin),
    round((satisfied + tolerating / 2.0) / nullif(timed, 0), 4)
from totals
left join quantiles using (method, endpoint, deployment_type)
$$;
