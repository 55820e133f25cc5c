"""What does this revision change? Ongoing care: calendars, series, waitlist, check-ins, no-show estimates."""

import sqlalchemy as sa
from alembic import op

revision = "operational_0008"
down_revision = "operational_0007"


def upgrade() -> None:
    op.create_table(
        "night_part",
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(length=48), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("failure", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("night", "part", "location_id"),
    )

    op.create_table(
        "no_show_network",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("trained_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trained_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("appointments", sa.Integer(), nullable=False),
        sa.Column("weights", sa.LargeBinary(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("refused", sa.String(), nullable=False),
        sa.Column("in_use_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("in_use_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )

    op.create_table(
        "past_appointment",
        sa.Column("external_key", sa.String(), nullable=False),
        sa.Column("patient_key", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=True),
        sa.Column("location_id", sa.String(), nullable=True),
        sa.Column("clinician_id", sa.String(), nullable=True),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("modality", sa.String(length=48), nullable=True),
        sa.Column("status", sa.String(length=48), nullable=False),
        sa.Column("reminded", sa.Integer(), nullable=True),
        sa.Column("confirmed", sa.Boolean(), nullable=True),
        sa.Column("file_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["intake_file.id"],
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.PrimaryKeyConstraint("external_key"),
    )
    with op.batch_alter_table("past_appointment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_past_appointment_file_id"), ["file_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_past_appointment_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_past_appointment_patient_key"), ["patient_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_past_appointment_starts_at"), ["starts_at"], unique=False)

    op.create_table(
        "reminder_preference",
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("hours_before", sa.JSON(), nullable=False),
        sa.Column("channel", sa.String(length=48), nullable=True),
        sa.Column("not_before_hour", sa.Integer(), nullable=True),
        sa.Column("not_after_hour", sa.Integer(), nullable=True),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
        ),
        sa.PrimaryKeyConstraint("patient_id"),
    )

    op.create_table(
        "room",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("accessible", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("room", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_room_location_id"), ["location_id"], unique=False)

    op.create_table(
        "calendar_exception",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source_key", sa.String(), nullable=True),
        sa.Column("clinician_id", sa.String(), nullable=True),
        sa.Column("location_id", sa.String(), nullable=True),
        sa.Column("room_id", sa.String(), nullable=True),
        sa.Column("kind", sa.String(length=48), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinician_id"],
            ["clinician.id"],
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
        ),
        sa.ForeignKeyConstraint(
            ["room_id"],
            ["room.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source_key"),
    )
    with op.batch_alter_table("calendar_exception", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_calendar_exception_clinician_id"), ["clinician_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_calendar_exception_ends_at"), ["ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_calendar_exception_location_id"), ["location_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_calendar_exception_room_id"), ["room_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_calendar_exception_starts_at"), ["starts_at"], unique=False)

    op.create_table(
        "episode",
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("clinician_id", sa.String(), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("modality", sa.String(length=48), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=48), nullable=False),
        sa.Column("status_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("wake_wanted", sa.Boolean(), nullable=False),
        sa.Column("wake_tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("run_generation", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
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
    )
    with op.batch_alter_table("episode", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_episode_clinician_id"), ["clinician_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_episode_location_id"), ["location_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_episode_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_episode_status"), ["status"], unique=False)
        batch_op.create_index(batch_op.f("ix_episode_wake_wanted"), ["wake_wanted"], unique=False)

    op.create_table(
        "check_in_plan",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=48), nullable=False),
        sa.Column("every_days", sa.Integer(), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("assigned_by", sa.String(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["assigned_by"],
            ["staff.id"],
        ),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["episode.case_number"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("check_in_plan", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_check_in_plan_case_number"), ["case_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_check_in_plan_next_on"), ["next_on"], unique=False)

    op.create_table(
        "follow_up",
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("unique_key", sa.String(), nullable=False),
        sa.Column("episode_number", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("clinician_id", sa.String(), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=48), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("risk_level", sa.String(length=48), nullable=True),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=48), nullable=False),
        sa.Column("status_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("wake_wanted", sa.Boolean(), nullable=False),
        sa.Column("wake_tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("run_generation", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("came_from", sa.String(length=48), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinician_id"],
            ["clinician.id"],
        ),
        sa.ForeignKeyConstraint(
            ["episode_number"],
            ["episode.case_number"],
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
        sa.UniqueConstraint("unique_key"),
    )
    with op.batch_alter_table("follow_up", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_follow_up_clinician_id"), ["clinician_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_follow_up_episode_number"), ["episode_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_follow_up_location_id"), ["location_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_follow_up_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_follow_up_status"), ["status"], unique=False)
        batch_op.create_index(batch_op.f("ix_follow_up_wake_wanted"), ["wake_wanted"], unique=False)

    op.create_table(
        "material_sent",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("material", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("assigned_by", sa.String(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["assigned_by"],
            ["staff.id"],
        ),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["episode.case_number"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("material_sent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_material_sent_case_number"), ["case_number"], unique=False)

    op.create_table(
        "series",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("clinician_id", sa.String(), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("room_id", sa.String(), nullable=True),
        sa.Column("modality", sa.String(length=48), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("every_weeks", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=48), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["episode.case_number"],
        ),
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
            ["room_id"],
            ["room.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_series_case_number"), ["case_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_series_clinician_id"), ["clinician_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_series_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_series_status"), ["status"], unique=False)

    op.create_table(
        "check_in",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=48), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=48), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["episode.case_number"],
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"],
            ["check_in_plan.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("plan_id", "due_on"),
    )
    with op.batch_alter_table("check_in", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_check_in_case_number"), ["case_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_check_in_plan_id"), ["plan_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_check_in_status"), ["status"], unique=False)

    op.create_table(
        "no_show_estimate",
        sa.Column("appointment_id", sa.String(), nullable=False),
        sa.Column("network_id", sa.String(), nullable=True),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("low", sa.Float(), nullable=False),
        sa.Column("high", sa.Float(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointment.id"],
        ),
        sa.ForeignKeyConstraint(
            ["network_id"],
            ["no_show_network.id"],
        ),
        sa.PrimaryKeyConstraint("appointment_id"),
    )

    op.create_table(
        "waitlist_entry",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("location_id", sa.String(), nullable=False),
        sa.Column("clinician_id", sa.String(), nullable=True),
        sa.Column("modality", sa.String(length=48), nullable=False),
        sa.Column("wanted_times", sa.JSON(), nullable=False),
        sa.Column("min_notice_hours", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("priority_by", sa.String(), nullable=False),
        sa.Column("from_appointment_id", sa.String(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=48), nullable=False),
        sa.Column("offers", sa.Integer(), nullable=False),
        sa.Column("last_offered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinician_id"],
            ["clinician.id"],
        ),
        sa.ForeignKeyConstraint(
            ["from_appointment_id"],
            ["appointment.id"],
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
    )
    with op.batch_alter_table("waitlist_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_waitlist_entry_case_number"), ["case_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_waitlist_entry_clinician_id"), ["clinician_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_waitlist_entry_location_id"), ["location_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_waitlist_entry_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_waitlist_entry_status"), ["status"], unique=False)

    op.create_table(
        "waitlist_offer",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("slot_id", sa.String(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=48), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hold_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["waitlist_entry.id"],
        ),
        sa.ForeignKeyConstraint(
            ["slot_id"],
            ["slot.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("entry_id", "slot_id", "batch"),
    )
    with op.batch_alter_table("waitlist_offer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_waitlist_offer_case_number"), ["case_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_waitlist_offer_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_waitlist_offer_hold_until"), ["hold_until"], unique=False)
        batch_op.create_index(batch_op.f("ix_waitlist_offer_slot_id"), ["slot_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_waitlist_offer_status"), ["status"], unique=False)

    names = {"fk": "fk_%(table_name)s_%(column_0_name)s"}
    sqlite = op.get_bind().dialect.name == "sqlite"
    # an appointment may be an episode's as well as a referral's
    if not sqlite:
        op.drop_constraint("appointment_case_number_fkey", "appointment", type_="foreignkey")
    with op.batch_alter_table("appointment", schema=None, naming_convention=names) as batch_op:
        if sqlite:
            batch_op.drop_constraint("fk_appointment_case_number", type_="foreignkey")
        batch_op.add_column(sa.Column("series_id", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("occurs_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("room_id", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("replaces_id", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("reminders_for", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("reminder_round", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("reminder_channel", sa.String(length=48), nullable=True))
        batch_op.add_column(sa.Column("reminder_plan", sa.String(), nullable=True))
        batch_op.alter_column("slot_id", existing_type=sa.String(), nullable=True)
        batch_op.create_index(batch_op.f("ix_appointment_series_id"), ["series_id"], unique=False)
        batch_op.create_unique_constraint("uq_appointment_series_id", ["series_id", "occurs_on"])
        batch_op.create_foreign_key("fk_appointment_series_id", "series", ["series_id"], ["id"])
        batch_op.create_foreign_key("fk_appointment_room_id", "room", ["room_id"], ["id"])

    with op.batch_alter_table("availability", schema=None) as batch_op:
        batch_op.add_column(sa.Column("room_id", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("valid_from", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("valid_to", sa.Date(), nullable=True))
        batch_op.create_foreign_key("fk_availability_room_id", "room", ["room_id"], ["id"])

    with op.batch_alter_table("portal_link", schema=None) as batch_op:
        batch_op.add_column(sa.Column("subject_id", sa.String(), nullable=True))
        batch_op.create_index(batch_op.f("ix_portal_link_subject_id"), ["subject_id"], unique=False)

    # how often a patient was written to is counted before every message
    op.create_index("ix_outbox_message_to_patient_id", "outbox_message", ["to_patient_id", "not_before"], unique=False)
