"""Can everybody use the desk and the portal? axe-core, the pages' structure, names for screen readers.

Which pages there are is read from the applications' routes: a new page without a visit here fails the first test.
The rules are WCAG 2.2, levels A and AA, as far as a program can tell.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from playwright.sync_api import Browser, BrowserContext, Page
from sqlmodel import select

from acts import accounts, alarm_tests, break_glass, check_in_answers, material, retention
from acts.billing_records import PATIENT_FIELDS
from acts.waitlist import accept
from adapters import credentials, desk_logins, education, operational_store, staff_secrets, therapy_store
from adapters.operational_store import reading
from adapters.portal_links import make_link, token_of
from adapters.settings import settings
from models.claim_codes import FileKind, FileStatus
from models.codes import (
    ApprovalKind,
    ClaimStatus,
    DraftKind,
    FollowUpStatus,
    LinkPurpose,
    Modality,
    QuarantineStatus,
    ReferralStatus,
    RiskLevel,
    Role,
    RowOutcome,
    ToDoKind,
)
from models.columns import utc_now
from models.governance_codes import Level, Workflow
from models.operational import (
    Approval,
    Clinician,
    Episode,
    FollowUp,
    IntakeFile,
    IntakeRow,
    Location,
    PracticeRound,
    QuarantinedRow,
    Staff,
    ToDo,
    WorkflowStanding,
)
from models.pilot_codes import VersionKind
from models.safety_codes import PracticeKind
from models.scheduling_codes import CheckInKind
from models.therapy_text import TherapyText
from rules.access import PUBLIC, ROUTES
from tasks import follow_ups, sign_offs
from tasks.cases import take
from tasks.reminders import queue_reminders
from tasks.risk_sample import draw
from tests import calendars, claim_factories, factories, note_factories, pilots, visits
from tests.acts.test_check_ins import sent_message
from tests.e2e.browser import CHROMIUM, PHONE, served
from tests.e2e.page_checks import axe, keyboard, one_column, spacing, structure, unnamed
from tests.rules.test_check_ins import phq9
from tests.waiting_list import Practice, offers
from tests.waiting_list import opened as opened_link
from tests.waiting_versions import tell_held_out, waiting_reader
from tests.web.desk.conftest import assignment, person, place, risk_review
from tests.web.desk.test_routes import routes as desk_routes
from web.desk.app import make_app as make_desk
from web.desk.cookies import LOGIN as COOKIE
from web.portal import (
    appointment_pages,
    billing_pages,
    check_in_pages,
    question_pages,
    reminder_pages,
    survey_pages,
    text_messages,
    visit_pages,
    waitlist_pages,
)
from web.portal.app import make_app as make_portal

__all__ = ["assignment", "person", "place", "risk_review"]

pytestmark = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
    pytest.mark.sqlite_only("about the pages, not about what lies behind them"),
]

DESKTOP = {"width": 1280, "height": 900}
NARROW = {"width": 320, "height": 640}

NO_PAGES = {
    "queue_list": "a part of the queue's page, visited with it",
    "case_progress": "a part of the page of what was signed, visited with it",
    "fix_file": "a file to save",
    "contract_docs": "Great Expectations' own pages",
    "audit_export": "a file to save",
    "audit_export_found": "a file to save",
    "minimum_necessary_csv": "a file to save",
    "steps_plot": "a drawing inside the page of the steps",
    "safety_export": "a file to save",
    "note_pdf": "a file to save",
    "note_fhir": "a file to save",
    "export_calendar": "a file to save",
    "scorecard_pdf": "a file to save",
    "scorecard_chart": "a picture, seen on the scorecard",
    "enrol_qr": "a picture, seen on the page that sets up the app",
    "oidc_sign_in": "leads on to the practice's own service",
    "oidc_back": "leads on to the desk",
    "oidc_again": "leads on to the practice's own service",
    "healthz": "for a monitor",
}


@dataclass(frozen=True)
class Visit:
    """One page as one person sees it; ``go`` does what it takes to make it show something, beyond opening it."""

    route: str
    path: str
    role: Role | str | None = None
    status: int = 200
    go: Callable[[Page], None] | None = None
    name: str = ""

    def __str__(self) -> str:
        return self.name or self.route


# -- the desk's pages


@pytest.fixture
def desk_visits(
    home: Path, place: Location, person: Any, risk_review: Any, assignment: Any
) -> tuple[dict[Role | str, str], list[Visit]]:
    """Who is there, and a visit to each page of a desk at which something of everything waits."""
    staff = {role: person(role) for role in Role}
    clinician, coordinator = staff[Role.CLINICIAN], staff[Role.COORDINATOR]
    review = risk_review(clinician)
    overdue = risk_review(clinician, RiskLevel.MODERATE, due_at=utc_now() - timedelta(hours=3))
    match, _, _ = assignment(coordinator)
    letter = _letter(place, clinician)
    signed = _signed(place, clinician)
    to_dos = {kind: _to_do(place, kind) for kind in (ToDoKind.CALL_PATIENT, ToDoKind.CHECK_DUPLICATE)}
    question = _to_do(place, ToDoKind.ANSWER_QUESTION)
    _broken_rows()
    _nothing_is_offered_here()
    factories.make_labels(*[True] * 25, *[False] * 9, None)
    stranger = person(Role.CLINICIAN, location=factories.make_location(), team="others")
    guest = person(Role.CLINICIAN, location=factories.make_location(), team="guests")
    break_glass.break_glass(match.case_number, guest.id, TherapyText("Called at night; nobody of the place answers."))
    glass = break_glass.all_openings()[0].glass.id
    new = {step: _new_account(place, step) for step in ("password", "app", "codes")}
    told = {"role": Role.CLINICIAN}
    people: dict[Role | str, str] = {role: each.id for role, each in staff.items()}
    return people | new | {"stranger": stranger.id, "guest": guest.id}, [
        Visit("sign_in_page", "/sign-in"),
        Visit("sign_in_page", "/sign-in", go=_wrong_sign_in, status=403, name="sign_in_refused"),
        Visit("queue", "/", **told),
        Visit("queue", "/?scope=all", Role.COORDINATOR, name="queue_of_everyone"),
        Visit("queue", "/", Role.ANALYST, name="overview"),
        Visit("approval_page", f"/approvals/{review.id}", **told, name="risk_review"),
        Visit("approval_page", f"/approvals/{overdue.id}", **told, go=_sign_nothing, status=422, name="not_signed"),
        Visit("approval_page", f"/approvals/{match.id}", Role.COORDINATOR, name="assignment"),
        Visit("approval_page", f"/approvals/{letter.id}", **told, name="closing_letter"),
        Visit("signed_page", f"/approvals/{signed.id}/signed", **told),
        *(
            Visit("to_do_page", f"/to-dos/{to_do}", Role.COORDINATOR, name=f"to_do_{kind.value}")
            for kind, to_do in to_dos.items()
        ),
        Visit("to_do_page", f"/to-dos/{question}", Role.COORDINATOR, go=_take_to_do, name="to_do_taken"),
        Visit("cases", "/cases", **told),
        Visit("cases", "/cases?closed=true&number=999999", Role.ADMIN, name="no_cases"),
        Visit("case_page", f"/cases/{review.case_number}", **told),
        Visit("case_page", f"/cases/{match.case_number}", Role.COORDINATOR, name="case_of_a_coordinator"),
        Visit("case_content", f"/cases/{review.case_number}/content", **told),
        *_care_visits(place, clinician),
        *_note_visits(place, clinician),
        *_claim_visits(place, staff),
        *_waitlist_visits(place),
        *_calendar_visits(place, clinician),
        Visit("intake", "/intake", Role.COORDINATOR),
        Visit("quarantined_row", "/intake/rows/QR-birth_date", Role.COORDINATOR),
        Visit("new_referral_page", "/referrals/new", Role.COORDINATOR),
        Visit(
            "new_referral_page", "/referrals/new", Role.COORDINATOR, go=_send_as_it_is, status=422, name="not_referred"
        ),
        Visit("governance", "/governance", Role.OWNER),
        Visit("workflow_map", "/map", Role.OWNER),
        Visit("workflow_map", "/map?workflow=claims", Role.BILLER, name="workflow_map_of_claims"),
        Visit("workflow_waiting", "/map/waiting?status=risk_review", Role.COORDINATOR),
        Visit("workflows", "/workflows", Role.OWNER),
        Visit("promote_page", "/workflows/referral/LOC-1/up", Role.OWNER, name="workflow_not_yet"),
        Visit("promote_page", "/workflows/scheduling/LOC-1/up", Role.OWNER),
        Visit("workflow_shadow", "/workflows/scheduling/LOC-1/shadow", Role.OWNER),
        Visit("scorecard", "/scorecard", Role.OWNER),
        Visit("scorecard", "/scorecard?period=days", Role.OWNER, status=422, name="scorecard_without_days"),
        Visit("scorecard_figure", "/scorecard/figures/no_shows", Role.OWNER),
        Visit("patient_file_page", f"/patient-file?case={review.case_number}", Role.COMPLIANCE),
        Visit("retention", "/retention", Role.COMPLIANCE),
        Visit("retention_list", f"/retention/{_over_time(staff[Role.COMPLIANCE])}", Role.COMPLIANCE),
        Visit("audit_reads", "/audit/reads", Role.COMPLIANCE),
        Visit("reader", "/reader", Role.OWNER),
        *_safety_visits(place, clinician),
        Visit("reader", "/reader?begin=2020-01-01&end=2020-01-02", **told, name="reader_of_nothing"),
        Visit("steps", "/steps", Role.OWNER),
        Visit("steps", "/steps?workflow=referral", Role.CLINICIAN, name="steps_of_one_workflow"),
        Visit("step_page", "/steps/entry/score-and-screen-for-risk", Role.OWNER),
        Visit("minimum_necessary", "/minimum-necessary", Role.COMPLIANCE),
        *_pilot_visits(place),
        Visit("audit", f"/audit?case={review.case_number}", Role.COMPLIANCE),
        Visit("me", "/me", **told),
        Visit("enrol_page", "/enrol", "password", name="enrol_password"),
        Visit("enrol_page", "/enrol", "password", go=_send_as_it_is, status=422, name="enrol_password_refused"),
        Visit("enrol_page", "/enrol", "app", name="enrol_app"),
        Visit("enrol_page", "/enrol", "codes", go=_confirm_app(new["codes"]), name="recovery_codes"),
        Visit("accounts", "/accounts", Role.ADMIN),
        Visit("account", f"/accounts/{clinician.id}", Role.ADMIN),
        Visit("break_glass_page", f"/cases/{review.case_number}/break-glass", "stranger"),
        Visit("case_page", f"/cases/{match.case_number}", "guest", name="case_opened_in_an_emergency"),
        Visit("openings", "/break-glass", Role.COMPLIANCE),
        Visit("opening", f"/break-glass/{glass}", Role.COMPLIANCE),
        Visit("stopped", "/nowhere", **told, status=404, name="no_such_page"),
        Visit("stopped", "/audit", **told, status=403, name="not_for_you"),
    ]


def _care_visits(place: Location, clinician: Staff) -> list[Visit]:
    """The sessions of ongoing care, one of them planned and one without an outcome, and a patient's wish."""
    care = visits.make_care(location=place, clinician=clinician)
    # at night where the place is: whenever this runs, it meets nothing of the calendar's week
    night = (utc_now() + timedelta(days=4)).replace(hour=7, minute=0, second=0, microsecond=0)
    visits.make_visit(care, starts_at=night)
    visits.make_visit(care, hours_ahead=-50)
    queue_reminders.fn(utc_now().date())
    page = f"/care/{care.case_number}"
    approval = _escalated(care)
    piece = sorted(education.library())[0]
    told = {"role": Role.CLINICIAN}
    return [
        Visit("care", "/care", **told),
        Visit("care_page", page, **told),
        Visit("care_page", page, Role.COORDINATOR, name="care_of_a_coordinator"),
        Visit("approval_page", f"/approvals/{approval}", **told, name="escalation"),
        Visit("library", "/library", **told),
        Visit("library_piece", f"/library/{piece}", **told),
        Visit("visits", f"{page}/visits", Role.COORDINATOR),
        Visit("patient_reminders", f"/patients/{care.patient_id}/reminders", Role.COORDINATOR),
    ]


def _pilot_visits(place: Location) -> list[Visit]:
    """A pilot that waits for its signatures, one with looks, and the forms that propose one."""
    waiting = pilots.make_pilot(VersionKind.RISK_THRESHOLD, place, {"thresholds": {"self_harm": 0.99}})
    running = pilots.running(VersionKind.REMINDER_PLAN, place)
    pilots.make_looks(running)
    told = {"role": Role.OWNER}
    with pytest.MonkeyPatch.context() as patch:
        tell_held_out(patch)
        asked = waiting_reader(factories.make_signer(Role.COMPLIANCE, location=place).id)
    return [
        Visit("versions", "/versions", **told),
        Visit("version", f"/versions/{asked.id}", **told),
        Visit("version", f"/versions/{asked.id}", **told, go=_send_as_it_is, status=422, name="version_not_signed"),
        Visit("pilots", "/pilots", **told),
        Visit("pilot", f"/pilots/{running.id}", **told),
        Visit("pilot", f"/pilots/{waiting.id}", Role.CLINICIAN, name="pilot_to_sign"),
        Visit("new_pilot", "/pilots/new", **told, name="new_pilot_of_some_kind"),
        *(Visit("new_pilot", f"/pilots/new?kind={kind.value}", **told, name=f"new_{kind.value}") for kind in FORMS),
        Visit(
            "new_pilot", "/pilots/new?kind=waitlist_rule", **told, go=_send_as_it_is, status=422, name="not_proposed"
        ),
    ]


FORMS = (VersionKind.REMINDER_PLAN, VersionKind.NOTE_TEMPLATE, VersionKind.RISK_THRESHOLD)


def _escalated(care: Episode) -> str:
    """The sign-off that an answer of this patient has opened, as its run would."""
    for total, item_9 in ((6, 0), (14, 2)):
        _, token, proof = factories.make_check_in(care)
        check_in_answers.answer(token, proof, phq9(total, item_9), TherapyText("The nights are long."))
    with reading() as db:
        number = db.exec(select(FollowUp.case_number).where(FollowUp.episode_number == care.case_number)).one()
    case = take(number)
    follow_ups.begin.fn(case)
    return sign_offs.open_sign_off.fn(case, FollowUpStatus.ESCALATION)


def _note_visits(place: Location, clinician: Staff) -> list[Visit]:
    """Every page of session notes: one with flags, an empty template, a signed one with an addendum."""
    waiting = note_factories.make_proposed_note(clinician, place, flags=[note_factories.historical_flag()])
    plain = note_factories.make_proposed_note(clinician, place, plain=DraftKind.PLAIN_NO_CONSENT)
    signed = note_factories.make_signed_note(clinician, place, addendum="Called the patient the next day.")
    note_factories.make_consents(waiting.patient, clinician)
    told = {"role": Role.CLINICIAN}
    return [
        Visit("notes", "/notes", **told),
        Visit("notes", "/notes", Role.OWNER, name="notes_in_counts"),
        Visit("notes", "/notes", **told, go=_find_notes, name="notes_found"),
        Visit("note_draft", f"/notes/{waiting.number}/draft", **told),
        Visit("note_draft", f"/notes/{waiting.number}/draft", **told, go=_change_a_sentence, name="note_changed"),
        Visit("note_draft", f"/notes/{plain.number}/draft", **told, name="note_plain"),
        Visit("note_draft", f"/notes/{plain.number}/draft", **told, go=_sign_note, status=422, name="note_not_signed"),
        Visit("note_page", f"/notes/{signed.number}", **told),
        Visit("note_page", f"/notes/{waiting.number}", Role.COORDINATOR, name="note_of_a_coordinator"),
        Visit("note_changes", f"/notes/{signed.number}/changes", Role.COMPLIANCE),
        Visit("private_note", f"/notes/{signed.number}/private", **told),
        Visit("patient_consents", f"/patients/{waiting.patient.id}/consents", Role.COORDINATOR),
    ]


def _safety_visits(place: Location, clinician: Staff) -> list[Visit]:
    """The figures with a draw, a flag and an alarm test in them; an intake that was drawn; a practice round."""
    case = factories.make_referral(ReferralStatus.ASSIGNMENT, location=place, risk_cleared=True)
    therapy_store.add_text(case.case_number, "referral_text", TherapyText("Sleeps badly."))
    draw(utc_now().date())
    flag = therapy_store.RiskFlag(
        id="FL-SEEN", case_number=case.case_number, unique_key="k", kind="self_harm", status="present", level="low",
        raised_by="item", rule_id="cssrs-triage", why="", version="1",
    )  # fmt: skip
    therapy_store.raise_flags(factories.make_referral(location=place).case_number, [flag])
    alarm_tests.raise_test(place.id, clinician.id)
    with operational_store.writing() as db:
        to_do = db.exec(select(ToDo.id).where(ToDo.case_number == case.case_number)).one()
        db.add(
            PracticeRound(
                id="PR-1",
                for_staff_id=clinician.id,
                kind=PracticeKind.NOTE_DRAFT,
                variant=1,
                opened_on=utc_now().date(),
            )
        )
    told = {"role": Role.CLINICIAN}
    return [
        Visit("safety", "/safety", Role.OWNER),
        Visit("safety", "/safety", **told, name="safety_of_a_clinician"),
        Visit("safety", "/safety?begin=2020-01-01&end=2020-01-02", Role.COMPLIANCE, name="safety_of_nothing"),
        Visit("to_do_page", f"/to-dos/{to_do}", **told, name="to_do_of_a_drawn_intake"),
        Visit("practice_round", "/practice-round", **told),
        Visit("practice_round", "/practice-round", **told, go=_send_back, name="practice_round_told"),
    ]


def _send_back(page: Page) -> None:
    page.get_by_role("radio", name="Send it back").check()
    page.get_by_role("radio", name="stopped the sertraline").check()
    page.get_by_role("button", name="Decide").click()


def _waitlist_visits(place: Location) -> list[Visit]:
    """The waitlist with a freed time that somebody holds, the form that puts a case on it, and the report."""
    practice = Practice(place)
    practice.waits(priority=1)
    practice.waits(priority=3, state="WA", modality=Modality.TELEHEALTH, wanted_times=["mon-am"])
    practice.cancel()
    joins = practice.in_care()
    practice.later(joins)
    told = {"role": Role.COORDINATOR}
    return [
        Visit("waitlist", "/waitlist", **told),
        Visit("waitlist", f"/waitlist?case={joins.case_number}", **told, name="waitlist_joined"),
        Visit("waitlist", "/waitlist?case=EP-0", **told, name="waitlist_no_case"),
        Visit("waitlist_fairness", "/waitlist/fairness", Role.OWNER),
    ]


def _calendar_visits(place: Location, clinician: Staff) -> list[Visit]:
    """A week with everything in it, a change that would hit somebody, and the rooms."""
    made = calendars.full_calendar(place, clinician.id)
    told = {"role": Role.COORDINATOR}
    return [
        Visit("calendar", "/calendar", **told),
        Visit("calendar_week", f"/calendar/{clinician.id}?week={made.day}", **told),
        Visit("calendar_week", f"/calendar/{clinician.id}", Role.CLINICIAN, name="own_calendar"),
        Visit(
            "calendar_week",
            f"/calendar/{clinician.id}",
            **told,
            go=_ask_for_leave(made.day),
            status=422,
            name="leave_that_hits",
        ),
        Visit("rooms", "/rooms", **told),
    ]


def _ask_for_leave(day: date) -> Callable[[Page], None]:
    def go(page: Page) -> None:
        page.get_by_text("Add leave, blocked time or extra hours").click()
        page.get_by_label("From", exact=True).first.fill(f"{day}T00:00")
        page.get_by_label("Until", exact=True).first.fill(f"{day}T23:00")
        page.get_by_role("button", name="Look, then add").click()

    return go


def _claim_visits(place: Location, staff: dict[Role, Staff]) -> list[Visit]:
    """Every page of claims: a queue of everything, a thread with its forms open, each sign-off, a letter."""
    denied = claim_factories.make_denied_thread(location=place)
    wrong = claim_factories.make_claim_at(ClaimStatus.CORRECTION, location=place)
    sent = {
        status: claim_factories.make_claim_at(status, location=place, clinician=staff[Role.CLINICIAN]).approval
        for status in claim_factories.SIGNED_AT
    }
    changed = {"changes": [["procedure code", "90834", "90837"]], "findings": [claim_factories.FINDING]}
    clinical = claim_factories.make_claim_at(
        ClaimStatus.CLINICAL_SIGNATURE, location=place, clinician=staff[Role.CLINICIAN], content=changed
    )
    owed = claim_factories.make_claim_at(ClaimStatus.REMITTANCE_REVIEW, location=place, queue="credit")
    claim_factories.make_submission(owed)
    claim_factories.post(owed, ("patient", "patient_payment", -2_000))
    _, problem = claim_factories.make_coverage_problem(place)
    copay = {"kind": "copay", "cents": 2_500, "in_network": True, "segment": 14}
    claim_factories.make_coverage_problem(place, status="active_mental_health", shares=[copay])
    payment = claim_factories.make_remitted()
    claim_factories.make_file(FileKind.REMITTANCE, FileStatus.REFUSED, problem="CLP04 is no amount", segment=31)
    letter = claim_factories.make_letter(denied)
    told = {"role": Role.BILLER}
    return [
        Visit("queue", "/", **told, name="queue_of_a_biller"),
        Visit("queue", "/?scope=all", Role.OWNER, name="overview_of_an_owner"),
        Visit("claims", "/claims", **told),
        Visit("claims", "/claims?queue=appeal", Role.OWNER, name="claims_none"),
        Visit("all_claims", "/claims/all", **told),
        Visit("claim_page", f"/claims/{denied.number}", **told, go=_open_every_form),
        Visit("claim_page", f"/claims/{wrong.number}", **told, go=_correct_nothing, status=422, name="not_corrected"),
        Visit("claim_page", f"/claims/{clinical.number}", Role.CLINICIAN, name="claim_of_a_clinician"),
        Visit("claim_letter", f"/claims/{denied.number}/letters/{letter}", **told),
        Visit("remitted_claim", f"/claims/remitted/{payment.id}", **told),
        Visit("approval_page", f"/approvals/{sent[ClaimStatus.CLAIM_SIGNATURE].id}", **told, name="claim_to_sign"),
        Visit("approval_page", f"/approvals/{clinical.approval.id}", Role.CLINICIAN, name="claim_clinical_part"),
        Visit("approval_page", f"/approvals/{sent[ClaimStatus.WRITE_OFF_SIGNATURE].id}", Role.OWNER, name="write_off"),
        Visit("approval_page", f"/approvals/{sent[ClaimStatus.REFUND_SIGNATURE].id}", Role.OWNER, name="refund"),
        Visit("claim_page", f"/claims/{owed.number}", **told, go=_open_every_form, name="claim_owed_back"),
        Visit("to_do_page", f"/to-dos/{problem.id}", **told, name="to_do_coverage_problem"),
        Visit("coverage", "/coverage", **told, go=_open_every_form),
        Visit("clearinghouse", "/clearinghouse", **told),
    ]


def _open_every_form(page: Page) -> None:
    page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true })")


def _correct_nothing(page: Page) -> None:
    page.locator("#step-correct summary").click()
    page.locator("#correct-reason").fill("Nothing, on purpose.")
    with page.expect_navigation():
        page.get_by_role("button", name="Correct it").click()


def _change_a_sentence(page: Page) -> None:
    page.locator("details.edit summary").first.click()
    page.locator("#text-S1").fill("Patient slept little.")
    page.get_by_role("button", name="Save", exact=True).first.click()
    page.locator("#text-S1", has_text="Patient slept little.").wait_for(state="attached")
    page.locator("details.edit summary").first.click()
    page.locator("details.add summary").last.click()
    page.get_by_text("Private psychotherapy note").click()
    page.get_by_role("button", name="Save the private note").wait_for()


def _find_notes(page: Page) -> None:
    page.get_by_role("textbox", name="Patient's name").fill("van")
    with page.expect_navigation():
        page.get_by_role("button", name="Find", exact=True).click()
    assert "of patients called van" in page.inner_text("main")


def _sign_note(page: Page) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name="Sign", exact=True).click()


def _new_account(place: Location, step: str) -> str:
    """Somebody whose account is being set up, as far as this step."""
    made = accounts.add(f"New {step}", f"new.{step}@example.org", Role.COORDINATOR, [place.id], actor="command line")
    if step != "password":
        accounts.choose_password(made.staff_id, "tidal seven lamp oak")
    return str(made.staff_id)


def _confirm_app(staff_id: str) -> Callable[[Page], None]:
    def go(page: Page) -> None:
        page.goto("/enrol")
        secret = staff_secrets.opened_pending(accounts.person(staff_id))
        page.get_by_label("One-time code").fill(credentials.totp_now(secret, utc_now()))
        with page.expect_navigation():
            page.get_by_role("button", name="Confirm").click()

    return go


def _letter(place: Location, clinician: Staff) -> Approval:
    case = factories.make_referral(ReferralStatus.CLOSING_LETTER, location=place, exit_kind="declined")
    return factories.make_approval(
        ApprovalKind.CLOSING_LETTER,
        referral=case,
        content=factories.spelled(factories.letter_words(case=case.case_number)),
        assigned_to=clinician.id,
    )


def _signed(place: Location, clinician: Staff) -> Approval:
    case = factories.make_referral(ReferralStatus.READY_TO_MATCH, location=place, clinician_id=clinician.id)
    content = factories.spelled(factories.review_words(case=case.case_number))
    approval = factories.make_approval(
        ApprovalKind.RISK_REVIEW, referral=case, content=content, assigned_to=clinician.id, status="decided"
    )
    factories.make_decision(approval, clinician, content)
    return approval


STATUS_OF = {
    ToDoKind.CALL_PATIENT: ReferralStatus.CONTACT_PATIENT,
    ToDoKind.CHECK_DUPLICATE: ReferralStatus.POSSIBLE_DUPLICATE,
    ToDoKind.ANSWER_QUESTION: ReferralStatus.QUESTION_OPEN,
}


def _to_do(place: Location, kind: ToDoKind) -> str:
    patient = factories.make_patient()
    case = factories.make_referral(STATUS_OF[kind], location=place, patient=patient)
    if kind == ToDoKind.CHECK_DUPLICATE:
        factories.make_referral(ReferralStatus.OFFERED, location=place, patient=patient)
    return str(factories.make_to_do(case, kind).id)


def _over_time(officer: Staff) -> str:
    """A list of one patient who is over their time."""
    then = utc_now() - timedelta(days=366 * 9)
    patient = factories.make_patient(created_at=then)
    long_ago = {"received_at": then, "status_since": then, "closed_at": then}
    factories.make_referral(ReferralStatus.CLOSED_DECLINED, patient=patient, **long_ago)
    return retention.make_list(officer.id)


def _broken_rows() -> None:
    therapy_store.quarantine("QC-1", {"given_name": "Odalys", "referral_text": "does not want to live"})
    with operational_store.writing() as db:
        db.add(IntakeFile(id="IF-1", digest="d", kind="csv", rows=3, contract_docs="index.html", finished_at=utc_now()))
        db.flush()
        db.add(IntakeRow(id="IR-1", file_id="IF-1", row=2, external_key="csv:R-1", outcome=RowOutcome.ACCEPTED))
        for each in ("birth_date", "email"):
            db.add(
                QuarantinedRow(
                    id=f"QR-{each}",
                    file_id="IF-1",
                    row=4,
                    field=each,
                    rule="wanted",
                    reason=f"{each} must be readable",
                    external_key="csv:R-3",
                    content_id="QC-1",
                    urgent=True,
                    status=QuarantineStatus.OPEN,
                )
            )


def _nothing_is_offered_here() -> None:
    """Scheduling is off, so that its page has the form of a signature and the queue says what is held."""
    with operational_store.writing() as db:
        off = {"level": Level.OFF, "runs_as": Level.OFF}
        db.add(WorkflowStanding(workflow=Workflow.SCHEDULING, location_id="LOC-1", **off))


def _wrong_sign_in(page: Page) -> None:
    page.get_by_label("E-mail address").fill("nobody@example.org")
    page.get_by_label("Password").fill("not the right one at all")
    page.get_by_label("One-time code").fill("123456")
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in").click()


def _sign_nothing(page: Page) -> None:
    page.get_by_label("Reason, or your question").fill("")
    page.locator("form", has=page.get_by_role("button", name="Sign", exact=True)).evaluate(
        "form => { form.noValidate = true }"
    )
    with page.expect_navigation():
        page.get_by_role("button", name="Sign", exact=True).click()


def _take_to_do(page: Page) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name="Take it").click()


def _send_as_it_is(page: Page) -> None:
    """Send the page's first form without the browser's own checks."""
    with page.expect_navigation():
        page.locator("main form").first.evaluate("form => { form.noValidate = true; form.requestSubmit() }")


# -- the portal's pages


@pytest.fixture
def portal_visits(home: Path) -> list[Visit]:
    """Links of patients at every point of their way, and a visit to each page behind them."""
    asked = factories.make_referral(ReferralStatus.QUESTIONNAIRES_REQUESTED, patient=factories.make_patient())
    spanish = factories.make_case_at(ReferralStatus.OFFERED, patient=factories.make_patient(language="es"))
    english = factories.make_case_at(ReferralStatus.OFFERED, patient=factories.make_patient())
    booked = factories.make_case_at(ReferralStatus.BOOKED, patient=factories.make_patient())
    questions = _link(asked, LinkPurpose.QUESTIONNAIRES)
    times, tiempos = (_link(case.referral, LinkPurpose.CHOOSE_TIME) for case in (english, spanish))
    visit = _link(booked.referral, LinkPurpose.APPOINTMENT)
    steps = [
        Visit("show_step", questions + f"/step/{number}", go=_open(questions, f"/step/{number}"), name=f"step_{number}")
        for number in (1, 2, 3, 4)
    ]
    return [
        Visit("first_page", questions),
        Visit("first_page", questions, go=_send_as_it_is, status=422, name="birth_date_missing"),
        *steps,
        Visit("show_step", questions, go=_leave_out(questions), status=422, name="step_incomplete"),
        Visit("show_times", times, go=_open(times, "/times")),
        Visit("show_times", tiempos, go=_open(tiempos, "/times"), name="show_times_spanish"),
        Visit("show_appointment", visit, go=_open(visit, "/appointment")),
        Visit("ask_cancel", visit, go=_open(visit, "/cancel")),
        *_ongoing_visits(),
        Visit("ask_withdraw", questions, go=_open(questions, "/withdraw")),
        *_billing_visits(),
        *_earlier_visits(),
        *_check_in_visits(),
        Visit("notice", "/l/forged", status=404, name="closed_link"),
    ]


def _earlier_visits() -> list[Visit]:
    """A time that came free, in both languages, and one that has gone to somebody else."""
    practice = Practice()
    entries = [practice.waits(priority=1), practice.waits(priority=2, language="es")]
    practice.cancel()
    english, spanish = (f"/l/{opened_link(offers(entry_id=entry.id)[0])[0]}" for entry in entries)
    later = Practice()
    first, second = later.waits(priority=1), later.waits(priority=2)
    later.cancel()
    accept(*opened_link(offers(entry_id=first.id)[0]))
    gone = f"/l/{opened_link(offers(entry_id=second.id, slot_id=later.slot.id)[0])[0]}"
    return [
        Visit("show_earlier", english, go=_open(english, "/earlier")),
        Visit("show_earlier", spanish, go=_open(spanish, "/earlier"), name="show_earlier_spanish"),
        Visit("show_earlier", gone, go=_open(gone, "/earlier"), status=409, name="show_earlier_gone"),
    ]


def _check_in_visits() -> list[Visit]:
    """What is asked between two sessions, a piece that was sent, a message that was signed."""
    care = factories.make_episode()
    form, mood = (f"/l/{factories.make_check_in(care, kind)[1]}" for kind in (CheckInKind.PHQ9, CheckInKind.MOOD))
    key = "sleep-1.en"
    material.review(key, education.library()[key].digest, staff_id=care.clinician_id)
    sent = material.send(care.case_number, "sleep", staff_id=care.clinician_id)
    with operational_store.writing() as db:
        read = make_link(db, care.case_number, LinkPurpose.MATERIAL, 0, subject_id=sent).record
    piece, message = f"/l/{token_of(read)}", f"/l/{sent_message(care)[0]}"
    survey = f"/l/{token_of(factories.make_survey(care)[1].record)}"
    return [
        Visit("show_survey", survey, go=_open(survey, "/survey")),
        Visit("show_check_in", form, go=_open(form, "/check-in")),
        Visit("show_check_in", mood, go=_open(mood, "/check-in"), name="show_check_in_mood"),
        Visit("read_material", piece, go=_open(piece, "/read")),
        Visit("read_message", message, go=_open(message, "/message")),
    ]


def _ongoing_visits() -> list[Visit]:
    """A session of ongoing care, in both languages, and what can be done with it."""
    care = visits.make_care(patient=factories.make_patient(language="es"))
    ongoing = visits.make_visit(care)
    with operational_store.reading() as db:
        clinician, place = db.get_one(Clinician, care.clinician_id), db.get_one(Location, care.location_id)
    factories.make_slot(clinician, place, hours_ahead=130)
    link = f"/l/{token_of(visits.make_visit_link(ongoing).record)}"
    return [
        Visit("show_appointment", link, go=_open(link, "/appointment"), name="ongoing_spanish"),
        Visit("show_free_times", link, go=_open(link, "/move")),
        Visit("show_reminders", link, go=_open(link, "/reminders")),
    ]


def _billing_visits() -> list[Visit]:
    """The page that asks for what a bill lacks: everything, with faults, in Spanish; and the family name before it."""
    asked = [name for name in PATIENT_FIELDS if name != "birth_date"]
    links = []
    for language, missing in (("en", asked), ("es", asked), ("en", ["birth_date"])):
        person = factories.make_patient(language=language)
        waiting = ClaimStatus.MISSING_INFORMATION
        made = claim_factories.make_claim_at(waiting, patient=person, missing=missing, findings=[])
        claim_factories.make_insurance(person)
        links.append(f"/l/{token_of(claim_factories.make_billing_link(made).record)}")
    english, spanish, unsure = links
    return [
        Visit("show_billing", english, go=_open(english, "/billing")),
        Visit("show_billing", english, go=_send_no_details(english), status=422, name="billing_incomplete"),
        Visit("show_billing", spanish, go=_open(spanish, "/billing"), name="billing_spanish"),
        Visit("first_page", unsure, name="family_name"),
        Visit("first_page", unsure, go=_send_as_it_is, status=422, name="family_name_missing"),
    ]


def _send_no_details(link: str) -> Callable[[Page], None]:
    def go(page: Page) -> None:
        _open(link, "/billing")(page)
        _send_as_it_is(page)

    return go


def _link(case: Any, purpose: LinkPurpose) -> str:
    return f"/l/{token_of(factories.make_portal_link(case, purpose).record)}"


def _prove(page: Page, link: str) -> None:
    page.goto(link)
    if page.locator("#month").count():
        page.locator("#month").select_option("4")
        page.locator("#day").fill("23")
        page.locator("#year").fill("1990")
        with page.expect_navigation():
            page.locator("main button").first.click()


def _open(link: str, path: str) -> Callable[[Page], None]:
    def go(page: Page) -> None:
        _prove(page, link)
        page.goto(link + path)

    return go


def _leave_out(link: str) -> Callable[[Page], None]:
    def go(page: Page) -> None:
        _open(link, "/step/2")(page)
        page.locator("input[name=item_1]").first.check()
        _send_as_it_is(page)

    return go


# -- every page has a visit


def test_every_page_of_the_desk_is_visited(desk_visits):
    pages = {route.name for route in desk_routes() if "GET" in route.methods} - set(NO_PAGES)
    assert pages <= set(ROUTES) | PUBLIC
    assert {visit.route for visit in desk_visits[1]} - {"stopped"} == pages


def test_every_page_of_the_portal_is_visited(portal_visits):
    rooms = (
        *(visit_pages, question_pages, appointment_pages, waitlist_pages, reminder_pages, check_in_pages),
        *(survey_pages, billing_pages, text_messages),
    )
    pages = {
        route.name
        for room in rooms
        for route in room.router.routes
        if isinstance(route, APIRoute) and "GET" in route.methods
    }
    assert {visit.route for visit in portal_visits} - {"notice"} == pages


# -- what is looked at on each of them


def opened(context: BrowserContext, visit: Visit) -> Page:
    """The page of a visit as it stands after ``go``; fails when it isn't the page that was meant."""
    page = context.new_page()
    answers: list[int] = []
    page.on("response", lambda got: answers.append(got.status) if got.request.is_navigation_request() else None)
    page.goto(visit.path)
    if visit.go:
        visit.go(page)
        page.wait_for_load_state("load")
    assert answers[-1] == visit.status, f"{visit}: {answers[-1]} instead of {visit.status}"
    return page


@pytest.fixture
def at_the_desk_as(chromium: Browser, desk_visits: Any) -> Iterator[Callable[..., BrowserContext]]:
    """Browser windows of a role, signed in at the served desk."""
    staff, _ = desk_visits
    windows: list[BrowserContext] = []
    with served(make_desk()) as address:

        def sit(role: Role | str | None, size: dict[str, int]) -> BrowserContext:
            window = chromium.new_context(base_url=address, viewport=size)
            if role:
                window.add_cookies([{"name": COOKIE, "value": desk_logins.open_login(staff[role]), "url": address}])
            windows.append(window)
            return window

        yield sit
        for window in windows:
            window.close()


@pytest.fixture
def at_home(chromium: Browser, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., BrowserContext]]:
    """Browser windows of patients at the served portal."""
    windows: list[BrowserContext] = []
    with served(make_portal()) as address:
        monkeypatch.setenv("COUNTERSIGN_PUBLIC_PORTAL_URL", address)
        settings.cache_clear()

        def sit(_: None, size: dict[str, int]) -> BrowserContext:
            window = chromium.new_context(base_url=address, viewport=size, locale="en-US")
            windows.append(window)
            return window

        yield sit
        for window in windows:
            window.close()


CHECKS = (
    (DESKTOP, (axe, structure, unnamed)),
    (PHONE, (axe,)),
    (NARROW, (one_column, spacing, keyboard)),
)
"""What gets worse with less room is looked at where there is least."""


@dataclass
class Seen:
    """What was found wrong, by page, and each page's title."""

    wrong: list[str] = field(default_factory=list)
    titles: dict[str, set[str]] = field(default_factory=dict)


def look(sit: Callable[..., BrowserContext], visits: list[Visit]) -> Seen:
    """Everything the checks find wrong on each visit at the sizes they are made for."""
    seen = Seen()
    for visit in visits:
        window = sit(visit.role, DESKTOP)
        page = opened(window, visit)
        seen.titles.setdefault(page.title(), set()).add(visit.route)
        for size, checks in CHECKS:
            page.set_viewport_size(size)
            for check in checks:
                seen.wrong += [f"{visit} at {size['width']}: {each}" for each in check(page)]
        window.close()
    return seen


def alike(seen: Seen) -> dict[str, set[str]]:
    """Titles that do not tell one page from another."""
    return {title: routes for title, routes in seen.titles.items() if len(routes) > 1}


def test_desk_has_no_fault_that_a_program_can_find(at_the_desk_as, desk_visits):
    seen = look(at_the_desk_as, desk_visits[1])
    assert not seen.wrong, "\n".join(seen.wrong)
    assert alike(seen) == {}


def test_portal_has_no_fault_that_a_program_can_find(at_home, portal_visits):
    seen = look(at_home, portal_visits)
    assert not seen.wrong, "\n".join(seen.wrong)
    assert alike(seen) == {}


BROKEN = """<!doctype html><html><head><title>x</title></head><body><main><h1>a</h1><h3>b</h3>
<p style="color:#999;background:#fff">too pale</p><input><button></button><a href="/x" style="outline:0">go</a>
<div tabindex="3">first</div><p style="width:900px">wide</p>
<p style="width:9rem;height:1rem;overflow:hidden;white-space:nowrap">Words in a box</p>
<a href="/y" style="position:absolute;left:-999px">away</a></main></body></html>"""


def test_checks_find_what_is_broken(chromium: Browser):
    """Each check is shown a page that deserves it."""
    window = chromium.new_context(viewport=NARROW)
    page = window.new_page()
    page.set_content(BROKEN)
    found = " ".join(axe(page))
    assert "color-contrast" in found and "html-has-lang" in found and "label" in found and "button-name" in found
    assert structure(page) == ["a heading jumps from level 1 to 3", "no language"]
    assert len(unnamed(page)) == 2
    walked = " ".join(keyboard(page))
    assert "a tabindex of 3" in walked and "no ring: <a" in walked and "out of sight" in walked
    assert [each for each in one_column(page) if "wide</p>" in each]
    assert [each for each in spacing(page) if "in a box" in each]
    window.close()


TRAP = """<!doctype html><html lang="en"><title>x</title><button id="a">a</button><button id="b">b</button>
<script>b.onkeydown = e => { if (e.key === 'Tab') { e.preventDefault(); a.focus(); } }; a.onkeydown = e => {
if (e.key === 'Tab') { e.preventDefault(); a.focus(); } }</script></html>"""


def test_keyboard_walk_finds_what_it_cannot_reach(chromium: Browser):
    window = chromium.new_context(viewport=DESKTOP)
    page = window.new_page()
    page.set_content(TRAP)
    assert [each for each in keyboard(page) if each.startswith("never reached") and 'id="b"' in each]
    window.close()
