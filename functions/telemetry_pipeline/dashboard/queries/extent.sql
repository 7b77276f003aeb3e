-- Since when are there events? One row; null before the first event.
select min(day) as first_day
from exact_deployment_mix
where deployment_type = 'all';
