"""What does this revision change? The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "therapy_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "case_focus",
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("focus_areas", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_number"),
    )
    op.create_table(
        "decision_words",
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("approval_id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("signed_content", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("decision_id"),
    )
    op.create_index(op.f("ix_decision_words_approval_id"), "decision_words", ["approval_id"], unique=False)
    op.create_index(op.f("ix_decision_words_case_number"), "decision_words", ["case_number"], unique=False)
    op.create_table(
        "intake_text",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("source_key", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_number", "kind", "source_key"),
    )
    op.create_index(op.f("ix_intake_text_case_number"), "intake_text", ["case_number"], unique=False)
    op.create_table(
        "quarantined_content",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("row_json", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "questionnaire_answers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("instrument_version", sa.String(), nullable=False),
        sa.Column("source_key", sa.String(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("authored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("band", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_number", "measure", "source_key"),
    )
    op.create_index(
        op.f("ix_questionnaire_answers_case_number"), "questionnaire_answers", ["case_number"], unique=False
    )
    op.create_table(
        "risk_flag",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("unique_key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("raised_by", sa.String(), nullable=False),
        sa.Column("rule_id", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=True),
        sa.Column("text_id", sa.String(), nullable=True),
        sa.Column("starts", sa.Integer(), nullable=True),
        sa.Column("ends", sa.Integer(), nullable=True),
        sa.Column("reviewed_by_approval", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_number", "unique_key"),
    )
    op.create_index(op.f("ix_risk_flag_case_number"), "risk_flag", ["case_number"], unique=False)
    op.create_table(
        "screened",
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "state"),
    )
    op.create_index(op.f("ix_screened_case_number"), "screened", ["case_number"], unique=False)
    op.create_table(
        "sign_off_content",
        sa.Column("approval_id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("approval_id"),
    )
    op.create_index(op.f("ix_sign_off_content_case_number"), "sign_off_content", ["case_number"], unique=False)
    op.create_table(
        "therapy_audit_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=True),
        sa.Column("where", sa.String(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("previous_digest", sa.String(), nullable=True),
        sa.Column("digest", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_therapy_audit_event_action"), "therapy_audit_event", ["action"], unique=False)
    op.create_index(op.f("ix_therapy_audit_event_at"), "therapy_audit_event", ["at"], unique=False)
    op.create_index(op.f("ix_therapy_audit_event_case_number"), "therapy_audit_event", ["case_number"], unique=False)
    op.create_table(
        "to_do_words",
        sa.Column("to_do_id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("to_do_id"),
    )
    op.create_index(op.f("ix_to_do_words_case_number"), "to_do_words", ["case_number"], unique=False)
