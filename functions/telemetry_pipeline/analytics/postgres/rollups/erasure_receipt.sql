-- analytics_erasure_receipt(digest): what became of the requests for erasure with this hash of a token, as JSON; null
-- where there are none. It runs with the owner's rights and answers for one token alone, so that whoever may call it can
-- neither list the requests nor read whose they are.
--
-- A message is kept by Pub/Sub for 31 days at most; BigQuery's fail-safe takes 7 days more than its time travel.
create or replace function analytics_erasure_receipt(digest text)
returns jsonb
language sql
stable
security definer
set search_path from current
as $$
    with asked as (
        select
            max(request."timestamp") as requested_at,
            case when bool_and(request.erased_at is not null) then max(request.removed_at) end as removed_at,
            case
                when bool_and(request.erased_in_bigquery_at is not null) then max(request.removed_in_bigquery_at)
            end as removed_in_bigquery_at,
            sum(request.erased_events) as events,
            sum(request.erased_events_in_bigquery) as events_in_bigquery,
            bool_or(request.subject is not null) as is_obeyed,
            max(request.received_at) as received_at
        from analytics_erasure_requests as request
        where request.receipt = digest
        having count(*) > 0
    ),

    expiring as (
        select
            asked.*,
            upkeep.bigquery_time_travel_hours is not null as has_bigquery,
            asked.removed_at is null
            or upkeep.bigquery_time_travel_hours is not null and asked.removed_in_bigquery_at is null as is_waiting,
            asked.received_at + make_interval(days => greatest(31, upkeep.rejected_retention_days)) as queues,
            asked.removed_at + make_interval(days => upkeep.backup_days) as backups,
            asked.removed_in_bigquery_at + make_interval(days => 7, hours => upkeep.bigquery_time_travel_hours) as history
        from asked
        cross join analytics_upkeep as upkeep
    )

    select
        jsonb_build_object(
            'status',
            case
                when is_waiting then 'waiting'
                when is_obeyed then 'erased'
                else 'forgotten'
            end,
            'requested_at', date_trunc('second', requested_at),
            'erased_at', case when not is_waiting then date_trunc('second', greatest(removed_at, removed_in_bigquery_at)) end,
            'events_erased', jsonb_build_object(
                'postgres', events,
                'bigquery', case when has_bigquery then events_in_bigquery end
            ),
            'copies_expire', jsonb_build_object(
                'queues', date_trunc('second', queues),
                'backups', date_trunc('second', backups),
                'bigquery', date_trunc('second', history),
                'last', case when not is_waiting then date_trunc('second', greatest(queues, backups, history)) end
            )
        )
    from expiring
$$;
