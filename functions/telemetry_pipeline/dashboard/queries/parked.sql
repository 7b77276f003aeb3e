-- Which messages could never be stored? One row per reason.
select
    reason,
    count(*) as messages,
    sum(size_bytes)::bigint as bytes,
    max(received_at) as last_at
from analytics_parked_messages
group by reason
order by messages desc;
