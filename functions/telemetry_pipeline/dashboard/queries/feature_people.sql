-- Who uses a feature, and how often? One row per age (new: came within the span; old: before) and number of uses.
select
    age,
    often,
    people
from analytics_feature_people(:feature, :first, :last, :deployment);
