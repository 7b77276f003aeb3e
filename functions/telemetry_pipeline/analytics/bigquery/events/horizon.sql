-- From where the events answer, in one row. Days before first_counted_day are counted in analytics_history; some events
-- from before it are needed, those from first_event_day on, for what is told of the days that follow. Without a history
-- all events answer.
select
    coalesce(max(horizon.first_event_day), date '0001-01-01') as first_event_day,
    coalesce(max(horizon.first_counted_day), date '0001-01-01') as first_counted_day
from `${dataset}.analytics_history`
