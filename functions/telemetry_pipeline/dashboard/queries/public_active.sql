-- How many people were active, as everybody may know it? One row per day; null where that is hidden.
select
    day,
    dau,
    wau,
    mau
from published_active_people(cast(:k as integer))
where day between :first and :last
order by day;
