with figures as (
    select
        *,
        cohort_size between 1 and ${k} - 1 as is_few,
        retained between 1 and ${k} - 1
        or cohort_size - retained between 1 and ${k} - 1 as has_few_returns
    from `${dataset}.exact_retention_n_day`
    where ${k} = 1
        or deployment_type = 'all'
),

hidden_days as (
    select
        deployment_type,
        cohort_day as day
    from figures
    where is_few
    union distinct
    select
        cohorts.deployment_type,
        day
    from `${dataset}.retention_cohorts` as cohorts
    cross join unnest([
        cohorts.cohort,
        if(cohorts.period = 'week', date_add(cohorts.cohort, interval 6 day), cohorts.cohort)
    ]) as day
    where cohorts.age = 0
        and cohorts.retained is null
),

months as (
    select distinct
        deployment_type,
        date_trunc(day, month) as first_day,
        date_sub(date_add(date_trunc(day, month), interval 1 month), interval 1 day) as last_day
    from hidden_days
),

-- The Monday is counted back to, for date_trunc by weeks that begin on Monday is not the same everywhere.
hidden_spans as (
    select
        deployment_type,
        date_sub(first_day, interval mod(extract(dayofweek from first_day) + 5, 7) + 7 day) as first_day,
        date_add(last_day, interval 13 - mod(extract(dayofweek from last_day) + 5, 7) day) as last_day
    from months
),

hidden_cohorts as (
    select distinct
        figures.deployment_type,
        figures.cohort_day
    from figures
    inner join hidden_spans
        on hidden_spans.deployment_type = figures.deployment_type
        and figures.cohort_day between hidden_spans.first_day and hidden_spans.last_day
)

select
    figures.cohort_day,
    figures.n,
    figures.deployment_type,
    figures.cohort_size,
    if(figures.has_few_returns, null, figures.retained) as retained,
    if(figures.has_few_returns, null, figures.rate) as rate
from figures
left join hidden_cohorts
    on hidden_cohorts.deployment_type = figures.deployment_type
    and hidden_cohorts.cohort_day = figures.cohort_day
where hidden_cohorts.cohort_day is null
