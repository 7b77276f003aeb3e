-- Features 3, a pie: cloud or self-hosted?
select
    deployment_type,
    sum(events) as events
from deployment_mix
where deployment_type <> 'all'
group by deployment_type
order by events desc;
