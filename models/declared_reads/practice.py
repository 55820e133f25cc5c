"""What the automated steps that serve the practice as a whole may read."""

from models.automated_steps import MayRead

READS: dict[str, MayRead] = {
    "open sign-off": MayRead(
        {
            "approval": "assigned_to case_number id location_id pages_sent status",
            "claim": "case_number clinician_id fence findings location_id patient_id status version",
            "episode": "case_number patient_id",
            "follow_up": (
                "case_number clinician_id fence location_id patient_id requested_by risk_level status version"
            ),
            "licence": "state",
            "location": "time_zone",
            "outbox_message": "id",
            "patient": "state",
            "referral": "case_number clinician_id fence location_id patient_id risk_level status version",
            "session_note": "case_number clinician_id fence location_id patient_id risk_level status version",
            "staff": "active id location_ids on_call role",
            "workflow_standing": "runs_as",
        },
        content=frozenset({"note_working_copy", "session_transcript", "sign_off_content"}),
    ),
    "prepare the wait": MayRead(
        {
            "claim": "case_number fence findings location_id patient_cents patient_id status version",
            "follow_up": "fence status",
            "ledger_entry": "amount_cents case_number kind",
            "offer": "case_number id status",
            "outbox_message": "channel id",
            "patient": "email id phone preferred_channel sms_stopped_at time_zone",
            "portal_link": "case_number expires_at id purpose used_at",
            "referral": "case_number fence location_id patient_id status version",
            "session_note": "fence status",
            "to_do": "id",
            "workflow_standing": "runs_as",
        }
    ),
    "watch every wait": MayRead(
        {
            "appointment": "case_number clinician_id id location_id minutes patient_id starts_at status",
            "approval": (
                "assigned_to case_number due_at escalations id kind last_paged_at level "
                "location_id opened_at pages_sent seen_at status"
            ),
            "check_in": "id kind",
            "claim": "case_number location_id patient_id status status_since wake_wanted",
            "clinician": (
                "accepts_new caseload_limit caseload_now conflict_patient_ids focus_areas gender "
                "id languages max_age min_age modalities"
            ),
            "episode": "case_number clinician_id location_id opened_by patient_id round status",
            "follow_up": (
                "case_number clinician_id episode_number kind location_id patient_id reasons "
                "requested_by risk_level status status_since subject_id unique_key version "
                "wake_wanted"
            ),
            "licence": "clinician_id state",
            "location": "accessible id state time_zone",
            "no_show_estimate": "probability",
            "offer": "case_number id status",
            "outbox_message": "channel id unique_key",
            "panel_membership": "clinician_id payer_code plan_code",
            "patient": (
                "birth_date consent_ai consent_ai_on email id language payer_code plan_code "
                "preferred_channel self_pay state time_zone"
            ),
            "pilot": "id less_accepted location_ids mode share team unit",
            "pilot_placing": "arm unit_id",
            "portal_link": "case_number expires_at id purpose used_at",
            "practice_setting": "value",
            "practice_version": "content",
            "quarantined_row": "at file_id id row urgent",
            "referral": (
                "came_from case_number clinician_id fence location_id modality needs_accessible "
                "patient_id preferred_times reminders_sent risk_cleared risk_level round status "
                "status_since version wake_wanted"
            ),
            "risk_flag": "unique_key",
            "session_note": (
                "appointment_id case_number clinician_id location_id patient_id risk_last_paged_at risk_level "
                "risk_pages_sent risk_raised_at risk_seen_at started_at status status_since version "
                "wake_wanted"
            ),
            "shadow_action": "digest kind subject_id",
            "slot": "clinician_id id location_id minutes modality starts_at status",
            "staff": "active id location_ids on_call role",
            "to_do": "case_number due_at escalations id kind location_id role status unique_key",
            "waitlist_entry": (
                "case_number clinician_id from_appointment_id id last_offered_at location_id "
                "min_notice_hours modality offers patient_id priority priority_by since status "
                "wanted_times"
            ),
            "waitlist_offer": "batch case_number entry_id id slot_id status",
            "workflow_standing": "location_id runs_as",
        },
        content=frozenset({"intake_text", "questionnaire_answers"}),
    ),
    "look after every wait": MayRead(),
    "send what is due": MayRead(
        {
            "appointment": "id location_id minutes modality starts_at",
            "claim": "location_id",
            "decision": "id signed_digest verdict",
            "episode": "location_id",
            "follow_up": "location_id",
            "location": "name phone",
            "outbox_message": (
                "approval_id attempts case_number channel facts failure id leased_by not_before "
                "sent_at status template to_patient_id to_staff_id"
            ),
            "patient": "email forgotten_at id language phone preferred_channel sms_stopped_at time_zone",
            "portal_link": "id purpose",
            "referral": "location_id",
            "reminder_preference": "channel",
            "slot": "location_id starts_at",
            "staff": "email phone",
            "waitlist_offer": "hold_until status",
            "workflow_standing": "runs_as",
        },
        content=frozenset({"decision_words"}),
    ),
    "steer the runs": MayRead(
        {
            "claim": "case_number run_generation run_id status version",
            "clearinghouse_file": "attempts id",
            "eligibility_check": "attempts id",
            "episode": "case_number run_id",
            "follow_up": "case_number closed_at run_generation run_id status",
            "location": "id time_zone",
            "outbox_message": "id sent_at",
            "practice_setting": "value",
            "referral": "case_number closed_at run_generation run_id status",
            "session_note": "case_number closed_at run_generation run_id status",
        }
    ),
    "tell the analysts": MayRead(
        {
            "outbox_message": "id",
            "staff": "id",
        },
    ),
    "tell of a refused read": MayRead(
        {
            "claim": "case_number location_id",
            "episode": "case_number location_id",
            "follow_up": "case_number location_id",
            "outbox_message": "id",
            "referral": "case_number location_id",
            "session_note": "case_number location_id",
            "staff": "active id location_ids on_call role",
        },
    ),
    "draw unflagged intakes for a clinician": MayRead(
        {
            "practice_setting": "value",
            "referral": "case_number location_id",
            "risk_draw": "drawn id intakes",
            "to_do": "case_number id",
        }
    ),
    "count who is over their time": MayRead(
        {
            "appointment": "patient_id starts_at status",
            "claim": "closed_at patient_id status_since",
            "episode": "closed_at patient_id status_since",
            "follow_up": "closed_at patient_id status_since",
            "legal_hold": "patient_id",
            "outbox_message": "id",
            "past_appointment": "patient_id starts_at",
            "patient": "birth_date created_at id state",
            "referral": "closed_at patient_id possible_patient_ids status_since",
            "session_note": "closed_at patient_id started_at status_since",
            "staff": "id",
        }
    ),
    "note what the shadow would do": MayRead(
        {
            "authorisation": "number patient_id payer_code procedure_codes sessions valid_from valid_to",
            "claim": (
                "case_number clinician_id decided_on edition eligibility_id fence frequency location_id "
                "patient_id payer_code rank service_date session_number status version"
            ),
            "claim_submission": "case_number claim_control payer_code",
            "clinician": (
                "accepts_new caseload_limit caseload_now conflict_patient_ids focus_areas gender id languages "
                "max_age min_age modalities npi"
            ),
            "decision": "at id signed_digest",
            "eligibility_check": "id status",
            "episode": "case_number patient_id",
            "follow_up": "case_number patient_id",
            "licence": "clinician_id expires_on state",
            "location": "accessible id state time_zone",
            "panel_membership": "clinician_id payer_code plan_code",
            "patient": (
                "birth_date email family_name given_name id language member_id payer_code plan_code "
                "preferred_channel self_pay state time_zone"
            ),
            "patient_billing": "city line patient_id second_line sex state zip_code",
            "patient_consent": "document_id given_on id kind purpose revoked_on written",
            "patient_coverage": (
                "group_number member_id patient_id payer_code plan_code rank recorded_at relationship "
                "subscriber_birth_date subscriber_family_name subscriber_given_name subscriber_sex valid_from "
                "valid_to"
            ),
            "pilot": "id location_ids mode share team unit",
            "pilot_placing": "arm unit_id",
            "practice_setting": "value",
            "practice_version": "content digest id",
            "referral": (
                "case_number clinician_id fence location_id modality needs_accessible patient_id preferred_times "
                "status version"
            ),
            "session_note": (
                "case_number clinician_id fence location_id minutes modality note_format patient_id "
                "patient_state service started_at status transcript transcript_reason version"
            ),
            "shadow_action": "digest kind",
            "slot": "clinician_id id location_id minutes modality starts_at",
            "staff": "active id location_ids name role",
            "submitted_line": "claim_control procedure_code",
            "workflow_standing": "location_id runs_as",
        },
        content=frozenset({"case_focus", "claim_changes", "decision_words", "session_transcript"}),
    ),
    "note what the night would do in the shadow": MayRead(
        {
            "appointment": (
                "case_number clinician_id id location_id modality occurs_on patient_id series_id starts_at status"
            ),
            "availability": (
                "clinician_id ends id location_id minutes modality room_id starts valid_from valid_to weekday"
            ),
            "calendar_exception": "clinician_id ends_at id kind location_id room_id starts_at",
            "check_in": "id",
            "check_in_plan": "case_number every_days id next_on until_on",
            "clinician": (
                "caseload_limit conflict_patient_ids focus_areas gender id languages max_age min_age modalities"
            ),
            "eligibility_check": "unique_key",
            "episode": "case_number clinician_id location_id status",
            "licence": "clinician_id state",
            "location": "accessible id state time_zone",
            "no_show_estimate": "appointment_id probability",
            "outbox_message": "not_before sent_at to_patient_id",
            "patient": (
                "birth_date email forgotten_at id language payer_code phone plan_code preferred_channel self_pay "
                "sms_stopped_at state time_zone"
            ),
            "patient_coverage": "id member_id patient_id payer_code rank recorded_at valid_from valid_to",
            "portal_link": "expires_at id subject_id",
            "practice_setting": "value",
            "reminder_preference": "channel hours_before not_after_hour not_before_hour patient_id",
            "room": "accessible id location_id",
            "series": (
                "case_number clinician_id every_weeks from_on id location_id minutes modality patient_id "
                "room_id starts until_on weekday zone"
            ),
            "shadow_action": "digest kind subject_id",
            "slot": "clinician_id id location_id minutes modality starts_at status",
            "staff": "location_ids",
            "to_do": "unique_key",
            "waitlist_entry": (
                "case_number clinician_id from_appointment_id id last_offered_at location_id min_notice_hours "
                "modality offers patient_id priority priority_by since wanted_times"
            ),
            "waitlist_offer": "batch entry_id slot_id status",
            "workflow_standing": "location_id",
        }
    ),
    "give clinicians a practice case": MayRead(
        {
            "practice_setting": "value",
        }
    ),
    "look at the pilots": MayRead(
        {
            "decision": "approval_id case_number digest id signed_digest",
            "follow_up": "episode_number",
            "pilot": (
                "ended_at harm_measure id kind location_ids measure mode most_lost planned_units present "
                "share smallest started_at text_kind"
            ),
            "pilot_look": "number units_a units_b verdict",
            "pilot_placing": "arm at location_id unit_id",
            "pilot_reading": "at case_number failed kept lost more raised text_kind unit_id",
            "pilot_shadow": "new present same unit_id",
            "session_note": "case_number",
        },
        content=frozenset({"decided_flag", "decision_words", "intake_text", "risk_flag", "sign_off_content"}),
    ),
    "ask who began or ended care how satisfied they are": MayRead(
        {
            "episode": "case_number closed_at location_id opened_by started_on version",
            "location": "time_zone",
            "outbox_message": "unique_key",
            "patient": "email id phone preferred_channel sms_stopped_at time_zone",
            "portal_link": "case_number expires_at id purpose",
            "satisfaction_survey": "asked_on case_number id moment no_more patient_id",
        }
    ),
    "figures of the day": MayRead(
        {
            "appointment": "status",
            "location": "id time_zone",
            "referral": "closed_at first_session_at location_id received_at",
        }
    ),
    "count the figures of the day": MayRead(),
    "verify the audit": MayRead(
        whole="compares the digest of every event, and of every sealed form, with what is on record; opens none"
    ),
    "anchor the audit": MayRead(),
    "verify and anchor the audit": MayRead(),
    "back up": MayRead(whole="copies every row of both databases, content sealed as it lies; opens none"),
}
