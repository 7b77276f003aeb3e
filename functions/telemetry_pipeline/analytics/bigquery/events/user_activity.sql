-- The events of analytics_user_activity, each once: what was delivered again has the same time and id.
--
-- The bound on timestamp is there because the table demands one; a query's own bound goes through to the partitions.
select *
from `${dataset}.analytics_user_activity`
where timestamp >= timestamp '1970-01-01'
qualify row_number() over (partition by timestamp, id order by received_at) = 1
