"""Late events count at once too.

The views answer from the rollups and from what was received since they were made. What `store` could only write later
than that, after an outage, would be in neither until all days are compared again: so it says that it has such events.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_LATE = """
alter table analytics_rollup_state add column late_since timestamptz not null default 'infinity';

comment on column analytics_rollup_state.late_since is
'What was received from this time on came late, since the last run began, and may not be rolled up.';

-- The lock, which any number of writers hold together, keeps a run from beginning between this and their commit.
create function analytics_received_late(late timestamptz)
returns void
language plpgsql
security definer
set search_path from current
as $$
begin
    perform from analytics_rollup_state where late_since <= late for share;
    if not found then
        update analytics_rollup_state set late_since = late where late_since > late;
    end if;
end
$$;

comment on function analytics_received_late is
'Count what was received from this time on from the raw events until it is rolled up.';

revoke execute on function analytics_received_late(timestamptz) from public;
grant execute on function analytics_received_late(timestamptz) to telemetry_writer;
"""


def upgrade() -> None:
    op.execute(_LATE)


def downgrade() -> None:
    op.execute("drop function analytics_received_late(timestamptz)")
    op.execute("alter table analytics_rollup_state drop column late_since")
