-- analytics_days_by_name(domain): on which days the raw events have people or installations under either name of a link.
-- One row per name, deployment type and day; is_later tells the present pseudonym from the previous one.
create or replace function analytics_days_by_name(of_domain text, up_to_epoch smallint)
returns table (
    pseudonym text,
    previous text,
    is_later boolean,
    deployment_type text,
    day date,
    has_login boolean
)
language sql
stable
set work_mem to '64MB'
as $$
with names as (
    select
        pseudonym as name,
        pseudonym,
        previous,
        true as is_later
    from analytics_pseudonym_links
    where domain = of_domain
        and key_epoch <= up_to_epoch
    union all
    select
        previous,
        pseudonym,
        previous,
        false
    from analytics_pseudonym_links
    where domain = of_domain
        and key_epoch <= up_to_epoch
),

events as (
    select
        "timestamp",
        deployment_type,
        case of_domain when 'user' then user_id else installation_id end as name,
        event_type = 'login' as is_login
    from analytics_user_activity
    union all
    select
        "timestamp",
        deployment_type,
        case of_domain when 'user' then user_id else installation_id end,
        false
    from analytics_endpoint_usage
    union all
    select
        "timestamp",
        deployment_type,
        case of_domain when 'user' then user_id else installation_id end,
        false
    from analytics_feature_usage
)

select
    names.pseudonym,
    names.previous,
    names.is_later,
    type.deployment_type,
    (events."timestamp" at time zone 'UTC')::date,
    bool_or(events.is_login)
from events
inner join names using (name)
cross join lateral (values (events.deployment_type), ('all')) as type (deployment_type)
cross join analytics_rollup_state as state
where events."timestamp" >= state.first_day::timestamp at time zone 'UTC'
group by 1, 2, 3, 4, 5
$$;

-- It tells ids: for the owner alone.
revoke execute on function analytics_days_by_name(text, smallint) from public;

-- analytics_unlink(up_to_epoch): forget whose pseudonyms were whose under the keys before. What was counted stays; the
-- days of a person or an installation that were kept under the previous pseudonym go to the one that their events bear.
-- Who was there under both has been there from before the linkage horizon, and is in no cohort (first_day is -infinity):
-- their first day would tell who they were. Who came after the rotation keeps their first day.
--
-- It reads all raw events, once; nothing that it leaves, the order of rows included, tells which names belong together.
create or replace procedure analytics_unlink(up_to_epoch smallint)
language plpgsql
as $$
begin
    create temporary table unlinked on commit drop as
    select * from analytics_days_by_name('user', up_to_epoch);
    analyze unlinked;

    insert into analytics_person_days (day, deployment_type, user_id, has_login)
    select
        later.day,
        later.deployment_type,
        later.pseudonym,
        known.has_login and later.has_login
    from unlinked as later
    inner join analytics_person_days as known
        on known.user_id = later.previous
        and known.deployment_type = later.deployment_type
        and known.day = later.day
    where later.is_later
    order by 3, 1, 2
    on conflict do nothing;

    update analytics_person_days as known
    set has_login = false
    from unlinked as earlier
    where not earlier.is_later
        and not earlier.has_login
        and known.has_login
        and known.user_id = earlier.previous
        and known.deployment_type = earlier.deployment_type
        and known.day = earlier.day;

    delete from analytics_person_days as known
    using unlinked as later
    where later.is_later
        and known.user_id = later.previous
        and known.deployment_type = later.deployment_type
        and known.day = later.day
        and not exists (
            select
            from unlinked as earlier
            where not earlier.is_later
                and earlier.previous = later.previous
                and earlier.deployment_type = later.deployment_type
                and earlier.day = later.day
        );

    insert into analytics_people as known (user_id, deployment_type, first_day, last_day)
    select
        later.pseudonym,
        later.deployment_type,
        case
            when min(person.first_day) = min(later.day)
                and not exists (
                    select
                    from unlinked as earlier
                    where not earlier.is_later
                        and earlier.previous = later.previous
                        and earlier.deployment_type = later.deployment_type
                )
            then min(later.day)
            else '-infinity'
        end,
        max(later.day)
    from unlinked as later
    inner join analytics_people as person
        on person.user_id = later.previous
        and person.deployment_type = later.deployment_type
    where later.is_later
    group by later.pseudonym, later.previous, later.deployment_type
    order by 1, 2
    on conflict (user_id, deployment_type) do update set
        first_day = least(known.first_day, excluded.first_day),
        last_day = greatest(known.last_day, excluded.last_day);

    with remaining as (
        select
            person.user_id,
            person.deployment_type,
            min(known.day) as first_day,
            max(known.day) as last_day
        from analytics_people as person
        left join analytics_person_days as known using (user_id, deployment_type)
        where person.user_id in (select previous from unlinked)
        group by 1, 2
    ),

    gone as (
        delete from analytics_people as person
        using remaining
        where remaining.first_day is null
            and person.user_id = remaining.user_id
            and person.deployment_type = remaining.deployment_type
    )

    update analytics_people as person
    set
        first_day = case when person.first_day < state.first_day then person.first_day else remaining.first_day end,
        last_day = remaining.last_day
    from remaining
    cross join analytics_rollup_state as state
    where remaining.first_day is not null
        and person.user_id = remaining.user_id
        and person.deployment_type = remaining.deployment_type;

    drop table unlinked;
    create temporary table unlinked on commit drop as
    select * from analytics_days_by_name('installation', up_to_epoch) where deployment_type = 'all';
    analyze unlinked;

    insert into analytics_installation_days (day, installation_id)
    select
        later.day,
        later.pseudonym
    from unlinked as later
    inner join analytics_installation_days as known
        on known.installation_id = later.previous
        and known.day = later.day
    where later.is_later
    order by 2, 1
    on conflict do nothing;

    delete from analytics_installation_days as known
    using unlinked as later
    where later.is_later
        and known.installation_id = later.previous
        and known.day = later.day
        and not exists (
            select
            from unlinked as earlier
            where not earlier.is_later
                and earlier.previous = later.previous
                and earlier.day = later.day
        );

    insert into analytics_installations as known (installation_id, first_day, last_day)
    select
        later.pseudonym,
        case
            when min(place.first_day) = min(later.day)
                and not exists (
                    select
                    from unlinked as earlier
                    where not earlier.is_later
                        and earlier.previous = later.previous
                )
            then min(later.day)
            else '-infinity'
        end,
        max(later.day)
    from unlinked as later
    inner join analytics_installations as place on place.installation_id = later.previous
    where later.is_later
    group by later.pseudonym, later.previous
    order by 1
    on conflict (installation_id) do update set
        first_day = least(known.first_day, excluded.first_day),
        last_day = greatest(known.last_day, excluded.last_day);

    with remaining as (
        select
            place.installation_id,
            min(known.day) as first_day,
            max(known.day) as last_day
        from analytics_installations as place
        left join analytics_installation_days as known using (installation_id)
        where place.installation_id in (select previous from unlinked)
        group by 1
    ),

    gone as (
        delete from analytics_installations as place
        using remaining
        where remaining.first_day is null
            and place.installation_id = remaining.installation_id
    )

    update analytics_installations as place
    set
        first_day = case when place.first_day < state.first_day then place.first_day else remaining.first_day end,
        last_day = remaining.last_day
    from remaining
    cross join analytics_rollup_state as state
    where remaining.first_day is not null
        and place.installation_id = remaining.installation_id;

    drop table unlinked;
    delete from analytics_pseudonym_links where key_epoch <= up_to_epoch;

    -- A message that could not be read may hold links.
    update analytics_parked_messages
    set payload = null
    where payload is not null
        and received_at >= (select min(began_at) from analytics_key_overlaps where unlinked_at is null);

    update analytics_key_overlaps
    set unlinked_at = now()
    where key_epoch <= up_to_epoch
        and unlinked_at is null;
end
$$;
