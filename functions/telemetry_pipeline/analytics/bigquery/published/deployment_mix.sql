with figures as (
    select
        *,
        users as people,
        users between 1 and ${k} - 1 as is_few
    from `${dataset}.exact_deployment_mix`
),

beside_others as (
    select
        *,
        sum(if(is_few and deployment_type <> 'all', 1, 0)) over others > 0 as has_few_parts,
        sum(if(people > 0 and deployment_type <> 'all', 1, 0)) over others as parts
    from figures
    window others as (partition by day)
),

judged as (
    select
        *,
        is_few
        or has_few_parts and (deployment_type <> 'all' or people - (parts - 1) < greatest(${k} - 1, 2)) as is_hidden
    from beside_others
)

select
    day,
    deployment_type,
    if(is_hidden, null, users) as users,
    if(is_hidden, null, events) as events
from judged
