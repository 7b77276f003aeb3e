-- How fast and how sound is the API? One row per day (UTC), method, endpoint and deployment type with a request.
--
-- errors: requests answered with a status of 500 or more; a request without a status is none. error_rate:
-- errors/requests. avg_ms: mean duration. p50_ms, p95_ms, p99_ms: the duration that 50, 95, 99% of the requests don't
-- exceed, by nearest rank over a histogram whose bins are 2% wide: at most 1% from the exact one. apdex: with T = 500 ms,
-- (requests up to T + half of those up to 4 T)/all; an error counts as the slowest.
--
-- Requests without a duration count as requests and errors, and not for durations and apdex, which are null if there are
-- no others. Anonymous requests count. Today counts what has come so far.
create or replace view exact_endpoint_performance as
with stale as (
    select day
    from analytics_stale_days()
),

endpoints as (
    select *
    from analytics_daily_endpoints
    where day not in (select day from stale)
    union all
    select fresh.*
    from stale
    cross join lateral analytics_daily_endpoints_of(stale.day) as fresh
)

select
    day,
    method,
    endpoint,
    deployment_type,
    requests,
    errors,
    round(errors::numeric / requests, 4) as error_rate,
    round(microseconds / 1000.0 / nullif(timed, 0), 3) as avg_ms,
    analytics_bin_ms(p50_bin) as p50_ms,
    analytics_bin_ms(p95_bin) as p95_ms,
    analytics_bin_ms(p99_bin) as p99_ms,
    round((satisfied + tolerating / 2.0) / nullif(timed, 0), 4) as apdex
from endpoints
where day <= (now() at time zone 'UTC')::date;
