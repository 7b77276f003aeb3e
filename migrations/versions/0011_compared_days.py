"""When each day was compared, so that no run has to compare them all.

A run compared all days with their events in one statement, which by and by took longer than a run may, and then nothing
was counted any more. Now each day is compared by itself and says when. What a run begins with is kept too, since the
next one goes on with it where there was no time to finish.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_COMPARED = """
alter table analytics_rolled_days add column compared_at timestamptz not null default now();

comment on column analytics_rolled_days.compared_at is
'When the raw events were last seen to be those that were rolled up.';

alter table analytics_rollup_state
add column round_began_at timestamptz,
add column round_received_before timestamptz;

comment on column analytics_rollup_state.round_began_at is
'Since when the days that received something are being counted; null once all of them are.';
comment on column analytics_rollup_state.round_received_before is
'What received_before becomes when they are.';
comment on column analytics_rollup_state.recounted_at is
'All days were compared with their raw events since then.';
"""

_UNCOMPARED = """
comment on column analytics_rollup_state.recounted_at is 'When all days were last compared with their raw events.';

alter table analytics_rollup_state
drop column round_began_at,
drop column round_received_before;

alter table analytics_rolled_days drop column compared_at;
"""


def upgrade() -> None:
    op.execute(_COMPARED)


def downgrade() -> None:
    op.execute(_UNCOMPARED)
