-- resolved_requests: who asked to be forgotten, under each of their pseudonyms. One row per request and pseudonym: one,
-- or two while the keys of two epochs overlap; person is the pseudonym that they are counted by.
create or replace view resolved_requests as
with asked as (
    select
        request.id,
        request."timestamp",
        request.erased_at,
        request.erased_in_bigquery_at,
        coalesce(link.previous, request.user_id) as person
    from analytics_erasure_requests as request
    left join analytics_pseudonym_links as link
        on link.domain = 'user'
        and link.pseudonym = request.user_id
    where request.user_id is not null
)

select
    asked.*,
    asked.person as user_id
from asked
union all
select
    asked.*,
    link.pseudonym
from asked
inner join analytics_pseudonym_links as link
    on link.domain = 'user'
    and link.previous = asked.person;
