-- Features 2, lines: does a feature spread?
select
    day,
    feature_name,
    action,
    adoption_rate
from feature_adoption
where deployment_type = 'all'
order by day, feature_name, action;
