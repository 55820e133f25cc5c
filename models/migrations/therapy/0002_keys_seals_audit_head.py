"""What does this revision change? Keys and seals of content, the head of the audit chain."""

import sqlalchemy as sa
from alembic import op

revision = "therapy_0002"
down_revision = "therapy_0001"


def upgrade() -> None:
    op.create_table(
        "content_key",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("owner_id", sa.String(), nullable=False),
        sa.Column("wrapped", sa.String(), nullable=False),
        sa.Column("master_key_id", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("owner_id"),
    )
    with op.batch_alter_table("content_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_content_key_master_key_id"), ["master_key_id"], unique=False)

    op.create_table(
        "content_seal",
        sa.Column("record_table", sa.String(), nullable=False),
        sa.Column("record_id", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("record_table", "record_id", "field"),
    )
    op.create_table(
        "therapy_audit_head",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.Column("last_digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "case_key",
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_id"],
            ["content_key.id"],
        ),
        sa.PrimaryKeyConstraint("case_number"),
    )
    with op.batch_alter_table("case_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_key_key_id"), ["key_id"], unique=False)
