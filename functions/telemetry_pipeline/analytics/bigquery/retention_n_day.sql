-- Are people there again a day, a week, two weeks, a month after they came? One row per first day, n (1, 7, 14, 30) and
-- deployment type.
--
-- cohort_size: people whose first event, in the deployment type or for all anywhere, is of cohort_day (UTC). retained:
-- those of them who were active exactly on the n-th day after it. rate: retained/cohort_size.
--
-- A row appears when its n-th day is over, so that no rate is of a part of a day. Days on which nobody came first have
-- none. Late events count as they do for retention_cohorts.
with days as (
    select
        deployment_type,
        day,
        first_day as cohort_day,
        date_diff(day, first_day, day) as n
    from `${dataset}.person_days`
),

counts as (
    select
        cohort_day,
        n,
        deployment_type,
        count(*) as people
    from days
    cross join `${dataset}.horizon` as horizon
    where n in (0, 1, 7, 14, 30)
        and day >= horizon.first_counted_day
    group by cohort_day, n, deployment_type
    union all
    select
        returns.cohort_day,
        returns.n,
        returns.deployment_type,
        returns.people
    from `${dataset}.analytics_history`
    where returns.cohort_day is not null
),

cohorts as (
    select
        counts.cohort_day,
        later as n,
        counts.deployment_type,
        counts.people as cohort_size
    from counts
    cross join unnest([1, 7, 14, 30]) as later
    where counts.n = 0
        and counts.people > 0
        and date_add(counts.cohort_day, interval later day) < current_date('UTC')
)

select
    cohorts.cohort_day,
    cohorts.n,
    cohorts.deployment_type,
    cohorts.cohort_size,
    coalesce(counts.people, 0) as retained,
    round(cast(coalesce(counts.people, 0) as bignumeric) / cohorts.cohort_size, 4) as rate
from cohorts
left join counts
    on counts.cohort_day = cohorts.cohort_day
    and counts.n = cohorts.n
    and counts.deployment_type = cohorts.deployment_type
