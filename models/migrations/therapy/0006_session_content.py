"""What does this revision change? Transcripts, drafts, working copies and addenda of sessions, and private notes."""

import sqlalchemy as sa
from alembic import op

revision = "therapy_0006"
down_revision = "therapy_0005"


def upgrade() -> None:

    op.create_table(
        "addendum_words",
        sa.Column("addendum_id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("addendum_id"),
    )
    with op.batch_alter_table("addendum_words", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_addendum_words_case_number"), ["case_number"], unique=False)

    op.create_table(
        "note_working_copy",
        sa.Column("approval_id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("approval_id"),
    )
    with op.batch_alter_table("note_working_copy", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_working_copy_case_number"), ["case_number"], unique=False)

    op.create_table(
        "private_note",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("author_id", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("session_number", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("private_note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_private_note_author_id"), ["author_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_private_note_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_private_note_session_number"), ["session_number"], unique=False)

    op.create_table(
        "session_draft",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_number", "round"),
    )
    with op.batch_alter_table("session_draft", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_draft_case_number"), ["case_number"], unique=False)

    op.create_table(
        "session_facts",
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_number"),
    )
    op.create_table(
        "session_transcript",
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("turns", sa.Text(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_number"),
    )
