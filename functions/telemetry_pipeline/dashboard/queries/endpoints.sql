-- How fast and how sound is each endpoint? One row per endpoint, over a span of days.
select
    method,
    endpoint,
    requests,
    errors,
    error_rate,
    avg_ms,
    p50_ms,
    p95_ms,
    p99_ms,
    apdex
from endpoint_performance_between(:first, :last)
where deployment_type = :deployment
order by p95_ms desc nulls last, endpoint, method
limit 500;
