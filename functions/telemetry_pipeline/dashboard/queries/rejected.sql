-- What was not stored, and why? One row per reason, event and attribute, of the last 30 days.
select
    reason,
    event,
    attribute,
    count(*) as spans,
    max(received_at) as last_at
from analytics_rejected_spans
where received_at >= now() - interval '30 days'
group by reason, event, attribute
order by spans desc
limit 100;
