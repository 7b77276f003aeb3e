-- analytics_stale_days(): the days that received something since the last run of `maintain`. The views count these from
-- the raw events, all others from the rollups.
create or replace function analytics_stale_days()
returns table (day date)
language sql
stable
security definer
set search_path from current
as $$
select distinct day
from analytics_events_of(null)
$$;
