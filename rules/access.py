"""Which role may open which desk route, and who may see which case: one table, checked in one place."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.case_facts import CaseFacts
from models.codes import ApprovalKind, Role, ToDoKind
from rules.sign_off import CLAIM_KINDS, SIGNING_ROLE, Permission

EVERYONE = frozenset(Role)
CLINICAL = frozenset({Role.CLINICIAN})
SIGNERS = frozenset({Role.CLINICIAN, Role.COORDINATOR})
STEERERS = SIGNERS | {Role.ADMIN}
BREAKERS = SIGNERS
CLAIM_WORKERS = frozenset({Role.BILLER, Role.ADMIN})
CLAIM_READERS = CLAIM_WORKERS | {Role.OWNER}
APPROVERS = SIGNERS | {Role.BILLER, Role.OWNER}
DOERS = STEERERS | {Role.BILLER}
SHORTEST_REASON = 20
CONSENT_KEEPERS = frozenset({Role.CLINICIAN, Role.COORDINATOR, Role.COMPLIANCE})
CALENDAR_KEEPERS = SIGNERS
ROOM_KEEPERS = frozenset({Role.COORDINATOR})
PILOT_ENDERS = frozenset({Role.OWNER, Role.CLINICIAN, Role.COMPLIANCE})
VERSION_ENDERS = frozenset({Role.OWNER, Role.CLINICIAN, Role.COMPLIANCE, Role.ADMIN})
VERSION_READERS = VERSION_ENDERS | {Role.ANALYST}
PILOT_READERS = frozenset({Role.OWNER, Role.ANALYST, Role.COMPLIANCE, Role.CLINICIAN, Role.COORDINATOR})
SAFETY = frozenset({Role.CLINICIAN, Role.COMPLIANCE, Role.OWNER})
SCORERS = frozenset({Role.OWNER, Role.COMPLIANCE, Role.ANALYST})
INTAKE = frozenset({Role.COORDINATOR, Role.ANALYST, Role.CLINICIAN})

PUBLIC = frozenset({"sign_in_page", "sign_in", "oidc_sign_in", "oidc_back", "healthz", "health", "metrics", "assets"})

ROUTES: Mapping[str, frozenset[Role]] = {
    "sign_out": EVERYONE,
    "me": EVERYONE,
    "enrol_page": EVERYONE,
    "enrol_password": EVERYONE,
    "enrol_qr": EVERYONE,
    "enrol_app": EVERYONE,
    "change_password": EVERYONE,
    "begin_app": EVERYONE,
    "make_recovery_codes": EVERYONE,
    "revoke_login": EVERYONE,
    "revoke_other_logins": EVERYONE,
    "break_glass_page": SIGNERS,
    "break_glass": SIGNERS,
    "openings": frozenset({Role.COMPLIANCE}),
    "opening": frozenset({Role.COMPLIANCE}),
    "review_opening": frozenset({Role.COMPLIANCE}),
    "accounts": frozenset({Role.ADMIN}),
    "account": frozenset({Role.ADMIN}),
    "add_account": frozenset({Role.ADMIN}),
    "change_account": frozenset({Role.ADMIN}),
    "reset_account": frozenset({Role.ADMIN}),
    "unlock_account": frozenset({Role.ADMIN}),
    "close_account": frozenset({Role.ADMIN}),
    "reopen_account": frozenset({Role.ADMIN}),
    "end_account_sign_ins": frozenset({Role.ADMIN}),
    "allow_account_service": frozenset({Role.ADMIN}),
    "untie_account_service": frozenset({Role.ADMIN}),
    "oidc_again": EVERYONE,
    "queue": EVERYONE,
    "queue_list": EVERYONE,
    "approval_page": APPROVERS,
    "decide": APPROVERS,
    "signed_page": APPROVERS,
    "case_progress": APPROVERS,
    "reassign": STEERERS,
    "to_do_page": DOERS,
    "claim_to_do": DOERS,
    "give_back_to_do": DOERS,
    "finish_to_do": DOERS,
    "cases": EVERYONE,
    "case_page": EVERYONE,
    "case_content": CLINICAL,
    "stop_case": STEERERS,
    "reroute_case": STEERERS,
    "book_by_hand": SIGNERS,
    "record_outcome": STEERERS,
    "set_ai_consent": SIGNERS,
    "visits": STEERERS,
    "record_visit": STEERERS,
    "patient_reminders": SIGNERS,
    "keep_patient_reminders": SIGNERS,
    "claims": CLAIM_READERS,
    "all_claims": CLAIM_READERS,
    "claim_page": CLAIM_READERS | CLINICAL,
    "step_claim": CLAIM_WORKERS,
    "claim_letter": CLAIM_READERS | CLINICAL,
    "remitted_claim": CLAIM_READERS,
    "settle_remitted": CLAIM_WORKERS,
    "coverage": CLAIM_READERS | {Role.COORDINATOR},
    "record_visit_payment": CLAIM_WORKERS | {Role.COORDINATOR},
    "clearinghouse": CLAIM_READERS,
    "put_aside_file": CLAIM_WORKERS,
    "notes": EVERYONE,
    "find_notes": SIGNERS,
    "note_page": EVERYONE,
    "note_draft": CLINICAL,
    "change_note": CLINICAL,
    "sign_note": CLINICAL,
    "private_note": CLINICAL,
    "keep_private_note": CLINICAL,
    "add_addendum": CLINICAL,
    "note_pdf": CLINICAL,
    "note_fhir": CLINICAL,
    "note_changes": frozenset({Role.CLINICIAN, Role.COMPLIANCE}),
    "patient_consents": CONSENT_KEEPERS,
    "record_consent": CONSENT_KEEPERS,
    "revoke_consent": CONSENT_KEEPERS,
    "purge_session": CONSENT_KEEPERS,
    "calendar": CALENDAR_KEEPERS,
    "calendar_week": CALENDAR_KEEPERS,
    "add_exception": CALENDAR_KEEPERS,
    "remove_exception": CALENDAR_KEEPERS,
    "add_hours": CALENDAR_KEEPERS,
    "end_hours": CALENDAR_KEEPERS,
    "make_series": CALENDAR_KEEPERS,
    "end_series": CALENDAR_KEEPERS,
    "move_appointment": CALENDAR_KEEPERS,
    "cancel_appointment": CALENDAR_KEEPERS,
    "import_calendar": CALENDAR_KEEPERS,
    "export_calendar": CALENDAR_KEEPERS,
    "rooms": CALENDAR_KEEPERS,
    "add_room": ROOM_KEEPERS,
    "change_room": ROOM_KEEPERS,
    "care": SIGNERS,
    "care_page": SIGNERS,
    "end_care": SIGNERS,
    "assign_check_in": CLINICAL,
    "end_check_in": CLINICAL,
    "send_material": CLINICAL,
    "write_message": SIGNERS,
    "library": SIGNERS,
    "library_piece": SIGNERS,
    "review_piece": CLINICAL,
    "intake": INTAKE,
    "quarantined_row": SIGNERS,
    "upload": frozenset({Role.COORDINATOR}),
    "fix_file": frozenset({Role.COORDINATOR}),
    "dismiss_row": frozenset({Role.COORDINATOR}),
    "new_referral_page": frozenset({Role.COORDINATOR}),
    "new_referral": frozenset({Role.COORDINATOR}),
    "contract_docs": frozenset({Role.COORDINATOR, Role.ANALYST, Role.COMPLIANCE, Role.ADMIN, Role.OWNER}),
    "waitlist": STEERERS,
    "join_waitlist": SIGNERS,
    "set_waitlist_priority": SIGNERS,
    "leave_waitlist": SIGNERS,
    "fill_from_waitlist": SIGNERS,
    "waitlist_fairness": EVERYONE - {Role.BILLER},
    "governance": EVERYONE,
    "workflows": EVERYONE - {Role.BILLER},
    "workflow_shadow": EVERYONE - {Role.BILLER},
    "demote_workflow": frozenset({Role.OWNER, Role.ADMIN, Role.CLINICIAN, Role.COORDINATOR, Role.COMPLIANCE}),
    "promote_page": frozenset({Role.OWNER}),
    "promote_workflow": frozenset({Role.OWNER}),
    "workflow_map": EVERYONE,
    "workflow_waiting": EVERYONE,
    "scorecard": SCORERS,
    "scorecard_pdf": SCORERS,
    "scorecard_chart": SCORERS,
    "scorecard_figure": SCORERS,
    "reader": frozenset({Role.CLINICIAN, Role.COMPLIANCE, Role.OWNER}),
    "steps": frozenset({Role.CLINICIAN, Role.COMPLIANCE, Role.OWNER, Role.ANALYST}),
    "step_page": frozenset({Role.CLINICIAN, Role.COMPLIANCE, Role.OWNER, Role.ANALYST}),
    "steps_plot": frozenset({Role.CLINICIAN, Role.COMPLIANCE, Role.OWNER, Role.ANALYST}),
    "minimum_necessary": frozenset({Role.COMPLIANCE, Role.OWNER, Role.ANALYST}),
    "minimum_necessary_csv": frozenset({Role.COMPLIANCE, Role.OWNER, Role.ANALYST}),
    "pilots": PILOT_READERS,
    "pilot": PILOT_READERS,
    "new_pilot": frozenset({Role.OWNER}),
    "propose_pilot": frozenset({Role.OWNER}),
    "sign_pilot": frozenset({Role.OWNER, Role.CLINICIAN}),
    "end_pilot": PILOT_ENDERS,
    "look_at_pilot": frozenset({Role.OWNER, Role.ANALYST}),
    "versions": VERSION_READERS,
    "version": VERSION_READERS,
    "sign_version": frozenset({Role.OWNER, Role.CLINICIAN}),
    "discard_version": VERSION_ENDERS,
    "go_back": VERSION_ENDERS,
    "safety": SAFETY,
    "safety_export": SAFETY,
    "raise_test_alarm": SAFETY,
    "acknowledge_test_alarm": CLINICAL,
    "practice_round": CLINICAL,
    "answer_practice_round": CLINICAL,
    "set_practice_rounds": frozenset({Role.OWNER}),
    "retention": frozenset({Role.COMPLIANCE}),
    "make_retention_list": frozenset({Role.COMPLIANCE}),
    "place_hold": frozenset({Role.COMPLIANCE}),
    "lift_hold": frozenset({Role.COMPLIANCE}),
    "retention_list": frozenset({Role.COMPLIANCE}),
    "sign_retention_list": frozenset({Role.COMPLIANCE}),
    "patient_file_page": frozenset({Role.COMPLIANCE}),
    "hand_out_patient_file": frozenset({Role.COMPLIANCE}),
    "audit": frozenset({Role.COMPLIANCE}),
    "audit_reads": frozenset({Role.COMPLIANCE}),
    "audit_export": frozenset({Role.COMPLIANCE}),
    "audit_export_found": frozenset({Role.COMPLIANCE}),
}

# All that a sign-in may do whose person has yet to set a password and an app of their own.
ENROLMENT = frozenset({"enrol_page", "enrol_password", "enrol_qr", "enrol_app", "sign_out"})


def may_open(route: str, role: Role | None) -> Permission:
    """Whether this role (``None`` = not signed in) may open this route; a route without an entry is closed."""
    if route in PUBLIC:
        return Permission(True)
    if route not in ROUTES:
        return Permission(False, ("nobody has been given this page",))
    if role is None:
        return Permission(False, ("sign in first",))
    if role not in ROUTES[route]:
        return Permission(False, (f"this page is not for the role {role.value}",))
    return Permission(True)


@dataclass(frozen=True)
class Viewer:
    """Who looks; ``team`` is empty for staff without one."""

    staff_id: str
    role: Role
    location_ids: frozenset[str]
    team: str = ""
    on_call: bool = False


def may_see_case(viewer: Viewer, case: CaseFacts) -> Permission:
    """Whether this person may see that the case exists, and its course.

    A clinician sees their own and their team's cases, and, so that no review waits for one person, an open one at
    their location that nobody was given or while they are on call there; likewise a case with a to-do for any
    clinician of the place. Everyone else sees the course of the
    cases at their locations; what they see of it is decided by ``sees_names`` and ``may_read_content``.
    """
    if viewer.role == Role.CLINICIAN and viewer.staff_id in case.people:
        return Permission(True)
    if case.location_id not in viewer.location_ids:
        return Permission(False, ("the case belongs to another location",))
    if viewer.role != Role.CLINICIAN:
        return Permission(True)
    if viewer.team and viewer.team in case.teams:
        return Permission(True)
    if case.clinician_to_do or (case.review_open and (viewer.on_call or case.unassigned_review)):
        return Permission(True)
    return Permission(False, ("a clinician sees their own and their team's cases",))


def looks_in_emergency(viewer: Viewer, case: CaseFacts) -> bool:
    """Whether this person sees the case only because they opened it in an emergency: to read, not to act on."""
    opened = viewer.staff_id in case.opened_for and viewer.role in BREAKERS
    return opened and not may_see_case(viewer, case).allowed


def may_look_at_case(viewer: Viewer, case: CaseFacts) -> Permission:
    """Whether this person may read the pages of this case: as their own or their team's, or in an emergency."""
    if looks_in_emergency(viewer, case):
        return Permission(True)
    return may_see_case(viewer, case)


def may_read_content(viewer: Viewer, case: CaseFacts) -> Permission:
    """Whether this person may read what the patient said or wrote: clinicians, of the cases they may look at."""
    if viewer.role not in CLINICAL:
        return Permission(False, ("a clinician reads this",))
    return may_look_at_case(viewer, case)


def may_see_to_do(viewer: Viewer, case: CaseFacts, role: Role) -> Permission:
    """Whether this person may open a to-do of that role: a clinician's is about what a patient said, so it is not a
    coordinator's to see; of the care a biller sees nothing but what is billed."""
    if role == Role.CLINICIAN and viewer.role == Role.COORDINATOR:
        return Permission(False, ("a clinician does this",))
    if viewer.role == Role.BILLER and role != Role.BILLER:
        return Permission(False, (f"a {role.value} does this",))
    return may_see_case(viewer, case)


def works_on(viewer: Viewer, kind: ToDoKind, role: Role, clinician_id: str | None) -> bool:
    """Whether such a to-do stands in this person's queue: their role's; for an administrator every one but what an
    intake says of risk; for a clinician also how their own first session ended."""
    own_session = kind == ToDoKind.RECORD_OUTCOME and clinician_id == viewer.staff_id
    if kind == ToDoKind.REVIEW_UNFLAGGED:
        return viewer.role == role
    return viewer.role in (role, Role.ADMIN) or (viewer.role == Role.CLINICIAN and own_session)


def may_keep_calendar(viewer: Viewer, clinician_id: str, location_ids: frozenset[str]) -> Permission:
    """Whether this person may see and change a clinician's calendar: their own, or, for a coordinator, of somebody who
    works at one of the coordinator's places."""
    if viewer.role == Role.CLINICIAN:
        if viewer.staff_id == clinician_id:
            return Permission(True)
        return Permission(False, ("a clinician keeps their own calendar",))
    if viewer.role not in CALENDAR_KEEPERS:
        return Permission(False, ("a coordinator keeps calendars",))
    if not viewer.location_ids & location_ids:
        return Permission(False, ("this clinician works at another location",))
    return Permission(True)


def sees_names(role: Role) -> bool:
    """Whether a role needs the patient's name for its work (minimum necessary, 45 CFR 164.502(b))."""
    return role in SIGNERS


def sees_claim_names(role: Role) -> bool:
    """Whether a role needs the patient's name on a claim: to call about it, to correct it, to sign it."""
    return role in CLAIM_WORKERS | SIGNERS


def names_in_queue(role: Role) -> bool:
    """Whether a role's own queue shows names: what waits for a biller is about claims alone."""
    return sees_names(role) or role == Role.BILLER


def may_see_sign_off(role: Role, kind: ApprovalKind) -> Permission:
    """Whether a role may open sign-offs of a kind: whoever signs claims or write-offs sees those and no others, and
    nobody else sees those."""
    signs = SIGNING_ROLE[kind]
    if role != signs and (role not in SIGNERS or kind in CLAIM_KINDS):
        return Permission(False, (f"a {signs.value} reads this",))
    return Permission(True)


def may_read_claim(viewer: Viewer, case: CaseFacts) -> Permission:
    """Whether this person may read what a claim says: who bills, at their locations; and the patient's clinicians."""
    if viewer.role in CLINICAL:
        return may_look_at_case(viewer, case)
    if viewer.role not in CLAIM_WORKERS:
        return Permission(False, ("a biller reads this",))
    return may_see_case(viewer, case)
