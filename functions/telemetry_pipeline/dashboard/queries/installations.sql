-- How many installations are there, and do they stay? One row per day.
select
    day,
    active_installations as active,
    new_installations as new,
    gone_installations as gone
from exact_installations
where day between :first and :last
order by day;
