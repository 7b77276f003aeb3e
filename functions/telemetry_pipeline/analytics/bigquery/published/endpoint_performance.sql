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
from `${dataset}.exact_endpoint_performance`
