-- resolved_user_activity, resolved_endpoint_usage, resolved_feature_usage: the events with the pseudonyms that people and
-- installations are counted by. After a rotation of the key somebody has a second one; as long as it is known whose it
-- is, they are counted by the first. Whatever counts people reads these and not the tables.
create or replace view resolved_user_activity as
select
    event."timestamp",
    event.received_at,
    event.deployment_type,
    event.event_type,
    event.session_id,
    event.service_name,
    event.service_version,
    coalesce(person.previous, event.user_id) as user_id,
    coalesce(place.previous, event.installation_id) as installation_id
from analytics_user_activity as event
left join analytics_pseudonym_links as person
    on person.domain = 'user'
    and person.pseudonym = event.user_id
left join analytics_pseudonym_links as place
    on place.domain = 'installation'
    and place.pseudonym = event.installation_id;

create or replace view resolved_endpoint_usage as
select
    event."timestamp",
    event.received_at,
    event.deployment_type,
    event.service_name,
    event.service_version,
    coalesce(person.previous, event.user_id) as user_id,
    coalesce(place.previous, event.installation_id) as installation_id
from analytics_endpoint_usage as event
left join analytics_pseudonym_links as person
    on person.domain = 'user'
    and person.pseudonym = event.user_id
left join analytics_pseudonym_links as place
    on place.domain = 'installation'
    and place.pseudonym = event.installation_id;

create or replace view resolved_feature_usage as
select
    event."timestamp",
    event.received_at,
    event.deployment_type,
    event.feature_name,
    event.action,
    event.service_name,
    event.service_version,
    coalesce(person.previous, event.user_id) as user_id,
    coalesce(place.previous, event.installation_id) as installation_id
from analytics_feature_usage as event
left join analytics_pseudonym_links as person
    on person.domain = 'user'
    and person.pseudonym = event.user_id
left join analytics_pseudonym_links as place
    on place.domain = 'installation'
    and place.pseudonym = event.installation_id;
