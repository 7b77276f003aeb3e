-- Who uses a feature, and how often? One row per age (new: came within the span; old: before) and number of uses.
with uses as (
    select
        user_id,
        count(*) as uses
    from analytics_feature_usage
    where "timestamp" >= cast(:first as date)::timestamp at time zone 'UTC'
        and "timestamp" < (cast(:last as date) + 1)::timestamp at time zone 'UTC'
        and feature_name = :feature
        and user_id is not null
        and :deployment in ('all', deployment_type)
    group by user_id
)

select
    case when people.first_day >= :first then 'new' else 'old' end as age,
    case
        when uses.uses = 1 then 'once'
        when uses.uses < 5 then '2 to 4 times'
        when uses.uses < 20 then '5 to 19 times'
        else '20 times or more'
    end as often,
    count(*) as people
from uses
left join analytics_people as people
    on people.user_id = uses.user_id
    and people.deployment_type = 'all'
group by 1, 2;
