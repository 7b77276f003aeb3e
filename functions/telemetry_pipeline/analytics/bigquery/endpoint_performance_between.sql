-- endpoint_performance over a span of days, one row per method, endpoint and deployment type.
--
--     select *
--     from telemetry.endpoint_performance_between(
--         date_sub(current_date('UTC'), interval 6 day), current_date('UTC')
--     );
--
-- All is as in endpoint_performance, both days included. The quantiles are those of all requests of the span, from the
-- sum of the days' histograms: at most 1% from the exact ones, as a day's are; quantiles of days can't be averaged.
with requests as (
    select
        event.method,
        event.endpoint,
        type as deployment_type,
        event.duration_ms,
        cast(ceil(ln(greatest(event.duration_ms, 0.001)) / ln(1.01 / 0.99)) as int64) as bin,
        coalesce(event.status_code >= 500, false) as has_failed
    from `${dataset}.endpoint_usage` as event
    cross join unnest([event.deployment_type, 'all']) as type
    cross join `${dataset}.horizon` as horizon
    where event.timestamp >= timestamp(horizon.first_counted_day, 'UTC')
        and event.timestamp >= timestamp(first_day, 'UTC')
        and event.timestamp < timestamp(date_add(last_day, interval 1 day), 'UTC')
),

bins as (
    select
        method,
        endpoint,
        deployment_type,
        bin,
        count(*) as requests,
        countif(has_failed) as errors,
        count(duration_ms) as timed,
        sum(round(cast(duration_ms as numeric) * 1000)) as microseconds,
        countif(not has_failed and duration_ms <= 500) as satisfied,
        countif(not has_failed and duration_ms > 500 and duration_ms <= 2000) as tolerating
    from requests
    group by method, endpoint, deployment_type, bin
    union all
    select
        daily_endpoints.method,
        daily_endpoints.endpoint,
        daily_endpoints.deployment_type,
        null,
        daily_endpoints.requests,
        daily_endpoints.errors,
        0,
        daily_endpoints.microseconds,
        daily_endpoints.satisfied,
        daily_endpoints.tolerating
    from `${dataset}.analytics_history`
    where daily_endpoints.day between first_day and last_day
    union all
    select
        history.daily_endpoints.method,
        history.daily_endpoints.endpoint,
        history.daily_endpoints.deployment_type,
        filled.bin,
        0,
        0,
        filled.requests,
        0,
        0,
        0
    from `${dataset}.analytics_history` as history
    cross join unnest(history.daily_endpoints.histogram) as filled
    where history.daily_endpoints.day between first_day and last_day
),

ranked as (
    select
        *,
        sum(timed) over (partition by method, endpoint, deployment_type order by bin) as reached,
        sum(timed) over (partition by method, endpoint, deployment_type) as all_timed
    from bins
),

endpoints as (
    select
        method,
        endpoint,
        deployment_type,
        sum(requests) as requests,
        sum(errors) as errors,
        sum(timed) as timed,
        sum(microseconds) as microseconds,
        min(if(reached * 100 >= all_timed * 50, bin, null)) as p50_bin,
        min(if(reached * 100 >= all_timed * 95, bin, null)) as p95_bin,
        min(if(reached * 100 >= all_timed * 99, bin, null)) as p99_bin,
        sum(satisfied) as satisfied,
        sum(tolerating) as tolerating
    from ranked
    group by method, endpoint, deployment_type
)

select
    method,
    endpoint,
    deployment_type,
    requests,
    errors,
    round(cast(errors as bignumeric) / requests, 4) as error_rate,
    round(cast(microseconds as bignumeric) / 1000 / nullif(timed, 0), 3) as avg_ms,
    round(cast(pow(1.01 / 0.99, p50_bin) * 0.99 as numeric), 3) as p50_ms,
    round(cast(pow(1.01 / 0.99, p95_bin) * 0.99 as numeric), 3) as p95_ms,
    round(cast(pow(1.01 / 0.99, p99_bin) * 0.99 as numeric), 3) as p99_ms,
    round((satisfied + cast(tolerating as bignumeric) / 2) / nullif(timed, 0), 4) as apdex
from endpoints
