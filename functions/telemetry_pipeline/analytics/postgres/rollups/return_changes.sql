-- analytics_return_changes(changes): by how much analytics_returns changes.
create or replace function analytics_return_changes(changes analytics_person_change[])
returns setof analytics_returns
language sql
immutable
as $$
select
    first_day,
    day - first_day,
    deployment_type,
    sum(weight)
from unnest(changes)
-- Who has been there from before the linkage horizon is in no cohort; the order of two conditions would not be certain.
where case when isfinite(first_day) then day - first_day in (0, 1, 7, 14, 30) else false end
group by 1, 2, 3
having sum(weight) <> 0
$$;

-- analytics_return_changes(): the same for the events that were received lately.
create or replace function analytics_return_changes()
returns setof analytics_returns
language sql
stable
security definer
set search_path from current
as $$
select *
from analytics_return_changes(array(select change from analytics_person_changes(null) as change))
$$;
