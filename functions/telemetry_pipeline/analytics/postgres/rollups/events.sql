-- analytics_events_of(of_day): who was active, by event, for the rollups that count people and installations.
--
-- Of a day, all its events, as `maintain` needs them; without one (null), the events that the rollups may lack: those
-- received since the last run, which BRIN on received_at finds. Events of days whose raw events are being dropped are
-- left out: those days are final. Late is what reached ingest more than five minutes after it happened.
create or replace function analytics_events_of(of_day date)
returns table (
    day date,
    deployment_type text,
    user_id text,
    installation_id text,
    has_login boolean,
    is_late boolean
)
language plpgsql
stable
-- For the times that are given: a plan for any time would read all events.
set plan_cache_mode to force_custom_plan
as $$
#variable_conflict use_column
declare
    since timestamptz := (select least(received_before, late_since) from analytics_rollup_state);
    first_time timestamptz := (select first_day::timestamp at time zone 'UTC' from analytics_rollup_state);
    end_time timestamptz := 'infinity';
begin
    if of_day is not null then
        since := '-infinity';
        first_time := greatest(first_time, of_day::timestamp at time zone 'UTC');
        end_time := (of_day + 1)::timestamp at time zone 'UTC';
    end if;

    return query
    select
        ("timestamp" at time zone 'UTC')::date,
        deployment_type,
        user_id,
        installation_id,
        event_type = 'login',
        received_at - "timestamp" > interval '5 minutes'
    from resolved_user_activity
    where received_at >= since
        and "timestamp" >= first_time
        and "timestamp" < end_time
    union all
    select
        ("timestamp" at time zone 'UTC')::date,
        deployment_type,
        user_id,
        installation_id,
        false,
        received_at - "timestamp" > interval '5 minutes'
    from resolved_endpoint_usage
    where received_at >= since
        and "timestamp" >= first_time
        and "timestamp" < end_time
    union all
    select
        ("timestamp" at time zone 'UTC')::date,
        deployment_type,
        user_id,
        installation_id,
        false,
        received_at - "timestamp" > interval '5 minutes'
    from resolved_feature_usage
    where received_at >= since
        and "timestamp" >= first_time
        and "timestamp" < end_time;
end
$$;

-- It tells ids: for the owner alone. What the views call tells counts.
revoke execute on function analytics_events_of(date) from public;
