-- Retention 2, a pivot table with a heat map: who comes back?
select
    cohort,
    age,
    rate
from retention_cohorts
where deployment_type = 'all'
    and period = 'week'
    and complete
order by cohort, age;
