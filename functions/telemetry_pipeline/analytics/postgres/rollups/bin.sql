-- analytics_bin(milliseconds): the bin of a duration in the histograms of latency. Bin n holds what is longer than
-- 1.01/0.99 to the power of n-1 milliseconds and not longer than to the power of n. Below a microsecond all is one.
create or replace function analytics_bin(milliseconds double precision)
returns smallint
language sql
immutable
as $$
select ceil(ln(case when milliseconds < 0.001 then 0.001 else milliseconds end) / ln(1.01::double precision / 0.99))::smallint
$$;

-- analytics_bin_ms(bin): the duration that stands for a bin, in milliseconds: no duration in it is further from it than
-- 1% of its own length (below 10 microseconds, more, by rounding).
create or replace function analytics_bin_ms(bin smallint)
returns numeric
language sql
immutable
as $$
select round((power(1.01::double precision / 0.99, bin) * 0.99)::numeric, 3)
$$;
