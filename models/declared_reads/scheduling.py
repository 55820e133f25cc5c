"""What the automated steps about appointments may read."""

from models.automated_steps import MayRead

READS: dict[str, MayRead] = {
    "open bookable times": MayRead(
        {
            "appointment": "clinician_id minutes starts_at",
            "availability": (
                "clinician_id ends location_id minutes modality room_id starts valid_from valid_to weekday"
            ),
            "location": "id state time_zone",
            "slot": "clinician_id minutes starts_at",
        },
    ),
    "make recurring appointments ahead": MayRead(
        {
            "appointment": (
                "clinician_id id location_id minutes modality occurs_on patient_id room_id series_id starts_at"
            ),
            "availability": (
                "clinician_id ends id location_id minutes modality room_id starts valid_from valid_to weekday"
            ),
            "calendar_exception": "clinician_id ends_at id kind location_id room_id starts_at",
            "clinician": "id",
            "location": "id state time_zone",
            "offer": "slot_id",
            "room": "accessible active id location_id",
            "series": (
                "case_number clinician_id every_weeks from_on id location_id minutes modality "
                "patient_id room_id starts status until_on weekday zone"
            ),
            "slot": "clinician_id id minutes starts_at",
            "to_do": "case_number id status unique_key",
            "waitlist_offer": "slot_id",
        }
    ),
    "take in past appointments": MayRead(
        {
            "appointment": "patient_id starts_at",
            "intake_file": "digest finished_at id kind refused_reason rows",
            "past_appointment": (
                "booked_at clinician_id confirmed external_key location_id minutes modality "
                "patient_id patient_key reminded starts_at status"
            ),
            "patient": "forgotten_at id",
            "quarantined_row": "external_key field reason row",
            "referral": "external_key",
        }
    ),
    "learn from missed sessions": MayRead(
        {
            "appointment": "booked_at confirmed_at id location_id modality patient_id starts_at status",
            "location": "id time_zone",
            "no_show_network": "id refused trained_until weights",
            "outbox_message": "unique_key",
            "past_appointment": (
                "booked_at confirmed location_id modality patient_id patient_key reminded starts_at status"
            ),
        }
    ),
    "queue reminders": MayRead(
        {
            "appointment": (
                "case_number clinician_id confirmed_at id location_id modality patient_id "
                "reminder_channel reminder_plan reminder_round starts_at"
            ),
            "location": "id time_zone",
            "no_show_estimate": "appointment_id probability",
            "outbox_message": "case_number facts id not_before sent_at status to_patient_id unique_key",
            "patient": "email forgotten_at id phone preferred_channel sms_stopped_at time_zone",
            "pilot": "id location_ids mode share team unit",
            "pilot_placing": "arm unit_id",
            "portal_link": "expires_at id subject_id",
            "practice_setting": "value",
            "practice_version": "content",
            "reminder_preference": "channel hours_before not_after_hour not_before_hour patient_id",
            "to_do": "case_number id kind unique_key",
        }
    ),
    "plan reminders": MayRead(),
    "offer freed times": MayRead(
        {
            "appointment": "clinician_id id minutes patient_id starts_at status",
            "clinician": (
                "caseload_limit conflict_patient_ids focus_areas gender id languages max_age min_age modalities"
            ),
            "episode": "case_number clinician_id round status",
            "licence": "clinician_id state",
            "location": "accessible id state time_zone",
            "no_show_estimate": "probability",
            "outbox_message": "unique_key",
            "patient": ("birth_date email id language payer_code plan_code preferred_channel self_pay state time_zone"),
            "portal_link": "case_number expires_at id purpose",
            "referral": (
                "case_number clinician_id location_id modality needs_accessible patient_id "
                "preferred_times risk_cleared round status status_since"
            ),
            "slot": "clinician_id id location_id minutes modality starts_at status",
            "staff": "location_ids",
            "to_do": "case_number id kind unique_key",
            "waitlist_entry": (
                "case_number clinician_id from_appointment_id id last_offered_at location_id "
                "min_notice_hours modality offers patient_id priority priority_by since "
                "wanted_times"
            ),
            "waitlist_offer": "batch entry_id slot_id status",
            "workflow_standing": "location_id",
        }
    ),
}
