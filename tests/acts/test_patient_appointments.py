"""What a patient in ongoing care does with one appointment from its link."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from threading import Barrier

import pytest
from sqlmodel import select

from acts import patient, reminder_wishes
from adapters import portal_links
from adapters.operational_store import reading, writing
from adapters.undelivered import CALL_KEY
from models.codes import (
    AppointmentStatus,
    EpisodeStatus,
    MessageChannel,
    MessageStatus,
    ReferralStatus,
    SlotStatus,
    ToDoKind,
)
from models.columns import utc_now
from models.errors import NotAllowed
from models.operational import (
    Appointment,
    AuditEvent,
    Clinician,
    Episode,
    Location,
    OutboxMessage,
    Patient,
    PortalLink,
    Referral,
    ReminderPreference,
    Slot,
    ToDo,
    WaitlistEntry,
    WaitlistOffer,
)
from rules.reminders import ReminderWish
from tests.factories import BIRTH_DATE, make_case_at, make_patient, make_slot
from tests.visits import make_care, make_visit, make_visit_link

pytestmark = pytest.mark.usefixtures("home")

A, S = AppointmentStatus, SlotStatus


@dataclass
class Opened:
    """Ongoing care with one appointment, whose link a browser has opened with the right birth date."""

    care: Episode
    visit: Appointment
    link: PortalLink
    token: str
    proof: str


def opened(hours_ahead: float = 96, *, care: Episode | None = None, **person: object) -> Opened:
    care = care or make_care(patient=make_patient(**person))
    visit = make_visit(care, hours_ahead=hours_ahead)
    link = make_visit_link(visit).record
    token = portal_links.token_of(link)
    return Opened(care, visit, link, token, patient.verify(token, BIRTH_DATE))


def free_slot(care: Episode, **given: object) -> Slot:
    with reading() as db:
        clinician, place = db.get_one(Clinician, care.clinician_id), db.get_one(Location, care.location_id)
    return make_slot(clinician, place, **given)  # type: ignore[arg-type]


def rows(record: type, **where: object) -> list:
    with reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def now_of(visit: Appointment) -> Appointment:
    return rows(Appointment, id=visit.id)[0]


def test_confirming_is_on_record_once_with_its_moment() -> None:
    case = opened()
    for _ in range(2):
        patient.confirm(case.token, case.proof)
    found = now_of(case.visit)
    assert (found.status, found.confirmed_at is not None) == (A.CONFIRMED, True)
    assert len(rows(AuditEvent, action="appointment.confirmed")) == 1


def test_confirming_what_is_cancelled_changes_nothing() -> None:
    case = opened()
    patient.cancel(case.token, case.proof, wants_new_time=False)
    patient.confirm(case.token, case.proof)
    assert now_of(case.visit).status == A.CANCELLED


@pytest.mark.parametrize(("hours", "status"), [(25, A.CANCELLED), (23, A.LATE_CANCELLED)])
def test_one_tap_cancels_and_opens_the_time_to_others(hours: float, status: AppointmentStatus) -> None:
    case = opened(hours)
    for _ in range(2):
        assert patient.cancel(case.token, case.proof, wants_new_time=False) == status
    [slot] = rows(Slot, clinician_id=case.care.clinician_id)
    assert (slot.status, slot.starts_at, slot.minutes, slot.case_number) == (S.OPEN, case.visit.starts_at, 50, None)
    assert len(rows(AuditEvent, action="slot.freed")) == 1
    assert [each.template for each in rows(OutboxMessage)] == ["booking_cancelled"]
    assert rows(Episode)[0].status == EpisodeStatus.ACTIVE
    assert patient.appointment(case.token, case.proof).may_move


@pytest.mark.parametrize(
    ("status", "of_the_case", "after"),
    [(S.CLOSED, False, S.OPEN), (S.BOOKED, True, S.OPEN), (S.BOOKED, False, S.BOOKED), (S.OPEN, False, S.OPEN)],
)
def test_slot_that_lies_at_the_time_already_is_opened_unless_somebody_else_has_it(
    status: SlotStatus, of_the_case: bool, after: SlotStatus
) -> None:
    case = opened()
    number = case.care.case_number if of_the_case else "RF-other" if status == S.BOOKED else None
    free_slot(case.care, starts_at=case.visit.starts_at, status=status, case_number=number)
    patient.cancel(case.token, case.proof, wants_new_time=False)
    [slot] = rows(Slot)
    assert slot.status == after


def test_cancelling_drops_its_own_reminders_alone() -> None:
    case = opened()
    other = make_visit(case.care, hours_ahead=120)
    for each in (case.visit, other):
        with writing() as db:
            db.add(
                OutboxMessage(
                    id=f"MS-{each.id}",
                    unique_key=each.id,
                    channel=MessageChannel.EMAIL,
                    template="appointment_reminder",
                    case_number=each.case_number,
                    to_patient_id=each.patient_id,
                    facts={"appointment_id": each.id},
                )
            )
    patient.cancel(case.token, case.proof, wants_new_time=False)
    left = {each.facts["appointment_id"]: each.status for each in rows(OutboxMessage, template="appointment_reminder")}
    assert left == {case.visit.id: MessageStatus.DROPPED, other.id: MessageStatus.QUEUED}


def test_link_opens_its_own_appointment_and_no_other() -> None:
    first = opened()
    second = opened(200, care=first.care)
    assert patient.appointment(first.token, first.proof).starts_at == first.visit.starts_at
    patient.cancel(second.token, second.proof, wants_new_time=False)
    assert now_of(first.visit).status == A.BOOKED


def test_link_is_closed_once_expired_and_once_care_has_ended() -> None:
    case = opened()
    with writing() as db:
        db.get_one(PortalLink, case.link.id).expires_at = utc_now()
    with pytest.raises(patient.LinkClosed) as closed:
        patient.confirm(case.token, case.proof)
    assert closed.value.why_not == patient.WhyNot.EXPIRED
    over = opened()
    with writing() as db:
        db.get_one(Episode, over.care.case_number).status = EpisodeStatus.CLOSED_ENDED
    with pytest.raises(patient.LinkClosed) as closed:
        patient.cancel(over.token, over.proof, wants_new_time=False)
    assert closed.value.why_not == patient.WhyNot.MOVED_ON


def test_nothing_can_be_done_once_the_session_has_begun() -> None:
    case = opened(-1)
    for act in (patient.confirm, patient.free_times):
        with pytest.raises(patient.LinkClosed):
            act(case.token, case.proof)
    with pytest.raises(patient.LinkClosed):
        patient.cancel(case.token, case.proof, wants_new_time=False)


def test_ongoing_care_is_not_ended_from_a_link() -> None:
    case = opened()
    with pytest.raises(NotAllowed):
        patient.withdraw(case.token, case.proof)


# -- another time


def test_moving_cancels_the_old_time_books_the_new_and_tells_once() -> None:
    case = opened()
    slot = free_slot(case.care, hours_ahead=120)
    new = patient.move(case.token, case.proof, slot.id)
    assert patient.move(case.token, case.proof, slot.id).id == new.id
    assert (now_of(case.visit).status, now_of(new).replaces_id, new.slot_id) == (A.CANCELLED, case.visit.id, slot.id)
    assert {each.starts_at: each.status for each in rows(Slot)} == {
        slot.starts_at: S.BOOKED,
        case.visit.starts_at: S.OPEN,
    }
    templates = sorted(each.template for each in rows(OutboxMessage))
    assert templates == ["appointment_reminder", "appointment_reminder", "booking_cancelled", "booking_moved"]
    token, proof = patient.moved_to(case.token, case.proof) or ("", "")
    assert patient.appointment(token, proof).starts_at == slot.starts_at
    assert patient.appointment(case.token, case.proof).moved


def test_moving_a_time_that_was_just_cancelled_is_a_new_booking() -> None:
    case = opened()
    patient.cancel(case.token, case.proof, wants_new_time=False)
    [freed] = rows(Slot)
    new = patient.move(case.token, case.proof, freed.id)
    assert new.starts_at == case.visit.starts_at
    assert "booking_confirmed" in {each.template for each in rows(OutboxMessage)}


def test_time_that_is_gone_leaves_the_old_one_standing() -> None:
    case = opened()
    slot = free_slot(case.care, status=S.BOOKED, hours_ahead=120)
    for wanted in (slot.id, "SL-none"):
        with pytest.raises(patient.TimeGone):
            patient.move(case.token, case.proof, wanted)
    assert now_of(case.visit).status == A.BOOKED
    assert [each.status for each in rows(Slot)] == [S.BOOKED]
    assert rows(OutboxMessage) == []


def test_free_times_are_the_same_clinicians_free_and_unheld_ones() -> None:
    case = opened()
    good = free_slot(case.care, hours_ahead=120)
    overlapping = free_slot(case.care, starts_at=case.visit.starts_at + timedelta(minutes=20))
    busy = make_visit(make_care(clinician=None), hours_ahead=130)
    free_slot(case.care, hours_ahead=1)
    free_slot(case.care, hours_ahead=140, status=S.CLOSED)
    free_slot(make_care(), hours_ahead=121)
    make_visit(case.care, hours_ahead=150)
    free_slot(case.care, hours_ahead=150)
    held = free_slot(case.care, hours_ahead=160)
    with writing() as db:
        entry = WaitlistEntry(
            id="WL-1",
            case_number=case.care.case_number,
            patient_id=case.care.patient_id,
            location_id=case.care.location_id,
            priority_by="ST-1",
        )
        db.add(entry)
        db.flush()
        db.add(
            WaitlistOffer(
                id="WO-1",
                entry_id=entry.id,
                case_number=entry.case_number,
                slot_id=held.id,
                batch=1,
                rank=1,
                hold_until=utc_now() + timedelta(hours=1),
            )
        )
    assert busy.clinician_id != case.care.clinician_id
    found = [each.slot_id for each in patient.free_times(case.token, case.proof)]
    assert found == [overlapping.id, good.id]  # its own old time does not stand in its way


def test_two_patients_who_want_one_time_at_once_get_it_once() -> None:
    first = opened()
    second = opened(care=make_care(clinician=None, location=rows(Location)[0]))
    with writing() as db:
        db.get_one(Episode, second.care.case_number).clinician_id = first.care.clinician_id
        db.get_one(Appointment, second.visit.id).clinician_id = first.care.clinician_id
        db.get_one(Appointment, second.visit.id).starts_at += timedelta(hours=5)
    slot = free_slot(first.care, hours_ahead=130)
    together = Barrier(2)

    def want(case: Opened) -> str:
        together.wait()
        try:
            return patient.move(case.token, case.proof, slot.id).id
        except patient.TimeGone:
            return "gone"

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(want, (first, second)))
    assert answers.count("gone") == 1
    booked = [each for each in rows(Appointment, slot_id=slot.id) if each.status == A.BOOKED]
    assert len(booked) == 1
    assert sum(now_of(each.visit).status == A.BOOKED for each in (first, second)) == 1


def test_first_session_can_be_moved_in_time_and_its_case_stays_booked() -> None:
    case = make_case_at(ReferralStatus.BOOKED)
    assert case.appointment is not None
    link = make_visit_link(case.appointment).record
    token = portal_links.token_of(link)
    proof = patient.verify(token, case.patient.birth_date)
    new = patient.move(token, proof, case.slots[1].id)
    assert new.replaces_id == case.appointment.id
    assert rows(Referral)[0].status == ReferralStatus.BOOKED
    with writing() as db:
        db.get_one(Appointment, new.id).starts_at = utc_now() + timedelta(hours=23)
    again = patient.moved_to(token, proof)
    assert again is not None
    with pytest.raises(patient.LinkClosed):
        patient.free_times(*again)


def test_wish_to_be_called_is_one_to_do() -> None:
    case = opened()
    for _ in range(2):
        patient.ask_to_be_called(case.token, case.proof)
    [to_do] = rows(ToDo)
    assert (to_do.kind, to_do.unique_key) == (
        ToDoKind.TELL_PATIENT,
        f"{CALL_KEY}{case.care.case_number}:call_wanted:{case.visit.id}",
    )


# -- how they want to be reminded


def test_wish_is_kept_and_what_is_planned_follows_it() -> None:
    case = opened(150, phone="+15035550177")
    slot = free_slot(case.care, hours_ahead=160)
    new = patient.move(case.token, case.proof, slot.id)
    token, proof = patient.moved_to(case.token, case.proof) or ("", "")
    wish = ReminderWish((48,), MessageChannel.SMS, (17, 21))
    reminder_wishes.set_by_visitor(token, proof, wish, "es")
    queued = [each for each in rows(OutboxMessage, template="appointment_reminder") if each.status == "queued"]
    assert [(each.channel, each.facts["appointment_id"]) for each in queued] == [(MessageChannel.SMS, new.id)]
    assert rows(Patient)[0].language == "es"
    assert reminder_wishes.wished_by(case.care.patient_id).wish == wish
    assert rows(ReminderPreference)[0].set_by == f"patient:{case.care.patient_id}"


@pytest.mark.parametrize(
    ("person", "channel"),
    [
        ({"phone": None}, MessageChannel.SMS),
        ({"phone": "+15035550177", "sms_stopped_at": utc_now()}, MessageChannel.SMS),
        ({"email": None}, MessageChannel.EMAIL),
    ],
)
def test_channel_that_cannot_reach_the_patient_is_refused(person: dict, channel: MessageChannel) -> None:
    case = opened(**person)
    with pytest.raises(ValueError, match=r"text messages|e-mail"):
        reminder_wishes.set_by_visitor(case.token, case.proof, ReminderWish(channel=channel), "en")
    assert rows(ReminderPreference) == []
