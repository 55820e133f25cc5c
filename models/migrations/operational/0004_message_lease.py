"""What does this revision change? Which process is sending a message."""

import sqlalchemy as sa
from alembic import op

revision = "operational_0004"
down_revision = "operational_0003"


def upgrade() -> None:
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("leased_by", sa.String(), nullable=True))
