"""Tests of the waitlist: a freed time is offered at once, the first to accept has it, and nobody is left hoping."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from acts import patient, waitlist
from acts.appointments import end_appointment
from acts.cases import book_by_hand
from acts.patient import LinkClosed, WhyNot
from acts.waitlist import TimeGone
from acts.waitlist_offers import enter_waitlist, message_key, offer_times, revoke_waitlist_offers
from adapters import portal_links
from adapters.operational_store import end_entry, leave_waitlist, move_case, reading, writing
from adapters.outbox import send_due
from models.codes import (
    AppointmentStatus,
    EpisodeStatus,
    LinkPurpose,
    MessageStatus,
    Modality,
    ReferralStatus,
    Role,
    SlotStatus,
)
from models.columns import utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import (
    Appointment,
    AuditEvent,
    Episode,
    NoShowEstimate,
    PortalLink,
    PracticeSetting,
    Referral,
    Slot,
    ToDo,
    WaitlistEntry,
    WaitlistOffer,
)
from models.scheduling_codes import WaitlistOfferStatus, WaitlistStatus
from tests.factories import (
    BIRTH_DATE,
    make_appointment,
    make_entry,
    make_episode,
    make_location,
    make_patient,
    make_referral,
    make_signer,
    make_slot,
)
from tests.waiting_list import Practice, messages, now_of, offers, opened, proven

pytestmark = pytest.mark.usefixtures("home")

R = ReferralStatus
W = WaitlistOfferStatus


@pytest.fixture
def practice(home: object) -> Practice:
    return Practice()


def actions(case_number: str | None = None) -> Counter[str]:
    with reading() as db:
        query = select(AuditEvent.action)
        if case_number:
            query = query.where(AuditEvent.case_number == case_number)
        return Counter(db.exec(query).all())


# -- offering


def test_cancelled_time_is_offered_at_once_to_a_small_batch_in_order(practice: Practice) -> None:
    last = practice.waits(priority=3)
    first = practice.waits(priority=1)
    others = [practice.waits(priority=2, since=utc_now() - timedelta(days=8 * each)) for each in range(1, 4)]
    practice.cancel()
    made = offers()
    assert [one.entry_id for one in made] == [first.id, others[2].id, others[1].id]
    assert [(one.batch, one.rank, one.status) for one in made] == [(1, 1, W.OPEN), (1, 2, W.OPEN), (1, 3, W.OPEN)]
    assert "priority 1, set by a person" in made[0].reasons
    assert now_of(WaitlistEntry, first.id).offers == 1 and now_of(WaitlistEntry, last.id).offers == 0
    assert [one.unique_key for one in messages("earlier_time_offered")] == [message_key(one.id) for one in made]
    assert actions(first.case_number)["waitlist_offer.made"] == 1


def test_attended_session_frees_nothing(practice: Practice) -> None:
    practice.waits()
    with writing() as db:
        end_appointment(db, db.get_one(Appointment, practice.booked.id), AppointmentStatus.ATTENDED, "test")
    assert offers() == []


def test_offering_again_makes_no_offer_that_is_there(practice: Practice) -> None:
    for _ in range(2):
        practice.waits()
    practice.cancel()
    before = offers()
    with writing() as db:
        assert offer_times(db, [db.get_one(Slot, practice.slot.id)], utc_now()) == []
    assert offers() == before and len(before) == 2


def test_setting_that_is_broken_keeps_nobody_from_cancelling(practice: Practice) -> None:
    practice.waits()
    with writing() as db:
        db.add(PracticeSetting(name="waitlist", value='{"bach": 2}'))
    practice.cancel()
    assert now_of(Appointment, practice.booked.id).status == AppointmentStatus.CANCELLED
    assert now_of(Slot, practice.slot.id).status == SlotStatus.OPEN
    assert offers() == []


def test_practice_sets_its_own_batch(practice: Practice) -> None:
    for _ in range(3):
        practice.waits()
    with writing() as db:
        db.add(PracticeSetting(name="waitlist", value='{"batch": 1}'))
    practice.cancel()
    assert len(offers()) == 1


def test_likely_miss_deepens_the_batch_and_gives_the_time_away_once(practice: Practice) -> None:
    waiting = [practice.waits(priority=1), *(practice.waits() for _ in range(4))]
    with writing() as db:
        db.add(
            NoShowEstimate(
                appointment_id=str(waiting[0].from_appointment_id), probability=0.6, low=0.4, high=0.8, at=utc_now()
            )
        )
    practice.cancel()
    made = offers()
    assert len(made) == 4 and made[0].reasons[-1] == "may miss it: one more is asked beside them"
    waitlist.accept(*opened(made[3]))
    assert Counter(one.status for one in offers(slot_id=practice.slot.id)) == {W.ACCEPTED: 1, W.REVOKED: 3}


@pytest.mark.parametrize("why", ["another clinician", "busy then", "not earlier", "other place", "care ended"])
def test_who_cannot_have_the_time_is_not_offered_it(practice: Practice, why: str) -> None:
    case = practice.in_care()
    given: dict[str, Any] = {}
    if why == "another clinician":
        given["clinician_id"] = make_signer(location=practice.place).id
    elif why == "busy then":
        colleague = make_signer(location=practice.place)
        make_appointment(case, make_slot(colleague, practice.place))  # type: ignore[arg-type]
    elif why == "not earlier":
        sooner = make_slot(practice.clinician, practice.place, hours_ahead=48)  # type: ignore[arg-type]
        given["from_appointment_id"] = make_appointment(case, sooner).id  # type: ignore[arg-type]
    elif why == "other place":
        given |= {"location_id": make_location().id, "modality": Modality.OFFICE}
    make_entry(case, **given)
    if why == "care ended":
        with writing() as db:
            case = db.get_one(Episode, case.case_number)
            case.status = EpisodeStatus.CLOSED_ENDED
            db.add(case)
    practice.cancel()
    assert offers() == []


def test_any_clinician_who_fits_may_be_offered(practice: Practice) -> None:
    colleague = make_signer(location=practice.place)
    fits = make_episode(clinician=colleague, location=practice.place, patient=make_patient(self_pay=True))
    other = make_episode(
        clinician=colleague, location=practice.place, patient=make_patient(self_pay=True, language="vi")
    )
    for case in (fits, other):
        make_entry(case, clinician_id=None)
    practice.cancel()
    [made] = offers()
    assert made.case_number == fits.case_number and "with a clinician who fits" in made.reasons
    booked = waitlist.accept(*opened(made))
    assert (booked.clinician_id, booked.case_number) == (practice.clinician.id, fits.case_number)


def test_time_that_the_clinician_has_filled_otherwise_is_not_offered(practice: Practice) -> None:
    practice.waits()
    with writing() as db:
        slot = db.get_one(Slot, practice.slot.id)
        beside = Appointment.model_validate(
            practice.booked.model_dump() | {"id": "AT-beside", "slot_id": None}, update={"starts_at": slot.starts_at}
        )
        db.add(beside)
    practice.cancel()
    assert offers() == []


def test_patient_without_a_written_channel_is_called(practice: Practice) -> None:
    entry = practice.waits(email=None, preferred_channel="phone")
    practice.cancel()
    [made] = offers()
    assert made.entry_id == entry.id and messages("earlier_time_offered") == []
    with reading() as db:
        [to_do] = db.exec(select(ToDo)).all()
    assert (to_do.case_number, to_do.role) == (entry.case_number, Role.COORDINATOR)
    assert to_do.due_at <= made.hold_until


# -- accepting


def test_accepted_time_replaces_the_later_one_whose_time_is_offered_on(practice: Practice) -> None:
    winner, other = practice.waits(), practice.waits()
    behind = practice.in_care()
    far = practice.later(behind)
    practice.cancel()
    make_entry(behind, from_appointment_id=far.id)
    booked = waitlist.accept(*opened(offers(entry_id=winner.id)[0]))
    later = now_of(Appointment, str(winner.from_appointment_id))
    assert (booked.slot_id, booked.replaces_id, booked.case_number) == (practice.slot.id, later.id, winner.case_number)
    assert later.status == AppointmentStatus.CANCELLED
    assert now_of(WaitlistEntry, winner.id).status == WaitlistStatus.FILLED
    assert now_of(WaitlistEntry, other.id).status == WaitlistStatus.WAITING
    freed = offers(slot_id=later.slot_id)
    assert {one.case_number for one in freed} == {other.case_number, behind.case_number}
    taken = now_of(Slot, practice.slot.id)
    assert (taken.status, taken.case_number) == (SlotStatus.BOOKED, winner.case_number)
    assert len(messages("booking_confirmed")) == 1
    [cancelled] = messages("booking_cancelled")
    assert cancelled.facts == {"appointment_id": later.id}


def test_accepting_twice_gives_the_same_appointment(practice: Practice) -> None:
    practice.waits()
    practice.cancel()
    link = opened(offers()[0])
    first, again = waitlist.accept(*link), waitlist.accept(*link)
    assert first.id == again.id
    with reading() as db:
        assert len(db.exec(select(Appointment).where(Appointment.slot_id == practice.slot.id)).all()) == 2


@pytest.mark.parametrize("told", [True, False])
def test_others_are_told_kindly_where_they_had_heard(practice: Practice, told: bool) -> None:
    winner, loser = practice.waits(priority=1), practice.waits(priority=2)
    practice.cancel()
    if told:
        send_due(utc_now())
    waitlist.accept(*opened(offers(entry_id=winner.id)[0]))
    assert len(offers(entry_id=loser.id)) == 2, "the winner's later time is offered on"
    [lost] = offers(entry_id=loser.id, slot_id=practice.slot.id)
    assert lost.status == W.REVOKED and lost.answered_at is not None
    assert [one.case_number for one in messages("earlier_time_taken")] == ([loser.case_number] if told else [])
    send_due(utc_now() + timedelta(minutes=1))
    [offered] = [one for one in messages("earlier_time_offered") if one.unique_key == message_key(lost.id)]
    assert offered.status == (MessageStatus.SENT if told else MessageStatus.DROPPED)


def test_referral_that_waits_books_its_first_session_by_an_offer(practice: Practice) -> None:
    referral = make_referral(
        R.WAITLISTED, location=practice.place, clinician_id=practice.clinician.id, risk_cleared=True
    )
    with writing() as db:
        assert enter_waitlist(db, [db.get_one(Referral, referral.case_number)]) == 1
        assert enter_waitlist(db, [db.get_one(Referral, referral.case_number)]) == 0
    practice.cancel()
    [made] = offers()
    assert made.reasons[0] == "priority 3"
    booked = waitlist.accept(*opened(made))
    assert now_of(Referral, referral.case_number).status == R.BOOKED
    assert now_of(WaitlistEntry, made.entry_id).status == WaitlistStatus.FILLED
    token, proof = waitlist.follow_on(*proven(made))
    assert patient.appointment(token, proof).appointment_id == booked.id


@pytest.mark.parametrize(
    "given", [{"risk_cleared": False}, {"clinician_id": None}], ids=["risk not cleared", "nobody assigned"]
)
def test_referral_that_may_not_be_booked_yet_is_listed_and_not_offered(practice: Practice, given: dict) -> None:
    facts = {"clinician_id": practice.clinician.id, "risk_cleared": True} | given
    referral = make_referral(R.WAITLISTED, location=practice.place, **facts)
    with writing() as db:
        assert enter_waitlist(db, [db.get_one(Referral, referral.case_number)]) == 1
    practice.cancel()
    assert offers() == []


def test_booked_referral_moves_to_the_earlier_time_and_stays_booked(practice: Practice) -> None:
    referral = make_referral(R.BOOKED, location=practice.place, clinician_id=practice.clinician.id, risk_cleared=True)
    later = practice.later(referral)
    waitlist.join(referral.case_number, staff_id=practice.coordinator.id, priority=1)
    practice.cancel()
    booked = waitlist.accept(*opened(offers()[0]))
    assert booked.replaces_id == later.id and now_of(Referral, referral.case_number).status == R.BOOKED
    assert now_of(Appointment, later.id).status == AppointmentStatus.CANCELLED


# -- links used too late


def ended(practice: Practice, how: str) -> WaitlistOffer:
    entry = practice.waits()
    practice.cancel()
    [offer] = offers()
    with writing() as db:
        offer = db.get_one(WaitlistOffer, offer.id)
        if how == "hold over":
            offer.hold_until = utc_now()
            db.add(offer)
        elif how == "filled by hand":
            slot = db.get_one(Slot, practice.slot.id)
            slot.status = SlotStatus.BOOKED
            db.add(slot)
            revoke_waitlist_offers(db, slot, why="slot_taken")
        elif how == "left the list":
            end_entry(db, db.get_one(WaitlistEntry, entry.id), WaitlistStatus.LEFT, "test")
        elif how == "later cancelled":
            end_appointment(
                db, db.get_one(Appointment, str(entry.from_appointment_id)), AppointmentStatus.CANCELLED, "test"
            )
        elif how == "filled without revoking":
            slot = db.get_one(Slot, practice.slot.id)
            slot.status = SlotStatus.CLOSED
            db.add(slot)
    return offer


@pytest.mark.parametrize(
    ("how", "fate"),
    [
        ("hold over", W.EXPIRED),
        ("filled by hand", W.REVOKED),
        ("left the list", W.REVOKED),
        ("later cancelled", W.REVOKED),
        ("filled without revoking", W.REVOKED),
    ],
)
def test_offer_that_came_to_its_end_books_nothing_and_says_so(practice: Practice, how: str, fate: W) -> None:
    offer = ended(practice, how)
    link = opened(offer)
    with pytest.raises(TimeGone) as gone:
        waitlist.accept(*link)
    assert gone.value.fate == fate
    assert waitlist.offered(*link).fate == fate
    with pytest.raises(TimeGone):
        waitlist.decline(*link)
    with reading() as db:
        statuses = db.exec(select(Appointment.status).where(Appointment.slot_id == practice.slot.id)).all()
    assert statuses == [AppointmentStatus.CANCELLED]


def test_case_that_has_moved_on_closes_the_link(practice: Practice) -> None:
    entry = practice.waits()
    practice.cancel()
    link = opened(offers()[0])
    with writing() as db:
        move_case(db, db.get_one(Episode, entry.case_number), EpisodeStatus.CLOSED_ENDED, actor="test")
    assert now_of(WaitlistEntry, entry.id).status == WaitlistStatus.LEFT
    assert offers()[0].status == W.REVOKED
    with pytest.raises(TimeGone):
        waitlist.accept(*link)


def test_link_of_another_purpose_opens_no_offer(practice: Practice) -> None:
    practice.waits()
    practice.cancel()
    booked = waitlist.accept(*opened(offers()[0]))
    with reading() as db:
        link = db.exec(select(PortalLink).where(PortalLink.subject_id == booked.id)).one()
    token = portal_links.token_of(link)
    with pytest.raises(NotAllowed):
        waitlist.accept(token, patient.verify(token, BIRTH_DATE))
    with pytest.raises(LinkClosed) as closed:
        waitlist.follow_on(*opened_of_nothing(practice))
    assert closed.value.why_not == WhyNot.UNKNOWN


def opened_of_nothing(practice: Practice) -> tuple[str, str]:
    """A link we signed for an offer that is not there."""
    with writing() as db:
        link = portal_links.make_link(
            db, practice.booked.case_number, LinkPurpose.EARLIER_TIME, 0, subject_id="WO-none"
        ).record
    return portal_links.token_of(link), portal_links.make_proof(link.id)


# -- declining


def test_declined_time_goes_to_the_next_and_not_to_the_same_again(practice: Practice) -> None:
    entries = [practice.waits(priority=1), *(practice.waits(priority=2) for _ in range(3))]
    practice.cancel()
    link = opened(offers(entry_id=entries[0].id)[0])
    waitlist.decline(*link)
    waitlist.decline(*link)
    assert Counter(one.status for one in offers()) == {W.DECLINED: 1, W.OPEN: 3}
    assert {one.batch for one in offers(status=W.OPEN)} == {1, 2}
    assert now_of(WaitlistEntry, entries[0].id).status == WaitlistStatus.WAITING
    with pytest.raises(TimeGone):
        waitlist.accept(*link)


def test_patient_may_leave_the_list_with_the_offer(practice: Practice) -> None:
    entry = practice.waits()
    practice.cancel()
    link = opened(offers()[0])
    assert waitlist.offered(*link).may_leave
    waitlist.decline(*link, leave=True)
    assert now_of(WaitlistEntry, entry.id).status == WaitlistStatus.LEFT
    assert now_of(Appointment, str(entry.from_appointment_id)).status == AppointmentStatus.BOOKED


def test_time_that_came_free_once_more_is_offered_again_to_who_lost_it(practice: Practice) -> None:
    winner, loser = practice.waits(priority=1), practice.waits(priority=2)
    practice.cancel()
    booked = waitlist.accept(*opened(offers(entry_id=winner.id)[0]))
    practice.cancel(booked)
    assert [(one.batch, one.status) for one in offers(entry_id=loser.id, slot_id=practice.slot.id)] == [
        (1, W.REVOKED),
        (2, W.OPEN),
    ]


# -- what staff do


def test_join_puts_a_patient_on_the_list_with_a_persons_priority(practice: Practice) -> None:
    case = practice.in_care()
    later = practice.later(case)
    entry_id = waitlist.join(
        case.case_number,
        staff_id=practice.coordinator.id,
        priority=2,
        wanted_times=["tue-am", "mon-eve"],
        from_appointment_id=later.id,
    )
    entry = now_of(WaitlistEntry, entry_id)
    assert (entry.priority, entry.priority_by) == (2, practice.coordinator.id)
    assert (entry.clinician_id, entry.wanted_times) == (practice.clinician.id, ["mon-eve", "tue-am"])
    with pytest.raises(MovedOn, match="already"):
        waitlist.join(case.case_number, staff_id=practice.coordinator.id, priority=2)


@pytest.mark.parametrize(
    "given",
    [
        {"priority": 0},
        {"priority": 4},
        {"wanted_times": ["mon-noon"]},
        {"min_notice_hours": -1},
        {"min_notice_hours": 337},
        {"clinician": "ST-nobody"},
        {"from_appointment_id": "AT-nothing"},
    ],
)
def test_join_refuses_what_does_not_fit(practice: Practice, given: dict) -> None:
    case = practice.in_care()
    with pytest.raises(ValueError):
        waitlist.join(case.case_number, **({"staff_id": practice.coordinator.id, "priority": 1} | given))
    assert actions(case.case_number)["waitlist_entry.made"] == 0


@pytest.mark.parametrize("status", [R.OFFERED, R.WAITLISTED, R.CLOSED_ATTENDED])
def test_referral_joins_only_while_its_first_session_is_booked(practice: Practice, status: R) -> None:
    referral = make_referral(status, location=practice.place, clinician_id=practice.clinician.id)
    with pytest.raises(MovedOn):
        waitlist.join(referral.case_number, staff_id=practice.coordinator.id, priority=1)


@pytest.mark.parametrize("act", ["join", "set_priority", "remove", "fill_by_hand"])
@pytest.mark.parametrize("who", ["elsewhere", "biller"])
def test_only_staff_of_the_place_who_keep_it_change_the_list(practice: Practice, act: str, who: str) -> None:
    stranger = (
        make_signer(Role.COORDINATOR, location=make_location())
        if who == "elsewhere"
        else make_signer(Role.BILLER, location=practice.place)
    )
    entry = practice.waits()
    given: dict[str, Any] = {
        "join": {"priority": 1},
        "set_priority": {"priority": 1},
        "remove": {},
        "fill_by_hand": {"slot_id": practice.slot.id},
    }[act]
    key = practice.in_care().case_number if act == "join" else entry.id
    with pytest.raises(NotAllowed):
        getattr(waitlist, act)(key, staff_id=stranger.id, **given)


def test_priority_is_set_by_a_person_and_on_record(practice: Practice) -> None:
    entry = practice.waits(priority=3)
    waitlist.set_priority(entry.id, staff_id=practice.coordinator.id, priority=1)
    kept = now_of(WaitlistEntry, entry.id)
    assert (kept.priority, kept.priority_by) == (1, practice.coordinator.id)
    with reading() as db:
        event = db.exec(select(AuditEvent).where(AuditEvent.action == "waitlist_entry.priority")).one()
    assert (event.actor, event.details) == (practice.coordinator.id, {"old": 3, "new": 1})
    with pytest.raises(ValueError):
        waitlist.set_priority(entry.id, staff_id=practice.coordinator.id, priority=9)


def test_removed_patient_is_offered_nothing(practice: Practice) -> None:
    entry = practice.waits()
    waitlist.remove(entry.id, staff_id=practice.coordinator.id)
    practice.cancel()
    assert offers() == []
    with pytest.raises(MovedOn, match="no longer"):
        waitlist.remove(entry.id, staff_id=practice.coordinator.id)


def test_referral_without_a_time_cannot_be_removed(practice: Practice) -> None:
    referral = make_referral(R.WAITLISTED, location=practice.place, clinician_id=practice.clinician.id)
    entry = make_entry(referral)
    with pytest.raises(NotAllowed, match="first time"):
        waitlist.remove(entry.id, staff_id=practice.coordinator.id)


def test_time_given_by_hand_revokes_every_open_offer(practice: Practice) -> None:
    for _ in range(3):
        practice.waits(priority=1)
    by_phone = practice.waits(priority=3, wanted_times=["sun-eve"])
    practice.cancel()
    booked = waitlist.fill_by_hand(by_phone.id, slot_id=practice.slot.id, staff_id=practice.coordinator.id)
    assert booked.case_number == by_phone.case_number
    assert Counter(one.status for one in offers(slot_id=practice.slot.id)) == {W.REVOKED: 3}
    with pytest.raises(MovedOn):
        waitlist.fill_by_hand(
            offers(slot_id=practice.slot.id)[0].entry_id, slot_id=practice.slot.id, staff_id=practice.coordinator.id
        )


def test_time_given_by_hand_to_who_holds_it_counts_as_accepted(practice: Practice) -> None:
    entry = practice.waits()
    practice.cancel()
    waitlist.fill_by_hand(entry.id, slot_id=practice.slot.id, staff_id=practice.coordinator.id)
    assert offers()[0].status == W.ACCEPTED


def test_hand_does_not_pass_a_hard_filter(practice: Practice) -> None:
    entry = practice.waits(state="WA", modality=Modality.TELEHEALTH)
    practice.cancel()
    with pytest.raises(NotAllowed, match="cannot be seen in this way"):
        waitlist.fill_by_hand(entry.id, slot_id=practice.slot.id, staff_id=practice.coordinator.id)
    assert now_of(Slot, practice.slot.id).status == SlotStatus.OPEN


def test_booking_a_case_by_hand_revokes_the_waitlists_offers(practice: Practice) -> None:
    practice.waits()
    practice.cancel()
    referral = make_referral(
        R.CONTACT_PATIENT, location=practice.place, clinician_id=practice.clinician.id, risk_cleared=True
    )
    book_by_hand(referral.case_number, slot_id=practice.slot.id, staff_id=practice.coordinator.id)
    assert [one.status for one in offers()] == [W.REVOKED]


def test_referral_that_comes_back_to_the_list_keeps_its_wait_and_priority(practice: Practice) -> None:
    referral = make_referral(R.WAITLISTED, location=practice.place, clinician_id=practice.clinician.id)
    since = utc_now() - timedelta(days=40)
    make_entry(referral, since=since, priority=1, priority_by="ST-7", offers=2)
    with writing() as db:
        leave_waitlist(db, referral.case_number, "test")
        assert enter_waitlist(db, [db.get_one(Referral, referral.case_number)]) == 1
    with reading() as db:
        [entry] = db.exec(select(WaitlistEntry).where(WaitlistEntry.status == WaitlistStatus.WAITING)).all()
    assert (entry.since, entry.priority, entry.priority_by, entry.offers) == (since, 1, "ST-7", 2)


def test_leaving_the_status_ends_the_place_on_the_list_and_its_offers(practice: Practice) -> None:
    referral = make_referral(
        R.WAITLISTED, location=practice.place, clinician_id=practice.clinician.id, risk_cleared=True
    )
    entry = make_entry(referral)
    practice.cancel()
    with writing() as db:
        move_case(db, db.get_one(Referral, referral.case_number), R.READY_TO_OFFER, actor="test")
    assert now_of(WaitlistEntry, entry.id).status == WaitlistStatus.LEFT
    assert [one.status for one in offers()] == [W.REVOKED]


def test_end_of_an_entry_is_dated(practice: Practice) -> None:
    entry, before = practice.waits(), utc_now()
    waitlist.remove(entry.id, staff_id=practice.coordinator.id)
    ended_at: datetime = now_of(WaitlistEntry, entry.id).ended_at
    assert before <= ended_at <= utc_now()
