-- analytics_funnel(step, at, window): an aggregate of a person's uses, in order of time, those of one moment by
-- descending step. For each step that is reached it gives the latest beginning from which it is.
create or replace function analytics_funnel_next(begun timestamptz[], step integer, at timestamptz, within interval)
returns timestamptz[]
language plpgsql
immutable
as $$
begin
    if step = 1 then
        begun[1] := at;
    elsif at - begun[step - 1] <= within then
        begun[step] := begun[step - 1];
    end if;
    return begun;
end
$$;

create or replace aggregate analytics_funnel(integer, timestamptz, interval) (
    sfunc = analytics_funnel_next,
    stype = timestamptz[],
    initcond = '{}'
);
