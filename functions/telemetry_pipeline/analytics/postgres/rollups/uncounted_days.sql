-- analytics_uncounted_days(): the days that have raw events and were never rolled up. Some look-ups in an index for each
-- day without a rollup between the first event and the last.
create or replace function analytics_uncounted_days()
returns table (day date)
language sql
stable
as $$
with bounds as (
    select
        least(
            (select min("timestamp") from analytics_user_activity),
            (select min("timestamp") from analytics_endpoint_usage),
            (select min("timestamp") from analytics_feature_usage)
        ) at time zone 'UTC' as first_time,
        greatest(
            (select max("timestamp") from analytics_user_activity),
            (select max("timestamp") from analytics_endpoint_usage),
            (select max("timestamp") from analytics_feature_usage)
        ) at time zone 'UTC' as last_time
),

missing as (
    select
        midnight at time zone 'UTC' as begun,
        (midnight + interval '1 day') at time zone 'UTC' as ended,
        midnight::date as day
    from bounds
    cross join lateral generate_series(date_trunc('day', first_time), last_time, interval '1 day') as midnight
    cross join analytics_rollup_state as state
    where midnight::date >= state.first_day
        and not exists (select from analytics_rolled_days as rolled where rolled.day = midnight::date)
)

select day
from missing
where exists (select from analytics_user_activity where "timestamp" >= begun and "timestamp" < ended)
    or exists (select from analytics_endpoint_usage where "timestamp" >= begun and "timestamp" < ended)
    or exists (select from analytics_feature_usage where "timestamp" >= begun and "timestamp" < ended)
$$;

-- What former versions compared all days by, in one statement.
drop function if exists analytics_unrolled_days();
drop function if exists analytics_unrolled_stale_days();
