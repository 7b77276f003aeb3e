-- Performance 3, a table: what fails?
select
    method,
    endpoint,
    sum(requests) as requests,
    sum(errors) as errors,
    round(sum(errors) / sum(requests), 4) as error_rate
from endpoint_performance
where deployment_type = 'all'
group by method, endpoint
order by error_rate desc, requests desc;
