-- How many events of the last 30 days came late, and how many were not stored? One row. It reads all of these events:
-- about a second for three million.
with arrived as (
    select
        count(*) as events,
        count(*) filter (where received_at - "timestamp" > make_interval(secs => :late_seconds)) as late
    from analytics_user_activity
    where received_at >= now() - interval '30 days'
    union all
    select
        count(*),
        count(*) filter (where received_at - "timestamp" > make_interval(secs => :late_seconds))
    from analytics_endpoint_usage
    where received_at >= now() - interval '30 days'
    union all
    select
        count(*),
        count(*) filter (where received_at - "timestamp" > make_interval(secs => :late_seconds))
    from analytics_feature_usage
    where received_at >= now() - interval '30 days'
)

select
    sum(events)::bigint as events,
    sum(late)::bigint as late,
    (select count(*) from analytics_rejected_spans where received_at >= now() - interval '30 days') as rejected,
    (select count(*) from analytics_parked_messages where received_at >= now() - interval '30 days') as parked
from arrived;
