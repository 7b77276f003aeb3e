-- analytics_refresh_installations(of_day): as analytics_refresh_people, for installations.
create or replace procedure analytics_refresh_installations(of_day date)
language plpgsql
as $$
begin
    insert into analytics_daily_installations as known
    select * from analytics_installation_changes(of_day)
    on conflict (day) do update set
        active = known.active + excluded.active,
        new = known.new + excluded.new,
        gone = known.gone + excluded.gone;

    delete from analytics_installation_days as known
    where known.day = of_day
        and not exists (
            select
            from analytics_events_of(of_day) as event
            where event.installation_id = known.installation_id
        );

    insert into analytics_installation_days
    select distinct
        of_day,
        installation_id
    from analytics_events_of(of_day)
    where installation_id is not null
    on conflict (day, installation_id) do nothing;

    insert into analytics_installations as known (installation_id, first_day, last_day)
    select
        installation_id,
        of_day,
        of_day
    from analytics_installation_days
    where day = of_day
    on conflict (installation_id) do update set
        first_day = least(known.first_day, of_day),
        last_day = greatest(known.last_day, of_day)
    where of_day not between known.first_day and known.last_day;

    with bereft as (
        delete from analytics_installations as installation
        where of_day in (installation.first_day, installation.last_day)
            and not exists (
                select
                from analytics_installation_days as known
                where known.day = of_day
                    and known.installation_id = installation.installation_id
            )
        returning *
    )

    insert into analytics_installations
    select
        bereft.installation_id,
        case when bereft.first_day = of_day then min(known.day) else bereft.first_day end,
        max(known.day)
    from bereft
    inner join analytics_installation_days as known using (installation_id)
    group by bereft.installation_id, bereft.first_day;
end
$$;
