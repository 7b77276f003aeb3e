-- How many people go through features in a given order? One row per step.
select
    step,
    feature,
    users
from exact_feature_funnel(cast(:steps as text[]), make_interval(days => :days), cast(:since as timestamptz), :deployment)
order by step;
