-- Where did each week's people come from? One row per week and deployment type.
select
    week,
    deployment_type,
    new_users as new,
    returning_users as returning,
    resurrected_users as resurrected,
    dormant_users as dormant
from exact_user_lifecycle
where week between :first and :last
order by week, deployment_type;
