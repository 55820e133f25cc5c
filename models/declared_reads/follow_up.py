"""What the automated steps between two sessions may read."""

from models.automated_steps import MayRead

READS: dict[str, MayRead] = {
    "ask what is due between sessions": MayRead(
        {
            "check_in": "case_number due_on id plan_id status",
            "check_in_plan": "case_number every_days id kind next_on until_on",
            "episode": "case_number clinician_id location_id patient_id version",
            "follow_up": "unique_key",
            "location": "time_zone",
            "outbox_message": "unique_key",
            "patient": "email id phone preferred_channel sms_stopped_at time_zone",
            "portal_link": "case_number expires_at id purpose",
            "practice_setting": "value",
            "to_do": "case_number id kind unique_key",
        }
    ),
    "bring it to the gate": MayRead(
        {
            "follow_up": "case_number fence kind status version",
        },
    ),
    "lay out a follow-up": MayRead(
        {
            "check_in": "due_on id kind",
            "follow_up": "case_number episode_number reasons requested_by risk_level subject_id",
            "to_do": "id",
        },
        content=frozenset({"intake_text", "questionnaire_answers", "risk_flag", "to_do_words"}),
    ),
    "send the signed message": MayRead(
        {
            "approval": "id",
            "episode": "case_number status version",
            "follow_up": "case_number episode_number fence location_id patient_id status version",
            "outbox_message": "id",
            "patient": "email id preferred_channel",
            "portal_link": "case_number expires_at id purpose",
            "workflow_standing": "runs_as",
        }
    ),
}
