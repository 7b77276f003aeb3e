-- The events of all three kinds, with what they have in common; each once in its deployment type and once in all.
with every_kind as (
    select
        timestamp,
        deployment_type,
        user_id,
        installation_id,
        service_name,
        service_version,
        event_type = 'login' as is_login
    from `${dataset}.user_activity`
    union all
    select
        timestamp,
        deployment_type,
        user_id,
        installation_id,
        service_name,
        service_version,
        false
    from `${dataset}.endpoint_usage`
    union all
    select
        timestamp,
        deployment_type,
        user_id,
        installation_id,
        service_name,
        service_version,
        false
    from `${dataset}.feature_usage`
)

select
    date(event.timestamp, 'UTC') as day,
    type as deployment_type,
    event.user_id,
    event.installation_id,
    event.service_name,
    event.service_version,
    event.is_login
from every_kind as event
cross join unnest([event.deployment_type, 'all']) as type
