"""What staff do to a whole case, from every status it may be in."""

from datetime import timedelta
from itertools import cycle
from typing import Any

import pytest
from hypothesis import given as examples
from hypothesis import settings as how
from hypothesis import strategies as st
from sqlmodel import select

from acts.cases import book_by_hand, record_outcome, reroute, reroute_targets, stop, targets
from adapters import therapy_store
from adapters.operational_store import reading, writing
from models.codes import (
    AppointmentStatus,
    ApprovalStatus,
    ExitKind,
    MessageStatus,
    OfferStatus,
    ReferralStatus,
    Role,
    SlotStatus,
    ToDoKind,
    ToDoOutcome,
    ToDoStatus,
)
from models.columns import utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import (
    Appointment,
    Approval,
    AuditEvent,
    Offer,
    OutboxMessage,
    PortalLink,
    Referral,
    Slot,
    ToDo,
)
from models.therapy_text import TherapyText
from models.transitions import REFERRAL
from tests.factories import MadeCase, make_case_at, make_location, make_message, make_signer, make_to_do

R = ReferralStatus
OPEN = [status for status in R if not status.is_closed]
CLOSED = [status for status in R if status.is_closed]
REASON = TherapyText("asked for it on the phone")
with_home = pytest.mark.usefixtures("home")


def case_now(case: MadeCase) -> Referral:
    with reading() as db:
        return db.get_one(Referral, case.number)


def rows(record: type, **where: object) -> list[Any]:
    with reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def words_of(case: MadeCase) -> TherapyText:
    """The reason that the last move of this case points to."""
    moved = rows(AuditEvent, action="case.moved", case_number=case.number)[-1]
    words = therapy_store.to_do_words(moved.details["words"], actor="test", where="test")
    assert words is not None and words.answer is not None
    return words.answer  # type: ignore[no-any-return]


# -- stop


@with_home
@pytest.mark.parametrize("status", OPEN)
def test_stop_closes_a_case_from_every_open_status_and_leaves_nothing_waiting(status: ReferralStatus) -> None:
    case = make_case_at(status)
    stop(case.number, staff_id=case.coordinator.id, reason=REASON, exit_kind=None)
    found = case_now(case)
    assert (found.status, found.wake_wanted, found.closed_at is not None) == (R.CLOSED_WITHDRAWN, True, True)
    assert words_of(case) == REASON
    assert ApprovalStatus.OPEN not in {each.status for each in rows(Approval)}
    assert {each.status for each in rows(ToDo) if each.role != Role.CLINICIAN} <= {ToDoStatus.SUPERSEDED}
    assert OfferStatus.OPEN not in {each.status for each in rows(Offer)}
    assert all(link.revoked for link in rows(PortalLink))


@with_home
@pytest.mark.parametrize(
    ("status", "exit_kind"),
    list(zip([status for status in OPEN if status != R.CLOSING_LETTER], cycle(ExitKind), strict=False)),
)
def test_stop_with_an_exit_asks_for_a_closing_letter(status: ReferralStatus, exit_kind: ExitKind) -> None:
    case = make_case_at(status)
    stop(case.number, staff_id=case.coordinator.id, reason=REASON, exit_kind=exit_kind)
    assert (case_now(case).status, case_now(case).exit_kind) == (R.CLOSING_LETTER, exit_kind)


@with_home
def test_stop_with_an_exit_changes_nothing_while_a_letter_is_being_signed() -> None:
    case = make_case_at(R.CLOSING_LETTER)
    with pytest.raises(MovedOn):
        stop(case.number, staff_id=case.coordinator.id, reason=REASON, exit_kind=ExitKind.UNREACHABLE)
    assert (case_now(case).exit_kind, rows(Approval)[0].status) == (ExitKind.DECLINED, ApprovalStatus.OPEN)


@with_home
@pytest.mark.parametrize("status", CLOSED)
def test_closed_case_is_not_stopped_again(status: ReferralStatus) -> None:
    case = make_case_at(status)
    for exit_kind in (None, ExitKind.DECLINED):
        with pytest.raises(MovedOn):
            stop(case.number, staff_id=case.coordinator.id, reason=REASON, exit_kind=exit_kind)
    assert case_now(case).status is status


@with_home
def test_stop_keeps_a_warm_handoff_open() -> None:
    case = make_case_at(R.CLOSING_LETTER)
    handoff = make_to_do(case.referral, ToDoKind.WARM_HANDOFF)
    stop(case.number, staff_id=case.coordinator.id, reason=REASON, exit_kind=None)
    [found] = rows(ToDo, id=handoff.id)
    assert found.status is ToDoStatus.OPEN


def booked_with_reminders() -> MadeCase:
    case = make_case_at(R.BOOKED)
    for template in ("appointment_reminder", "appointment_reminder", "booking_confirmed"):
        make_message(case.patient, case_number=case.number, template=template)
    make_message(case.patient, case_number="RF-other", template="appointment_reminder")
    return case


@with_home
@pytest.mark.parametrize("way", ["stop", "reroute"])
def test_leaving_a_booked_time_frees_it_drops_its_reminders_and_tells_the_patient(way: str) -> None:
    case = booked_with_reminders()
    assert case.appointment is not None
    if way == "stop":
        stop(case.number, staff_id=case.coordinator.id, reason=REASON, exit_kind=None)
    else:
        reroute(case.number, to=R.READY_TO_OFFER, staff_id=case.coordinator.id, reason=REASON)
    [slot] = rows(Slot, id=case.appointment.slot_id)
    assert (slot.status, slot.case_number) == (SlotStatus.OPEN, None)
    assert rows(Appointment)[0].status is AppointmentStatus.CANCELLED
    messages = rows(OutboxMessage, case_number=case.number)
    assert [one.status for one in messages if one.template == "appointment_reminder"] == [MessageStatus.DROPPED] * 2
    assert [one.status for one in messages if one.template == "booking_confirmed"] == [MessageStatus.QUEUED]
    assert [one.facts for one in messages if one.template == "booking_cancelled"] == [
        {"appointment_id": case.appointment.id}
    ]
    assert rows(OutboxMessage, case_number="RF-other")[0].status is MessageStatus.QUEUED


# -- reroute


@with_home
@pytest.mark.parametrize("status", OPEN)
def test_reroute_goes_to_every_target_it_names_and_to_no_other(status: ReferralStatus) -> None:
    case = make_case_at(status)
    offered = reroute_targets(case.referral)
    refused = next(to for to in R if to not in offered and to != R.CLOSED_WITHDRAWN)
    with pytest.raises(NotAllowed):
        reroute(case.number, to=refused, staff_id=case.coordinator.id, reason=REASON)
    if offered:
        reroute(case.number, to=offered[-1], staff_id=case.coordinator.id, reason=REASON)
        assert (case_now(case).status, case_now(case).came_from) == (offered[-1], status)
        assert words_of(case) == REASON


@with_home
@pytest.mark.parametrize("status", [R.RISK_REVIEW, R.ASSIGNMENT, R.OFFERED, R.WAITLISTED, R.BOOKED, R.MISSED])
def test_case_sent_to_be_screened_is_not_cleared_any_more(status: ReferralStatus) -> None:
    case = make_case_at(status)
    reroute(case.number, to=R.READY_TO_SCREEN, staff_id=case.clinician.id, reason=REASON)
    assert (case_now(case).status, case_now(case).risk_cleared) == (R.READY_TO_SCREEN, False)


PAST_THE_REVIEW = {R.READY_TO_MATCH, R.ASSIGNMENT, R.READY_TO_OFFER, R.OFFERED, R.WAITLISTED, R.BOOKED, R.MISSED}


def a_case(status: ReferralStatus, cleared: bool, clinician_id: str | None) -> Referral:
    return Referral(
        case_number="RF-1",
        patient_id="PT-1",
        location_id="LOC-1",
        external_key="k",
        source="test",
        received_at=utc_now(),
        status=status,
        risk_cleared=cleared,
        clinician_id=clinician_id,
    )


@examples(st.sampled_from(list(R)), st.booleans(), st.sampled_from([None, "ST-1"]))
@how(max_examples=200, deadline=None)
def test_reroute_never_passes_a_risk_review_that_was_not_signed(
    status: ReferralStatus, cleared: bool, clinician_id: str | None
) -> None:
    offered = set(targets(a_case(status, cleared, clinician_id), cleared=cleared))
    assert offered <= set(REFERRAL[status])
    assert cleared or not offered & PAST_THE_REVIEW
    assert status != R.RISK_REVIEW or offered == {R.READY_TO_SCREEN}
    assert clinician_id or R.READY_TO_OFFER not in offered
    assert not {to for to in offered if to.is_closed or to.value.startswith("risk")}


@with_home
@pytest.mark.parametrize("status", OPEN)
def test_uncleared_case_is_never_rerouted_past_its_review(status: ReferralStatus) -> None:
    case = make_case_at(status, risk_cleared=False, slots=0, to_do=False)
    for to in sorted(PAST_THE_REVIEW):
        with pytest.raises(NotAllowed):
            reroute(case.number, to=to, staff_id=case.coordinator.id, reason=REASON)
    assert case_now(case).status is status


# -- who may


@with_home
@pytest.mark.parametrize("role", list(Role))
def test_steering_is_for_coordinators_clinicians_and_the_admin(role: Role) -> None:
    case = make_case_at(R.WAITLISTED)
    person = make_signer(role, location=case.location)
    if role in (Role.COORDINATOR, Role.CLINICIAN, Role.ADMIN):
        reroute(case.number, to=R.CONTACT_PATIENT, staff_id=person.id, reason=REASON)
        assert case_now(case).status is R.CONTACT_PATIENT
    else:
        with pytest.raises(NotAllowed):
            reroute(case.number, to=R.CONTACT_PATIENT, staff_id=person.id, reason=REASON)


@with_home
def test_refused_person_changes_nothing_and_leaves_no_words() -> None:
    case = make_case_at(R.BOOKED)
    refused = (
        make_signer(Role.COORDINATOR, location=make_location()),
        make_signer(Role.COORDINATOR, location=case.location, active=False),
        make_signer(Role.ANALYST, location=case.location),
    )
    for person in refused:
        with pytest.raises(NotAllowed):
            stop(case.number, staff_id=person.id, reason=REASON, exit_kind=None)
        with pytest.raises(NotAllowed):
            reroute(case.number, to=R.CONTACT_PATIENT, staff_id=person.id, reason=REASON)
        with pytest.raises(NotAllowed):
            record_outcome(case.number, staff_id=person.id, outcome=ToDoOutcome.ATTENDED)
        with pytest.raises(NotAllowed):
            book_by_hand(case.number, slot_id=case.slots[1].id, staff_id=person.id)
    assert case_now(case).status is R.BOOKED
    assert [event.action for event in rows(AuditEvent) if event.action == "case.moved"] == []
    with therapy_store.writing() as db:
        assert db.exec(select(therapy_store.ToDoWords)).all() == []


@with_home
@pytest.mark.parametrize("reason", ["", "  \n"])
def test_stop_and_reroute_need_a_reason(reason: str) -> None:
    case = make_case_at(R.RISK_REVIEW)
    with pytest.raises(ValueError, match="a reason is needed"):
        stop(case.number, staff_id=case.coordinator.id, reason=TherapyText(reason), exit_kind=None)
    with pytest.raises(ValueError, match="a reason is needed"):
        reroute(case.number, to=R.CONTACT_PATIENT, staff_id=case.coordinator.id, reason=TherapyText(reason))
    assert case_now(case).status is R.RISK_REVIEW


# -- what nobody has signed for, and what nobody has read


def clinicians_work(case: MadeCase) -> list[tuple[Any, ...]]:
    """The clinicians' to-dos of a case, and who is paged urgently about it."""
    to_dos = [(each.kind, each.status) for each in rows(ToDo, case_number=case.number, role=Role.CLINICIAN)]
    pages = [each.to_staff_id for each in rows(OutboxMessage, case_number=case.number, urgent=True)]
    return [to_dos, pages]


def flagged(case: MadeCase, level: str) -> None:
    flag = therapy_store.RiskFlag(
        id=f"FL-{case.number}",
        case_number=case.number,
        unique_key="test",
        kind="suicidal_ideation",
        status="present",
        level=level,
        raised_by="item",
        rule_id="test",
        why="test",
        version="test",
    )
    therapy_store.raise_flags(case.number, [flag])


@with_home
@pytest.mark.parametrize("exit_kind", [None, ExitKind.UNREACHABLE])
def test_stopping_an_open_risk_review_leaves_it_with_a_clinician(exit_kind: ExitKind | None) -> None:
    case = make_case_at(R.RISK_REVIEW)
    stop(case.number, staff_id=case.coordinator.id, reason=REASON, exit_kind=exit_kind)
    assert clinicians_work(case) == [[(ToDoKind.WARM_HANDOFF, ToDoStatus.OPEN)], [case.clinician.id]]


@with_home
@pytest.mark.parametrize(("level", "told"), [("low", False), ("moderate", True), ("high", True)])
def test_stopping_or_rerouting_a_flag_that_nobody_reviewed_tells_a_clinician(level: str, told: bool) -> None:
    stopped, rerouted = make_case_at(R.QUESTION_OPEN), make_case_at(R.QUESTION_OPEN)
    for case in (stopped, rerouted):
        flagged(case, level)
    stop(stopped.number, staff_id=stopped.coordinator.id, reason=REASON, exit_kind=None)
    reroute(rerouted.number, to=R.CONTACT_PATIENT, staff_id=rerouted.coordinator.id, reason=REASON)
    for case in (stopped, rerouted):
        expected = [[(ToDoKind.WARM_HANDOFF, ToDoStatus.OPEN)], [case.clinician.id]] if told else [[], []]
        assert clinicians_work(case) == expected


@with_home
def test_reviewed_flag_of_a_stopped_case_is_nobodys_work() -> None:
    case = make_case_at(R.WAITLISTED)
    flagged(case, "high")
    therapy_store.mark_reviewed(case.number, [f"FL-{case.number}"], "AP-1", "ST-1")
    stop(case.number, staff_id=case.coordinator.id, reason=REASON, exit_kind=None)
    assert clinicians_work(case) == [[], []]


@with_home
def test_open_risk_review_is_rerouted_to_its_screening_alone() -> None:
    case = make_case_at(R.RISK_REVIEW)
    with pytest.raises(NotAllowed, match="its risk review is open"):
        reroute(case.number, to=R.CONTACT_PATIENT, staff_id=case.coordinator.id, reason=REASON)
    reroute(case.number, to=R.READY_TO_SCREEN, staff_id=case.coordinator.id, reason=REASON)
    assert case_now(case).status is R.READY_TO_SCREEN


@with_home
def test_case_with_unread_words_is_neither_rerouted_past_its_screening_nor_booked() -> None:
    case = make_case_at(R.MISSED)
    assert R.READY_TO_OFFER in reroute_targets(case.referral)
    therapy_store.add_text(case.number, "patient_words", TherapyText("some words"), source_key="sms:TD-1")
    assert not set(reroute_targets(case.referral)) & PAST_THE_REVIEW
    with pytest.raises(NotAllowed, match="not been read"):
        reroute(case.number, to=R.READY_TO_OFFER, staff_id=case.coordinator.id, reason=REASON)
    with pytest.raises(NotAllowed, match="not been read"):
        book_by_hand(case.number, slot_id=case.slots[0].id, staff_id=case.coordinator.id)
    assert case_now(case).status is R.MISSED


# -- the first session


def begun(case: MadeCase) -> MadeCase:
    """The booked first session of this case began a minute ago."""
    with writing() as db:
        assert case.appointment is not None
        appointment = db.get_one(Appointment, case.appointment.id)
        appointment.starts_at = utc_now() - timedelta(minutes=1)
        db.add(appointment)
    case.appointment = appointment
    return case


@with_home
@pytest.mark.parametrize("outcome", [ToDoOutcome.ATTENDED, ToDoOutcome.NO_SHOW])
def test_outcome_before_the_first_session_begins_is_refused(outcome: ToDoOutcome) -> None:
    case = make_case_at(R.BOOKED)
    with pytest.raises(NotAllowed, match="not begun"):
        record_outcome(case.number, staff_id=case.coordinator.id, outcome=outcome)
    assert (case_now(case).status, rows(Appointment)[0].status) == (R.BOOKED, AppointmentStatus.BOOKED)


@with_home
def test_attended_closes_the_case_with_its_first_session() -> None:
    case = begun(make_case_at(R.BOOKED))
    assert case.appointment is not None
    make_message(case.patient, case_number=case.number, template="appointment_reminder")
    record_outcome(case.number, staff_id=case.clinician.id, outcome=ToDoOutcome.ATTENDED)
    found = case_now(case)
    assert (found.status, found.first_session_at) == (R.CLOSED_ATTENDED, case.appointment.starts_at)
    assert rows(Appointment)[0].status is AppointmentStatus.ATTENDED
    assert rows(Slot, id=case.appointment.slot_id)[0].status is SlotStatus.BOOKED
    assert rows(OutboxMessage)[0].status is MessageStatus.DROPPED
    moved = rows(AuditEvent, action="case.moved")[-1]
    assert moved.details["days"] == (case.appointment.starts_at - case.referral.received_at).days


@with_home
def test_no_show_is_missed_and_asks_a_coordinator() -> None:
    case = begun(make_case_at(R.BOOKED))
    record_outcome(case.number, staff_id=case.clinician.id, outcome=ToDoOutcome.NO_SHOW)
    found = case_now(case)
    assert (found.status, found.first_session_at, found.closed_at) == (R.MISSED, None, None)
    assert rows(Appointment)[0].status is AppointmentStatus.NO_SHOW


@with_home
def test_outcome_is_recorded_once() -> None:
    case = begun(make_case_at(R.BOOKED))
    record_outcome(case.number, staff_id=case.clinician.id, outcome=ToDoOutcome.ATTENDED)
    with pytest.raises(MovedOn):
        record_outcome(case.number, staff_id=case.clinician.id, outcome=ToDoOutcome.NO_SHOW)
    assert case_now(case).status is R.CLOSED_ATTENDED


@with_home
@pytest.mark.parametrize("status", [status for status in OPEN if status != R.BOOKED])
def test_case_without_a_booked_session_has_no_outcome(status: ReferralStatus) -> None:
    case = make_case_at(status)
    with pytest.raises(MovedOn):
        record_outcome(case.number, staff_id=case.clinician.id, outcome=ToDoOutcome.ATTENDED)


@with_home
@pytest.mark.parametrize("status", [R.OFFERED, R.READY_TO_OFFER, R.WAITLISTED, R.MISSED, R.CONTACT_PATIENT])
def test_time_is_booked_by_hand_for_a_patient_on_the_phone(status: ReferralStatus) -> None:
    case = make_case_at(status)
    with writing() as db:
        referral = db.get_one(Referral, case.number)
        referral.risk_cleared, referral.clinician_id = True, case.clinician.id
        db.add(referral)
    book_by_hand(case.number, slot_id=case.slots[0].id, staff_id=case.coordinator.id)
    assert case_now(case).status is R.BOOKED
    [appointment] = rows(Appointment)
    assert (appointment.slot_id, appointment.status) == (case.slots[0].id, AppointmentStatus.BOOKED)
    assert {each.status for each in rows(ToDo)} <= {ToDoStatus.SUPERSEDED}


@with_home
@pytest.mark.parametrize("facts", [{"risk_cleared": False}, {"clinician_id": None}])
def test_booking_by_hand_needs_a_cleared_risk_and_a_clinician(facts: dict[str, Any]) -> None:
    case = make_case_at(R.WAITLISTED, **facts)
    with pytest.raises(NotAllowed):
        book_by_hand(case.number, slot_id=case.slots[0].id, staff_id=case.coordinator.id)
    assert rows(Slot, id=case.slots[0].id)[0].status is SlotStatus.OPEN


@with_home
@pytest.mark.parametrize("status", [R.RECEIVED, R.RISK_REVIEW, R.ASSIGNMENT, R.BOOKED, R.CLOSED_ATTENDED])
def test_booking_by_hand_is_refused_where_no_time_is_waited_for(status: ReferralStatus) -> None:
    case = make_case_at(status)
    with writing() as db:
        referral = db.get_one(Referral, case.number)
        referral.risk_cleared, referral.clinician_id = True, case.clinician.id
        db.add(referral)
    with pytest.raises(MovedOn):
        book_by_hand(case.number, slot_id=case.slots[1].id, staff_id=case.coordinator.id)
    assert rows(Slot, id=case.slots[1].id)[0].status is SlotStatus.OPEN


@with_home
def test_taken_or_past_time_is_not_booked_by_hand() -> None:
    case = make_case_at(R.WAITLISTED)
    with writing() as db:
        past, taken = db.get_one(Slot, case.slots[0].id), db.get_one(Slot, case.slots[1].id)
        past.starts_at = utc_now() - timedelta(minutes=1)
        taken.status = SlotStatus.BOOKED
        db.add(past)
        db.add(taken)
    for slot in case.slots:
        with pytest.raises(MovedOn):
            book_by_hand(case.number, slot_id=slot.id, staff_id=case.coordinator.id)
    assert (case_now(case).status, rows(Appointment)) == (R.WAITLISTED, [])
