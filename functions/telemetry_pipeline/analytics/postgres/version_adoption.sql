-- How do releases spread? One row per day (UTC), service, version and deployment type with an event.
--
-- installations: installations that sent an event of that version that day; clients that tell no installation id are
-- none. users: people with such an event. During an upgrade, both count for both versions.
--
-- A service that tells no name or no version has null there. Today counts what has come so far.
create or replace view exact_version_adoption as
with stale as (
    select day
    from analytics_stale_days()
),

versions as (
    select *
    from analytics_daily_versions
    where day not in (select day from stale)
    union all
    select fresh.*
    from stale
    cross join lateral analytics_daily_versions_of(stale.day) as fresh
)

select
    day,
    service_name,
    service_version,
    deployment_type,
    installations,
    users
from versions
where day <= (now() at time zone 'UTC')::date;
