-- Are people there again a day, a week, two weeks, a month after they came? One row per first day, n (1, 7, 14, 30) and
-- deployment type.
--
-- cohort_size: people whose first event, in the deployment type or for all anywhere, is of cohort_day (UTC). retained:
-- those of them who were active exactly on the n-th day after it. rate: retained/cohort_size.
--
-- A row appears when its n-th day is over, so that no rate is of a part of a day. Days on which nobody came first have
-- none. Late events count as they do for retention_cohorts.
create or replace view exact_retention_n_day as
with changes as (
    select *
    from analytics_returns
    union all
    select *
    from analytics_return_changes()
),

counts as (
    select
        cohort_day,
        n,
        deployment_type,
        sum(people)::bigint as people
    from changes
    group by cohort_day, n, deployment_type
),

cohorts as (
    select
        counts.cohort_day,
        later.n,
        counts.deployment_type,
        counts.people as cohort_size
    from counts
    cross join (values (1), (7), (14), (30)) as later (n)
    where counts.n = 0
        and counts.people > 0
        and counts.cohort_day + later.n < (now() at time zone 'UTC')::date
)

select
    cohorts.cohort_day,
    cohorts.n,
    cohorts.deployment_type,
    cohorts.cohort_size,
    coalesce(counts.people, 0) as retained,
    round(coalesce(counts.people, 0)::numeric / cohorts.cohort_size, 4) as rate
from cohorts
left join counts using (cohort_day, n, deployment_type);
