-- Is one endpoint slower in one release than in another? One row per version, of the raw requests of some days.
select
    service_version,
    count(*) as requests,
    count(*) filter (where status_code >= 500) as errors,
    percentile_disc(0.5) within group (order by duration_ms) as p50_ms,
    percentile_disc(0.95) within group (order by duration_ms) as p95_ms
from analytics_endpoint_usage
where "timestamp" >= cast(:first as date)::timestamp at time zone 'UTC'
    and "timestamp" < (cast(:last as date) + 1)::timestamp at time zone 'UTC'
    and method = :method
    and endpoint = :endpoint
    and :deployment in ('all', deployment_type)
group by service_version
order by requests desc
limit 20;
