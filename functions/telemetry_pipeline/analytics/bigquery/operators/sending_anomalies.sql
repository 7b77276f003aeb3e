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
with arrived as (
    select
        received_at,
        installation_id,
        service_name
    from `${dataset}.user_activity`
    union all
    select
        received_at,
        installation_id,
        service_name
    from `${dataset}.endpoint_usage`
    union all
    select
        received_at,
        installation_id,
        service_name
    from `${dataset}.feature_usage`
),

dated as (
    select
        date(received_at, 'UTC') as day,
        installation_id,
        if(installation_id is null, coalesce(service_name, ''), null) as nameless_service
    from arrived
),

sent as (
    select
        day,
        installation_id,
        nameless_service,
        count(*) as events
    from dated
    where day >= date_sub(current_date('UTC'), interval 29 day)
    group by day, installation_id, nameless_service
),

ranked as (
    select
        day,
        events,
        row_number() over (partition by day order by events) as place,
        count(*) over (partition by day) as installations
    from sent
    where installation_id is not null
),

medians as (
    select
        day,
        events as median_events
    from ranked
    where 2 * place in (installations, installations + 1)
)

select
    sent.day,
    sent.installation_id,
    sent.nameless_service as service_name,
    sent.events,
    medians.median_events,
    round(cast(sent.events as numeric) / medians.median_events, 1) as times_median
from sent
join medians
    on medians.day = sent.day
where sent.events >= 100 * medians.median_events
