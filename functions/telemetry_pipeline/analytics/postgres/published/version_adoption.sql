-- What readers see of exact_version_adoption; what is hidden of it:
--
-- both figures where either is 1 to k-1. Among the versions of a service, the next smallest with the only one that is
-- hidden, since together they may be all people of the day. Where a deployment type's version is hidden, so are all
-- versions of the service in all types on that day.
create or replace function published_version_adoption()
returns table (
    day date,
    service_name text,
    service_version text,
    deployment_type text,
    installations bigint,
    users bigint
)
language sql
stable
security definer
set search_path from current
set enable_nestloop to off
set jit to off
as $$
with setting as (
    select k_anonymity as k
    from analytics_upkeep
),

figures as (
    select
        adoption.*,
        adoption.users between 1 and setting.k - 1 or adoption.installations between 1 and setting.k - 1 as is_few
    from exact_version_adoption as adoption
    cross join setting
),

beside_others as (
    select
        *,
        bool_or(is_few and deployment_type <> 'all') over (partition by day, service_name) as has_few_parts,
        bool_or(is_few) over versions as has_few,
        row_number() over (versions order by is_few desc, users, service_version) as rank
    from figures
    window versions as (partition by day, service_name, deployment_type)
),

judged as (
    select
        *,
        case when deployment_type = 'all' then is_few or has_few and rank <= 2 else has_few_parts end as is_hidden
    from beside_others
)

select
    day,
    service_name,
    service_version,
    deployment_type,
    case when not is_hidden then installations end,
    case when not is_hidden then users end
from judged
$$;

create or replace view version_adoption as
select
    day,
    service_name,
    service_version,
    deployment_type,
    installations,
    users
from published_version_adoption();
