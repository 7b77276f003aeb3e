-- Features 1, bars: what is used?
select
    feature_name,
    sum(uses) as uses
from feature_adoption
where deployment_type = 'all'
group by feature_name
order by uses desc;
