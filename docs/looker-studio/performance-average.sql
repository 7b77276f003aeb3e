-- Performance 1, bars: how long do requests take on average?
select
    endpoint,
    round(sum(avg_ms * requests) / sum(requests), 1) as average_ms
from endpoint_performance
where deployment_type = 'all'
    and avg_ms is not null
group by endpoint
order by average_ms desc;
