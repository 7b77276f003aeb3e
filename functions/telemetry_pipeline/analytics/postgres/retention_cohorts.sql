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
create or replace view exact_retention_cohorts as
with changes as (
    select *
    from analytics_cohorts
    union all
    select *
    from analytics_cohort_changes()
),

counts as (
    select
        period,
        cohort,
        age,
        deployment_type,
        sum(people)::bigint as people
    from changes
    group by period, cohort, age, deployment_type
),

today as (
    select (now() at time zone 'UTC')::date as day
),

ages as (
    select
        counts.period,
        counts.cohort,
        later.age,
        counts.deployment_type,
        counts.people as cohort_size
    from counts
    cross join today
    cross join lateral generate_series(
        0, analytics_age(counts.period, counts.cohort, date_trunc(counts.period, today.day::timestamp)::date)
    ) as later (age)
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
    round(coalesce(counts.people, 0)::numeric / ages.cohort_size, 4) as rate,
    (ages.cohort + (ages.age + 1) * ('1 ' || ages.period)::interval)::date <= today.day as complete
from ages
cross join today
left join counts using (period, cohort, age, deployment_type);
