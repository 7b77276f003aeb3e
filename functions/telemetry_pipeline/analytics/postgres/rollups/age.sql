-- analytics_age(period, cohort, start): how many weeks or months one period begins after another.
create or replace function analytics_age(period text, cohort date, start date)
returns integer
language sql
immutable
as $$
select
    case period
        when 'week' then (start - cohort) / 7
        else (
            (extract(year from start) - extract(year from cohort)) * 12
            + extract(month from start) - extract(month from cohort)
        )::integer
    end
$$;
