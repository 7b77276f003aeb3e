-- analytics_refresh_people(of_day): bring the rollups of people up to date with a day. First the counts, as they follow
-- from the difference to who is known, then who is known.
create or replace procedure analytics_refresh_people(of_day date)
language plpgsql
as $$
declare
    changes analytics_person_change[] := array(select change from analytics_person_changes(of_day) as change);
begin
    insert into analytics_daily_people as known
    select * from analytics_daily_people_changes(changes)
    on conflict (day, deployment_type) do update set
        active = known.active + excluded.active,
        logins = known.logins + excluded.logins,
        weekly_change = known.weekly_change + excluded.weekly_change,
        monthly_change = known.monthly_change + excluded.monthly_change;

    insert into analytics_weekly_people as known
    select * from analytics_weekly_people_changes(changes)
    on conflict (week, deployment_type) do update set
        new_users = known.new_users + excluded.new_users,
        returning_users = known.returning_users + excluded.returning_users,
        resurrected_users = known.resurrected_users + excluded.resurrected_users,
        dormant_users = known.dormant_users + excluded.dormant_users;

    insert into analytics_cohorts as known
    select * from analytics_cohort_changes(changes)
    on conflict (period, cohort, age, deployment_type) do update set
        people = known.people + excluded.people;

    insert into analytics_returns as known
    select * from analytics_return_changes(changes)
    on conflict (cohort_day, n, deployment_type) do update set
        people = known.people + excluded.people;

    delete from analytics_person_days as known
    where known.day = of_day
        and (known.deployment_type, known.user_id) not in (
            select deployment_type, user_id from analytics_people_of(of_day)
        );

    insert into analytics_person_days as known
    select * from analytics_people_of(of_day)
    on conflict (day, deployment_type, user_id) do update set
        has_login = excluded.has_login
    where known.has_login <> excluded.has_login;

    insert into analytics_people as known (user_id, deployment_type, first_day, last_day)
    select
        user_id,
        deployment_type,
        of_day,
        of_day
    from analytics_person_days
    where day = of_day
    on conflict (user_id, deployment_type) do update set
        first_day = least(known.first_day, of_day),
        last_day = greatest(known.last_day, of_day)
    where of_day not between known.first_day and known.last_day;

    -- Whose events of the day are gone (erased), on what was their first or last day.
    with bereft as (
        delete from analytics_people as person
        where of_day in (person.first_day, person.last_day)
            and not exists (
                select
                from analytics_person_days as known
                where known.day = of_day
                    and known.deployment_type = person.deployment_type
                    and known.user_id = person.user_id
            )
        returning *
    )

    insert into analytics_people
    select
        bereft.user_id,
        bereft.deployment_type,
        case when bereft.first_day = of_day then min(known.day) else bereft.first_day end,
        max(known.day)
    from bereft
    inner join analytics_person_days as known using (user_id, deployment_type)
    group by bereft.user_id, bereft.deployment_type, bereft.first_day;
end
$$;
