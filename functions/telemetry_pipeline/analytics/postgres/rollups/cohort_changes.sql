-- analytics_cohort_changes(changes): by how much analytics_cohorts changes. Who has been there from before the linkage
-- horizon (first_day is -infinity) is in no cohort.
create or replace function analytics_cohort_changes(changes analytics_person_change[])
returns setof analytics_cohorts
language sql
immutable
as $$
with periods as (
    select distinct
        change.weight,
        change.user_id,
        change.deployment_type,
        kind.period,
        date_trunc(kind.period, change.first_day::timestamp)::date as cohort,
        date_trunc(kind.period, change.day::timestamp)::date as start
    from unnest(changes) as change
    cross join (values ('week'), ('month')) as kind (period)
    where isfinite(change.first_day)
)

select
    period,
    cohort,
    analytics_age(period, cohort, start),
    deployment_type,
    sum(weight)
from periods
group by 1, 2, 3, 4
having sum(weight) <> 0
$$;

-- analytics_cohort_changes(): the same for the events that were received lately.
create or replace function analytics_cohort_changes()
returns setof analytics_cohorts
language sql
stable
security definer
set search_path from current
as $$
select *
from analytics_cohort_changes(array(select change from analytics_person_changes(null) as change))
$$;
