"""What does this revision change? The audit is chained and guarded; an event says why content was read."""

import sqlalchemy as sa
from alembic import op

from models.audit_chain import THERAPY
from models.audit_guards import chain_existing, guard

revision = "therapy_0003"
down_revision = "therapy_0002"


def upgrade() -> None:
    with op.batch_alter_table("therapy_audit_event", schema=None) as batch_op:
        batch_op.add_column(sa.Column("purpose", sa.String(), server_default="", nullable=False))
    chain_existing(op.get_bind(), THERAPY)
    with op.batch_alter_table("therapy_audit_event", schema=None) as batch_op:
        batch_op.alter_column("previous_digest", existing_type=sa.String(), nullable=False)
        batch_op.alter_column("digest", existing_type=sa.String(), nullable=False)
    # Last: a table that SQLite copies loses its triggers, so a later revision that alters it must guard it again.
    guard(op.get_bind(), THERAPY)
