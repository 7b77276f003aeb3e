-- How long do requests take, of all endpoints or of one? One row per day: quantiles from the sum of the histograms.
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

chosen as (
    select *
    from endpoints
    where method = coalesce(:method, method)
        and endpoint = coalesce(:endpoint, endpoint)
),

-- Of all endpoints, from the rollup that has them added up.
histograms as (
    select
        day,
        bins,
        counts
    from analytics_daily_latency
    where cast(:method as text) is null
        and cast(:endpoint as text) is null
        and day between :first and :last
        and day not in (select day from stale)
        and deployment_type = :deployment
    union all
    select
        day,
        bins,
        counts
    from chosen
    where cast(:method as text) is not null
        or cast(:endpoint as text) is not null
        or day in (select day from stale)
),

bins as (
    select
        histograms.day,
        histogram.bin,
        sum(histogram.count)::bigint as timed
    from histograms
    cross join lateral unnest(histograms.bins, histograms.counts) as histogram (bin, count)
    group by histograms.day, histogram.bin
),

ranked as (
    select
        *,
        (sum(timed) over (partition by day order by bin))::bigint as reached,
        (sum(timed) over (partition by day))::bigint as all_timed
    from bins
),

quantiles as (
    select
        day,
        min(bin) filter (where reached * 100 >= all_timed * 50) as p50_bin,
        min(bin) filter (where reached * 100 >= all_timed * 95) as p95_bin,
        min(bin) filter (where reached * 100 >= all_timed * 99) as p99_bin
    from ranked
    group by day
),

totals as (
    select
        day,
        sum(requests)::bigint as requests,
        sum(errors)::bigint as errors
    from chosen
    group by day
)

select
    totals.day,
    totals.requests,
    totals.errors,
    round(totals.errors::numeric / totals.requests, 4) as error_rate,
    analytics_bin_ms(quantiles.p50_bin) as p50_ms,
    analytics_bin_ms(quantiles.p95_bin) as p95_ms,
    analytics_bin_ms(quantiles.p99_bin) as p99_ms
from totals
left join quantiles using (day)
order by totals.day;
