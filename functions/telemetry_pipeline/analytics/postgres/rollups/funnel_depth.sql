-- analytics_funnel_depth(steps, moments, window): how many steps of a funnel a person reached. Both arrays tell the
-- person's uses, in order of time, those of one moment by descending step.
create or replace function analytics_funnel_depth(steps integer[], moments timestamptz[], within interval)
returns integer
language plpgsql
immutable
strict
parallel safe
as $$
declare
    -- For each step that is reached, the latest beginning from which it is.
    begun timestamptz[] := '{}';
    step integer;
    number integer := 0;
begin
    foreach step in array steps loop
        number := number + 1;
        if step = 1 then
            begun[1] := moments[number];
        elsif moments[number] - begun[step - 1] <= within then
            begun[step] := begun[step - 1];
        end if;
    end loop;
    return cardinality(begun);
end
$$;
