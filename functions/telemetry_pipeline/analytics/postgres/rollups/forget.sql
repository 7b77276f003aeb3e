-- analytics_forget(first_kept): make the days before first_kept final, and forget who was active on them. Whoever has no
-- later event is gone altogether; the counts stay.
create or replace procedure analytics_forget(first_kept date)
language plpgsql
as $$
begin
    update analytics_rollup_state set first_day = greatest(first_day, first_kept);

    delete from analytics_person_days where day < first_kept;
    delete from analytics_people where last_day < first_kept;
    delete from analytics_installation_days where day < first_kept;
    delete from analytics_installations where last_day < first_kept;
end
$$;
