-- What readers see of exact_feature_adoption; what is hidden of it:
--
-- users and uses of 1 to k-1 people. Where a deployment type's are hidden, those of the other types are too, of the
-- same day, feature and action. adoption_rate with users, and with dau of daily_active_users.
create or replace function published_feature_adoption()
returns table (
    day date,
    feature_name text,
    action text,
    deployment_type text,
    users bigint,
    uses bigint,
    adoption_rate numeric,
    first_seen date
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
        adoption.users as people,
        adoption.users between 1 and setting.k - 1 as is_few,
        setting.k
    from exact_feature_adoption as adoption
    cross join setting
),

beside_others as (
    select
        *,
        bool_or(is_few and deployment_type <> 'all') over others as has_few_parts,
        count(*) filter (where people > 0 and deployment_type <> 'all') over others as parts
    from figures
    window others as (partition by day, feature_name, action)
),

judged as (
    select
        *,
        is_few
        or has_few_parts and (deployment_type <> 'all' or people - (parts - 1) < greatest(k - 1, 2)) as is_hidden
    from beside_others
)

select
    judged.day,
    judged.feature_name,
    judged.action,
    judged.deployment_type,
    case when not judged.is_hidden then judged.users end,
    case when not judged.is_hidden then judged.uses end,
    case when not judged.is_hidden and active.dau is not null then judged.adoption_rate end,
    judged.first_seen
from judged
left join published_daily_active_users() as active
    on active.day = judged.day
    and active.deployment_type = judged.deployment_type
$$;

create or replace view feature_adoption as
select
    day,
    feature_name,
    action,
    deployment_type,
    users,
    uses,
    adoption_rate,
    first_seen
from published_feature_adoption();
