-- Who sends far more than others? One row per day of arrival (UTC), of the last 30, and sender of that day that sent at
-- least a hundred times what the median installation did.
--
-- installation_id: the pseudonym of the installation, which RHESIS_BLOCKED_INSTALLATIONS takes; null where the events
-- name none. service_name: the service of events that name no installation, which are one sender for each service; null
-- otherwise. events: how many of the sender's arrived that day. median_events: how many arrived of the median of the
-- installations of that day, the lower one of two. times_median: how many times as many.
--
-- Days are days of arrival, since an event may tell any time it likes. For whoever looks after the pipeline: it tells
-- installations apart, so that neither readers nor the dashboard see it.
create or replace view sending_anomalies as
with arrived as (
    select
        received_at,
        installation_id,
        service_name
    from resolved_user_activity
    union all
    select
        received_at,
        installation_id,
        service_name
    from resolved_endpoint_usage
    union all
    select
        received_at,
        installation_id,
        service_name
    from resolved_feature_usage
),

sent as (
    select
        (received_at at time zone 'UTC')::date as day,
        installation_id,
        case when installation_id is null then coalesce(service_name, '') end as service_name,
        count(*) as events
    from arrived
    where received_at >= ((now() at time zone 'UTC')::date - 29)::timestamp at time zone 'UTC'
    group by 1, 2, 3
),

medians as (
    select
        day,
        percentile_disc(0.5) within group (order by events) as median_events
    from sent
    where installation_id is not null
    group by day
)

select
    sent.day,
    sent.installation_id,
    sent.service_name,
    sent.events,
    medians.median_events,
    round(sent.events::numeric / medians.median_events, 1) as times_median
from sent
join medians using (day)
where sent.events >= 100 * medians.median_events;
