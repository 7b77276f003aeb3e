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
-- Uses sorted by their moment, then hashed by person: half the time of sorting them by person. The planner takes an
-- array for 8 kB, twenty times what it is, and would write to disk; and without a sort, it hashes.
set work_mem to '64MB'
set hash_mem_multiplier to 4
set enable_sort to off
set enable_nestloop to on
as $$
with named as materialized (
    select
        position::integer as step,
        name as feature,
        split_part(name, ':', 1) as feature_name,
        nullif(split_part(name, ':', 2), '') as action
    from unnest(steps) with ordinality as given (name, position)
),

-- As analytics_funnel_depth takes them. A double holds microseconds until the year 2100.
uses as (
    select
        coalesce(person.previous, usage.user_id) as user_id,
        (date_part('epoch', usage."timestamp") * 1000000)::bigint * (cardinality(steps) + 1)
        + cardinality(steps) - named.step as use
    from named
    -- As resolved_feature_usage has them; by way of it the planner reads the whole table and not the index.
    inner join analytics_feature_usage as usage
        on usage.feature_name = named.feature_name
        and (named.action is null or named.action = usage.action)
    left join analytics_pseudonym_links as person
        on person.domain = 'user'
        and person.pseudonym = usage.user_id
    where usage."timestamp" >= since
        and usage.user_id is not null
        and deployment in ('all', usage.deployment_type)
    order by use
),

people as (
    select
        analytics_funnel_depth(
            cardinality(steps),
            array_agg(use),
            -- Intervals are compared with months of 30 days, 360 in a year, where epoch has 365.25.
            ((extract(epoch from "window") - extract(year from "window") * 453600) * 1000000)::bigint
            * (cardinality(steps) + 1)
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
