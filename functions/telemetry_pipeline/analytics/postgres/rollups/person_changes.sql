-- analytics_person_changes(of_day): what the events of a day, or those received lately (null), change about the people
-- who are counted already.
--
-- Each day of such a person comes twice: with weight -1 as the rollups know it, and with weight 1 as it is now. Whatever
-- is counted per person and added up, counted over these rows and added to the rollup, gives the figure as it is now; so
-- a refresh costs what changed, and rollups outlive the days of people that they were counted from.
--
-- A day can change figures of days within a month of it, so other days of a person are left out, unless their first day
-- moves. first_day is a person's first, also where its events are gone.
create or replace function analytics_person_changes(of_day date)
returns setof analytics_person_change
language sql
stable
as $$
with seen as (
    select
        user_id,
        deployment_type,
        day,
        has_login
    from analytics_people_of(of_day)
),

changed as (
    select
        seen.user_id,
        seen.deployment_type,
        seen.day
    from seen
    left join lateral (
        select known.has_login
        from analytics_person_days as known
        where known.user_id = seen.user_id
            and known.deployment_type = seen.deployment_type
            and known.day = seen.day
        -- Keeps it a look into the index for each person; how many there are can't be estimated.
        offset 0
    ) as known on true
    where known.has_login is null
        or seen.has_login and not known.has_login
        or of_day is not null and known.has_login and not seen.has_login
    union all
    select
        known.user_id,
        known.deployment_type,
        known.day
    from analytics_person_days as known
    where known.day = of_day
        and not exists (
            select
            from seen
            where seen.user_id = known.user_id
                and seen.deployment_type = known.deployment_type
        )
),

spans as (
    select
        changed.user_id,
        changed.deployment_type,
        person.first_day,
        person.first_day is null or min(changed.day) <= person.first_day as first_day_moves,
        min(changed.day) as from_day,
        max(changed.day) as to_day
    from changed
    left join analytics_people as person using (user_id, deployment_type)
    group by 1, 2, 3
),

affected as (
    select
        user_id,
        deployment_type,
        first_day,
        first_day_moves,
        case when first_day_moves then '-infinity' else from_day - 31 end as from_day,
        case when first_day_moves then 'infinity' else to_day + 31 end as to_day
    from spans
),

before as (
    select
        affected.user_id,
        affected.deployment_type,
        affected.first_day,
        affected.first_day_moves,
        near.day,
        near.has_login
    from affected
    cross join lateral (
        select
            known.day,
            known.has_login
        from analytics_person_days as known
        where known.user_id = affected.user_id
            and known.deployment_type = affected.deployment_type
            and known.day between affected.from_day and affected.to_day
        offset 0
    ) as near
),

days as (
    select *
    from before
    where of_day is null
        or day <> of_day
    union all
    select
        affected.user_id,
        affected.deployment_type,
        affected.first_day,
        affected.first_day_moves,
        seen.day,
        seen.has_login
    from affected
    inner join seen using (user_id, deployment_type)
    where seen.day between affected.from_day and affected.to_day
),

after as (
    select
        user_id,
        deployment_type,
        first_day,
        first_day_moves,
        day,
        bool_or(has_login) as has_login
    from days
    group by 1, 2, 3, 4, 5
)

-- First days are carried along and not joined: how few people there are can't be estimated, and the join would be slow.
select
    -1,
    user_id,
    deployment_type,
    day,
    has_login,
    first_day
from before
union all
select
    1,
    user_id,
    deployment_type,
    day,
    has_login,
    case
        when first_day_moves
            and coalesce(first_day >= (select state.first_day from analytics_rollup_state as state), true)
        then min(day) over (partition by user_id, deployment_type)
        else first_day
    end
from after
$$;

-- It tells ids: for the owner alone. What the views call tells counts.
revoke execute on function analytics_person_changes(date) from public;
