-- What readers see of exact_sessions; what is hidden of it:
--
-- all four figures of a row that are of 1 to k-1 people or sessions. Where a deployment type's are, those of the day's
-- other types are too.
create or replace function published_sessions()
returns table (
    day date,
    deployment_type text,
    sessions bigint,
    median_seconds numeric,
    p90_seconds numeric,
    per_user numeric
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
        daily.*,
        daily.people between 1 and setting.k - 1 or daily.sessions between 1 and setting.k - 1 as is_few,
        setting.k
    from exact_sessions as daily
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
    case when not is_hidden then sessions end,
    case when not is_hidden then median_seconds end,
    case when not is_hidden then p90_seconds end,
    case when not is_hidden then per_user end
from judged
$$;

create or replace view sessions as
select
    day,
    deployment_type,
    sessions,
    median_seconds,
    p90_seconds,
    per_user
from published_sessions();
