"""A role for the function `public`, which everybody may call.

It sees no table and no view: what it may call is granted where those functions are made (maintain/roles.py).
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# As in 0003: in Cloud SQL the owner is a member of a role that can create roles, and another database may have it.
_BY_WHO_MAY = """
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
    op.execute(_BY_WHO_MAY.format(statement="create role telemetry_public nologin"))


def downgrade() -> None:
    op.execute(_BY_WHO_MAY.format(statement="drop role telemetry_public"))
