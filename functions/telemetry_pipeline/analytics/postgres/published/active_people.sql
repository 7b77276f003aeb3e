-- published_active_people(least_k): how many people were active, of all deployment types together, as everybody may know
-- it. One row per day. k is the setting, least_k or 5, whichever is most; null is hidden:
--
-- what is hidden of daily_active_users with that k; and beyond it, a Sunday's wau that the dashboard may hide for the sake
-- of its week in user_lifecycle, since whoever sees the dashboard sees this too. Such are a wau of k at most, and one of
-- people who all had been there the week before, or all came back in the week after: that many returned.
create or replace function published_active_people(least_k integer)
returns table (
    day date,
    dau bigint,
    wau bigint,
    mau bigint
)
language sql
stable
security definer
set search_path from current
set enable_nestloop to off
set jit to off
as $$
with setting as (
    select greatest(k_anonymity, least_k, 5) as k
    from analytics_upkeep
),

active as (
    select
        published.day,
        published.dau,
        published.wau,
        published.mau,
        extract(isodow from published.day) = 7 and published.wau between 1 and setting.k as is_small_week
    from setting
    cross join lateral published_daily_active_users(setting.k) as published
    where published.deployment_type = 'all'
),

all_returned as (
    select distinct
        weekly.day,
        weekly.wau
    from exact_daily_active_users as weekly
    inner join exact_user_lifecycle as lifecycle
        on weekly.deployment_type = lifecycle.deployment_type
            and weekly.wau = lifecycle.returning_users
            and weekly.day in (lifecycle.week + 6, lifecycle.week - 1)
    where weekly.wau > 0
)

select
    active.day,
    active.dau,
    case when not active.is_small_week and all_returned.day is null then active.wau end,
    active.mau
from active
left join all_returned on active.day = all_returned.day and active.wau = all_returned.wau
$$;
