-- Performance 2, lines: how long do the slow ones take?
select
    day,
    endpoint,
    max(p95_ms) as p95_ms
from endpoint_performance
where deployment_type = 'all'
group by day, endpoint
order by day, endpoint;
