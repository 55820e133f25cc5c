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
    "make recurring appointments ahead": MayRead(),
    "take in past appointments": MayRead(),
    "learn from missed sessions": MayRead(
        {
            "appointment": "booked_at confirmed_at id location_id modality patient_id starts_at status",
            "location": "id time_zone",
            "outbox_message": "unique_key",
            "past_appointment": "patient_id patient_key",
        },
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
    "offer freed times": MayRead(),
}
