-- analytics_daily_endpoint_bins_of(of_day): the requests of a day, by endpoint and by bin of the histogram of latency.
-- The bin is null where the duration is.
create or replace function analytics_daily_endpoint_bins_of(of_day date)
returns table (
    method text,
    endpoint text,
    deployment_type text,
    bin smallint,
    requests bigint,
    errors bigint,
    timed bigint,
    microseconds numeric,
    satisfied bigint,
    tolerating bigint
)
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
)

select
    method,
    endpoint,
    deployment_type,
    bin,
    count(*),
    count(*) filter (where has_failed),
    count(duration_ms),
    coalesce(sum(round(duration_ms::numeric * 1000)), 0),
    count(*) filter (where not has_failed and duration_ms <= 500),
    count(*) filter (where not has_failed and duration_ms > 500 and duration_ms <= 2000)
from requests
group by method, endpoint, deployment_type, bin
$$;
