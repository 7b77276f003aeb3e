with figures as (
    select
        *,
        cohort_size between 1 and ${k} - 1
        or retained between 1 and ${k} - 1
        or cohort_size - retained between 1 and ${k} - 1 as is_few,
        if(
            period = 'week',
            date_add(cohort, interval age * 7 day),
            date_add(cohort, interval age month)
        ) as active_in
    from `${dataset}.exact_retention_cohorts`
    where ${k} = 1
        or deployment_type = 'all'
),

beside_others as (
    select
        *,
        sum(if(is_few, 1, 0)) over (partition by period, deployment_type, active_in) > 0 as has_few,
        row_number() over (
            partition by period, deployment_type, active_in
            order by retained = 0, is_few desc, age = 0, retained, cohort
        ) as rank
    from figures
),

hidden_weeks as (
    select
        'week' as period,
        week,
        deployment_type
    from `${dataset}.user_lifecycle`
    where new_users is null
),

judged as (
    select
        beside_others.*,
        beside_others.is_few
        or beside_others.has_few and beside_others.rank <= 2
        or beside_others.age = 0 and hidden_weeks.week is not null as is_hidden
    from beside_others
    left join hidden_weeks
        on hidden_weeks.period = beside_others.period
        and hidden_weeks.week = beside_others.cohort
        and hidden_weeks.deployment_type = beside_others.deployment_type
),

sized as (
    select
        *,
        sum(if(is_hidden and age = 0, 1, 0)) over (partition by period, deployment_type, cohort) > 0 as has_hidden_size
    from judged
)

select
    period,
    cohort,
    age,
    deployment_type,
    if(has_hidden_size, null, cohort_size) as cohort_size,
    if(is_hidden, null, retained) as retained,
    if(is_hidden or has_hidden_size, null, rate) as rate,
    complete
from sized
