-- What readers see of exact_feature_funnel; what is hidden of it:
--
-- users and rate, where groups are hidden at all (k is 2 or more): whoever may choose the steps and the time could tell
-- small groups by the difference of two answers. The dashboard has a funnel builder.
create or replace function feature_funnel(
    steps text[],
    "window" interval,
    since timestamptz default now() - interval '30 days',
    deployment text default 'all'
)
returns table (
    step integer,
    feature text,
    users bigint,
    rate numeric
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
)

select
    funnel.step,
    funnel.feature,
    case when setting.k = 1 then funnel.users end,
    case when setting.k = 1 then funnel.rate end
from exact_feature_funnel(steps, "window", since, deployment) as funnel
cross join setting
order by funnel.step
$$;
