"""What the automated steps from a referral to the first session may read."""

from models.automated_steps import MayRead

READS: dict[str, MayRead] = {
    "look into the intake folder": MayRead(
        {
            "intake_file": "digest finished_at id name",
            "location": "id",
            "quarantined_row": "file_id",
        },
    ),
    "receive file": MayRead(
        {
            "case_focus": "case_number",
            "claim": "case_number patient_id",
            "episode": "case_number patient_id",
            "follow_up": "case_number patient_id",
            "intake_file": "contract_docs digest finished_at id kind name refused_reason rows",
            "intake_row": "case_number external_key outcome",
            "location": "id",
            "outbox_message": "id",
            "patient": "birth_date consent_ai consent_ai_on email family_name given_name id phone",
            "quarantined_row": "content_id field file_id id reason row rule status",
            "referral": "case_number patient_id status",
            "session_note": "case_number patient_id",
            "staff": "id location_ids on_call",
        },
        content=frozenset({"intake_text", "questionnaire_answers"}),
    ),
    "take in dropped referrals": MayRead(),
    "begin the case": MayRead(
        {
            "approval": "id",
            "outbox_message": "id",
            "practice_setting": "value",
            "referral": (
                "came_from case_number clinician_id fence location_id patient_id possible_patient_ids "
                "risk_level status version"
            ),
            "staff": "active id location_ids on_call role",
            "to_do": "id",
        },
        content=frozenset({"intake_text", "questionnaire_answers"}),
    ),
    "ask for missing questionnaires": MayRead(
        {
            "audit_event": "details",
            "questionnaire_answers": "measure",
            "referral": "case_number fence location_id status version",
            "workflow_standing": "runs_as",
        }
    ),
    "score and screen for risk": MayRead(
        {
            "patient": "consent_ai consent_ai_on state",
            "pilot": "id less_accepted location_ids mode team unit",
            "pilot_placing": "arm unit_id",
            "practice_setting": "value",
            "practice_version": "content",
            "referral": "case_number clinician_id fence location_id patient_id risk_level status version",
        },
        content=frozenset({"intake_text", "questionnaire_answers", "risk_flag"}),
    ),
    "check coverage": MayRead(
        {
            "patient": "self_pay",
            "referral": "case_number fence patient_id",
        },
    ),
    "let an assignment go unsigned": MayRead(
        {
            "approval": "id",
            "clinician": (
                "accepts_new caseload_limit caseload_now conflict_patient_ids focus_areas gender id languages "
                "max_age min_age modalities"
            ),
            "decision": "at id verdict",
            "eligibility_check": "id",
            "follow_up": "case_number",
            "licence": "clinician_id state",
            "location": "accessible id state time_zone",
            "match_candidate": "clinician_id excluded reasons_against reasons_for round score",
            "panel_membership": "clinician_id payer_code plan_code",
            "patient": "birth_date id language payer_code plan_code self_pay state time_zone",
            "practice_setting": "value",
            "referral": (
                "case_number clinician_id coverage_reason coverage_status fence location_id modality "
                "needs_accessible patient_id possible_patient_ids preferred_times risk_cleared risk_level status "
                "version"
            ),
            "risk_flag": "id",
            "session_note": "case_number",
            "slot": "clinician_id location_id minutes modality starts_at",
            "staff": "active location_ids role",
            "to_do": "id",
            "unsigned_assignment": "at",
            "workflow_standing": "runs_as",
        },
        content=frozenset({"case_focus"}),
    ),
    "propose clinicians": MayRead(
        {
            "clinician": (
                "accepts_new caseload_limit caseload_now conflict_patient_ids focus_areas gender "
                "id languages max_age min_age modalities"
            ),
            "licence": "clinician_id state",
            "location": "accessible id state time_zone",
            "panel_membership": "clinician_id payer_code plan_code",
            "patient": "birth_date id language payer_code plan_code self_pay state",
            "referral": (
                "case_number clinician_id fence location_id modality needs_accessible patient_id "
                "preferred_times status version"
            ),
            "slot": "clinician_id location_id starts_at",
            "staff": "active location_ids role",
            "workflow_standing": "runs_as",
        },
        content=frozenset({"case_focus"}),
    ),
    "offer times": MayRead(
        {
            "clinician": (
                "accepts_new caseload_limit caseload_now conflict_patient_ids focus_areas gender "
                "id languages max_age min_age modalities"
            ),
            "licence": "clinician_id state",
            "location": "accessible id state time_zone",
            "panel_membership": "clinician_id payer_code plan_code",
            "patient": "birth_date id language payer_code plan_code self_pay state time_zone",
            "referral": (
                "case_number clinician_id fence location_id modality needs_accessible patient_id "
                "preferred_times status version"
            ),
            "slot": "clinician_id id location_id minutes modality starts_at",
            "staff": "active location_ids role",
            "workflow_standing": "runs_as",
        }
    ),
    "lay out a risk review": MayRead(
        {
            "patient": "consent_ai consent_ai_on state",
            "referral": "case_number clinician_id fence location_id patient_id risk_level status version",
        },
        content=frozenset({"intake_text", "questionnaire_answers", "risk_flag"}),
    ),
    "lay out an assignment": MayRead(
        {
            "match_candidate": "clinician_id excluded reasons_against reasons_for round score",
            "referral": "case_number coverage_reason coverage_status",
        },
    ),
    "lay out a closing letter": MayRead(
        {
            "location": "name phone",
            "patient": "family_name given_name",
            "referral": "case_number exit_kind location_id patient_id",
        },
    ),
}
