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

rolled as (
    select *
    from analytics_daily_endpoints
    where day between first_day and last_day
        and day not in (select day from stale)
        and deployment_type <> 'all'
),

fresh as (
    select bins.*
    from stale
    cross join lateral analytics_daily_endpoint_bins_of(stale.day) as bins
),

-- A number stands for method and endpoint, since there are many bins, and texts are slow to compare.
endpoints as (
    select
        method,
        endpoint,
        row_number() over () as number
    from (
        select method, endpoint from rolled
        union
        select method, endpoint from fresh
    ) as named
),

bins_of_days as (
    select
        endpoints.number,
        rolled.deployment_type,
        histogram.bin,
        histogram.count as timed
    from rolled
    inner join endpoints using (method, endpoint)
    cross join lateral unnest(rolled.bins, rolled.counts) as histogram (bin, count)
    union all
    select
        endpoints.number,
        fresh.deployment_type,
        fresh.bin,
        fresh.timed
    from fresh
    inner join endpoints using (method, endpoint)
    where fresh.bin is not null
),

bins_by_type as (
    select
        number,
        deployment_type,
        bin,
        sum(timed)::bigint as timed
    from bins_of_days
    group by number, deployment_type, bin
),

bins as (
    select
        number,
        type.deployment_type,
        bin,
        sum(timed)::bigint as timed
    from bins_by_type
    cross join lateral (values (bins_by_type.deployment_type), ('all')) as type (deployment_type)
    group by number, type.deployment_type, bin
),

ranked as (
    select
        *,
        sum(timed) over (partition by number, deployment_type order by bin) as reached,
        sum(timed) over (partition by number, deployment_type) as all_timed
    from bins
),

quantiles as (
    select
        number,
        deployment_type,
        min(bin) filter (where reached * 100 >= all_timed * 50) as p50_bin,
        min(bin) filter (where reached * 100 >= all_timed * 95) as p95_bin,
        min(bin) filter (where reached * 100 >= all_timed * 99) as p99_bin
    from ranked
    group by number, deployment_type
),

counts as (
    select method, endpoint, deployment_type, requests, errors, timed, microseconds, satisfied, tolerating
    from rolled
    union all
    select method, endpoint, deployment_type, requests, errors, timed, microseconds, satisfied, tolerating
    from fresh
),

totals as (
    select
        method,
        endpoint,
        type.deployment_type,
        sum(requests)::bigint as requests,
        sum(errors)::bigint as errors,
        sum(timed) as timed,
        sum(microseconds) as microseconds,
        sum(satisfied) as satisfied,
        sum(tolerating) as tolerating
    from counts
    cross join lateral (values (counts.deployment_type), ('all')) as type (deployment_type)
    group by method, endpoint, type.deployment_type
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
inner join endpoints using (method, endpoint)
left join quantiles using (number, deployment_type)
$$;
