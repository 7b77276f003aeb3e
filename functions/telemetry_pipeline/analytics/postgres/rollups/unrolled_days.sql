-- analytics_unrolled_days(): every day whose raw events are not those that were rolled up, in order of time.
create or replace function analytics_unrolled_days()
returns table (day date)
language sql
stable
as $$
select day
from analytics_fingerprints('-infinity', 'infinity') as raw
full join analytics_rolled_days as rolled using (day)
cross join analytics_rollup_state as state
where day >= state.first_day
    and (raw.events, raw.fingerprint) is distinct from (rolled.events, rolled.fingerprint)
    and not (raw.events is null and rolled.events = 0)
order by day
$$;

-- analytics_unrolled_stale_days(): the same, looking only at days that received something lately.
create or replace function analytics_unrolled_stale_days()
returns table (day date)
language sql
stable
as $$
select stale.day
from analytics_stale_days() as stale
cross join lateral analytics_fingerprints(
    stale.day::timestamp at time zone 'UTC', (stale.day + 1)::timestamp at time zone 'UTC'
) as raw
left join analytics_rolled_days as rolled on rolled.day = stale.day
where (raw.events, raw.fingerprint) is distinct from (rolled.events, rolled.fingerprint)
order by 1
$$;
