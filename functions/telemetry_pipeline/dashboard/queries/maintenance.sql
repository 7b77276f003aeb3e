-- How far is maintenance, and what is kept? One row; null for what has not happened yet.
select
    greatest(extract(epoch from now() - nullif(received_before, '-infinity')), 0) as seconds,
    (select count(*) from analytics_rolled_days) as rolled_days,
    nullif(first_day, '-infinity') as first_day
from analytics_rollup_state;
