-- How do releases spread? One row per day (UTC), service, version and deployment type with an event.
--
-- installations: installations that sent an event of that version that day; clients that tell no installation id are
-- none. users: people with such an event. During an upgrade, both count for both versions.
--
-- A service that tells no name or no version has null there. Today counts what has come so far.
select
    day,
    service_name,
    service_version,
    deployment_type,
    count(distinct installation_id) as installations,
    count(distinct user_id) as users
from `${dataset}.events`
cross join `${dataset}.horizon` as horizon
where day >= horizon.first_counted_day
    and day <= current_date('UTC')
group by day, service_name, service_version, deployment_type
union all
select
    daily_versions.day,
    daily_versions.service_name,
    daily_versions.service_version,
    daily_versions.deployment_type,
    daily_versions.installations,
    daily_versions.users
from `${dataset}.analytics_history`
where daily_versions.day is not null
