-- How much room do the tables take? One row per table, partitions summed.
select
    coalesce(parent.relname, own.relname) as name,
    sum(pg_total_relation_size(own.oid))::bigint as bytes,
    sum(greatest(own.reltuples, 0))::bigint as rows
from pg_class as own
left join pg_inherits on pg_inherits.inhrelid = own.oid
left join pg_class as parent on parent.oid = pg_inherits.inhparent
where own.relkind = 'r'
    and own.relnamespace = current_schema()::regnamespace
    and own.relname like 'analytics\_%'
group by 1
order by bytes desc;
