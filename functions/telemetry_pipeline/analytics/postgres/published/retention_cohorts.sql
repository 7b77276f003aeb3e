-- What readers see of exact_retention_cohorts; what is hidden of it:
--
-- where groups are hidden at all (k is 2 or more), deployment types have no rows: one would betray another. Of all, a
-- count of 1 to k-1 people, and one that leaves so few who did not return. Where only one of a period's is hidden, the
-- next smallest is too, since together they are the period's active people; and the size of a cohort where new_users of
-- user_lifecycle is. rate with either of its counts.
create or replace function published_retention_cohorts()
returns table (
    period text,
    cohort date,
    age integer,
    deployment_type text,
    cohort_size bigint,
    retained bigint,
    rate numeric,
    complete boolean
)
language sql
stable
security definer
set search_path from current
set enable_nestloop to off
set jit to off
as $$
with setting as (
    select k_anonymity as k
    from analytics_upkeep
),

figures as (
    select
        cohorts.*,
        cohorts.cohort_size between 1 and setting.k - 1
        or cohorts.retained between 1 and setting.k - 1
        or cohorts.cohort_size - cohorts.retained between 1 and setting.k - 1 as is_few,
        (cohorts.cohort + cohorts.age * ('1 ' || cohorts.period)::interval)::date as active_in
    from exact_retention_cohorts as cohorts
    cross join setting
    where setting.k = 1
        or cohorts.deployment_type = 'all'
),

beside_others as (
    select
        *,
        bool_or(is_few) over active as has_few,
        row_number() over (active order by retained = 0, is_few desc, age = 0, retained, cohort) as rank
    from figures
    window active as (partition by period, deployment_type, active_in)
),

judged as (
    select
        beside_others.*,
        beside_others.is_few
        or beside_others.has_few and beside_others.rank <= 2
        or beside_others.age = 0 and lifecycle.week is not null as is_hidden
    from beside_others
    left join published_user_lifecycle() as lifecycle
        on beside_others.period = 'week'
        and lifecycle.week = beside_others.cohort
        and lifecycle.deployment_type = beside_others.deployment_type
        and lifecycle.new_users is null
),

sized as (
    select
        *,
        bool_or(is_hidden and age = 0) over (partition by period, deployment_type, cohort) as has_hidden_size
    from judged
)

select
    period,
    cohort,
    age,
    deployment_type,
    case when not has_hidden_size then cohort_size end,
    case when not is_hidden then retained end,
    case when not is_hidden and not has_hidden_size then rate end,
    complete
from sized
$$;

create or replace view retention_cohorts as
select
    period,
    cohort,
    age,
    deployment_type,
    cohort_size,
    retained,
    rate,
    complete
from published_retention_cohorts();
