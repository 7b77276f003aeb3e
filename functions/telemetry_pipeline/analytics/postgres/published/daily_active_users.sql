-- What readers see of exact_daily_active_users; what is hidden of it:
--
-- a count of 1 to k-1 people, and logins also where so few did not log in. Where a deployment type's count is hidden,
-- those of the day's other types are too, so that it isn't the rest of all; all itself where it is so small that it
-- would leave little doubt. stickiness with either of its counts.
create or replace function published_daily_active_users(least_k integer default 1)
returns table (
    day date,
    deployment_type text,
    dau bigint,
    wau bigint,
    mau bigint,
    stickiness numeric,
    logins bigint
)
language sql
stable
security definer
set search_path from current
set enable_nestloop to off
set jit to off
as $$
with setting as (
    -- published_active_people asks for a k of its own.
    select greatest(k_anonymity, least_k) as k
    from analytics_upkeep
),

figures as (
    select
        active.day,
        active.deployment_type,
        active.stickiness,
        figure.name,
        figure.people,
        figure.people between 1 and setting.k - 1 or figure.others between 1 and setting.k - 1 as is_few,
        setting.k
    from exact_daily_active_users as active
    cross join setting
    cross join lateral (
        values ('dau', dau, 0), ('wau', wau, 0), ('mau', mau, 0), ('logins', logins, dau - logins)
    ) as figure (name, people, others)
),

beside_others as (
    select
        *,
        bool_or(is_few and deployment_type <> 'all') over others as has_few_parts,
        count(*) filter (where people > 0 and deployment_type <> 'all') over others as parts
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
            when has_few_parts and people - (parts - 1) < greatest(k - 1, 2) then null
            else people
        end as people
    from beside_others
),

days as (
    select
        day,
        deployment_type,
        stickiness,
        max(people) filter (where name = 'dau') as dau,
        max(people) filter (where name = 'wau') as wau,
        max(people) filter (where name = 'mau') as mau,
        max(people) filter (where name = 'logins') as logins
    from shown
    group by day, deployment_type, stickiness
)

select
    day,
    deployment_type,
    dau,
    wau,
    mau,
    case when dau is not null and mau is not null then stickiness end,
    logins
from days
$$;

create or replace view daily_active_users as
select
    day,
    deployment_type,
    dau,
    wau,
    mau,
    stickiness,
    logins
from published_daily_active_users();
