with figures as (
    select
        *,
        users as people,
        users between 1 and ${k} - 1 as is_few
    from `${dataset}.exact_feature_adoption`
),

beside_others as (
    select
        *,
        sum(if(is_few and deployment_type <> 'all', 1, 0)) over others > 0 as has_few_parts,
        sum(if(people > 0 and deployment_type <> 'all', 1, 0)) over others as parts
    from figures
    window others as (partition by day, feature_name, action)
),

judged as (
    select
        *,
        is_few
        or has_few_parts and (deployment_type <> 'all' or people - (parts - 1) < greatest(${k} - 1, 2)) as is_hidden
    from beside_others
)

select
    judged.day,
    judged.feature_name,
    judged.action,
    judged.deployment_type,
    if(judged.is_hidden, null, judged.users) as users,
    if(judged.is_hidden, null, judged.uses) as uses,
    if(judged.is_hidden or active.dau is null, null, judged.adoption_rate) as adoption_rate,
    judged.first_seen
from judged
left join `${dataset}.daily_active_users` as active
    on active.day = judged.day
    and active.deployment_type = judged.deployment_type
