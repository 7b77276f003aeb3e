-- Who came back? One row per cohort, age and deployment type, of one kind of period.
select
    cohort,
    age,
    deployment_type,
    cohort_size,
    retained,
    complete
from exact_retention_cohorts
where period = :period
    and cohort >= :first
order by cohort, age, deployment_type;
