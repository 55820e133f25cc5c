"""What does this revision change? Counts of what automated steps read."""

import sqlalchemy as sa
from alembic import op

revision = "operational_0012"
down_revision = "operational_0011"


def upgrade() -> None:
    op.create_table(
        "step_runs",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "step"),
    )
    op.create_table(
        "step_reads",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "step", "field"),
    )
