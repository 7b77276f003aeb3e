-- analytics_daily_sessions_of(of_day): the sessions of a day; view sessions says what a session is.
create or replace function analytics_daily_sessions_of(of_day date)
returns setof analytics_daily_sessions
language sql
stable
security definer
set search_path from current
set plan_cache_mode to force_custom_plan
as $$
with events as (
    select
        user_id,
        deployment_type,
        session_id,
        "timestamp" as at
    from analytics_user_activity
    where "timestamp" >= of_day::timestamp at time zone 'UTC'
        and "timestamp" < (of_day + 1)::timestamp at time zone 'UTC'
        and (user_id is not null or session_id is not null)
    union all
    select
        user_id,
        deployment_type,
        null,
        "timestamp"
    from analytics_feature_usage
    where "timestamp" >= of_day::timestamp at time zone 'UTC'
        and "timestamp" < (of_day + 1)::timestamp at time zone 'UTC'
        and user_id is not null
),

typed as (
    select
        events.user_id,
        type.deployment_type,
        events.session_id,
        events.at
    from events
    cross join lateral (values (events.deployment_type), ('all')) as type (deployment_type)
),

spaced as (
    select
        *,
        coalesce(at - lag(at) over person > interval '30 minutes', true) as follows_silence
    from typed
    window person as (partition by deployment_type, user_id order by at, session_id)
),

runs as (
    select
        *,
        count(*) filter (where follows_silence) over person as run
    from spaced
    window person as (partition by deployment_type, user_id order by at, session_id)
),

stretches as (
    select
        *,
        greatest(count(session_id) over earlier_in_run, 1) as stretch
    from runs
    window earlier_in_run as (partition by deployment_type, user_id, run order by at, session_id)
),

named as (
    select
        user_id,
        deployment_type,
        at,
        run,
        max(session_id) over (partition by deployment_type, user_id, run, stretch) as session_id
    from stretches
),

lengths as (
    select
        deployment_type,
        max(user_id) as user_id,
        extract(epoch from max(at) - min(at)) as seconds
    from named
    group by
        deployment_type,
        session_id,
        case when session_id is null then user_id end,
        case when session_id is null then run end
)

select
    of_day,
    deployment_type,
    count(*),
    percentile_disc(0.5) within group (order by seconds),
    percentile_disc(0.9) within group (order by seconds),
    count(user_id),
    count(distinct user_id)
from lengths
group by deployment_type
$$;
