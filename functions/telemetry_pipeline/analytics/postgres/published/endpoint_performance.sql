-- What readers see of exact_endpoint_performance; what is hidden of it:
--
-- nothing; requests are counted here, not people.
create or replace function published_endpoint_performance()
returns table (
    day date,
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
set enable_nestloop to off
set jit to off
as $$
select
    day,
    method,
    endpoint,
    deployment_type,
    requests,
    errors,
    error_rate,
    avg_ms,
    p50_ms,
    p95_ms,
    p99_ms,
    apdex
from exact_endpoint_performance
$$;

create or replace view endpoint_performance as
select
    day,
    method,
    endpoint,
    deployment_type,
    requests,
    errors,
    error_rate,
    avg_ms,
    p50_ms,
    p95_ms,
    p99_ms,
    apdex
from published_endpoint_performance();
