"""${message}.

A migration runs while the version before it still serves: add first, remove one release later. It takes no lock for
long: an index on a table with rows is made concurrently, in `with op.get_context().autocommit_block():`.
"""

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else 'op.execute("")'}


def downgrade() -> None:
    ${downgrades if downgrades else 'op.execute("")'}
