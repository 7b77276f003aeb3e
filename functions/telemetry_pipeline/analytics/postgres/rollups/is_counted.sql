-- analytics_is_counted(of_day): whether the raw events of a day are those that were rolled up; if so, when that was seen
-- is kept. It reads the primary keys' indexes of that day alone.
create or replace function analytics_is_counted(of_day date)
returns boolean
language plpgsql
-- For the times that are given: a plan for any time would read all events.
set plan_cache_mode to force_custom_plan
as $$
declare
    begun timestamptz := of_day::timestamp at time zone 'UTC';
    ended timestamptz := (of_day + 1)::timestamp at time zone 'UTC';
begin
    update analytics_rolled_days as rolled
    set compared_at = now()
    from (
        select
            coalesce(sum(events), 0) as events,
            coalesce(bit_xor(fingerprint), 0) as fingerprint
        from analytics_fingerprints(begun, ended)
    ) as raw
    where rolled.day = of_day
        and rolled.events = raw.events
        and rolled.fingerprint = raw.fingerprint;
    return found;
end
$$;
