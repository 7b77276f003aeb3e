"""An index for funnels: who used some features, in order of time, without reading the table.

feature_funnel is the one question that no rollup answers. By EXPLAIN ANALYZE at 10.8 million events it takes 80 ms with
the index and 135 ms without. The index is two fifths of its table's size and costs an insert about 2 microseconds.

It is made in one go, so that writers of this table wait, some 15 seconds for 10 million rows; their messages wait on
the bus.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create index analytics_feature_usage_by_feature
        on analytics_feature_usage (feature_name, "timestamp") include (user_id, action, deployment_type)
    """)


def downgrade() -> None:
    op.execute("drop index analytics_feature_usage_by_feature")
