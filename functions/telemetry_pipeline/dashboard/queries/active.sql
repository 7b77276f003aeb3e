-- How many people were active? One row per day and deployment type.
select
    day,
    deployment_type,
    dau,
    wau,
    mau
from exact_daily_active_users
where day between :first and :last
order by day, deployment_type;
