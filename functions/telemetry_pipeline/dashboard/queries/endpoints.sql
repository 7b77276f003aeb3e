-- How fast and how sound is each endpoint? One row per endpoint, over a span of days: what endpoint_performance_between
-- says, of one deployment type alone, whose histograms are all that is added up.
with stale as (
    select day
    from analytics_stale_days()
    where day between :first and :last
),

endpoints as (
    select *
    from analytics_daily_endpoints
    where day between :first and :last
        and day not in (select day from stale)
        and deployment_type = :deployment
    union all
    select fresh.*
    from stale
    cross join lateral analytics_daily_endpoints_of(stale.day) as fresh
    where fresh.deployment_type = :deployment
),

bins as (
    select
        endpoints.method,
        endpoints.endpoint,
        histogram.bin,
        sum(histogram.count)::bigint as timed
    from endpoints
    cross join lateral unnest(endpoints.bins, endpoints.counts) as histogram (bin, count)
    group by endpoints.method, endpoints.endpoint, histogram.bin
),

ranked as (
    select
        *,
        (sum(timed) over (partition by method, endpoint order by bin))::bigint as reached,
        (sum(timed) over (partition by method, endpoint))::bigint as all_timed
    from bins
),

quantiles as (
    select
        method,
        endpoint,
        min(bin) filter (where reached * 100 >= all_timed * 50) as p50_bin,
        min(bin) filter (where reached * 100 >= all_timed * 95) as p95_bin,
        min(bin) filter (where reached * 100 >= all_timed * 99) as p99_bin
    from ranked
    group by method, endpoint
),

totals as (
    select
        method,
        endpoint,
        sum(requests)::bigint as requests,
        sum(errors)::bigint as errors,
        sum(timed) as timed,
        sum(microseconds) as microseconds,
        sum(satisfied) as satisfied,
        sum(tolerating) as tolerating
    from endpoints
    group by method, endpoint
)

select
    totals.method,
    totals.endpoint,
    totals.requests,
    totals.errors,
    round(totals.errors::numeric / totals.requests, 4) as error_rate,
    round(totals.microseconds / 1000.0 / nullif(totals.timed, 0), 3) as avg_ms,
    analytics_bin_ms(quantiles.p50_bin) as p50_ms,
    analytics_bin_ms(quantiles.p95_bin) as p95_ms,
    analytics_bin_ms(quantiles.p99_bin) as p99_ms,
    round((totals.satisfied + totals.tolerating / 2.0) / nullif(totals.timed, 0), 4) as apdex
from totals
left join quantiles using (method, endpoint)
order by p95_ms desc nulls last, totals.endpoint, totals.method
limit 500;
