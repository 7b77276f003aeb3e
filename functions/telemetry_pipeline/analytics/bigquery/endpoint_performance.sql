-- How fast and how sound is the API? One row per day (UTC), method, endpoint and deployment type with a request.
--
-- errors: requests answered with a status of 500 or more; a request without a status is none. error_rate:
-- errors/requests. avg_ms: mean duration. p50_ms, p95_ms, p99_ms: the duration that 50, 95, 99% of the requests don't
-- exceed, by nearest rank over a histogram whose bins are 2% wide: at most 1% from the exact one. apdex: with T = 500 ms,
-- (requests up to T + half of those up to 4 T)/all; an error counts as the slowest.
--
-- Requests without a duration count as requests and errors, and not for durations and apdex, which are null if there are
-- no others. Anonymous requests count. Today counts what has come so far.
with requests as (
    select
        date(event.timestamp, 'UTC') as day,
        event.method,
        event.endpoint,
        type as deployment_type,
        event.duration_ms,
        cast(ceil(ln(greatest(event.duration_ms, 0.001)) / ln(1.01 / 0.99)) as int64) as bin,
        coalesce(event.status_code >= 500, false) as has_failed
    from `${dataset}.endpoint_usage` as event
    cross join unnest([event.deployment_type, 'all']) as type
    cross join `${dataset}.horizon` as horizon
    where date(event.timestamp, 'UTC') >= horizon.first_counted_day
        and date(event.timestamp, 'UTC') <= current_date('UTC')
),

bins as (
    select
        day,
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
    group by day, method, endpoint, deployment_type, bin
),

ranked as (
    select
        *,
        sum(timed) over (partition by day, method, endpoint, deployment_type order by bin) as reached,
        sum(timed) over (partition by day, method, endpoint, deployment_type) as all_timed
    from bins
),

endpoints as (
    select
        day,
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
    group by day, method, endpoint, deployment_type
    union all
    select
        daily_endpoints.day,
        daily_endpoints.method,
        daily_endpoints.endpoint,
        daily_endpoints.deployment_type,
        daily_endpoints.requests,
        daily_endpoints.errors,
        daily_endpoints.timed,
        daily_endpoints.microseconds,
        daily_endpoints.p50_bin,
        daily_endpoints.p95_bin,
        daily_endpoints.p99_bin,
        daily_endpoints.satisfied,
        daily_endpoints.tolerating
    from `${dataset}.analytics_history`
    where daily_endpoints.day is not null
)

select
    day,
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
