"""What does this revision change? A table of what signed risk reviews say of flags."""

import sqlalchemy as sa
from alembic import op

revision = "therapy_0005"
down_revision = "therapy_0004"


def upgrade() -> None:
    op.create_table(
        "decided_flag",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("decided_flag", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_decided_flag_case_number"), ["case_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_decided_flag_decision_id"), ["decision_id"], unique=False)
