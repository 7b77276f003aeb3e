-- What readers see of exact_installations; what is hidden of it:
--
-- a count of 1 to k-1 installations.
create or replace function published_installations()
returns table (
    day date,
    active_installations bigint,
    new_installations bigint,
    gone_installations bigint
)
language sql
stable
security definer
set search_path from current
set enable_nestloop to off
set jit to off
as $$
with setting as (
    select k_anonymity as k
    from analytics_upkeep
)

select
    daily.day,
    case when daily.active_installations not between 1 and setting.k - 1 then daily.active_installations end,
    case when daily.new_installations not between 1 and setting.k - 1 then daily.new_installations end,
    case when daily.gone_installations not between 1 and setting.k - 1 then daily.gone_installations end
from exact_installations as daily
cross join setting
$$;

create or replace view installations as
select
    day,
    active_installations,
    new_installations,
    gone_installations
from published_installations();
