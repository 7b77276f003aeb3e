-- How many people go through features in a given order? One row per step.
--
--     select * from feature_funnel(array['project', 'test_set', 'test_run'], interval '7 days');
--
-- steps: names of features, in order; 'test_run:created' is the feature with that action alone. window: how much time
-- may pass between a person's use of the first step and of the last. since: where to begin to look; 30 days ago if it is
-- left out. deployment: a deployment type, or all.
--
-- users: people who used the step's feature after those of all steps before it, each later than the one before, all
-- within the window; any of a person's uses of the first step may be the beginning. Two uses at the same moment are in
-- no order, and one use is one step, also where a step is named twice. rate: users over those of the first step, null
-- if there are none. Anonymous uses don't count.
create or replace function exact_feature_funnel(
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
set plan_cache_mode to force_custom_plan
set work_mem to '32MB'
as $$
with named as (
    select
        position::integer as step,
        name as feature,
        split_part(name, ':', 1) as feature_name,
        nullif(split_part(name, ':', 2), '') as action
    from unnest(steps) with ordinality as given (name, position)
),

uses as (
    select
        usage.user_id,
        named.step,
        usage."timestamp" as at
    from resolved_feature_usage as usage
    inner join named
        on named.feature_name = usage.feature_name
        and (named.action is null or named.action = usage.action)
    where usage."timestamp" >= since
        -- What the join says too, told to the scan.
        and usage.feature_name = any(array(select feature_name from named))
        and usage.user_id is not null
        and deployment in ('all', usage.deployment_type)
),

people as (
    select
        analytics_funnel_depth(
            array_agg(step order by at, step desc), array_agg(at order by at, step desc), "window"
        ) as depth
    from uses
    group by user_id
),

depths as (
    select
        depth,
        count(*) as people
    from people
    group by depth
),

reached as (
    select
        named.step,
        named.feature,
        coalesce(sum(depths.people), 0)::bigint as users
    from named
    left join depths on depths.depth >= named.step
    group by named.step, named.feature
)

select
    step,
    feature,
    users,
    round(users::numeric / nullif(first_value(users) over (order by step), 0), 4)
from reached
order by step
$$;
