"""What does this revision change? What was noted in the shadow can be held against what the staff did; assignments that
nobody signed have a record."""

import sqlalchemy as sa
from alembic import op

from models.audit_guards import append_only

revision = "operational_0015"
down_revision = "operational_0014"


def upgrade() -> None:
    # added and not copied: a table that SQLite copies loses its triggers
    op.add_column("shadow_action", sa.Column("subject_id", sa.String(), nullable=False, server_default=""))
    op.add_column("shadow_action", sa.Column("content", sa.JSON(), nullable=False, server_default="{}"))
    op.create_index("ix_shadow_action_subject_id", "shadow_action", ["subject_id"], unique=False)
    op.create_table(
        "unsigned_assignment",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("clinician_id", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_number"], ["referral.case_number"]),
        sa.ForeignKeyConstraint(["clinician_id"], ["clinician.id"]),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_number", "round"),
    )
    op.create_index("ix_unsigned_assignment_case_number", "unsigned_assignment", ["case_number"], unique=False)
    op.create_index("ix_unsigned_assignment_location_id", "unsigned_assignment", ["location_id"], unique=False)
    append_only(op.get_bind(), "unsigned_assignment")
