-- Which features are used, by how many people? One row per day (UTC), feature, action and deployment type with a use.
--
-- users: people who used the feature with that action that day; uses: how often, anonymous uses included. adoption_rate:
-- users over all people active that day, as daily_active_users has them; null if nobody was. first_seen: the first day
-- with a use in this deployment type.
--
-- A use without an action has a row of its own, with a null action. Today counts what has come so far.
create or replace view exact_feature_adoption as
with stale as (
    select day
    from analytics_stale_days()
),

features as (
    select *
    from analytics_daily_features
    where day not in (select day from stale)
    union all
    select fresh.*
    from stale
    cross join lateral analytics_daily_features_of(stale.day) as fresh
),

first_uses as (
    select
        feature_name,
        action,
        deployment_type,
        min(day) as first_seen
    from features
    group by feature_name, action, deployment_type
)

select
    features.day,
    features.feature_name,
    features.action,
    features.deployment_type,
    features.users,
    features.uses,
    round(features.users::numeric / nullif(active.dau, 0), 4) as adoption_rate,
    first_uses.first_seen
from features
inner join first_uses
    on first_uses.feature_name = features.feature_name
    and first_uses.action is not distinct from features.action
    and first_uses.deployment_type = features.deployment_type
left join exact_daily_active_users as active
    on active.day = features.day
    and active.deployment_type = features.deployment_type
where features.day <= (now() at time zone 'UTC')::date;
