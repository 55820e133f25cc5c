"""What the automated steps from coverage to claim to money may read."""

from models.automated_steps import MayRead

READS: dict[str, MayRead] = {
    "open claims": MayRead(
        {
            "claim": "session_number",
            "location": "id time_zone",
            "session_note": "case_number clinician_id location_id patient_id procedure_code started_at",
        },
    ),
    "look at coverage": MayRead(
        {
            "claim": (
                "case_number clinician_id decided_on fence first_sent_at frequency location_id "
                "patient_id payer_code rank service_date status version"
            ),
            "eligibility_check": "answered_at id unique_key",
            "location": "id",
            "patient": "id member_id payer_code plan_code self_pay",
            "patient_coverage": "id member_id patient_id payer_code rank recorded_at valid_from valid_to",
            "workflow_standing": "runs_as",
        }
    ),
    "build claim": MayRead(
        {
            "authorisation": "number patient_id payer_code procedure_codes sessions valid_from valid_to",
            "claim": (
                "case_number clinician_id decided_on edition eligibility_id fence frequency "
                "location_id patient_id payer_code rank service_date session_number status "
                "version"
            ),
            "claim_submission": "case_number claim_control payer_code",
            "clinician": "id npi",
            "decision": "at id signed_digest",
            "eligibility_check": "id status",
            "episode": "case_number patient_id",
            "follow_up": "case_number patient_id",
            "licence": "clinician_id expires_on state",
            "location": "id time_zone",
            "panel_membership": "clinician_id payer_code plan_code",
            "patient": (
                "birth_date email family_name given_name id member_id payer_code plan_code preferred_channel state"
            ),
            "patient_billing": "city line patient_id second_line sex state zip_code",
            "patient_coverage": (
                "group_number member_id patient_id payer_code plan_code rank recorded_at "
                "relationship subscriber_birth_date subscriber_family_name subscriber_given_name "
                "subscriber_sex valid_from valid_to"
            ),
            "practice_setting": "value",
            "referral": "case_number patient_id",
            "session_note": "case_number minutes modality patient_id patient_state service",
            "staff": "id name",
            "submitted_line": "claim_control procedure_code",
            "workflow_standing": "location_id runs_as",
        },
        content=frozenset({"claim_changes", "claim_content", "decision_words"}),
    ),
    "move new claims on": MayRead(
        {
            "authorisation": "number patient_id payer_code procedure_codes sessions valid_from valid_to",
            "claim": (
                "case_number charge_cents clinician_id decided_on edition eligibility_id fence "
                "frequency location_id patient_id payer_code payer_control rank service_date "
                "session_number status version"
            ),
            "claim_submission": "case_number claim_control payer_code",
            "clinician": "id npi",
            "decision": "at id signed_digest",
            "eligibility_check": "answered_at id status unique_key",
            "episode": "case_number patient_id",
            "follow_up": "case_number patient_id",
            "licence": "clinician_id expires_on state",
            "location": "id time_zone",
            "panel_membership": "clinician_id payer_code plan_code",
            "patient": (
                "birth_date email family_name given_name id member_id payer_code plan_code preferred_channel state"
            ),
            "patient_billing": "city line patient_id second_line sex state zip_code",
            "patient_coverage": (
                "group_number id member_id patient_id payer_code plan_code rank recorded_at "
                "relationship subscriber_birth_date subscriber_family_name subscriber_given_name "
                "subscriber_sex valid_from valid_to"
            ),
            "practice_setting": "value",
            "referral": "case_number patient_id",
            "session_note": "case_number minutes modality patient_id patient_state service",
            "staff": "id name",
            "submitted_line": "claim_control procedure_code",
            "workflow_standing": "location_id runs_as",
        },
        content=frozenset({"claim_changes", "claim_content", "decision_words"}),
    ),
    "lay out a claim": MayRead(
        {
            "claim": (
                "came_from carc case_number content_digest content_id findings first_sent_at payer_code service_date"
            ),
            "claim_submission": "claim_control payer_code",
            "ledger_entry": (
                "account amount_cents claim_number file_id group kind line_control part payer_control "
                "reason reverses segment source"
            ),
        },
        content=frozenset({"claim_content", "to_do_words"}),
    ),
    "ask about the days ahead": MayRead(
        {
            "appointment": "case_number clinician_id location_id patient_id starts_at",
            "eligibility_check": "unique_key",
            "location": "id time_zone",
            "patient": "id member_id payer_code plan_code",
            "patient_coverage": "id member_id patient_id payer_code rank recorded_at valid_from valid_to",
        },
    ),
    "batch coverage questions": MayRead(
        {
            "claim": "case_number eligibility_id fence status version",
            "clearinghouse_file": "id",
            "clinician": "id",
            "eligibility_check": ("attempts case_number clinician_id id patient_id payer_code service_date status"),
            "patient": "birth_date family_name given_name id member_id payer_code plan_code",
            "patient_billing": "city line patient_id second_line sex state zip_code",
            "patient_coverage": (
                "group_number member_id patient_id payer_code plan_code rank recorded_at relationship "
                "subscriber_birth_date subscriber_family_name subscriber_given_name subscriber_sex "
                "valid_from valid_to"
            ),
        },
    ),
    "look for coverage answers that do not come": MayRead(),
    "batch claims": MayRead(
        {
            "claim": (
                "case_number clinician_id content_digest content_id fence first_sent_at frequency patient_id "
                "payer_code rank service_date session_number status version"
            ),
            "claim_submission": "case_number claim_control rank status",
            "clearinghouse_file": "control_number id",
            "decision": "id signed_digest",
            "ledger_entry": (
                "account amount_cents case_number claim_number file_id group key kind line_control part payer_control "
                "reason reverses segment source"
            ),
            "session_note": "case_number",
            "submitted_line": "charge_cents control_number earlier_cents modifiers procedure_code units",
            "visit_payment": "case_number cents clinician_id id patient_id service_date",
        },
        content=frozenset({"claim_content", "decision_words"}),
    ),
    "send files": MayRead(
        {
            "claim": "case_number fence status version",
            "claim_submission": "case_number content_digest content_id status",
            "clearinghouse_file": "at attempts control_number digest id kind name status",
            "clinician": "id",
            "eligibility_check": "clinician_id id patient_id payer_code service_date",
            "patient": "birth_date family_name given_name id member_id payer_code plan_code",
            "patient_billing": "city line patient_id second_line sex state zip_code",
            "patient_coverage": (
                "group_number member_id patient_id payer_code plan_code rank recorded_at relationship "
                "subscriber_birth_date subscriber_family_name subscriber_given_name subscriber_sex "
                "valid_from valid_to"
            ),
        },
        content=frozenset({"claim_content"}),
    ),
    "fetch files": MayRead(
        {
            "clearinghouse_file": "id",
            "intake_file": "id",
        },
    ),
    "take in a file": MayRead(
        {
            "claim": (
                "carc case_number eligibility_id fence findings first_sent_at patient_id payer_code payer_control "
                "queue rank service_date status version"
            ),
            "claim_submission": (
                "accepted_at case_number claim_control content_digest content_id frequency number "
                "payer_code payer_control rank status"
            ),
            "clearinghouse_file": "at control_number count id kind status",
            "clinician": "id",
            "eligibility_check": (
                "answered_at attempts case_number clinician_id id patient_id payer_code service_date status"
            ),
            "intake_file": "digest id",
            "ledger_entry": (
                "account amount_cents at case_number claim_number file_id group key kind "
                "line_control part payer_control reason reverses segment source"
            ),
            "patient": "birth_date family_name given_name id member_id payer_code plan_code",
            "patient_billing": "city line patient_id second_line sex state zip_code",
            "patient_coverage": (
                "group_number member_id patient_id payer_code plan_code rank recorded_at "
                "relationship subscriber_birth_date subscriber_family_name subscriber_given_name "
                "subscriber_sex valid_from valid_to"
            ),
            "remitted_claim": "case_number file_id id outcome payer_control reason segment unique_key",
            "submitted_line": (
                "charge_cents claim_control control_number earlier_cents modifiers procedure_code units"
            ),
        },
        content=frozenset({"claim_changes", "claim_content"}),
    ),
    "take in files": MayRead(),
    "look for answers that do not come": MayRead(
        {
            "claim": "case_number fence status version",
        },
    ),
    "follow what patients owe": MayRead(
        {
            "claim": "case_number location_id patient_cents status status_since version",
            "ledger_entry": "amount_cents case_number kind",
            "location": "id time_zone",
            "outbox_message": "unique_key",
            "patient": "email id phone preferred_channel sms_stopped_at time_zone",
            "practice_setting": "value",
            "to_do": "case_number id kind status unique_key",
        },
    ),
    "take in what the clearinghouse left": MayRead(),
    "ask about coverage of the next days": MayRead(),
    "send claims": MayRead(),
    "send files to the clearinghouse": MayRead(),
}
