-- Do people come back, week by week and month by month? One row per kind of period (week or month), cohort, age and
-- deployment type.
--
-- A cohort is everybody whose first event is of the same period, named by its first day; weeks begin on Monday, in UTC.
-- For a row of a deployment type, a person's first event there counts; for all, their first anywhere.
--
-- cohort_size: people of the cohort. retained: those of them with an event in the period that begins age periods later;
-- at age 0, all. rate: retained/cohort_size. complete: false for a period that is not over, whose retained may rise.
--
-- Ages run from 0 to the current period's, those in which nobody came included. A late event may move a person to an
-- earlier cohort. Who returns after more than the 12 months that raw events are kept is new again, and their former
-- cohort stays as it was.
with active_periods as (
    select distinct
        'week' as period,
        user_id,
        deployment_type,
        week as start,
        first_week as cohort,
        div(date_diff(week, first_week, day), 7) as age
    from `${dataset}.person_days`
    union all
    select distinct
        'month',
        user_id,
        deployment_type,
        month,
        first_month,
        date_diff(month, first_month, month)
    from `${dataset}.person_days`
),

counts as (
    select
        period,
        cohort,
        age,
        deployment_type,
        count(*) as people
    from active_periods
    cross join `${dataset}.horizon` as horizon
    where start >= horizon.first_counted_day
        -- Who was there before the linkage horizon is in no cohort.
        and cohort > date '0001-01-01'
    group by period, cohort, age, deployment_type
    union all
    select
        cohorts.period,
        cohorts.cohort,
        cohorts.age,
        cohorts.deployment_type,
        cohorts.people
    from `${dataset}.analytics_history`
    where cohorts.cohort is not null
),

ages as (
    select
        counts.period,
        counts.cohort,
        later as age,
        counts.deployment_type,
        counts.people as cohort_size,
        if(
            counts.period = 'week',
            date_add(counts.cohort, interval (later + 1) * 7 day),
            date_add(counts.cohort, interval later + 1 month)
        ) as end_day
    from counts
    cross join unnest(generate_array(
        0,
        if(
            counts.period = 'week',
            cast(floor(date_diff(current_date('UTC'), counts.cohort, day) / 7) as int64),
            date_diff(current_date('UTC'), counts.cohort, month)
        )
    )) as later
    where counts.age = 0
        and counts.people > 0
)

select
    ages.period,
    ages.cohort,
    ages.age,
    ages.deployment_type,
    ages.cohort_size,
    coalesce(counts.people, 0) as retained,
    round(cast(coalesce(counts.people, 0) as bignumeric) / ages.cohort_size, 4) as rate,
    ages.end_day <= current_date('UTC') as complete
from ages
left join counts
    on counts.period = ages.period
    and counts.cohort = ages.cohort
    and counts.age = ages.age
    and counts.deployment_type = ages.deployment_type
