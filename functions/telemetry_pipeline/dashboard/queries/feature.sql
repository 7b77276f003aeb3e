-- How much was one feature used? One row per day, action and deployment type.
select
    day,
    feature_name,
    action,
    deployment_type,
    users,
    uses,
    first_seen
from exact_feature_adoption
where day between :first and :last
    and feature_name = :feature
order by day, feature_name, action, deployment_type;
