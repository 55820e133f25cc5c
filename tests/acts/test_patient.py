"""Tests of what a patient does with a link: the birth date, the questions, the times."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Barrier

import pytest
from sqlmodel import select

from acts import patient
from acts.booking import agreed_modality, book
from adapters import portal_links, therapy_store
from adapters.operational_store import reading, writing
from models.codes import (
    AppointmentStatus,
    LinkPurpose,
    MessageChannel,
    MessageStatus,
    Modality,
    OfferStatus,
    ReferralStatus,
    Role,
    SlotStatus,
    ToDoKind,
    ToDoStatus,
)
from models.columns import utc_now
from models.errors import ContractBroken, MovedOn, NotAllowed
from models.measures import Measure
from models.operational import (
    Appointment,
    AuditEvent,
    Clinician,
    Location,
    Offer,
    OutboxMessage,
    Patient,
    PortalLink,
    Referral,
    Slot,
    Staff,
    ToDo,
)
from models.therapy_text import TherapyText
from tests.factories import (
    BIRTH_DATE,
    make_clinician,
    make_location,
    make_offer,
    make_patient,
    make_portal_link,
    make_referral,
    make_slot,
)

pytestmark = pytest.mark.usefixtures("home")

R = ReferralStatus
CALM = {
    Measure.PHQ9: dict.fromkeys(range(1, 10), 0) | {1: 2},
    Measure.GAD7: dict.fromkeys(range(1, 8), 1),
    Measure.CSSRS_SCREENER: {1: 0, 2: 0, 6: 0},
}
CHOICES = patient.IntakeChoices(("tue-eve",), Modality.TELEHEALTH, "es", True, True)


@dataclass
class Opened:
    """A case with a link that a browser has opened with the right birth date."""

    referral: Referral
    patient: Patient
    location: Location
    link: PortalLink
    token: str
    proof: str


def opened(
    purpose: LinkPurpose,
    *,
    clinician: Clinician | None = None,
    location: Location | None = None,
    person: Patient | None = None,
) -> Opened:
    place, who = location or make_location(), person or make_patient()
    referral = make_referral(
        {
            LinkPurpose.QUESTIONNAIRES: R.QUESTIONNAIRES_REQUESTED,
            LinkPurpose.CHOOSE_TIME: R.OFFERED,
            LinkPurpose.APPOINTMENT: R.BOOKED,
        }[purpose],
        patient=who,
        location=place,
        clinician_id=clinician.id if clinician else None,
        risk_cleared=True,
    )
    link = make_portal_link(referral, purpose).record
    token = portal_links.token_of(link)
    return Opened(referral, who, place, link, token, patient.verify(token, BIRTH_DATE))


def offered(hours_ahead: float = 96, times: int = 2, **person: object) -> tuple[Opened, list[Offer]]:
    place = make_location()
    clinician = make_clinician(location=place)
    case = opened(LinkPurpose.CHOOSE_TIME, clinician=clinician, location=place, person=make_patient(**person))
    slots = [make_slot(clinician, place, hours_ahead=hours_ahead + 24 * each) for each in range(times)]
    return case, [make_offer(case.referral, slot) for slot in slots]


def booked(hours_ahead: float = 96, **person: object) -> tuple[Opened, Appointment]:
    """A case whose patient chose a time, with the link of the confirmation opened."""
    case, offers = offered(hours_ahead, times=1, **person)
    made = patient.choose(case.token, case.proof, offers[0].id)
    with reading() as db:
        link = db.exec(
            select(PortalLink).where(
                PortalLink.case_number == case.referral.case_number,
                PortalLink.purpose == LinkPurpose.APPOINTMENT,
            )
        ).one()
    case.link, case.token = link, portal_links.token_of(link)
    case.proof = patient.verify(case.token, BIRTH_DATE)
    return case, made


def case_now(case: Opened) -> Referral:
    with reading() as db:
        return db.exec(select(Referral).where(Referral.case_number == case.referral.case_number)).one()


def rows(record: type, **where: object) -> list:
    with reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def audited(case: Opened) -> list[str]:
    return [event.action for event in rows(AuditEvent, case_number=case.referral.case_number)]


def move_clock(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    """Let the acts see a later moment."""
    now: Callable[[], datetime] = lambda: datetime.now(tz=utc_now().tzinfo) + by  # noqa: E731
    for module in (
        "patient_visit",
        "patient_times",
        "patient_appointments",
        "patient_answers",
        "booking",
        "appointments",
    ):
        monkeypatch.setattr(f"acts.{module}.utc_now", now)


# -- links and the birth date


def test_link_state_of_a_forged_token_is_unknown() -> None:
    case = opened(LinkPurpose.QUESTIONNAIRES)
    # in the middle of the signature: the last character of base64 may carry no bit of it
    at = len(case.token) - 10
    forged = case.token[:at] + ("A" if case.token[at] != "A" else "B") + case.token[at + 1 :]
    assert patient.link_state(forged) == patient.LinkState(False, None, patient.WhyNot.UNKNOWN)
    assert patient.link_state(case.token).usable


@pytest.mark.parametrize(
    ("change", "why_not"),
    [
        ({}, None),
        ({"used_at": utc_now()}, patient.WhyNot.USED),
        ({"revoked": True}, patient.WhyNot.REVOKED),
        ({"expires_at": utc_now() - timedelta(seconds=1)}, patient.WhyNot.EXPIRED),
        ({"failed_checks": 5}, patient.WhyNot.LOCKED),
        ({"failed_checks": 4}, None),
    ],
)
def test_link_state_says_why_a_link_is_closed(change: dict, why_not: patient.WhyNot | None) -> None:
    case = opened(LinkPurpose.QUESTIONNAIRES)
    with writing() as db:
        link = db.get(PortalLink, case.link.id)
        assert link is not None
        for name, value in change.items():
            setattr(link, name, value)
        db.add(link)
    assert patient.link_state(case.token).why_not == why_not


def test_link_of_a_case_that_moved_on_is_closed() -> None:
    referral = make_referral(R.RISK_REVIEW)
    token = portal_links.token_of(make_portal_link(referral, LinkPurpose.QUESTIONNAIRES).record)
    assert patient.link_state(token).why_not == patient.WhyNot.MOVED_ON


def test_verify_locks_the_link_at_the_fifth_wrong_date() -> None:
    case = opened(LinkPurpose.QUESTIONNAIRES)
    for _ in range(4):
        with pytest.raises(NotAllowed):
            patient.verify(case.token, date(1990, 4, 24))
    assert patient.link_state(case.token).usable
    with pytest.raises(patient.LinkClosed) as closed:
        patient.verify(case.token, date(1990, 4, 24))
    assert closed.value.why_not == patient.WhyNot.LOCKED
    with pytest.raises(patient.LinkClosed):
        patient.verify(case.token, BIRTH_DATE)
    assert audited(case).count("portal.refused") == 4
    assert "portal.locked" in audited(case)


def test_proof_opens_only_its_own_link() -> None:
    one, other = opened(LinkPurpose.QUESTIONNAIRES), opened(LinkPurpose.QUESTIONNAIRES)
    with pytest.raises(NotAllowed):
        patient.questions(one.token, other.proof)
    with pytest.raises(NotAllowed):
        patient.questions(one.token, None)
    assert patient.questions(one.token, one.proof).measures


def test_link_does_only_what_it_was_made_for() -> None:
    case = opened(LinkPurpose.QUESTIONNAIRES)
    with pytest.raises(NotAllowed):
        patient.offered_times(case.token, case.proof)
    with pytest.raises(NotAllowed):
        patient.confirm(case.token, case.proof)


# -- the questions


def test_answers_of_one_page_are_kept_and_come_back() -> None:
    case = opened(LinkPurpose.QUESTIONNAIRES)
    outcome = patient.answer(case.token, case.proof, {Measure.PHQ9: {1: 3, 2: 0}})
    assert not outcome.complete
    assert outcome.missing == ("phq9", "gad7", "cssrs_screener", "choices")
    patient.answer(case.token, case.proof, {Measure.PHQ9: {2: 1}}, TherapyText("I sleep badly"))
    asked = patient.questions(case.token, case.proof)
    assert asked.drafts[Measure.PHQ9] == {1: 3, 2: 1}
    assert asked.words == TherapyText("I sleep badly")
    assert case_now(case).status == R.QUESTIONNAIRES_REQUESTED


def test_answers_finish_only_when_nothing_is_missing() -> None:
    case = opened(LinkPurpose.QUESTIONNAIRES)
    early = patient.answer(case.token, case.proof, {Measure.PHQ9: CALM[Measure.PHQ9]}, None, CHOICES)
    assert not early.complete
    assert early.missing == ("gad7", "cssrs_screener")
    done = patient.answer(case.token, case.proof, CALM, TherapyText("words"), CHOICES)
    assert done == patient.AnswerOutcome(True, (), False)

    referral, person = case_now(case), rows(Patient, id=case.patient.id)[0]
    assert referral.status == R.READY_TO_SCREEN
    assert referral.wake_wanted
    assert (referral.modality, referral.preferred_times) == (Modality.TELEHEALTH, ["tue-eve"])
    assert referral.needs_accessible
    assert (person.language, person.consent_ai, person.consent_ai_on) == ("es", True, utc_now().date())
    assert therapy_store.measures_complete(referral.case_number) == {"phq9", "gad7", "cssrs_screener"}
    assert "portal.answers_complete" in audited(case)
    again = patient.answer(case.token, case.proof, {Measure.PHQ9: {1: 0}}, None, CHOICES)
    assert again == done
    assert patient.link_state(case.token).why_not == patient.WhyNot.USED


def test_answers_refuse_a_value_no_option_has() -> None:
    case = opened(LinkPurpose.QUESTIONNAIRES)
    with pytest.raises(ContractBroken):
        patient.answer(case.token, case.proof, {Measure.PHQ9: {1: 4}})
    assert patient.questions(case.token, case.proof).drafts == {}


def test_questions_leave_out_a_measure_that_came_complete() -> None:
    case = opened(LinkPurpose.QUESTIONNAIRES)
    therapy_store.keep_answers(
        case.referral.case_number,
        "gad7",
        "gad7-en-1",
        CALM[Measure.GAD7],
        source_key="file",
        complete=True,
        total=7,
        band="mild",
    )
    assert patient.questions(case.token, case.proof).measures == (Measure.PHQ9, Measure.CSSRS_SCREENER)


@pytest.mark.parametrize(
    ("answers", "shown"),
    [
        ({Measure.PHQ9: {9: 0}}, False),
        ({Measure.PHQ9: {9: 1}}, True),
        ({Measure.PHQ9: {1: 3}}, False),
        ({Measure.CSSRS_SCREENER: {1: 0, 2: 0}}, False),
        ({Measure.CSSRS_SCREENER: {1: 1}}, True),
        ({Measure.CSSRS_SCREENER: {6: 1}}, True),
    ],
)
def test_answers_show_crisis_resources_where_the_rules_say(answers: dict, shown: bool) -> None:
    case = opened(LinkPurpose.QUESTIONNAIRES)
    assert patient.answer(case.token, case.proof, answers).show_crisis is shown
    assert patient.questions(case.token, case.proof).show_crisis is shown


def test_flagged_unfinished_answers_reach_a_clinician_until_they_are_finished() -> None:
    place = make_location()
    on_call = make_clinician(location=place, on_call=True)
    make_clinician(location=make_location(), on_call=True)
    case = opened(LinkPurpose.QUESTIONNAIRES, location=place)
    for _ in range(2):
        patient.answer(case.token, case.proof, {Measure.CSSRS_SCREENER: {1: 1}})
    to_do = rows(ToDo, case_number=case.referral.case_number)
    pages = rows(OutboxMessage, case_number=case.referral.case_number)
    assert [(each.kind, each.status) for each in to_do] == [(ToDoKind.WARM_HANDOFF, ToDoStatus.OPEN)]
    assert [(page.to_staff_id, page.channel, page.urgent) for page in pages] == [
        (on_call.id, MessageChannel.PAGE, True)
    ]
    assert pages[0].not_before > utc_now() + timedelta(minutes=14)

    all_given = {**CALM, Measure.CSSRS_SCREENER: {1: 1, 2: 0, 6: 0}}
    assert patient.answer(case.token, case.proof, all_given, None, CHOICES).complete
    assert rows(ToDo, case_number=case.referral.case_number)[0].status == ToDoStatus.SUPERSEDED
    assert rows(OutboxMessage, case_number=case.referral.case_number)[0].status == MessageStatus.DROPPED


WORRYING_WORDS = TherapyText("I am going to kill myself tonight.")


@pytest.mark.parametrize(
    ("words", "alerted"), [(WORRYING_WORDS, True), (TherapyText("I would like some help with my week."), False)]
)
def test_unfinished_words_are_read_with_the_same_alert_as_flagged_answers(words: TherapyText, alerted: bool) -> None:
    place = make_location()
    on_call = make_clinician(location=place, on_call=True)
    case = opened(LinkPurpose.QUESTIONNAIRES, location=place)
    patient.answer(case.token, case.proof, {}, words)
    patient.answer(case.token, case.proof, {Measure.GAD7: {1: 0}})
    to_do = rows(ToDo, case_number=case.referral.case_number)
    pages = rows(OutboxMessage, case_number=case.referral.case_number)
    assert [each.kind for each in to_do] == ([ToDoKind.WARM_HANDOFF] if alerted else [])
    assert [page.to_staff_id for page in pages] == ([on_call.id] if alerted else [])
    assert all(page.not_before > utc_now() + timedelta(minutes=14) for page in pages)

    assert patient.answer(case.token, case.proof, CALM, None, CHOICES).complete
    assert [each.status for each in rows(ToDo)] == ([ToDoStatus.SUPERSEDED] if alerted else [])


def test_unfinished_alert_pages_every_clinician_of_the_place_when_nobody_is_on_call() -> None:
    place = make_location()
    here = [make_clinician(location=place).id for _ in range(2)]
    make_clinician(location=make_location())
    case = opened(LinkPurpose.QUESTIONNAIRES, location=place)
    patient.answer(case.token, case.proof, {Measure.CSSRS_SCREENER: {1: 1}})
    pages = rows(OutboxMessage, case_number=case.referral.case_number)
    assert sorted(page.to_staff_id for page in pages) == sorted(here)


def test_alert_stands_before_the_answers_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    case = opened(LinkPurpose.QUESTIONNAIRES)
    monkeypatch.setattr(therapy_store, "keep_answers", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        patient.answer(case.token, case.proof, {Measure.PHQ9: {9: 3}})
    assert [each.kind for each in rows(ToDo)] == [ToDoKind.WARM_HANDOFF]


def test_withdrawing_leaves_the_clinicians_to_do_about_a_flagged_answer() -> None:
    case = opened(LinkPurpose.QUESTIONNAIRES)
    patient.answer(case.token, case.proof, {Measure.PHQ9: {9: 3}})
    patient.withdraw(case.token, case.proof)
    patient.withdraw(case.token, case.proof)
    assert case_now(case).status == R.CLOSED_WITHDRAWN
    assert rows(ToDo, case_number=case.referral.case_number)[0].status == ToDoStatus.OPEN


@pytest.mark.parametrize(("state", "asked"), [("OR", True), ("IL", False), (None, True)])
def test_questions_ask_consent_only_where_it_can_matter(state: str | None, asked: bool) -> None:
    case = opened(LinkPurpose.QUESTIONNAIRES, person=make_patient(state=state))
    assert patient.questions(case.token, case.proof).ask_consent is asked


# -- the times


def test_offered_times_are_free_ahead_and_in_the_patients_zone() -> None:
    case, offers = offered(times=3, time_zone="America/New_York")
    with writing() as db:
        slot = db.get(Slot, offers[1].slot_id)
        assert slot is not None
        slot.status = SlotStatus.CLOSED
        db.add(slot)
    times = patient.offered_times(case.token, case.proof)
    assert [each.offer_id for each in times] == [offers[0].id, offers[2].id]
    assert {each.zone for each in times} == {"America/New_York"}
    assert times[0].credential == "LCSW"


def test_choose_books_the_time_and_tells_the_patient() -> None:
    case, offers = offered(hours_ahead=24 * 7)
    made = patient.choose(case.token, case.proof, offers[0].id)
    number = case.referral.case_number
    assert case_now(case).status == R.BOOKED
    assert made.status == AppointmentStatus.BOOKED
    assert rows(Slot, id=made.slot_id)[0].case_number == number
    assert [offer.status for offer in sorted(rows(Offer, case_number=number), key=lambda o: o.offered_at)] == [
        OfferStatus.ACCEPTED,
        OfferStatus.REVOKED,
    ]
    messages = sorted(rows(OutboxMessage, case_number=number), key=lambda each: each.not_before)
    assert [each.template for each in messages] == [
        "booking_confirmed",
        "appointment_reminder",
        "appointment_reminder",
    ]
    assert patient.choose(case.token, case.proof, offers[0].id).id == made.id
    assert len(rows(Appointment, case_number=number)) == 1
    assert len(rows(OutboxMessage, case_number=number)) == 3


def test_choose_gives_one_slot_to_one_case_only() -> None:
    first, offers = offered(times=1)
    place = make_location()
    slot = rows(Slot, id=offers[0].slot_id)[0]
    clinician = rows(Clinician, id=slot.clinician_id)[0]
    second = opened(LinkPurpose.CHOOSE_TIME, clinician=clinician, location=place)
    with_one_left = opened(LinkPurpose.CHOOSE_TIME, clinician=clinician, location=place)
    lost = make_offer(second.referral, slot)
    lost_too = make_offer(with_one_left.referral, slot)
    kept = make_offer(with_one_left.referral, make_slot(clinician, place, hours_ahead=200))
    patient.choose(first.token, first.proof, offers[0].id)

    assert rows(Offer, id=lost.id)[0].status == OfferStatus.REVOKED
    assert case_now(second).status == R.READY_TO_OFFER
    with pytest.raises(patient.TimeTaken) as all_taken:
        patient.choose(second.token, second.proof, lost.id)
    assert not all_taken.value.others_left
    with pytest.raises(patient.TimeTaken) as taken:
        patient.choose(with_one_left.token, with_one_left.proof, lost_too.id)
    assert taken.value.others_left
    times = patient.offered_times(with_one_left.token, with_one_left.proof)
    assert [each.offer_id for each in times] == [kept.id]


def test_choose_another_time_after_booking_is_refused_without_blaming_anybody() -> None:
    case, offers = offered()
    patient.choose(case.token, case.proof, offers[0].id)
    with pytest.raises(patient.LinkClosed) as closed:
        patient.choose(case.token, case.proof, offers[1].id)
    assert closed.value.why_not == patient.WhyNot.USED


def test_choose_at_the_same_moment_lets_one_patient_win() -> None:
    place = make_location()
    clinician = make_clinician(location=place)
    slot = make_slot(clinician, place)
    cases = [opened(LinkPurpose.CHOOSE_TIME, clinician=clinician, location=place) for _ in range(4)]
    offers = [make_offer(case.referral, slot) for case in cases]
    together = Barrier(len(cases))

    def choose(case: Opened, offer: Offer) -> str:
        together.wait(timeout=10)
        try:
            patient.choose(case.token, case.proof, offer.id)
        except patient.TimeTaken:
            return "lost"
        return "won"

    with ThreadPoolExecutor(len(cases)) as pool:
        outcomes = list(pool.map(choose, cases, offers))
    assert sorted(outcomes) == ["lost", "lost", "lost", "won"]
    assert len(rows(Appointment)) == 1
    assert sorted(case_now(case).status for case in cases) == [R.BOOKED, *[R.READY_TO_OFFER] * 3]


def test_choose_loses_a_slot_that_was_taken_behind_its_offer() -> None:
    case, offers = offered(times=1)
    with writing() as db:
        slot = db.get(Slot, offers[0].slot_id)
        assert slot is not None
        slot.status = SlotStatus.BOOKED
        db.add(slot)
    with pytest.raises(patient.TimeTaken) as taken:
        patient.choose(case.token, case.proof, offers[0].id)
    assert not taken.value.others_left
    assert rows(Offer, id=offers[0].id)[0].status == OfferStatus.REVOKED
    assert case_now(case).status == R.READY_TO_OFFER
    assert rows(Appointment) == []


def test_choose_refuses_the_offer_of_another_case() -> None:
    case, _ = offered()
    _, others = offered()
    with pytest.raises(patient.LinkClosed):
        patient.choose(case.token, case.proof, others[0].id)
    assert rows(Slot, id=others[0].slot_id)[0].status == SlotStatus.OPEN


def test_book_refuses_a_time_that_overlaps_another_booking_of_the_clinician() -> None:
    case, appointment = booked()
    slot = rows(Slot, id=appointment.slot_id)[0]
    clinician = rows(Clinician, id=slot.clinician_id)[0]
    rival = make_referral(R.WAITLISTED, clinician_id=clinician.id, location=case.location)
    overlapping = make_slot(clinician, case.location, starts_at=slot.starts_at + timedelta(minutes=49))
    touching = make_slot(clinician, case.location, starts_at=slot.starts_at + timedelta(minutes=50))
    with pytest.raises(MovedOn), writing() as db:
        book(db, db.merge(rival), overlapping.id, "ST-1")
    with writing() as db:
        assert book(db, db.merge(rival), touching.id, "ST-1").slot_id == touching.id


@pytest.mark.parametrize("status", [R.OFFERED, R.READY_TO_OFFER, R.WAITLISTED, R.MISSED, R.CONTACT_PATIENT])
def test_book_by_phone_reaches_booked_from_every_waiting_status(status: ReferralStatus) -> None:
    place = make_location()
    clinician = make_clinician(location=place)
    referral = make_referral(status, clinician_id=clinician.id, location=place)
    slot = make_slot(clinician, place)
    with writing() as db:
        book(db, db.merge(referral), slot.id, "ST-1")
    assert rows(Referral, case_number=referral.case_number)[0].status == R.BOOKED


def test_book_refuses_the_time_of_a_clinician_who_was_not_signed_for() -> None:
    place = make_location()
    slot = make_slot(make_clinician(location=place), place)
    referral = make_referral(R.OFFERED, clinician_id=make_clinician(location=place).id, location=place)
    with pytest.raises(NotAllowed), writing() as db:
        book(db, db.merge(referral), slot.id, "ST-1")
    assert rows(Slot, id=slot.id)[0].status == SlotStatus.OPEN


@pytest.mark.parametrize(
    ("offered_as", "wished", "agreed"),
    [
        (Modality.OFFICE, Modality.TELEHEALTH, Modality.OFFICE),
        (Modality.EITHER, Modality.TELEHEALTH, Modality.TELEHEALTH),
        (Modality.EITHER, Modality.EITHER, Modality.EITHER),
    ],
)
def test_agreed_modality_never_guesses(offered_as: Modality, wished: Modality, agreed: Modality) -> None:
    assert agreed_modality(offered_as, wished) is agreed


def test_none_suit_moves_the_case_to_the_waitlist_once() -> None:
    case, offers = offered()
    patient.none_suit(case.token, case.proof)
    patient.none_suit(case.token, case.proof)
    assert case_now(case).status == R.WAITLISTED
    assert {offer.status for offer in rows(Offer, case_number=case.referral.case_number)} == {OfferStatus.REVOKED}
    assert [each.template for each in rows(OutboxMessage)] == ["waitlisted"]
    assert rows(Slot, id=offers[0].slot_id)[0].status == SlotStatus.OPEN


def test_confirm_twice_is_once() -> None:
    case, made = booked()
    patient.confirm(case.token, case.proof)
    patient.confirm(case.token, case.proof)
    assert patient.appointment(case.token, case.proof).status == AppointmentStatus.CONFIRMED
    assert audited(case).count("appointment.confirmed") == 1
    assert rows(Appointment, id=made.id)[0].changed_at is not None


@pytest.mark.parametrize(
    ("hours_ahead", "wants_new_time", "status", "case_status"),
    [
        (96, True, AppointmentStatus.CANCELLED, R.READY_TO_OFFER),
        (96, False, AppointmentStatus.CANCELLED, R.CONTACT_PATIENT),
        (23, True, AppointmentStatus.LATE_CANCELLED, R.MISSED),
        (23, False, AppointmentStatus.LATE_CANCELLED, R.MISSED),
    ],
)
def test_cancel_frees_the_time_and_moves_the_case(
    hours_ahead: float, wants_new_time: bool, status: AppointmentStatus, case_status: ReferralStatus
) -> None:
    case, made = booked(hours_ahead)
    for _ in range(2):
        assert patient.cancel(case.token, case.proof, wants_new_time=wants_new_time) == status
    assert case_now(case).status == case_status
    slot = rows(Slot, id=made.slot_id)[0]
    assert (slot.status, slot.case_number) == (SlotStatus.OPEN, None)
    statuses = {each.status for each in rows(OutboxMessage, template="appointment_reminder")}
    assert statuses <= {MessageStatus.DROPPED}
    assert len(rows(OutboxMessage, template="booking_cancelled")) == 1
    assert patient.appointment(case.token, case.proof).status == status


def test_cancel_and_confirm_are_over_once_the_session_has_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    case, made = booked(hours_ahead=48)
    move_clock(monkeypatch, timedelta(hours=49))
    assert patient.appointment(case.token, case.proof).over
    with pytest.raises(patient.LinkClosed):
        patient.confirm(case.token, case.proof)
    with pytest.raises(patient.LinkClosed):
        patient.cancel(case.token, case.proof, wants_new_time=True)
    assert rows(Appointment, id=made.id)[0].status == AppointmentStatus.BOOKED


def test_withdraw_from_a_booking_cancels_it_and_closes_the_case() -> None:
    case, made = booked()
    patient.withdraw(case.token, case.proof)
    assert case_now(case).status == R.CLOSED_WITHDRAWN
    assert rows(Appointment, id=made.id)[0].status == AppointmentStatus.CANCELLED


# -- channels and text messages


@pytest.mark.parametrize(
    ("given", "channel"),
    [
        ({"preferred_channel": "sms"}, MessageChannel.SMS),
        ({"preferred_channel": "sms", "sms_stopped_at": utc_now()}, MessageChannel.EMAIL),
        ({"preferred_channel": "sms", "sms_stopped_at": utc_now(), "email": None}, None),
        ({"preferred_channel": "sms", "phone": None}, MessageChannel.EMAIL),
        ({"preferred_channel": "email"}, MessageChannel.EMAIL),
        ({"preferred_channel": "phone"}, MessageChannel.EMAIL),
        ({"preferred_channel": "phone", "email": None}, None),
    ],
)
def test_none_suit_writes_on_the_patients_channel(given: dict, channel: MessageChannel | None) -> None:
    case, _ = offered(**given)
    patient.none_suit(case.token, case.proof)
    sent = [each.channel for each in rows(OutboxMessage, template="waitlisted")]
    assert sent == ([channel] if channel else [])


def test_a_stop_by_text_message_holds_at_once_and_drops_what_is_queued() -> None:
    case, _ = booked(hours_ahead=24 * 7, preferred_channel="sms")
    assert len(rows(OutboxMessage, channel=MessageChannel.SMS, status=MessageStatus.QUEUED)) == 3
    national = case.patient.phone[2:]
    assert patient.hear_text_message(f"({national[:3]}) {national[3:6]}-{national[6:]}", TherapyText("Stop"))
    assert rows(Patient, id=case.patient.id)[0].sms_stopped_at is not None
    assert rows(OutboxMessage, channel=MessageChannel.SMS, status=MessageStatus.QUEUED) == []
    assert case_now(case).status == R.BOOKED


def test_another_text_message_is_kept_and_put_before_a_person() -> None:
    case, _ = booked()
    assert not patient.hear_text_message(case.patient.phone, TherapyText("I can not go on"))
    kept = therapy_store.texts(case.referral.case_number, actor="test", where="test")
    assert [text.text for text in kept] == [TherapyText("I can not go on")]
    assert [each.kind for each in rows(ToDo)] == [ToDoKind.WARM_HANDOFF]


@pytest.mark.parametrize(("words", "urgent"), [(WORRYING_WORDS, True), (TherapyText("thank you"), False)])
@pytest.mark.parametrize("closed", [False, True])
def test_a_worrying_text_message_pages_at_once_even_when_the_case_is_closed(
    words: TherapyText, urgent: bool, closed: bool
) -> None:
    case, made = booked()
    if closed:
        patient.withdraw(case.token, case.proof)
    assert not patient.hear_text_message(case.patient.phone, words)
    kept = therapy_store.texts(case.referral.case_number, actor="test", where="test")
    assert [text.text for text in kept] == [words]
    [to_do] = rows(ToDo)
    assert (to_do.kind, to_do.role) == (ToDoKind.WARM_HANDOFF, Role.CLINICIAN)
    said = therapy_store.to_do_words(to_do.id, actor="test", where="test")
    assert said is not None and said.question == words
    pages = [page.to_staff_id for page in rows(OutboxMessage, urgent=True)]
    assert (made.clinician_id in pages) is urgent
    assert bool(pages) is urgent


def test_a_text_message_whose_words_could_not_be_kept_is_before_a_clinician(monkeypatch: pytest.MonkeyPatch) -> None:
    case, _ = booked()
    monkeypatch.setattr(therapy_store, "add_text", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        patient.hear_text_message(case.patient.phone, WORRYING_WORDS)
    assert len(rows(ToDo)) == 1


def test_a_text_message_from_an_unknown_number_changes_nothing() -> None:
    case, _ = booked()
    assert patient.hear_text_message("+15035550199", TherapyText("hello")) is False
    assert patient.hear_text_message("not a number", TherapyText("stop")) is False
    assert rows(Patient, id=case.patient.id)[0].sms_stopped_at is None
    assert rows(ToDo) == []


def test_nothing_about_a_person_is_in_the_audit() -> None:
    case, _ = booked()
    with reading() as db:
        details = [str(event.model_dump()) for event in db.exec(select(AuditEvent)).all()]
        name = db.exec(select(Staff.name)).first()
    assert details
    for line in details:
        for secret in (case.patient.family_name, case.patient.email, case.patient.phone, name, "1990"):
            assert secret not in line
