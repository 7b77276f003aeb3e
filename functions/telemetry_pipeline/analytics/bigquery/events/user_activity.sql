-- The events of analytics_user_activity, each once: what was delivered again has the same time and id.
--
-- The bound on timestamp is there because the table demands one; a query's own bound goes through to the partitions.
--
-- Somebody who has two pseudonyms, after a rotation of the key, has the first of them here, as long as it is known.
select
    event.* replace (
        coalesce(person.previous, event.user_id) as user_id,
        coalesce(place.previous, event.installation_id) as installation_id
    )
from `${dataset}.analytics_user_activity` as event
left join `${dataset}.analytics_pseudonym_links` as person
    on person.domain = 'user'
    and person.pseudonym = event.user_id
left join `${dataset}.analytics_pseudonym_links` as place
    on place.domain = 'installation'
    and place.pseudonym = event.installation_id
where event.timestamp >= timestamp '1970-01-01'
qualify row_number() over (partition by event.timestamp, event.id order by event.received_at) = 1
