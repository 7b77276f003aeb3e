-- Which features were used? One row per day, feature, action and deployment type.
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
order by day, feature_name, action, deployment_type;
