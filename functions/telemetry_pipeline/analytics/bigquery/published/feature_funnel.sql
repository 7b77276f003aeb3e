select
    step,
    steps[ordinal(step)] as feature,
    cast(null as int64) as users,
    cast(null as bignumeric) as rate
from unnest(generate_array(1, array_length(steps))) as step
