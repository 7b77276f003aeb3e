-- Since when are there people? One row; null before the first.
select min(day) as first_day
from published_active_people(5);
