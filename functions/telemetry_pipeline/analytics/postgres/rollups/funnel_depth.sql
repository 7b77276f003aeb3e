drop function if exists analytics_funnel_depth(integer[], timestamptz[], interval);

-- analytics_funnel_depth(last, uses, within): how many of a funnel's `last` steps a person reached. A use is its moment,
-- in microseconds, times last + 1, and last - step: in order of time, those of one moment by descending step. `within` is
-- in microseconds times last + 1. Uses that come in order are not sorted, which would take longer than all the rest.
create or replace function analytics_funnel_depth(last integer, uses bigint[], within bigint)
returns integer
language plpgsql
immutable
strict
parallel safe
as $$
declare
    -- For each step that is reached, the latest beginning from which it is.
    begun bigint[] := '{}';
    use bigint;
    before bigint := uses[1];
    step integer;
begin
    foreach use in array uses loop
        if use < before then
            return analytics_funnel_depth(last, array(select one from unnest(uses) as one order by one), within);
        end if;
        before := use;
        step := last - use % (last + 1);
        if step = 1 then
            begun[1] := use;
        elsif use - begun[step - 1] <= within then
            begun[step] := begun[step - 1];
            -- No use takes a step back.
            exit when step = last;
        end if;
    end loop;
    return cardinality(begun);
end
$$;
