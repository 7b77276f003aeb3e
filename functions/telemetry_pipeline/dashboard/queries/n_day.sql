-- How many of the people who came were there again on the n-th day? One row per n and deployment type: of the cohorts
-- that came in a span of days, and of the newest seven of them.
with cohorts as (
    select
        *,
        max(cohort_day) over (partition by n) as newest
    from exact_retention_n_day
    where cohort_day between :first and :last
)

select
    n,
    deployment_type,
    sum(cohort_size)::bigint as cohort_size,
    sum(retained)::bigint as retained,
    coalesce(sum(cohort_size) filter (where cohort_day > newest - 7), 0)::bigint as new_size,
    coalesce(sum(retained) filter (where cohort_day > newest - 7), 0)::bigint as new_retained
from cohorts
group by n, deployment_type
order by n, deployment_type;
