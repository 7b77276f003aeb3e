-- What readers see of exact_deployment_mix; what is hidden of it:
--
-- users where dau of daily_active_users is; events with it.
create or replace function published_deployment_mix()
returns table (
    day date,
    deployment_type text,
    users bigint,
    events bigint
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
        mix.*,
        mix.users as people,
        mix.users between 1 and setting.k - 1 as is_few,
        setting.k
    from exact_deployment_mix as mix
    cross join setting
),

beside_others as (
    select
        *,
        bool_or(is_few and deployment_type <> 'all') over others as has_few_parts,
        count(*) filter (where people > 0 and deployment_type <> 'all') over others as parts
    from figures
    window others as (partition by day)
),

judged as (
    select
        *,
        is_few
        or has_few_parts and (deployment_type <> 'all' or people - (parts - 1) < greatest(k - 1, 2)) as is_hidden
    from beside_others
)

select
    day,
    deployment_type,
    case when not is_hidden then users end,
    case when not is_hidden then events end
from judged
$$;

create or replace view deployment_mix as
select
    day,
    deployment_type,
    users,
    events
from published_deployment_mix();
