-- analytics_feature_people(feature, first, last, deployment): who uses a feature, and how often. One row per age (new:
-- came within the span; old: before) and number of uses; the deployment type `all` is all of them. Counts only, for
-- readers may call it.
create or replace function analytics_feature_people(feature text, first_day date, last_day date, deployment text)
returns table (age text, often text, people bigint)
language sql
stable
security definer
set search_path from current
as $$
with uses as (
    select
        user_id,
        count(*) as uses
    from resolved_feature_usage
    where "timestamp" >= first_day::timestamp at time zone 'UTC'
        and "timestamp" < (last_day + 1)::timestamp at time zone 'UTC'
        and feature_name = feature
        and user_id is not null
        and deployment in ('all', deployment_type)
    group by user_id
)

select
    case when known.first_day >= analytics_feature_people.first_day then 'new' else 'old' end,
    case
        when uses.uses = 1 then 'once'
        when uses.uses < 5 then '2 to 4 times'
        when uses.uses < 20 then '5 to 19 times'
        else '20 times or more'
    end,
    count(*)
from uses
left join analytics_people as known
    on known.user_id = uses.user_id
    and known.deployment_type = 'all'
group by 1, 2
$$;
