-- analytics_daily_events_of(of_day): the events of a day, counted, and those of them that came late.
create or replace function analytics_daily_events_of(of_day date)
returns setof analytics_daily_events
language sql
stable
security definer
set search_path from current
set plan_cache_mode to force_custom_plan
as $$
select
    of_day,
    coalesce(deployment_type, 'all'),
    count(*),
    count(*) filter (where is_late)
from analytics_events_of(of_day)
group by grouping sets ((deployment_type), ())
having count(*) > 0
$$;
