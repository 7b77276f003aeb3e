-- How are the durations of one endpoint spread? One row per bin of the histograms, summed over a span of days.
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
    union all
    select fresh.*
    from stale
    cross join lateral analytics_daily_endpoints_of(stale.day) as fresh
)

select
    analytics_bin_ms(histogram.bin) as milliseconds,
    sum(histogram.count)::bigint as requests
from endpoints
cross join lateral unnest(endpoints.bins, endpoints.counts) as histogram (bin, count)
where endpoints.deployment_type = :deployment
    and endpoints.method = :method
    and endpoints.endpoint = :endpoint
group by histogram.bin
order by histogram.bin;
