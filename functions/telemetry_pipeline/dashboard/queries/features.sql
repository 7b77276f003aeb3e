-- Which features were used, or how was the one that is named? One row per feature, action and deployment type.
-- The counts of exact_feature_adoption, without the people whom its rate is of: these are another question of the page.
-- The days come as one text, [[day, users, uses], ...], since some thousand rows take longer to read than to make.
with stale as (
    select day
    from analytics_stale_days()
),

uses as (
    select
        day,
        feature_name,
        action,
        deployment_type,
        users,
        uses
    from analytics_daily_features
    where day not in (select day from stale)
    union all
    select
        fresh.day,
        feature_name,
        action,
        deployment_type,
        users,
        uses
    from stale
    cross join lateral analytics_daily_features_of(stale.day) as fresh
)

select
    feature_name,
    action,
    deployment_type,
    min(day) as first_seen,
    json_agg(json_build_array(day, users, uses) order by day) filter (where day >= :first) as days
from uses
where (cast(:feature as text) is null or feature_name = :feature)
    and day <= least(:last, (now() at time zone 'UTC')::date)
group by feature_name, action, deployment_type
having max(day) >= :first
order by feature_name, action, deployment_type;
