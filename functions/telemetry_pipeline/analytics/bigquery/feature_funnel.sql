-- How many people go through features in a given order? One row per step.
--
--     select *
--     from telemetry.feature_funnel(
--         ['project', 'test_set', 'test_run'],
--         interval 7 day,
--         timestamp_sub(current_timestamp(), interval 30 day),
--         'all'
--     );
--
-- steps: names of features, in order; 'test_run:created' is the feature with that action alone. time_limit: how much
-- time may pass between a person's use of the first step and of the last, in days or less. since: where to begin to
-- look. deployment: a deployment type, or all. BigQuery knows no defaults, so that all four must be given.
--
-- users: people who used the step's feature after those of all steps before it, each later than the one before, all
-- within the time limit; any of a person's uses of the first step may be the beginning. Two uses at the same moment are
-- in no order, and one use is one step, also where a step is named twice. rate: users over those of the first step, null
-- if there are none. Anonymous uses don't count.
--
-- From each beginning on, the earliest use of the next step that is later than the one before is taken, which arrives at
-- each step as early as can be.
with recursive named as (
    select
        step,
        steps[ordinal(step)] as feature,
        split(steps[ordinal(step)], ':')[safe_offset(0)] as feature_name,
        nullif(split(steps[ordinal(step)], ':')[safe_offset(1)], '') as action
    from unnest(generate_array(1, array_length(steps))) as step
),

uses as (
    select distinct
        event.user_id,
        named.step,
        event.timestamp
    from `${dataset}.feature_usage` as event
    inner join named
        on named.feature_name = event.feature_name
        and (named.action is null or named.action = event.action)
    where event.timestamp >= since
        and event.user_id is not null
        and deployment in ('all', event.deployment_type)
),

-- Each use beside the uses of the next step.
pairs as (
    select
        user_id,
        step,
        timestamp,
        cast(null as timestamp) as next_timestamp
    from uses
    union all
    select
        user_id,
        step - 1,
        timestamp,
        timestamp
    from uses
    where step > 1
),

followed as (
    select
        user_id,
        step,
        timestamp,
        next_timestamp is null as is_use,
        min(next_timestamp) over later as next_use
    from pairs
    window later as (
        partition by user_id, step
        order by unix_micros(timestamp)
        range between 1 following and unbounded following
    )
),

reached as (
    select
        user_id,
        step,
        timestamp as begun,
        next_use
    from followed
    where is_use
        and step = 1
    union all
    select
        reached.user_id,
        followed.step,
        reached.begun,
        followed.next_use
    from reached
    inner join followed
        on followed.user_id = reached.user_id
        and followed.step = reached.step + 1
        and followed.timestamp = reached.next_use
    where followed.is_use
        and followed.timestamp <= reached.begun + time_limit
),

counts as (
    select
        named.step,
        named.feature,
        count(distinct reached.user_id) as users
    from named
    left join reached
        on reached.step = named.step
    group by named.step, named.feature
)

select
    step,
    feature,
    users,
    round(cast(users as bignumeric) / nullif(first_value(users) over (order by step), 0), 4) as rate
from counts
