"""What does this revision change? Sessions on their way to a signed note; a sign-off or to-do may be a session's."""

import sqlalchemy as sa
from alembic import op

revision = "operational_0006"
down_revision = "operational_0005"


def upgrade() -> None:

    op.create_table(
        "patient_consent",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("written", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("document_id", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_on", sa.Date(), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("patient_consent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_patient_consent_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "session_note",
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("external_key", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("clinician_id", sa.String(), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("appointment_id", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("modality", sa.String(length=48), nullable=False),
        sa.Column("service", sa.String(length=48), nullable=False),
        sa.Column("patient_state", sa.String(), nullable=True),
        sa.Column("note_format", sa.String(length=48), nullable=False),
        sa.Column("transcript", sa.String(length=48), nullable=False),
        sa.Column("transcript_reason", sa.String(), nullable=False),
        sa.Column("transcript_file_id", sa.String(), nullable=True),
        sa.Column("draft", sa.String(length=48), nullable=True),
        sa.Column("risk_level", sa.String(length=48), nullable=True),
        sa.Column("risk_raised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("risk_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("risk_seen_by", sa.String(), nullable=True),
        sa.Column("risk_pages_sent", sa.Integer(), nullable=False),
        sa.Column("risk_last_paged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("procedure_code", sa.String(), nullable=True),
        sa.Column("signed_decision_id", sa.String(), nullable=True),
        sa.Column("status", sa.String(length=48), nullable=False),
        sa.Column("status_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("wake_wanted", sa.Boolean(), nullable=False),
        sa.Column("wake_tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("run_generation", sa.Integer(), nullable=False),
        sa.Column("came_from", sa.String(length=48), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinician_id"],
            ["clinician.id"],
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.PrimaryKeyConstraint("case_number"),
        sa.UniqueConstraint("external_key"),
    )
    with op.batch_alter_table("session_note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_note_clinician_id"), ["clinician_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_session_note_location_id"), ["location_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_session_note_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_session_note_started_at"), ["started_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_session_note_status"), ["status"], unique=False)
        batch_op.create_index(batch_op.f("ix_session_note_wake_wanted"), ["wake_wanted"], unique=False)

    op.create_table(
        "note_addendum",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("authenticated", sa.String(length=48), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["session_note.case_number"],
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_number", "number"),
    )
    with op.batch_alter_table("note_addendum", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_addendum_case_number"), ["case_number"], unique=False)

    for table in ("approval", "to_do"):
        _free_from_referral(table)


def _free_from_referral(table: str) -> None:
    """The case of a sign-off or to-do is no longer always a referral; the constraint had no name of its own."""
    if op.get_bind().dialect.name == "sqlite":
        names = {"fk": "fk_%(table_name)s_%(column_0_name)s"}
        with op.batch_alter_table(table, schema=None, naming_convention=names) as batch_op:
            batch_op.drop_constraint(f"fk_{table}_case_number", type_="foreignkey")
    else:
        op.drop_constraint(f"{table}_case_number_fkey", table, type_="foreignkey")
