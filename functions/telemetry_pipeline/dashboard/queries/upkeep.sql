-- What is kept how long, and what could not be delivered? One row; null for what `maintain` has not written down.
select
    retention_months,
    rejected_retention_days,
    dead_letters,
    dead_letters_at
from analytics_upkeep;
