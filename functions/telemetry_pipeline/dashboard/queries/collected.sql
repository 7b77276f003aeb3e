-- How many events of each kind arrived in the last day? One row per event.
select
    'user_activity' as event,
    count(*) as events
from analytics_user_activity
where received_at >= now() - interval '1 day'
union all
select
    'endpoint_usage',
    count(*)
from analytics_endpoint_usage
where received_at >= now() - interval '1 day'
union all
select
    'feature_usage',
    count(*)
from analytics_feature_usage
where received_at >= now() - interval '1 day';
