"""What does this revision change? Signing in, the head of the audit chain, forgetting."""

import sqlalchemy as sa
from alembic import op

revision = "operational_0002"
down_revision = "operational_0001"


def upgrade() -> None:
    op.create_table(
        "audit_head",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.Column("last_digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "break_glass",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("words_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("break_glass", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_break_glass_case_number"), ["case_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_break_glass_staff_id"), ["staff_id"], unique=False)

    op.create_table(
        "recovery_code",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recovery_code_staff_id"), ["staff_id"], unique=False)

    with op.batch_alter_table("patient", schema=None) as batch_op:
        batch_op.add_column(sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.add_column(sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("totp_confirmed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("must_enrol", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("oidc_subject", sa.String(), nullable=True))
        batch_op.create_index(batch_op.f("ix_staff_oidc_subject"), ["oidc_subject"], unique=True)

    with op.batch_alter_table("staff_login", schema=None) as batch_op:
        batch_op.add_column(sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("browser", sa.String(), server_default="", nullable=False))
