"""Roles: who may do what with the analytics database.

The owner, whom migrations run as, may do all. The writer, `store`, adds rows to the tables that it writes; it must read
them to leave alone what is there, and can neither change nor delete. The reader sees the views and nothing beneath
them; what it is granted stands with the views (maintain/roles.py), since they are made anew where their columns change.

Roles belong to the whole server, so another database of it may have them already, and may keep them. In Cloud SQL the
owner can't create them, but is a member of a role that can.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROLES = ("telemetry_writer", "telemetry_reader")
WRITTEN = (
    "analytics_user_activity",
    "analytics_endpoint_usage",
    "analytics_feature_usage",
    "analytics_rejected_spans",
    "analytics_parked_messages",
)

BY_WHO_MAY = """
do $$
begin
    if exists (select from pg_roles where rolname = 'cloudsqlsuperuser') then
        set local role cloudsqlsuperuser;
    end if;
    {statement};
    reset role;
exception
    when duplicate_object or unique_violation or dependent_objects_still_exist then null;
end
$$
"""


def upgrade() -> None:
    for role in ROLES:
        op.execute(BY_WHO_MAY.format(statement=f"create role {role} nologin"))
    op.execute(f"grant select, insert on {', '.join(WRITTEN)} to telemetry_writer")


def downgrade() -> None:
    op.execute(f"revoke all on {', '.join(WRITTEN)} from telemetry_writer")
    for role in ROLES:
        op.execute(BY_WHO_MAY.format(statement=f"drop role {role}"))
