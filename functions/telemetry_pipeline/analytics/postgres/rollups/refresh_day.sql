-- analytics_refresh_day(of_day): count a day anew. To be called in a transaction that is repeatable read, so that all of
-- it sees the same events; calling it again changes nothing.
create or replace procedure analytics_refresh_day(of_day date)
language plpgsql
set work_mem to '16MB'
as $$
begin
    call analytics_refresh_people(of_day);
    call analytics_refresh_installations(of_day);

    delete from analytics_daily_events where day = of_day;
    insert into analytics_daily_events
    select * from analytics_daily_events_of(of_day);

    delete from analytics_daily_features where day = of_day;
    insert into analytics_daily_features
    select * from analytics_daily_features_of(of_day);

    delete from analytics_daily_endpoints where day = of_day;
    insert into analytics_daily_endpoints
    select * from analytics_daily_endpoints_of(of_day);

    -- Of these rows, not of the events again.
    delete from analytics_daily_latency where day = of_day;
    insert into analytics_daily_latency
    select
        of_day,
        deployment_type,
        coalesce(array_agg(bin order by bin) filter (where bin is not null), '{}'),
        coalesce(array_agg(timed order by bin) filter (where bin is not null), '{}')
    from (
        select
            endpoints.deployment_type,
            histogram.bin,
            sum(histogram.count)::bigint as timed
        from analytics_daily_endpoints as endpoints
        left join lateral unnest(endpoints.bins, endpoints.counts) as histogram (bin, count) on true
        where endpoints.day = of_day
        group by endpoints.deployment_type, histogram.bin
    ) as summed
    group by deployment_type;

    delete from analytics_daily_sessions where day = of_day;
    insert into analytics_daily_sessions
    select * from analytics_daily_sessions_of(of_day);

    delete from analytics_daily_versions where day = of_day;
    insert into analytics_daily_versions
    select * from analytics_daily_versions_of(of_day);

    delete from analytics_rolled_days where day = of_day;
    insert into analytics_rolled_days (day, events, fingerprint)
    select
        of_day,
        coalesce(sum(events), 0),
        coalesce(bit_xor(fingerprint), 0)
    from analytics_fingerprints(of_day::timestamp at time zone 'UTC', (of_day + 1)::timestamp at time zone 'UTC');
end
$$;
