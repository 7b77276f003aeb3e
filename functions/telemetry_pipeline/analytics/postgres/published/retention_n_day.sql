-- What readers see of exact_retention_n_day; what is hidden of it:
--
-- where groups are hidden at all (k is 2 or more), deployment types have no rows. A day whose cohort is of 1 to k-1
-- people, or lies in a week or month whose cohort is hidden, has no rows either, nor have the other days of its month,
-- of the weeks that this touches and of a week before and after: the days of a week and of a month add up to their
-- cohorts. retained and rate where 1 to k-1 people returned, or did not.
create or replace function published_retention_n_day()
returns table (
    cohort_day date,
    n integer,
    deployment_type text,
    cohort_size bigint,
    retained bigint,
    rate numeric
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
        returns.*,
        returns.cohort_size between 1 and setting.k - 1 as is_few,
        returns.retained between 1 and setting.k - 1
        or returns.cohort_size - returns.retained between 1 and setting.k - 1 as has_few_returns
    from exact_retention_n_day as returns
    cross join setting
    where setting.k = 1
        or returns.deployment_type = 'all'
),

hidden_days as (
    select
        deployment_type,
        cohort_day as day
    from figures
    where is_few
    union
    select
        cohorts.deployment_type,
        reach.day
    from published_retention_cohorts() as cohorts
    cross join lateral (
        values (cohorts.cohort), (case when cohorts.period = 'week' then cohorts.cohort + 6 else cohorts.cohort end)
    ) as reach (day)
    where cohorts.age = 0
        and cohorts.retained is null
),

hidden_spans as (
    select distinct
        deployment_type,
        date_trunc('week', date_trunc('month', day::timestamp))::date - 7 as first_day,
        date_trunc('week', date_trunc('month', day::timestamp) + interval '1 month - 1 day')::date + 13 as last_day
    from hidden_days
)

select
    figures.cohort_day,
    figures.n,
    figures.deployment_type,
    figures.cohort_size,
    case when not figures.has_few_returns then figures.retained end,
    case when not figures.has_few_returns then figures.rate end
from figures
where not exists (
    select
    from hidden_spans
    where hidden_spans.deployment_type = figures.deployment_type
        and figures.cohort_day between hidden_spans.first_day and hidden_spans.last_day
)
$$;

create or replace view retention_n_day as
select
    cohort_day,
    n,
    deployment_type,
    cohort_size,
    retained,
    rate
from published_retention_n_day();
