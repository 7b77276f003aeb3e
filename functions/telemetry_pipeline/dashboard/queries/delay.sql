-- How old are events when they arrive? One row, of what arrived in the last day.
with arrived as (
    select extract(epoch from received_at - "timestamp") as seconds
    from analytics_user_activity
    where received_at >= now() - interval '1 day'
    union all
    select extract(epoch from received_at - "timestamp")
    from analytics_endpoint_usage
    where received_at >= now() - interval '1 day'
    union all
    select extract(epoch from received_at - "timestamp")
    from analytics_feature_usage
    where received_at >= now() - interval '1 day'
)

select
    count(*) as events,
    percentile_disc(0.5) within group (order by seconds) as median_seconds,
    percentile_disc(0.95) within group (order by seconds) as p95_seconds
from arrived;
