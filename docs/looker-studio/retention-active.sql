-- Retention 1, a line: how many people are active?
select
    day,
    dau,
    wau,
    mau
from daily_active_users
where deployment_type = 'all'
order by day;
