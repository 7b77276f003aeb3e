-- analytics_daily_sessions_of(of_day): the sessions of a day; view sessions says what a session is.
create or replace function analytics_daily_sessions_of(of_day date)
returns setof analytics_daily_sessions
language sql
stable
security definer
set search_path from current
set plan_cache_mode to force_custom_plan
set work_mem to '16MB'
as $$
with events as (
    select
        user_id,
        deployment_type,
        session_id,
        "timestamp" as at
    from resolved_user_activity
    where "timestamp" >= of_day::timestamp at time zone 'UTC'
        and "timestamp" < (of_day + 1)::timestamp at time zone 'UTC'
        and (user_id is not null or session_id is not null)
    union all
    select
        user_id,
        deployment_type,
        null,
        "timestamp"
    from resolved_feature_usage
    where "timestamp" >= of_day::timestamp at time zone 'UTC'
        and "timestamp" < (of_day + 1)::timestamp at time zone 'UTC'
        and user_id is not null
),

-- The sessions of all are those of each deployment type, but for people who were in several: theirs are made anew.
several as (
    select user_id
    from events
    where user_id is not null
    group by user_id
    having min(deployment_type) <> max(deployment_type)
),

typed as (
    select
        events.*,
        several.user_id is null as counts_for_all
    from events
    left join several on several.user_id = events.user_id
    union all
    select
        events.user_id,
        'all',
        events.session_id,
        events.at,
        false
    from events
    inner join several on several.user_id = events.user_id
),

spaced as (
    select
        *,
        coalesce(at - lag(at) over person > interval '30 minutes', true) as follows_silence
    from typed
    window person as (partition by user_id, deployment_type order by at, session_id)
),

runs as (
    select
        *,
        count(*) filter (where follows_silence) over person as run
    from spaced
    window person as (partition by user_id, deployment_type order by at, session_id)
),

stretches as (
    select
        *,
        greatest(count(session_id) over earlier_in_run, 1) as stretch
    from runs
    -- By rows: of several in one moment, the first has none before it.
    window earlier_in_run as (
        partition by user_id, deployment_type, run
        order by at, session_id
        rows between unbounded preceding and current row
    )
),

parts as (
    select
        user_id,
        deployment_type,
        counts_for_all,
        run,
        max(session_id) as session_id,
        min(at) as begun,
        max(at) as ended
    from stretches
    group by user_id, deployment_type, counts_for_all, run, stretch
),

lengths as (
    select
        type.deployment_type,
        max(parts.user_id) as user_id,
        extract(epoch from max(parts.ended) - min(parts.begun)) as seconds
    from parts
    cross join lateral (
        values (parts.deployment_type, true), ('all', parts.counts_for_all)
    ) as type (deployment_type, counts)
    where type.counts
    group by
        type.deployment_type,
        parts.session_id,
        case when parts.session_id is null then parts.user_id end,
        case when parts.session_id is null then parts.run end
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
