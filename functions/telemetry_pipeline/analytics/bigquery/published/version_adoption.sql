with figures as (
    select
        *,
        users between 1 and ${k} - 1 or installations between 1 and ${k} - 1 as is_few
    from `${dataset}.exact_version_adoption`
),

beside_others as (
    select
        *,
        sum(if(is_few and deployment_type <> 'all', 1, 0)) over (partition by day, service_name) > 0 as has_few_parts,
        sum(if(is_few, 1, 0)) over (partition by day, service_name, deployment_type) > 0 as has_few,
        row_number() over (
            partition by day, service_name, deployment_type
            order by is_few desc, users, service_version nulls last
        ) as rank
    from figures
),

judged as (
    select
        *,
        if(deployment_type = 'all', is_few or has_few and rank <= 2, has_few_parts) as is_hidden
    from beside_others
)

select
    day,
    service_name,
    service_version,
    deployment_type,
    if(is_hidden, null, installations) as installations,
    if(is_hidden, null, users) as users
from judged
