"""When BigQuery was last told of the days whose events are gone there."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_WRITTEN_AT = """
alter table analytics_rollup_state
add column history_written_at timestamptz not null default '-infinity';

comment on column analytics_rollup_state.history_written_at is 'What was counted until then is in BigQuery''s history.';
"""


def upgrade() -> None:
    op.execute(_WRITTEN_AT)


def downgrade() -> None:
    op.execute("alter table analytics_rollup_state drop column history_written_at")
