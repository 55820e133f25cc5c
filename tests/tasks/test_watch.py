"""Watching every wait: each alarm on time, to the right people, and never twice for the same moment."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from acts.decisions import mark_seen, reassign
from acts.note_editing import mark_risk_seen
from adapters import operational_store as store
from adapters.operational_store import reading, writing
from models.claim_codes import FileKind, FileStatus
from models.codes import (
    AppointmentStatus,
    ApprovalKind,
    ApprovalStatus,
    CaseFlow,
    ClaimStatus,
    MessageStatus,
    NoteStatus,
    ReferralStatus,
    RiskLevel,
    Role,
    ToDoKind,
    ToDoStatus,
)
from models.columns import utc_now
from models.operational import (
    Appointment,
    Approval,
    AuditEvent,
    Heartbeat,
    Location,
    OutboxMessage,
    PortalLink,
    PracticeSetting,
    Referral,
    SessionNote,
    Slot,
    ToDo,
)
from models.therapy_text import TherapyText
from rules import clocks
from tasks import cases, waits
from tasks.waiting import of_workflow, waiting
from tasks.watch import HEARTBEAT, watch
from tests.factories import (
    MadeCase,
    MadeNote,
    make_approval,
    make_case_at,
    make_claim,
    make_file,
    make_note,
    make_patient,
    make_session,
    make_signer,
    make_slot_of,
    make_to_do,
)

pytestmark = pytest.mark.usefixtures("home")

R = ReferralStatus
OPENED = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
NOTHING = dict.fromkeys(
    (
        *("pages", "escalated", "reminded", "to_call", "outcomes_asked", "offered_again", "stuck", "unread"),
        *("seen_held", "holds_ended", "times_offered"),
    ),
    0,
)


def review(level: RiskLevel, *, due_in: timedelta = timedelta(hours=1), **facts: Any) -> MadeCase:
    """A risk review opened at OPENED, given to the case's clinician."""
    case = make_case_at(R.RISK_REVIEW, level=level, status_since=OPENED)
    with writing() as db:
        assert case.approval is not None
        approval = db.get_one(Approval, case.approval.id)
        approval.opened_at, approval.due_at = OPENED, OPENED + due_in
        approval.assigned_to = case.clinician.id
        for name, value in facts.items():
            setattr(approval, name, value)
        db.add(approval)
    return case


def rows(record: type, **where: object) -> list[Any]:
    with reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def case_now(case: MadeCase) -> Referral:
    with reading() as db:
        return db.get_one(Referral, case.number)


def watched(now: datetime) -> dict[str, int]:
    """What watching did; watching again at the same moment must do nothing."""
    before = watch.fn(now)
    counted = {record: len(rows(record)) for record in (OutboxMessage, ToDo, PortalLink, AuditEvent)}
    assert watch.fn(now) == NOTHING
    assert {record: len(rows(record)) for record in counted} == counted
    return {name: count for name, count in before.items() if count}


def told(template: str) -> list[str]:
    """Who got this message, sorted by staff."""
    return sorted(message.to_staff_id for message in rows(OutboxMessage, template=template))


def test_nothing_waiting_is_nothing_to_do_but_the_heartbeat() -> None:
    assert watched(OPENED) == {}
    [beat] = rows(Heartbeat)
    assert (beat.name, beat.at <= utc_now()) == (HEARTBEAT, True)


# -- risk reviews


def test_unseen_high_review_pages_again_every_quarter_of_an_hour_until_seen() -> None:
    case = review(RiskLevel.HIGH, last_paged_at=OPENED, pages_sent=1)
    assert case.approval is not None
    assert watched(OPENED + timedelta(minutes=14, seconds=59)) == {}
    assert watched(OPENED + timedelta(minutes=15)) == {"pages": 1}
    assert watched(OPENED + timedelta(minutes=29, seconds=59)) == {}
    assert watched(OPENED + timedelta(minutes=30)) == {"pages": 1}
    mark_seen(case.approval.id, case.clinician.id)
    assert watched(OPENED + timedelta(minutes=45)) == {}
    assert told("page_risk_review") == [case.clinician.id] * 2
    assert rows(Approval)[0].pages_sent == 3


def test_overdue_high_review_pages_until_it_is_decided_whoever_has_seen_it() -> None:
    case = review(RiskLevel.HIGH, last_paged_at=OPENED, pages_sent=1)
    assert case.approval is not None
    mark_seen(case.approval.id, case.clinician.id)
    due = OPENED + timedelta(hours=1)
    assert watched(due - timedelta(seconds=1)) == {}
    assert watched(due) == {"pages": 1, "escalated": 1}
    mark_seen(case.approval.id, case.clinician.id)
    assert watched(due + timedelta(minutes=14, seconds=59)) == {}
    assert watched(due + timedelta(minutes=15)) == {"pages": 1}
    assert all(message.urgent for message in rows(OutboxMessage, template="page_risk_review"))


def test_review_that_is_passed_on_has_not_been_seen_by_the_next_person() -> None:
    case = review(RiskLevel.MODERATE)
    assert case.approval is not None
    mark_seen(case.approval.id, case.clinician.id)
    second = make_signer(location=case.location)
    assert watched(OPENED + timedelta(hours=1)) == {"pages": 1, "escalated": 1}
    approval = rows(Approval)[0]
    assert (approval.assigned_to, approval.seen_at, approval.seen_by) == (second.id, None, None)
    assert second.id in told("page_risk_review")


def test_page_goes_to_who_is_on_call_and_to_who_was_assigned() -> None:
    case = review(RiskLevel.HIGH)
    colleague = make_signer(location=case.location)
    with writing() as db:
        approval = db.exec(select(Approval)).one()
        approval.assigned_to = colleague.id
        db.add(approval)
    watched(OPENED)
    assert told("page_risk_review") == sorted([case.clinician.id, colleague.id])


@pytest.mark.parametrize("level", [RiskLevel.MODERATE, RiskLevel.LOW])
def test_unseen_review_of_any_level_pages_once_it_is_overdue(level: RiskLevel) -> None:
    review(level, due_in=timedelta(hours=5))
    assert watched(OPENED + timedelta(hours=5) - timedelta(seconds=1)) == {}
    assert watched(OPENED + timedelta(hours=5)) == {"pages": 1, "escalated": 1}


def test_overdue_sign_off_goes_to_the_next_person_and_both_are_told() -> None:
    case = review(RiskLevel.MODERATE, seen_at=OPENED)
    second = make_signer(location=case.location)
    due = OPENED + timedelta(hours=1)
    assert watched(due) == {"pages": 1, "escalated": 1}
    assert rows(Approval)[0].assigned_to == second.id
    mark_seen(rows(Approval)[0].id, second.id)
    assert told("overdue_sign_off") == sorted([case.clinician.id, second.id])
    [event] = rows(AuditEvent, action="approval.escalated")
    assert event.details == {"old": case.clinician.id, "new": second.id, "times": 1}
    assert watched(due + timedelta(days=1) - timedelta(seconds=1)) == {}
    assert watched(due + timedelta(days=1)) == {"pages": 1, "escalated": 1}
    assert rows(Approval)[0].assigned_to == case.clinician.id


def test_overdue_sign_off_stays_with_the_only_person_who_may_sign_it() -> None:
    case = review(RiskLevel.MODERATE, seen_at=OPENED)
    make_signer(location=case.location, states=())
    watched(OPENED + timedelta(hours=1))
    assert rows(Approval)[0].assigned_to == case.clinician.id
    assert told("overdue_sign_off") == [case.clinician.id]


def test_sign_off_that_was_overdue_through_an_outage_is_passed_on_once() -> None:
    case = review(RiskLevel.MODERATE, seen_at=OPENED)
    second = make_signer(location=case.location)
    assert watched(OPENED + timedelta(days=4)) == {"pages": 1, "escalated": 1}
    assert (rows(Approval)[0].assigned_to, rows(Approval)[0].escalations) == (second.id, 4)


@pytest.mark.parametrize("status", [ApprovalStatus.DECIDED, ApprovalStatus.SUPERSEDED])
def test_closed_sign_off_alarms_nobody(status: ApprovalStatus) -> None:
    case = review(RiskLevel.HIGH, status=status)
    with writing() as db:
        referral = db.get_one(Referral, case.number)
        referral.status, referral.closed_at = R.CLOSED_WITHDRAWN, OPENED
        db.add(referral)
    assert watched(OPENED + timedelta(days=3)) == {}


def test_practices_own_clocks_are_used() -> None:
    with writing() as db:
        db.add(PracticeSetting(name="clocks", value='{"page_again_minutes": 5}'))
    review(RiskLevel.HIGH, last_paged_at=OPENED)
    assert watched(OPENED + timedelta(minutes=5)) == {"pages": 1}


# -- to-dos


def test_overdue_to_do_is_told_to_everyone_who_may_do_it_once_a_day() -> None:
    case = make_case_at(R.CONTACT_PATIENT, to_do=False)
    second = make_signer(Role.COORDINATOR, location=case.location)
    make_to_do(case.referral, ToDoKind.CALL_PATIENT, due_at=OPENED)
    assert watched(OPENED - timedelta(seconds=1)) == {}
    assert watched(OPENED) == {"escalated": 1}
    assert told("overdue_sign_off") == sorted([case.coordinator.id, second.id])
    assert watched(OPENED + timedelta(days=1)) == {"escalated": 1}
    assert watched(OPENED + timedelta(days=6)) == {"escalated": 1}
    assert len(told("overdue_sign_off")) == 6


@pytest.mark.parametrize(
    ("status", "escalated"),
    [(ToDoStatus.CLAIMED, 1), (ToDoStatus.DONE, 0), (ToDoStatus.SUPERSEDED, 0)],
)
def test_only_a_to_do_that_is_not_done_can_be_overdue(status: ToDoStatus, escalated: int) -> None:
    case = make_case_at(R.CONTACT_PATIENT, to_do=False)
    make_to_do(case.referral, ToDoKind.CALL_PATIENT, due_at=OPENED, status=status)
    assert watched(OPENED).get("escalated", 0) == escalated


# -- patients


@pytest.mark.parametrize(
    ("status", "template"),
    [(R.QUESTIONNAIRES_REQUESTED, "questionnaires_reminder"), (R.OFFERED, "times_offered")],
)
def test_patient_is_reminded_after_two_and_five_days_and_called_after_seven(
    status: ReferralStatus, template: str
) -> None:
    case = make_case_at(status, status_since=OPENED)
    second = timedelta(seconds=1)
    assert watched(OPENED + timedelta(hours=48) - second) == {}
    assert watched(OPENED + timedelta(hours=48)) == {"reminded": 1}
    assert watched(OPENED + timedelta(days=5) - second) == {}
    assert watched(OPENED + timedelta(days=5)) == {"reminded": 1}
    assert watched(OPENED + timedelta(days=7) - second) == {}
    assert [message.template for message in rows(OutboxMessage)] == [template] * 2
    assert watch.fn(OPENED + timedelta(days=7))["to_call"] == 1
    assert (case_now(case).status, case_now(case).wake_wanted) == (R.CONTACT_PATIENT, True)


def test_reminder_carries_a_working_link() -> None:
    case = make_case_at(R.OFFERED, status_since=OPENED)
    watched(OPENED + timedelta(hours=48))
    [message] = rows(OutboxMessage)
    [link] = rows(PortalLink, id=message.facts["link_id"])
    assert (link.case_number, link.revoked, link.used_at) == (case.number, False, None)


def test_reminders_missed_in_an_outage_leave_as_one() -> None:
    make_case_at(R.OFFERED, status_since=OPENED)
    assert watched(OPENED + timedelta(days=6)) == {"reminded": 1}
    assert len(rows(OutboxMessage)) == 1


def test_second_visit_to_a_wait_is_reminded_anew() -> None:
    case = make_case_at(R.OFFERED, status_since=OPENED)
    watched(OPENED + timedelta(days=5))
    later = OPENED + timedelta(days=20)
    with writing() as db:
        referral = db.get_one(Referral, case.number)
        referral.version, referral.status_since = referral.version + 2, later
        db.add(referral)
    assert watched(later + timedelta(hours=47)) == {}
    assert watched(later + timedelta(hours=48)) == {"reminded": 1}


def test_booked_patient_is_not_reminded_to_answer() -> None:
    make_case_at(R.BOOKED, status_since=OPENED)
    assert watched(OPENED + timedelta(days=3)) == {}


# -- first sessions and the waitlist


@pytest.mark.parametrize("status", [AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED])
def test_session_that_is_over_asks_for_its_outcome(status: AppointmentStatus) -> None:
    case = make_case_at(R.BOOKED)
    assert case.appointment is not None
    with writing() as db:
        appointment = db.get_one(Appointment, case.appointment.id)
        appointment.status = status
        db.add(appointment)
    ends = case.appointment.starts_at + timedelta(minutes=case.appointment.minutes)
    assert "outcomes_asked" not in watched(ends - timedelta(seconds=1))
    assert watched(ends) == {"outcomes_asked": 1}
    [to_do] = rows(ToDo)
    assert (to_do.kind, to_do.case_number) == (ToDoKind.RECORD_OUTCOME, case.number)


@pytest.mark.parametrize("status", [AppointmentStatus.ATTENDED, AppointmentStatus.CANCELLED])
def test_session_whose_end_is_on_record_asks_nothing(status: AppointmentStatus) -> None:
    case = make_case_at(R.BOOKED)
    assert case.appointment is not None
    with writing() as db:
        appointment = db.get_one(Appointment, case.appointment.id)
        appointment.status = status
        db.add(appointment)
    assert watched(case.appointment.starts_at + timedelta(hours=2)) == {}


def waitlisted(**given: Any) -> MadeCase:
    case = make_case_at(R.WAITLISTED, slots=0, patient=make_patient(self_pay=True), **given)
    with writing() as db:
        to_do = db.exec(select(ToDo).where(ToDo.case_number == case.number)).one()
        to_do.due_at = utc_now() + timedelta(days=300)
        db.add(to_do)
    return case


def test_waitlisted_case_is_offered_times_once_there_are_some() -> None:
    case = waitlisted()
    assert watched(utc_now()) == {}
    make_slot_of(case.clinician, case.location)
    assert watched(utc_now()) == {"offered_again": 1}
    assert (case_now(case).status, case_now(case).wake_wanted) == (R.READY_TO_OFFER, True)
    assert rows(ToDo)[0].status is ToDoStatus.SUPERSEDED


@pytest.mark.parametrize("facts", [{"risk_cleared": False}, {"came_from": R.OFFERED}, {"clinician_id": None}])
def test_waitlisted_case_that_a_person_must_look_at_is_left_to_them(facts: dict[str, Any]) -> None:
    case = waitlisted(**facts)
    make_slot_of(case.clinician, case.location)
    assert watched(utc_now()) == {}
    assert case_now(case).status is R.WAITLISTED


# -- cases that nobody and nothing moves


def bare(status: ReferralStatus, **given: Any) -> MadeCase:
    """A case that came to its status at OPENED, and whose run died before it made what the status needs."""
    case = make_case_at(status, to_do=False, status_since=OPENED, **given)
    if case.approval is not None:
        with writing() as db:
            db.delete(db.get_one(Approval, case.approval.id))
    return case


def test_risk_review_that_was_never_opened_pages_who_is_on_call_until_it_is() -> None:
    case = bare(R.RISK_REVIEW)
    minute = timedelta(minutes=1)
    assert watched(OPENED + minute) == {}
    assert watched(OPENED + 2 * minute) == {"stuck": 1, "pages": 1}
    assert watched(OPENED + 14 * minute) == {}
    assert watched(OPENED + 15 * minute) == {"pages": 1}
    assert told("page_risk_review") == [case.clinician.id] * 2
    assert case_now(case).wake_wanted


def test_risk_review_open_for_an_earlier_visit_only_is_not_open() -> None:
    case = review(RiskLevel.LOW, due_in=timedelta(days=9))
    assert watched(OPENED + timedelta(minutes=3)) == {}
    with writing() as db:
        referral = db.get_one(Referral, case.number)
        referral.version += 2
        db.add(referral)
    assert watched(OPENED + timedelta(minutes=3)) == {"stuck": 1, "pages": 1}


@pytest.mark.parametrize("status", [R.ASSIGNMENT, R.CLOSING_LETTER])
def test_sign_off_that_was_never_opened_is_asked_for_and_told(status: ReferralStatus) -> None:
    case = bare(status)
    assert watched(OPENED + timedelta(minutes=1)) == {}
    assert watched(OPENED + timedelta(minutes=1, seconds=1)) == {"stuck": 1}
    assert told("overdue_sign_off") == []
    watched(OPENED + timedelta(minutes=15))
    assert told("overdue_sign_off") == [case.coordinator.id]
    assert len(rows(AuditEvent, action="case.stuck")) == 1


@pytest.mark.parametrize("status", [R.RECEIVED, R.READY_TO_SCREEN, R.READY_TO_MATCH, R.READY_TO_OFFER])
def test_step_that_nothing_takes_is_asked_for_after_five_minutes(status: ReferralStatus) -> None:
    case = bare(status)
    assert watched(OPENED + timedelta(minutes=5)) == {}
    assert watched(OPENED + timedelta(minutes=5, seconds=1)) == {"stuck": 1}
    assert case_now(case).wake_wanted


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (R.POSSIBLE_DUPLICATE, ToDoKind.CHECK_DUPLICATE),
        (R.CONTACT_PATIENT, ToDoKind.CALL_PATIENT),
        (R.QUESTION_OPEN, ToDoKind.ANSWER_QUESTION),
        (R.MISSED, ToDoKind.MISSED_SESSION),
    ],
)
def test_to_do_that_is_missing_is_opened(status: ReferralStatus, kind: ToDoKind) -> None:
    case = bare(status)
    make_to_do(case.referral, kind, status=ToDoStatus.DONE)
    assert watched(OPENED + timedelta(minutes=1)) == {}
    assert watched(OPENED + timedelta(minutes=2)) == {"stuck": 1}
    assert [to_do.kind for to_do in rows(ToDo, status=ToDoStatus.OPEN)] == [kind]
    waits.prepare.fn(cases.take(case.number), status)  # the run, once it is woken, does not open it a second time
    [to_do] = rows(ToDo, status=ToDoStatus.OPEN)
    with writing() as db:
        store.set_status(db, db.get_one(ToDo, to_do.id), ToDoStatus.DONE, "test")
    assert watched(OPENED + timedelta(minutes=3)) == {"stuck": 1}
    assert len(rows(ToDo, status=ToDoStatus.OPEN)) == 1


# -- questions that hold up a risk review


def question(level: RiskLevel | None, came_from: ReferralStatus = R.RISK_REVIEW) -> MadeCase:
    """A question that was asked at OPENED instead of signing a review due an hour later."""
    case = make_case_at(R.QUESTION_OPEN, to_do=False, level=level, status_since=OPENED, came_from=came_from)
    make_to_do(case.referral, ToDoKind.ANSWER_QUESTION, due_at=OPENED + timedelta(days=1))
    make_approval(
        referral=case.referral,
        level=level,
        status=ApprovalStatus.DECIDED,
        opened_at=OPENED,
        due_at=OPENED + timedelta(hours=1),
    )
    return case


@pytest.mark.parametrize(("level", "again"), [(RiskLevel.HIGH, 1), (None, 1), (RiskLevel.MODERATE, 0)])
def test_question_pages_the_clinicians_once_its_review_would_be_overdue(level: RiskLevel | None, again: int) -> None:
    case = question(level)
    due = OPENED + timedelta(hours=1)
    assert watched(due - timedelta(seconds=1)) == {}
    assert watched(due) == {"pages": 1}
    assert watched(due + timedelta(minutes=15)).get("pages", 0) == again
    assert set(told("page_risk_review")) == {case.clinician.id}


@pytest.mark.parametrize(("level", "came_from"), [(RiskLevel.LOW, R.RISK_REVIEW), (RiskLevel.HIGH, R.ASSIGNMENT)])
def test_other_questions_are_the_coordinators(level: RiskLevel, came_from: ReferralStatus) -> None:
    question(level, came_from)
    assert watched(OPENED + timedelta(hours=2)) == {}


# -- sessions and their notes


N = NoteStatus


def flagged(level: RiskLevel, status: NoteStatus = N.READY_TO_DRAFT, **given: Any) -> SessionNote:
    """A session whose flags were raised at OPENED, and whose clinician was paged then."""
    facts = {"risk_level": level, "risk_raised_at": OPENED, "risk_last_paged_at": OPENED, "risk_pages_sent": 1}
    return make_session(status, **{**facts, **given})


@pytest.mark.parametrize("status", [N.READY_TO_DRAFT, N.NOTE_SIGNATURE, N.CHECK_TRANSCRIPT, N.RECEIVED])
def test_unseen_flags_of_a_session_page_until_its_clinician_has_looked(status: NoteStatus) -> None:
    session = flagged(RiskLevel.HIGH, status)
    minute = timedelta(minutes=1)
    assert watched(OPENED + 14 * minute) == {}
    assert watched(OPENED + 15 * minute) == {"pages": 1}
    assert watched(OPENED + 29 * minute) == {}
    assert watched(OPENED + 30 * minute) == {"pages": 1}
    mark_risk_seen(session.case_number, session.clinician_id)
    assert watched(OPENED + 45 * minute) == {}
    assert told("page_session_risk") == [session.clinician_id] * 2
    assert all(message.urgent and message.facts == {} for message in rows(OutboxMessage))


def test_high_flags_of_a_session_also_page_who_is_on_call() -> None:
    session = flagged(RiskLevel.HIGH)
    place = rows(Location, id=session.location_id)[0]
    on_call = make_signer(location=place, on_call=True)
    watched(OPENED + timedelta(minutes=15))
    assert told("page_session_risk") == sorted([session.clinician_id, on_call.id])


def test_moderate_flags_of_a_session_page_once_they_are_overdue() -> None:
    session = flagged(RiskLevel.MODERATE)
    place = rows(Location, id=session.location_id)[0]
    due = clocks.approval_due(
        ApprovalKind.RISK_REVIEW, RiskLevel.MODERATE, OPENED, place.time_zone, clocks.ClockPolicy()
    )
    assert watched(due - timedelta(seconds=1)) == {}
    assert watched(due) == {"pages": 1}


@pytest.mark.parametrize(
    "given",
    [
        {"risk_seen_at": OPENED},
        {"risk_level": RiskLevel.LOW},
        {"risk_level": None},
        {"status": N.CLOSED_SIGNED},
        {"status": N.CLOSED_NO_NOTE},
    ],
)
def test_session_whose_flags_are_seen_low_or_settled_pages_nobody(given: dict[str, Any]) -> None:
    make_session(**{"risk_level": RiskLevel.HIGH, "risk_raised_at": OPENED, **given})
    watched(OPENED + timedelta(days=2))
    assert told("page_session_risk") == []


def waiting_note(**approval: Any) -> MadeNote:
    """A note that has waited for its signature since OPENED."""
    note = make_note(status_since=OPENED)
    with writing() as db:
        found = db.get_one(Approval, note.approval.id)
        found.opened_at, found.due_at = OPENED, OPENED + timedelta(hours=48)
        for name, value in approval.items():
            setattr(found, name, value)
        db.add(found)
    return note


def test_overdue_note_is_told_to_its_clinician_and_the_coordinators_and_passed_to_nobody() -> None:
    note = waiting_note()
    make_signer(location=note.location)
    second = make_signer(Role.COORDINATOR, location=note.location)
    due = OPENED + timedelta(hours=48)
    assert watched(due - timedelta(seconds=1)) == {}
    assert watched(due) == {"escalated": 1}
    assert rows(Approval)[0].assigned_to == note.clinician.id
    assert told("overdue_sign_off") == sorted([note.clinician.id, note.coordinator.id, second.id])
    assert watched(due + timedelta(days=1)) == {"escalated": 1}
    assert rows(Approval)[0].assigned_to == note.clinician.id
    assert told("page_risk_review") == []


def test_overdue_note_that_was_passed_on_by_name_stays_with_whom_it_was_passed_to() -> None:
    note = waiting_note()
    other = make_signer(location=note.location)
    reassign(note.approval.id, to_staff_id=other.id, by_staff_id=note.coordinator.id, reason=TherapyText("on leave"))
    watched(OPENED + timedelta(hours=48))
    assert rows(Approval)[0].assigned_to == other.id


def test_note_whose_clinician_had_left_is_theirs_when_they_are_back() -> None:
    note = waiting_note(assigned_to=None)
    watched(OPENED + timedelta(hours=48))
    assert rows(Approval)[0].assigned_to == note.clinician.id


@pytest.mark.parametrize("status", [N.RECEIVED, N.READY_TO_SCREEN, N.READY_TO_DRAFT])
def test_session_that_its_run_does_not_move_is_asked_for_and_told(status: NoteStatus) -> None:
    session = make_session(status, run_id="R-1", status_since=OPENED)
    place = rows(Location, id=session.location_id)[0]
    coordinator = make_signer(Role.COORDINATOR, location=place)
    minute = timedelta(minutes=1)
    assert watched(OPENED + 5 * minute) == {}
    assert watched(OPENED + 6 * minute) == {"stuck": 1}
    assert rows(SessionNote)[0].wake_wanted and told("overdue_sign_off") == []
    watched(OPENED + 15 * minute)
    assert told("overdue_sign_off") == [coordinator.id]


def test_session_that_the_days_batch_has_yet_to_take_is_no_standstill() -> None:
    make_session(N.READY_TO_DRAFT, status_since=OPENED)
    assert watched(OPENED + timedelta(minutes=30)) == {}


def test_note_whose_gate_was_never_opened_is_asked_for() -> None:
    session = make_session(N.NOTE_SIGNATURE, run_id="R-1", status_since=OPENED)
    assert watched(OPENED + timedelta(minutes=1)) == {}
    assert watched(OPENED + timedelta(minutes=2)) == {"stuck": 1}
    assert rows(SessionNote)[0].wake_wanted
    assert [event.case_number for event in rows(AuditEvent, action="case.stuck")] == [session.case_number]


def test_check_of_a_transcript_that_is_missing_is_opened_once() -> None:
    make_session(N.CHECK_TRANSCRIPT, run_id="R-1", status_since=OPENED)
    assert watched(OPENED + timedelta(minutes=2)) == {"stuck": 1}
    [to_do] = rows(ToDo)
    assert (to_do.kind, to_do.role) == (ToDoKind.CHECK_TRANSCRIPT, Role.COORDINATOR)


def test_overdue_check_of_a_transcript_is_told_to_the_coordinators() -> None:
    note = make_note(status=N.CHECK_TRANSCRIPT)
    with writing() as db:
        db.delete(db.get_one(Approval, note.approval.id))
    make_to_do(note.session, ToDoKind.CHECK_TRANSCRIPT, due_at=OPENED)  # type: ignore[arg-type]
    assert watched(OPENED) == {"escalated": 1}
    assert told("overdue_sign_off") == [note.coordinator.id]


def test_waits_of_notes_are_told_from_those_of_referrals() -> None:
    note, gate = waiting_note(), review(RiskLevel.HIGH)
    found = waiting()
    assert [one.case_number for one in of_workflow(found, CaseFlow.NOTES)] == [note.number]
    assert [one.case_number for one in of_workflow(found, CaseFlow.REFERRAL)] == [gate.number]
    [mine] = of_workflow(found, CaseFlow.NOTES)
    assert (mine.wait, mine.who, mine.owner) == ("session note", note.clinician.id, "clinician")


def test_waits_of_claims_are_told_from_others_and_refused_files_are_among_them() -> None:
    note, gate = waiting_note(), review(RiskLevel.HIGH)
    signing = make_claim(ClaimStatus.CLAIM_SIGNATURE)
    asked = make_claim(ClaimStatus.MISSING_INFORMATION)
    make_claim(ClaimStatus.SENT)
    make_claim(ClaimStatus.CLOSED_PAID)
    approval = make_approval(ApprovalKind.CLAIM, case=signing)
    refused = make_file(finished_at=OPENED)
    make_file(status=FileStatus.TAKEN_IN)
    make_file(status=FileStatus.RECEIVED, finished_at=None)
    make_file(FileKind.CLAIMS, outgoing=True, status=FileStatus.REFUSED)
    found = waiting()
    claims = {one.case_number: one for one in of_workflow(found, CaseFlow.CLAIMS)}
    assert set(claims) == {signing.case_number, asked.case_number, refused.id}
    assert (claims[signing.case_number].owner, claims[signing.case_number].due_at) == ("biller", approval.due_at)
    assert (claims[asked.case_number].owner, claims[asked.case_number].who) == ("patient", "the patient")
    wait = claims[refused.id]
    assert (wait.wait, wait.owner, wait.who) == ("refused file (835)", "biller", "anyone")
    assert (wait.since, wait.due_at) == (OPENED, OPENED + timedelta(hours=24))
    assert [one.case_number for one in of_workflow(found, CaseFlow.REFERRAL)] == [gate.number]
    assert [one.case_number for one in of_workflow(found, CaseFlow.NOTES)] == [note.number]
    assert of_workflow(found, CaseFlow.SCHEDULING) == []
    assert refused.id not in {one.case_number for one in waiting(signing.location_id)}


# -- the watch itself


def test_broken_item_of_any_kind_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    review(RiskLevel.HIGH)

    def broken(*_: Any) -> int:
        raise RuntimeError("marker words")

    monkeypatch.setattr("tasks.watch.sweep_unread", broken)
    monkeypatch.setattr("tasks.watch.standing_still", lambda _: ["RF-1"])
    monkeypatch.setattr("tasks.watch._watch_standstill", broken)
    assert watch.fn(OPENED)["pages"] == 1
    assert len(rows(Heartbeat)) == 1
    assert "RuntimeError" in caplog.text and "marker words" not in caplog.text


def test_watching_brings_in_what_nobody_has_read(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[datetime] = []

    def swept(now: datetime) -> int:
        asked.append(now)
        return 2

    monkeypatch.setattr("tasks.watch.sweep_unread", swept)
    assert watch.fn(OPENED)["unread"] == 2
    assert asked == [OPENED]


def test_one_item_that_moved_on_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    broken, whole = review(RiskLevel.HIGH), review(RiskLevel.HIGH)
    with writing() as db:
        db.exec(select(Approval)).all()
        approval = db.exec(select(Approval).where(Approval.case_number == broken.number)).one()
        approval.status = ApprovalStatus.SUPERSEDED
        db.add(approval)
    monkeypatch.setattr("tasks.watch._open_approvals", lambda: ["AP-none", *(each.id for each in rows(Approval))])
    assert watch.fn(OPENED)["pages"] == 1
    assert {message.case_number for message in rows(OutboxMessage)} == {whole.number}
    assert len(rows(Heartbeat)) == 1


def test_every_wait_says_for_whom_and_since_when() -> None:
    gate, call, patient = review(RiskLevel.HIGH), make_case_at(R.CONTACT_PATIENT), make_case_at(R.OFFERED)
    found = {wait.case_number: wait for wait in waiting()}
    assert (found[gate.number].wait, found[gate.number].who) == ("risk review", gate.clinician.id)
    assert (found[call.number].wait, found[call.number].who) == ("call patient", "anyone")
    assert (found[patient.number].wait, found[patient.number].who) == ("patient chooses a time", "the patient")
    assert [wait.case_number for wait in waiting(gate.location.id)] == [gate.number]
    assert waiting()[0].case_number == gate.number


def test_closed_case_waits_for_nobody() -> None:
    for status in R:
        if status.is_closed:
            make_case_at(status)
    assert waiting() == []


def test_watching_leaves_slots_and_sent_messages_alone() -> None:
    make_case_at(R.OFFERED, status_since=OPENED)
    watched(OPENED + timedelta(days=2))
    assert {slot.status.value for slot in rows(Slot)} == {"open"}
    assert {message.status for message in rows(OutboxMessage)} == {MessageStatus.QUEUED}
