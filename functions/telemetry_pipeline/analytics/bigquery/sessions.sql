-- How often do people sit down with the product, and for how long? One row per day (UTC) and deployment type.
--
-- A session is the events of one session id; where a person's events carry none, 30 minutes of silence end it. In full:
-- among a person's events of one day that follow each other within 30 minutes, those without a session id belong to the
-- session of the one before that has one, or else of the first that does. Only what people do makes sessions:
-- user_activity and feature_usage; an API that is polled would never be silent. Of anonymous events, only those with a
-- session id count, since nothing else says what belongs together.
--
-- sessions: how many. median_seconds, p90_seconds: time from a session's first event to its last, 0 for a single event;
-- the shortest length that 50 or 90% of the sessions don't exceed. per_user: sessions of known people per person.
--
-- A session ends with its day: one that goes on past midnight is one on either day. In the row of all, a session seen in
-- two deployment types is one.
with every_kind as (
    select
        timestamp,
        deployment_type,
        user_id,
        session_id
    from `${dataset}.user_activity`
    where user_id is not null
        or session_id is not null
    union all
    select
        timestamp,
        deployment_type,
        user_id,
        null
    from `${dataset}.feature_usage`
    where user_id is not null
),

typed as (
    select
        date(event.timestamp, 'UTC') as day,
        event.timestamp,
        type as deployment_type,
        event.user_id,
        event.session_id
    from every_kind as event
    cross join unnest([event.deployment_type, 'all']) as type
),

spaced as (
    select
        *,
        coalesce(
            timestamp_diff(timestamp, lag(timestamp) over person, microsecond) > 30 * 60 * 1000000,
            true
        ) as follows_silence
    from typed
    window person as (partition by day, deployment_type, user_id order by timestamp, session_id nulls last)
),

runs as (
    select
        *,
        sum(if(follows_silence, 1, 0)) over person as run
    from spaced
    window person as (partition by day, deployment_type, user_id order by timestamp, session_id nulls last)
),

stretches as (
    select
        *,
        -- By rows: of several in one moment, the first has none before it.
        greatest(
            count(session_id) over (
                partition by day, deployment_type, user_id, run
                order by timestamp, session_id nulls last
                rows between unbounded preceding and current row
            ),
            1
        ) as stretch
    from runs
),

named as (
    select
        day,
        deployment_type,
        user_id,
        timestamp,
        max(session_id) over stretch_of_run as session_id,
        run
    from stretches
    window stretch_of_run as (partition by day, deployment_type, user_id, run, stretch)
),

identified as (
    select
        *,
        if(session_id is null, user_id, null) as unnamed_user,
        if(session_id is null, run, null) as unnamed_run
    from named
),

lengths as (
    select
        day,
        deployment_type,
        max(user_id) as user_id,
        timestamp_diff(max(timestamp), min(timestamp), microsecond) as microseconds
    from identified
    group by day, deployment_type, session_id, unnamed_user, unnamed_run
),

ranked as (
    select
        *,
        row_number() over (partition by day, deployment_type order by microseconds) as position,
        count(*) over (partition by day, deployment_type) as number
    from lengths
)

select
    day,
    deployment_type,
    count(*) as sessions,
    round(cast(min(if(position * 2 >= number, microseconds, null)) as numeric) / 1000000, 3) as median_seconds,
    round(cast(min(if(position * 10 >= number * 9, microseconds, null)) as numeric) / 1000000, 3) as p90_seconds,
    round(cast(count(user_id) as bignumeric) / nullif(count(distinct user_id), 0), 4) as per_user,
    count(distinct user_id) as people
from ranked
cross join `${dataset}.horizon` as horizon
where day >= horizon.first_counted_day
    and day <= current_date('UTC')
group by day, deployment_type
union all
select
    daily_sessions.day,
    daily_sessions.deployment_type,
    daily_sessions.sessions,
    round(daily_sessions.median_seconds, 3),
    round(daily_sessions.p90_seconds, 3),
    round(cast(daily_sessions.sessions_of_people as bignumeric) / nullif(daily_sessions.people, 0), 4),
    daily_sessions.people
from `${dataset}.analytics_history`
where daily_sessions.day is not null
