-- analytics_relinked_days(): the days on which somebody was counted by a pseudonym that is known by now to be another's.
-- `store` notes whose it is with their first event; so there are none, unless ingest was without the previous key. Days
-- that are final are left as they are.
create or replace function analytics_relinked_days()
returns table (day date)
language sql
stable
as $$
select known.day
from analytics_pseudonym_links as link
inner join analytics_people as person
    on person.user_id = link.pseudonym
    and person.deployment_type = 'all'
inner join analytics_person_days as known
    on known.user_id = link.pseudonym
    and known.deployment_type = 'all'
cross join analytics_rollup_state as state
where link.domain = 'user'
    and known.day >= state.first_day
union
select known.day
from analytics_pseudonym_links as link
inner join analytics_installations as place on place.installation_id = link.pseudonym
inner join analytics_installation_days as known on known.installation_id = link.pseudonym
cross join analytics_rollup_state as state
where link.domain = 'installation'
    and known.day >= state.first_day
$$;
