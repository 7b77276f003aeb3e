-- Retention 3, a scorecard: by how many people did the last whole week grow?
select
    week,
    new_users + resurrected_users - dormant_users as growth
from user_lifecycle
where deployment_type = 'all'
order by week;
