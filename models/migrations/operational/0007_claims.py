"""What does this revision change? Claims, eligibility checks, remittances, the ledger; a link may be a claim's."""

import sqlalchemy as sa
from alembic import op

revision = "operational_0007"
down_revision = "operational_0006"


def upgrade() -> None:
    op.create_table(
        "clearinghouse_file",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("outgoing", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(length=48), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("control_number", sa.Integer(), nullable=True),
        sa.Column("sender_id", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=True),
        sa.Column("status", sa.String(length=48), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("segment", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("outgoing", "digest"),
    )
    with op.batch_alter_table("clearinghouse_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_clearinghouse_file_status"), ["status"], unique=False)

    op.create_table(
        "ledger_entry",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=True),
        sa.Column("claim_number", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("line_control", sa.String(), nullable=False),
        sa.Column("group", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("payer_control", sa.String(), nullable=False),
        sa.Column("payer_code", sa.String(), nullable=False),
        sa.Column("reverses", sa.String(), nullable=True),
        sa.Column("file_id", sa.String(), nullable=False),
        sa.Column("segment", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ledger_entry_account"), ["account"], unique=False)
        batch_op.create_index(batch_op.f("ix_ledger_entry_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_ledger_entry_case_number"), ["case_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_ledger_entry_claim_number"), ["claim_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_ledger_entry_file_id"), ["file_id"], unique=False)

    op.create_table(
        "authorisation",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("payer_code", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("procedure_codes", sa.JSON(), nullable=False),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("authorisation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_authorisation_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "patient_billing",
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("sex", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("second_line", sa.String(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("zip_code", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.PrimaryKeyConstraint("patient_id"),
    )
    op.create_table(
        "patient_coverage",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("rank", sa.String(), nullable=False),
        sa.Column("payer_code", sa.String(), nullable=False),
        sa.Column("plan_code", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("group_number", sa.String(), nullable=False),
        sa.Column("relationship", sa.String(), nullable=False),
        sa.Column("subscriber_family_name", sa.String(), nullable=False),
        sa.Column("subscriber_given_name", sa.String(), nullable=False),
        sa.Column("subscriber_birth_date", sa.Date(), nullable=True),
        sa.Column("subscriber_sex", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("patient_coverage", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_patient_coverage_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "remittance_figures",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("unique_key", sa.String(), nullable=False),
        sa.Column("file_id", sa.String(), nullable=False),
        sa.Column("payer_id", sa.String(), nullable=False),
        sa.Column("trace", sa.String(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("paid_cents", sa.BigInteger(), nullable=False),
        sa.Column("claims_cents", sa.BigInteger(), nullable=False),
        sa.Column("kept_back_cents", sa.BigInteger(), nullable=False),
        sa.Column("off_cents", sa.BigInteger(), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["clearinghouse_file.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("unique_key"),
    )
    with op.batch_alter_table("remittance_figures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_remittance_figures_file_id"), ["file_id"], unique=False)

    op.create_table(
        "remitted_claim",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("unique_key", sa.String(), nullable=False),
        sa.Column("file_id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=True),
        sa.Column("claim_control", sa.String(), nullable=False),
        sa.Column("payer_control", sa.String(), nullable=False),
        sa.Column("payer_id", sa.String(), nullable=False),
        sa.Column("trace", sa.String(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("charge_cents", sa.BigInteger(), nullable=False),
        sa.Column("paid_cents", sa.BigInteger(), nullable=False),
        sa.Column("patient_cents", sa.BigInteger(), nullable=False),
        sa.Column("segment", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=48), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["clearinghouse_file.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("unique_key"),
    )
    with op.batch_alter_table("remitted_claim", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_remitted_claim_case_number"), ["case_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_remitted_claim_claim_control"), ["claim_control"], unique=False)
        batch_op.create_index(batch_op.f("ix_remitted_claim_file_id"), ["file_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_remitted_claim_outcome"), ["outcome"], unique=False)

    op.create_table(
        "eligibility_check",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("unique_key", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("clinician_id", sa.String(), nullable=False),
        sa.Column("payer_code", sa.String(), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.String(), nullable=True),
        sa.Column("answer_file_id", sa.String(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("carve_out_payer", sa.String(), nullable=False),
        sa.Column("shares", sa.JSON(), nullable=False),
        sa.Column("next_owner", sa.String(), nullable=False),
        sa.Column("segment", sa.Integer(), nullable=True),
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
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("unique_key"),
    )
    with op.batch_alter_table("eligibility_check", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_eligibility_check_case_number"), ["case_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_eligibility_check_file_id"), ["file_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_eligibility_check_location_id"), ["location_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_eligibility_check_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_eligibility_check_service_date"), ["service_date"], unique=False)

    op.create_table(
        "claim",
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("session_number", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("clinician_id", sa.String(), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("procedure_code", sa.String(), nullable=False),
        sa.Column("payer_code", sa.String(), nullable=False),
        sa.Column("rank", sa.String(), nullable=False),
        sa.Column("frequency", sa.String(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("content_id", sa.String(), nullable=False),
        sa.Column("content_digest", sa.String(), nullable=False),
        sa.Column("signed_digest", sa.String(), nullable=False),
        sa.Column("eligibility_id", sa.String(), nullable=True),
        sa.Column("payer_control", sa.String(), nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("touched", sa.Boolean(), nullable=False),
        sa.Column("charge_cents", sa.BigInteger(), nullable=False),
        sa.Column("payer_cents", sa.BigInteger(), nullable=False),
        sa.Column("patient_cents", sa.BigInteger(), nullable=False),
        sa.Column("paid_cents", sa.BigInteger(), nullable=False),
        sa.Column("write_off_cents", sa.BigInteger(), nullable=False),
        sa.Column("file_by", sa.Date(), nullable=True),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appeal_by", sa.Date(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("carc", sa.String(), nullable=False),
        sa.Column("first_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
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
        sa.ForeignKeyConstraint(
            ["session_number"],
            ["session_note.case_number"],
        ),
        sa.PrimaryKeyConstraint("case_number"),
        sa.UniqueConstraint("session_number"),
    )
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claim_clinician_id"), ["clinician_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_location_id"), ["location_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_payer_code"), ["payer_code"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_service_date"), ["service_date"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_status"), ["status"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_wake_wanted"), ["wake_wanted"], unique=False)

    op.create_table(
        "claim_submission",
        sa.Column("claim_control", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.String(), nullable=False),
        sa.Column("content_id", sa.String(), nullable=False),
        sa.Column("content_digest", sa.String(), nullable=False),
        sa.Column("payer_code", sa.String(), nullable=False),
        sa.Column("rank", sa.String(), nullable=False),
        sa.Column("frequency", sa.String(), nullable=False),
        sa.Column("charge_cents", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=48), nullable=False),
        sa.Column("payer_control", sa.String(), nullable=False),
        sa.Column("sent_by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["claim.case_number"],
        ),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["clearinghouse_file.id"],
        ),
        sa.PrimaryKeyConstraint("claim_control"),
        sa.UniqueConstraint("case_number", "number"),
    )
    with op.batch_alter_table("claim_submission", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claim_submission_case_number"), ["case_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_submission_file_id"), ["file_id"], unique=False)

    op.create_table(
        "submitted_line",
        sa.Column("control_number", sa.String(), nullable=False),
        sa.Column("claim_control", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("procedure_code", sa.String(), nullable=False),
        sa.Column("modifiers", sa.JSON(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("charge_cents", sa.BigInteger(), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("earlier_cents", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["claim_control"],
            ["claim_submission.claim_control"],
        ),
        sa.PrimaryKeyConstraint("control_number"),
    )
    with op.batch_alter_table("submitted_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submitted_line_claim_control"), ["claim_control"], unique=False)

    _free_links_from_referral()


def _free_links_from_referral() -> None:
    """The case of a patient's link is no longer always a referral; the constraint had no name of its own."""
    if op.get_bind().dialect.name == "sqlite":
        names = {"fk": "fk_%(table_name)s_%(column_0_name)s"}
        with op.batch_alter_table("portal_link", schema=None, naming_convention=names) as batch_op:
            batch_op.drop_constraint("fk_portal_link_case_number", type_="foreignkey")
    else:
        op.drop_constraint("portal_link_case_number_fkey", "portal_link", type_="foreignkey")
