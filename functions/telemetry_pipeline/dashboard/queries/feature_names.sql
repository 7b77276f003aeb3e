-- Which features are there? One row per feature and action, the most used first.
select
    feature_name,
    action,
    sum(uses)::bigint as uses
from exact_feature_adoption
where day between :first and :last
    and deployment_type = 'all'
group by feature_name, action
order by uses desc, feature_name, action
limit 200;
