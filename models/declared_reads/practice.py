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
            "episode": "case_number clinician_id location_id opened_by patient_id status",
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
            "portal_link": "case_number expires_at id purpose used_at",
            "practice_setting": "value",
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
    "note what the shadow would do": MayRead(
        {
            "clinician": (
                "accepts_new caseload_limit caseload_now conflict_patient_ids focus_areas gender "
                "id languages max_age min_age modalities"
            ),
            "licence": "clinician_id state",
            "location": "accessible id state time_zone",
            "patient": ("birth_date family_name given_name id language payer_code plan_code self_pay state"),
            "referral": ("case_number clinician_id location_id modality needs_accessible patient_id preferred_times"),
            "session_note": ("clinician_id fence location_id patient_id patient_state started_at status transcript"),
            "shadow_action": "id",
            "slot": "clinician_id location_id starts_at",
            "staff": "active location_ids name role",
        },
        content=frozenset({"case_focus", "claim_changes", "decision_words", "session_transcript"}),
    ),
    "give clinicians a practice case": MayRead(
        {
            "practice_setting": "value",
        }
    ),
    "look at the pilots": MayRead(
        {
            "pilot": (
                "ended_at harm_measure id kind location_ids measure mode planned_units present "
                "share smallest started_at"
            ),
            "pilot_look": "number units_a units_b verdict",
        },
        content=frozenset({"decided_flag", "decision_words", "intake_text", "risk_flag", "sign_off_content"}),
    ),
    "ask who began or ended care how satisfied they are": MayRead(
        {
            "episode": "case_number closed_at opened_by started_on",
            "location": "time_zone",
            "patient": "email id phone preferred_channel sms_stopped_at",
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
