-- analytics_history(first_event_day, first_counted_day): the counts of the days before first_counted_day, as rows of the
-- table of the same name in BigQuery (schemas/bigquery/history/), and from where BigQuery's events answer.
create or replace function analytics_history(first_event_day date, first_counted_day date)
returns setof jsonb
language sql
stable
as $$
with endpoints as (
    select
        day,
        method,
        endpoint,
        deployment_type,
        requests,
        errors,
        timed,
        microseconds,
        satisfied,
        tolerating,
        p50_bin,
        p95_bin,
        p99_bin,
        array(
            select jsonb_build_object('bin', bin, 'requests', count)
            from unnest(bins, counts) as filled (bin, count)
        ) as histogram
    from analytics_daily_endpoints
    where day < first_counted_day
),

events as (
    select
        day,
        deployment_type,
        coalesce(people.active, 0) as users,
        events
    from analytics_daily_events
    left join analytics_daily_people as people using (day, deployment_type)
    where day < first_counted_day
)

select jsonb_build_object('horizon', jsonb_build_object(
    'first_event_day', first_event_day, 'first_counted_day', first_counted_day
))
union all
select jsonb_build_object('daily_people', to_jsonb(counted))
from analytics_daily_people as counted
where day < first_counted_day
union all
select jsonb_build_object('weekly_people', to_jsonb(counted))
from analytics_weekly_people as counted
where week < first_counted_day
union all
select jsonb_build_object('cohorts', to_jsonb(counted))
from analytics_cohorts as counted
where (cohort + age * ('1 ' || period)::interval)::date < first_counted_day
union all
select jsonb_build_object('returns', to_jsonb(counted))
from analytics_returns as counted
where cohort_day + n < first_counted_day
union all
select jsonb_build_object('daily_installations', jsonb_build_object(
    'day', day, 'active', active, 'appeared', new, 'gone', gone
))
from analytics_daily_installations
where day < first_counted_day
union all
select jsonb_build_object('daily_events', to_jsonb(counted))
from events as counted
union all
select jsonb_build_object('daily_features', to_jsonb(counted))
from analytics_daily_features as counted
where day < first_counted_day
union all
select jsonb_build_object('daily_endpoints', to_jsonb(counted))
from endpoints as counted
union all
select jsonb_build_object('daily_sessions', to_jsonb(counted))
from analytics_daily_sessions as counted
where day < first_counted_day
union all
select jsonb_build_object('daily_versions', to_jsonb(counted))
from analytics_daily_versions as counted
where day < first_counted_day
$$;

-- analytics_first_days(first_event_day, first_counted_day): the people and installations that came before
-- first_counted_day and have events since first_event_day, as rows of the table of the same name in BigQuery.
create or replace function analytics_first_days(first_event_day date, first_counted_day date)
returns setof jsonb
language sql
stable
as $$
select jsonb_build_object(
    'user_id', user_id,
    'deployment_type', deployment_type,
    -- The first day that BigQuery has stands for -infinity.
    'first_day', greatest(first_day, date '0001-01-01'),
    'last_day', last_day
)
from analytics_people
where first_day < first_counted_day
    and last_day >= first_event_day
union all
select jsonb_build_object(
    'installation_id', installation_id, 'first_day', greatest(first_day, date '0001-01-01'), 'last_day', last_day
)
from analytics_installations
where first_day < first_counted_day
    and last_day >= first_event_day
$$;

-- It tells ids: for the owner alone.
revoke execute on function analytics_first_days(date, date) from public;
