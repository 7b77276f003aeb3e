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
create or replace view exact_sessions as
with stale as (
    select day
    from analytics_stale_days()
),

days as (
    select *
    from analytics_daily_sessions
    where day not in (select day from stale)
    union all
    select fresh.*
    from stale
    cross join lateral analytics_daily_sessions_of(stale.day) as fresh
)

select
    day,
    deployment_type,
    sessions,
    round(median_seconds, 3) as median_seconds,
    round(p90_seconds, 3) as p90_seconds,
    round(sessions_of_people::numeric / nullif(people, 0), 4) as per_user,
    people
from days
where day <= (now() at time zone 'UTC')::date;
