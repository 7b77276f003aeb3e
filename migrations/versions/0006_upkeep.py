"""What `maintain` is set to and found, where SQL and the dashboard can read it; and a role for the dashboard.

The views that readers see hide small groups, by the k that is set here. The dashboard hides them itself, over all that
its pages show together, and needs the exact numbers for that: so it has a role of its own, and the reader's is for
whoever asks by SQL. What either is granted stands with the views (maintain/roles.py).
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_UPKEEP = """
create table analytics_upkeep (
    is_only boolean not null default true,
    k_anonymity integer not null default 5,
    retention_months integer,
    rejected_retention_days integer,
    dead_letters bigint,
    dead_letters_at timestamptz,
    constraint analytics_upkeep_pkey primary key (is_only),
    constraint analytics_upkeep_is_only check (is_only),
    constraint analytics_upkeep_k_anonymity check (k_anonymity >= 1)
);

comment on table analytics_upkeep is 'What maintain is set to, and what it found. One row.';
comment on column analytics_upkeep.k_anonymity is 'The smallest group of people that the views show.';
comment on column analytics_upkeep.retention_months is 'Months that events are kept; null before the first run.';
comment on column analytics_upkeep.rejected_retention_days is 'Days that rejected spans and parked messages are kept.';
comment on column analytics_upkeep.dead_letters is 'Messages in the dead-letter subscription; null where unknown.';
comment on column analytics_upkeep.dead_letters_at is 'When that was so.';

insert into analytics_upkeep default values;
"""

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
    op.execute(_UPKEEP)
    op.execute(_BY_WHO_MAY.format(statement="create role telemetry_dashboard nologin"))


def downgrade() -> None:
    op.execute("drop table analytics_upkeep")
    op.execute(_BY_WHO_MAY.format(statement="drop role telemetry_dashboard"))
