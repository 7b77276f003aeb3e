-- Which features are used, by how many people? One row per day (UTC), feature, action and deployment type with a use.
--
-- users: people who used the feature with that action that day; uses: how often, anonymous uses included. adoption_rate:
-- users over all people active that day, as daily_active_users has them; null if nobody was. first_seen: the first day
-- with a use in this deployment type.
--
-- A use without an action has a row of its own, with a null action. Today counts what has come so far.
with typed as (
    select
        date(event.timestamp, 'UTC') as day,
        event.feature_name,
        event.action,
        type as deployment_type,
        event.user_id
    from `${dataset}.feature_usage` as event
    cross join unnest([event.deployment_type, 'all']) as type
),

features as (
    select
        day,
        feature_name,
        action,
        deployment_type,
        count(distinct user_id) as users,
        count(*) as uses
    from typed
    cross join `${dataset}.horizon` as horizon
    where day >= horizon.first_counted_day
    group by day, feature_name, action, deployment_type
    union all
    select
        daily_features.day,
        daily_features.feature_name,
        daily_features.action,
        daily_features.deployment_type,
        daily_features.users,
        daily_features.uses
    from `${dataset}.analytics_history`
    where daily_features.day is not null
),

dated as (
    select
        *,
        min(day) over (partition by feature_name, action, deployment_type) as first_seen
    from features
)

select
    dated.day,
    dated.feature_name,
    dated.action,
    dated.deployment_type,
    dated.users,
    dated.uses,
    round(cast(dated.users as bignumeric) / nullif(active.dau, 0), 4) as adoption_rate,
    dated.first_seen
from dated
left join `${dataset}.exact_daily_active_users` as active
    on active.day = dated.day
    and active.deployment_type = dated.deployment_type
where dated.day <= current_date('UTC')
