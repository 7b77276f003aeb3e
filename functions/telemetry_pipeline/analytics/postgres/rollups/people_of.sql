-- analytics_people_of(of_day): who was active on which day, in the events of a day or those received lately (null).
create or replace function analytics_people_of(of_day date)
returns setof analytics_person_days
language sql
stable
as $$
select
    event.day,
    type.deployment_type,
    event.user_id,
    bool_or(event.has_login)
from analytics_events_of(of_day) as event
cross join lateral (values (event.deployment_type), ('all')) as type (deployment_type)
where event.user_id is not null
group by 1, 2, 3
$$;

-- It tells ids: for the owner alone. What the views call tells counts.
revoke execute on function analytics_people_of(date) from public;
