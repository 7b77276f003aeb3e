with figures as (
    select
        active.day,
        active.deployment_type,
        active.stickiness,
        figure.name,
        figure.people,
        figure.people between 1 and ${k} - 1 or figure.others between 1 and ${k} - 1 as is_few
    from `${dataset}.exact_daily_active_users` as active
    cross join unnest([
        struct('dau' as name, active.dau as people, 0 as others),
        struct('wau' as name, active.wau as people, 0 as others),
        struct('mau' as name, active.mau as people, 0 as others),
        struct('logins' as name, active.logins as people, active.dau - active.logins as others)
    ]) as figure
),

beside_others as (
    select
        *,
        sum(if(is_few and deployment_type <> 'all', 1, 0)) over others > 0 as has_few_parts,
        sum(if(people > 0 and deployment_type <> 'all', 1, 0)) over others as parts
    from figures
    window others as (partition by day, name)
),

shown as (
    select
        day,
        deployment_type,
        stickiness,
        name,
        case
            when is_few then null
            when has_few_parts and deployment_type <> 'all' then null
            when has_few_parts and people - (parts - 1) < greatest(${k} - 1, 2) then null
            else people
        end as people
    from beside_others
),

days as (
    select
        day,
        deployment_type,
        stickiness,
        max(if(name = 'dau', people, null)) as dau,
        max(if(name = 'wau', people, null)) as wau,
        max(if(name = 'mau', people, null)) as mau,
        max(if(name = 'logins', people, null)) as logins
    from shown
    group by day, deployment_type, stickiness
)

select
    day,
    deployment_type,
    dau,
    wau,
    mau,
    if(dau is not null and mau is not null, stickiness, null) as stickiness,
    logins
from days
