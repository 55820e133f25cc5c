"""What does this revision change? What each claim says, what people changed about it, letters to payers."""

import sqlalchemy as sa
from alembic import op

revision = "therapy_0007"
down_revision = "therapy_0006"


def upgrade() -> None:
    op.create_table(
        "claim_changes",
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_number"),
    )
    op.create_table(
        "claim_content",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("claim_content", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claim_content_case_number"), ["case_number"], unique=False)

    op.create_table(
        "claim_letter",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("claim_letter", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claim_letter_case_number"), ["case_number"], unique=False)
