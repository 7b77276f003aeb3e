-- What runs in the field? One row per day, service, version and deployment type.
select
    day,
    service_name,
    service_version,
    deployment_type,
    installations,
    users
from exact_version_adoption
where day between :first and :last
order by day, service_name, service_version, deployment_type;
