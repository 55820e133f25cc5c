"""What does this revision change? Enrolment, known browsers, how a browser signed in."""

import sqlalchemy as sa
from alembic import op

revision = "operational_0003"
down_revision = "operational_0002"


def upgrade() -> None:
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.add_column(sa.Column("first_password_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("totp_pending", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("browser_failures", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("browser_locked_until", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("staff_login", schema=None) as batch_op:
        batch_op.add_column(sa.Column("how", sa.String(), server_default="password", nullable=False))
