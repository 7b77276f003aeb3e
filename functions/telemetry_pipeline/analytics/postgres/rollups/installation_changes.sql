-- analytics_installation_changes(of_day): by how much analytics_daily_installations changes, found as
-- analytics_person_changes does it for people.
create or replace function analytics_installation_changes(of_day date)
returns setof analytics_daily_installations
language sql
stable
security definer
set search_path from current
as $$
with seen as (
    select distinct
        event.installation_id,
        event.day
    from analytics_events_of(of_day) as event
    where event.installation_id is not null
),

changed as (
    select
        seen.installation_id,
        seen.day
    from seen
    left join analytics_installation_days as known using (installation_id, day)
    where known.day is null
    union all
    select
        known.installation_id,
        known.day
    from analytics_installation_days as known
    where known.day = of_day
        and known.installation_id not in (select installation_id from seen)
),

affected as (
    select
        changed.installation_id,
        installation.first_day,
        installation.first_day is null or min(changed.day) <= installation.first_day as first_day_moves,
        min(changed.day) - 14 as from_day,
        max(changed.day) + 14 as to_day
    from changed
    left join analytics_installations as installation using (installation_id)
    group by 1, 2
),

before as (
    select
        known.installation_id,
        known.day
    from affected
    inner join analytics_installation_days as known using (installation_id)
    where known.day between affected.from_day and affected.to_day
        or affected.first_day_moves
),

after as (
    select *
    from before
    where of_day is null
        or day <> of_day
    union
    select
        seen.installation_id,
        seen.day
    from affected
    inner join seen using (installation_id)
    where seen.day between affected.from_day and affected.to_day
        or affected.first_day_moves
),

days as (
    select
        -1 as weight,
        before.installation_id,
        before.day,
        before.day = affected.first_day as is_first
    from before
    inner join affected using (installation_id)
    union all
    select
        1,
        after.installation_id,
        after.day,
        case
            when affected.first_day_moves
                and coalesce(affected.first_day >= state.first_day, true)
            then after.day = min(after.day) over (partition by after.installation_id)
            else after.day = affected.first_day
        end
    from after
    inner join affected using (installation_id)
    cross join analytics_rollup_state as state
),

spaced as (
    select
        *,
        lead(day) over (partition by weight, installation_id order by day) - day as until_the_next
    from days
),

changes as (
    select
        day,
        weight as active,
        case when is_first then weight else 0 end as new,
        0 as gone
    from spaced
    union all
    select
        day + 14,
        0,
        0,
        weight
    from spaced
    where coalesce(until_the_next > 14, true)
)

select
    day,
    sum(active),
    sum(new),
    sum(gone)
from changes
group by day
having sum(active) <> 0
    or sum(new) <> 0
    or sum(gone) <> 0
$$;
