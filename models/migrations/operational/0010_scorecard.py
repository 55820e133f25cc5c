"""What does this revision change? Patients are asked how satisfied they are; answers are kept apart from them."""

import sqlalchemy as sa
from alembic import op

revision = "operational_0010"
down_revision = "operational_0009"


def upgrade() -> None:
    op.create_table(
        "satisfaction_survey",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("moment", sa.String(length=48), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("no_more", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_number"], ["episode.case_number"]),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_number", "moment"),
    )
    for column in ("case_number", "patient_id", "location_id", "asked_on"):
        op.create_index(f"ix_satisfaction_survey_{column}", "satisfaction_survey", [column])

    op.create_table(
        "satisfaction_answer",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("moment", sa.String(length=48), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("satisfied", sa.Integer(), nullable=True),
        sa.Column("recommends", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("location_id", "month"):
        op.create_index(f"ix_satisfaction_answer_{column}", "satisfaction_answer", [column])
