-- analytics_relinked_days(): the days on which somebody was counted by a pseudonym that is known by now to be another's.
-- `store` notes whose it is with their first event; so there are none, unless ingest was without the previous key.
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
where link.domain = 'user'
union
select known.day
from analytics_pseudonym_links as link
inner join analytics_installations as place on place.installation_id = link.pseudonym
inner join analytics_installation_days as known on known.installation_id = link.pseudonym
where link.domain = 'installation'
$$;

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
union
select relinked.day
from analytics_relinked_days() as relinked
cross join analytics_rollup_state as state
where relinked.day >= state.first_day
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
union
select relinked.day
from analytics_relinked_days() as relinked
cross join analytics_rollup_state as state
where relinked.day >= state.first_day
order by 1
$$;
