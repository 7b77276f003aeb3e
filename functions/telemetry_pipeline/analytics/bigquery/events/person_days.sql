-- The days on which people were active, with the Monday of the week and the first of the month. One row per person,
-- deployment type and day.
--
-- The Monday is counted back to, for date_trunc by weeks that begin on Monday is not the same everywhere.
select
    user_id,
    deployment_type,
    day,
    date_sub(day, interval mod(extract(dayofweek from day) + 5, 7) day) as week,
    date_trunc(day, month) as month,
    logical_or(is_login) as has_login
from `${dataset}.events`
where user_id is not null
group by user_id, deployment_type, day
