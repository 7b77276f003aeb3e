-- How many events arrive? One row per minute of the last hour, those without an event included.
with arrived as (
    select received_at
    from analytics_user_activity
    where received_at >= now() - interval '1 hour'
    union all
    select received_at
    from analytics_endpoint_usage
    where received_at >= now() - interval '1 hour'
    union all
    select received_at
    from analytics_feature_usage
    where received_at >= now() - interval '1 hour'
),

counts as (
    select
        date_trunc('minute', received_at) as minute,
        count(*) as events
    from arrived
    group by 1
)

select
    minute,
    coalesce(counts.events, 0) as events
from generate_series(
    date_trunc('minute', now()) - interval '59 minutes', date_trunc('minute', now()), interval '1 minute'
) as minute
left join counts using (minute)
order by minute;
