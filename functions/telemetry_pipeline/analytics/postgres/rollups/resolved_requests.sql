-- resolved_requests: who asked to be forgotten, under each of their pseudonyms. One row per request and pseudonym: one,
-- or two while the keys of two epochs overlap; counted_as is the pseudonym that they are counted by.
create or replace view resolved_requests as
with asked as (
    select
        request.id,
        request.kind,
        request."timestamp",
        request.erased_at,
        request.erased_in_bigquery_at,
        coalesce(link.previous, request.subject) as counted_as
    from analytics_erasure_requests as request
    left join analytics_pseudonym_links as link
        on link.domain = request.kind
        and link.pseudonym = request.subject
    where request.subject is not null
)

select
    asked.*,
    asked.counted_as as subject
from asked
union all
select
    asked.*,
    link.pseudonym
from asked
inner join analytics_pseudonym_links as link
    on link.domain = asked.kind
    and link.previous = asked.counted_as;
