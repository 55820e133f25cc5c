"""What the automated steps from a held session to its signed note may read."""

from models.automated_steps import MayRead

READS: dict[str, MayRead] = {
    "look into the sessions folder": MayRead(
        {
            "intake_file": "digest finished_at id kind name refused_reason",
            "location": "id",
            "quarantined_row": "file_id",
        },
    ),
    "receive session export": MayRead(
        {
            "appointment": "clinician_id patient_id starts_at",
            "claim": "case_number patient_id",
            "episode": "case_number patient_id",
            "follow_up": "case_number patient_id",
            "intake_file": "digest finished_at id kind name refused_reason rows",
            "intake_row": "id outcome",
            "location": "id time_zone",
            "patient": "forgotten_at id",
            "quarantined_row": "field id reason row rule status",
            "referral": "case_number patient_id",
            "session_note": (
                "case_number clinician_id ended_at fence location_id modality patient_id patient_state "
                "service started_at status transcript transcript_file_id version"
            ),
            "to_do": "case_number id status",
        },
        content=frozenset({"session_facts"}),
    ),
    "take in dropped sessions": MayRead(),
    "read the transcript": MayRead(
        {
            "approval": "id status",
            "intake_file": "digest finished_at id name",
            "location": "time_zone",
            "patient": "family_name given_name",
            "patient_consent": "document_id given_on kind purpose revoked_on written",
            "session_note": (
                "case_number clinician_id fence location_id patient_id patient_state started_at status "
                "transcript_file_id version"
            ),
            "staff": "name",
        },
        content=frozenset(
            {"decision_words", "note_working_copy", "session_draft", "session_transcript", "sign_off_content"}
        ),
    ),
    "screen the session for risk": MayRead(
        {
            "location": "id time_zone",
            "outbox_message": "id",
            "patient": "id",
            "patient_consent": "document_id given_on id kind purpose revoked_on written",
            "pilot": "id less_accepted location_ids mode share team unit",
            "pilot_placing": "arm unit_id",
            "practice_setting": "value",
            "practice_version": "content",
            "session_note": (
                "case_number clinician_id fence location_id patient_id patient_state risk_level "
                "risk_pages_sent risk_raised_at risk_seen_at started_at status version"
            ),
            "staff": "active id location_ids on_call role",
        },
        content=frozenset({"risk_flag", "session_transcript"}),
    ),
    "draft notes": MayRead(
        {
            "location": "id time_zone",
            "patient": "family_name given_name",
            "patient_consent": "document_id given_on id kind purpose revoked_on written",
            "pilot": "id location_ids mode share team unit",
            "pilot_placing": "arm unit_id",
            "practice_setting": "value",
            "practice_version": "content digest id",
            "session_note": (
                "case_number clinician_id fence location_id note_format patient_id patient_state "
                "started_at status transcript transcript_reason version"
            ),
            "staff": "active id name role",
            "workflow_standing": "runs_as",
        },
        content=frozenset({"session_transcript"}),
    ),
    "read and draft the day's sessions": MayRead(
        {
            "session_note": "case_number",
        },
    ),
    "lay out a note": MayRead(
        {
            "location": "time_zone",
            "patient_consent": "document_id given_on id kind purpose revoked_on written",
            "session_note": (
                "case_number clinician_id ended_at location_id minutes modality note_format patient_id "
                "patient_state service started_at"
            ),
        },
        content=frozenset({"risk_flag", "session_draft", "session_facts"}),
    ),
    "destroy transcripts nobody agreed to": MayRead(
        {
            "session_note": "case_number transcript_file_id",
        },
    ),
}
