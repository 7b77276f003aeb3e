-- What readers see of exact_user_lifecycle; what is hidden of it:
--
-- all four figures of a row where one is 1 to k-1: three of them add up to the week's wau of daily_active_users, and
-- two to that of the week before. Where a deployment type's are hidden, those of the week's other types are too; and
-- those of all, unless two types or more were there in both weeks and none of the four is so small that it would leave
-- little doubt.
create or replace function published_user_lifecycle()
returns table (
    week date,
    deployment_type text,
    new_users bigint,
    returning_users bigint,
    resurrected_users bigint,
    dormant_users bigint
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
        lifecycle.*,
        new_users between 1 and setting.k - 1
        or returning_users between 1 and setting.k - 1
        or resurrected_users between 1 and setting.k - 1
        or dormant_users between 1 and setting.k - 1 as is_few,
        least(new_users, returning_users, resurrected_users, dormant_users) as fewest,
        new_users + returning_users + resurrected_users > 0 as is_there,
        returning_users + dormant_users > 0 as was_there,
        setting.k
    from exact_user_lifecycle as lifecycle
    cross join setting
),

beside_others as (
    select
        *,
        bool_or(is_few and deployment_type <> 'all') over others as has_few_parts,
        count(*) filter (where (is_there or was_there) and deployment_type <> 'all') over others as parts,
        count(*) filter (where is_there and was_there and deployment_type <> 'all') over others as steady_parts
    from figures
    window others as (partition by week)
),

judged as (
    select
        *,
        is_few
        or has_few_parts
        and (deployment_type <> 'all' or steady_parts < 2 or fewest - (parts - 1) < greatest(k - 1, 2)) as is_hidden
    from beside_others
)

select
    week,
    deployment_type,
    case when not is_hidden then new_users end,
    case when not is_hidden then returning_users end,
    case when not is_hidden then resurrected_users end,
    case when not is_hidden then dormant_users end
from judged
$$;

create or replace view user_lifecycle as
select
    week,
    deployment_type,
    new_users,
    returning_users,
    resurrected_users,
    dormant_users
from published_user_lifecycle();
