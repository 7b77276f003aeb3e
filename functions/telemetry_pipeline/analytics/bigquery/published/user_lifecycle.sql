with figures as (
    select
        *,
        new_users between 1 and ${k} - 1
        or returning_users between 1 and ${k} - 1
        or resurrected_users between 1 and ${k} - 1
        or dormant_users between 1 and ${k} - 1 as is_few,
        least(new_users, returning_users, resurrected_users, dormant_users) as fewest,
        new_users + returning_users + resurrected_users > 0 as is_there,
        returning_users + dormant_users > 0 as was_there
    from `${dataset}.exact_user_lifecycle`
),

beside_others as (
    select
        *,
        sum(if(is_few and deployment_type <> 'all', 1, 0)) over others > 0 as has_few_parts,
        sum(if((is_there or was_there) and deployment_type <> 'all', 1, 0)) over others as parts,
        sum(if(is_there and was_there and deployment_type <> 'all', 1, 0)) over others as steady_parts
    from figures
    window others as (partition by week)
),

judged as (
    select
        *,
        is_few
        or has_few_parts
        and (deployment_type <> 'all' or steady_parts < 2 or fewest - (parts - 1) < greatest(${k} - 1, 2)) as is_hidden
    from beside_others
)

select
    week,
    deployment_type,
    if(is_hidden, null, new_users) as new_users,
    if(is_hidden, null, returning_users) as returning_users,
    if(is_hidden, null, resurrected_users) as resurrected_users,
    if(is_hidden, null, dormant_users) as dormant_users
from judged
