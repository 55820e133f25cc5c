"""Tests of what the waitlist does by itself: each minute, each night, and the report on who is offered times."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from itertools import islice

import pytest
from sqlmodel import select

from acts.waitlist import accept
from acts.waitlist_offers import OFFERED
from adapters import operational_store as store
from adapters.settings import settings
from models.codes import ReferralStatus, SlotStatus
from models.columns import utc_now
from models.operational import Appointment, Referral, Slot, WaitlistEntry, WaitlistOffer
from models.scheduling_codes import WaitlistOfferStatus, WaitlistStatus
from rules import waitlist_fairness
from tasks import reports, waitlist, watch
from tests.factories import make_appointment, make_case_at, make_entry, make_patient, make_referral, make_slot
from tests.statements import heard
from tests.waiting_list import Practice, messages, now_of, offers, opened

R = ReferralStatus
W = WaitlistOfferStatus
NIGHT = date(2026, 11, 26)


@pytest.fixture
def practice(home: object) -> Practice:
    return Practice()


def hold_ends(offer: WaitlistOffer) -> None:
    with store.writing() as db:
        kept = db.get_one(WaitlistOffer, offer.id)
        kept.hold_until = utc_now() - timedelta(seconds=1)
        db.add(kept)


def test_next_are_asked_when_a_hold_ends_until_nobody_is_left(practice: Practice) -> None:
    entries = [practice.waits(priority=1) for _ in range(3)] + [practice.waits(priority=2) for _ in range(2)]
    practice.cancel()
    assert waitlist.keep_moving(utc_now()) == {"entered": 0, "gone": 0, "expired": 0, "offers": 0}
    for offer in offers()[:2]:
        hold_ends(offer)
    assert waitlist.keep_moving(utc_now()) == {"entered": 0, "gone": 0, "expired": 2, "offers": 2}
    assert {one.entry_id for one in offers(batch=2)} == {entry.id for entry in entries[3:]}
    for offer in offers(status=W.OPEN):
        hold_ends(offer)
    assert waitlist.keep_moving(utc_now()) == {"entered": 0, "gone": 0, "expired": 3, "offers": 0}
    assert Counter(one.status for one in offers()) == {W.EXPIRED: 5}
    assert waitlist.keep_moving(utc_now())["offers"] == 0, "who let it go by is not asked again"


def test_watch_ends_holds_and_counts_them(practice: Practice) -> None:
    practice.waits()
    practice.cancel()
    hold_ends(offers()[0])
    counts = watch.watch.fn()
    assert (counts["holds_ended"], counts["times_offered"]) == (1, 0)


@pytest.mark.parametrize("how", ["closed", "booked", "appointment beside it"])
def test_offer_of_a_time_that_is_gone_is_revoked_however_it_went(practice: Practice, how: str) -> None:
    practice.waits()
    practice.cancel()
    with store.writing() as db:
        slot = db.get_one(Slot, practice.slot.id)
        if how == "appointment beside it":
            facts = practice.booked.model_dump() | {"id": "AT-beside", "slot_id": None}
            db.add(Appointment.model_validate(facts, update={"starts_at": slot.starts_at + timedelta(minutes=30)}))
        else:
            slot.status = SlotStatus.CLOSED if how == "closed" else SlotStatus.BOOKED
            db.add(slot)
    assert waitlist.keep_moving(utc_now())["gone"] == 1
    assert offers()[0].status == W.REVOKED


def test_time_that_was_not_offered_when_it_came_free_is_offered_in_the_next_minute(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    practice.waits()
    with monkeypatch.context() as patch:
        patch.setattr("acts.waitlist_offers.offer_times", lambda *_: 1 / 0)
        practice.cancel()
    assert offers() == []
    assert waitlist.keep_moving(utc_now())["offers"] == 1


def test_referral_that_waits_enters_the_list_and_leaves_it_with_its_status(practice: Practice) -> None:
    referral = make_referral(
        R.WAITLISTED, location=practice.place, clinician_id=practice.clinician.id, risk_cleared=True
    )
    assert [waitlist.keep_moving(utc_now())["entered"] for _ in range(2)] == [1, 0]
    with store.reading() as db:
        entry = db.exec(select(WaitlistEntry)).one()
    assert (entry.case_number, entry.priority, entry.priority_by) == (referral.case_number, 3, "")
    with store.writing() as db:
        store.move_case(db, db.get_one(Referral, referral.case_number), R.CONTACT_PATIENT, actor="test")
    assert now_of(WaitlistEntry, entry.id).status == WaitlistStatus.LEFT


# -- the watch offers a waitlisted case its clinician's free times: the two must not fight


def test_case_that_thinks_about_a_freed_time_is_not_offered_others_meanwhile(home: object) -> None:
    case = make_case_at(R.WAITLISTED, slots=0, patient=make_patient(self_pay=True), came_from=R.READY_TO_OFFER)
    make_entry(case.referral)
    booked_slot = make_slot(case.clinician, case.location, hours_ahead=60)  # type: ignore[arg-type]
    other = make_referral(R.BOOKED, location=case.location, clinician_id=case.clinician.id)
    booked = make_appointment(other, booked_slot)
    make_slot(case.clinician, case.location, hours_ahead=200)  # type: ignore[arg-type]
    Practice.cancel(None, booked)  # type: ignore[arg-type]
    [offer] = offers()
    watch.watch.fn()
    assert now_of(Referral, case.number).status == R.WAITLISTED
    accept(*opened(offer))
    assert now_of(Referral, case.number).status == R.BOOKED


def test_time_that_is_held_is_offered_to_no_other_case(home: object) -> None:
    case = make_case_at(R.WAITLISTED, slots=0, patient=make_patient(self_pay=True), came_from=R.READY_TO_OFFER)
    practice_slot = make_slot(case.clinician, case.location, hours_ahead=60)  # type: ignore[arg-type]
    first = make_case_at(R.WAITLISTED, slots=0, patient=make_patient(self_pay=True))
    with store.writing() as db:
        moved = db.get_one(Referral, first.number)
        moved.clinician_id, moved.location_id = case.clinician.id, case.location.id
        db.add(moved)
    entry = make_entry(moved)
    booked = make_appointment(
        make_referral(R.BOOKED, location=case.location, clinician_id=case.clinician.id), practice_slot
    )
    Practice.cancel(None, booked)  # type: ignore[arg-type]
    assert [one.entry_id for one in offers()] == [entry.id]
    watch.watch.fn()
    assert now_of(Referral, case.number).status == R.WAITLISTED
    hold_ends(offers()[0])
    watch.watch.fn()  # ends the hold; the other case has entered the list by now and is asked first
    assert {one.case_number for one in offers(status=W.OPEN)} == {case.number}


# -- the night


def freed(practice: Practice, number: int, monkeypatch: pytest.MonkeyPatch) -> list[Slot]:
    """So many times of one clinician that came free and were not offered."""
    with monkeypatch.context() as patch:
        patch.setattr("acts.waitlist_offers.offer_times", lambda *_: [])
        slots = []
        for hours_ahead in islice(practice.hours, number):
            slot = make_slot(practice.clinician, practice.place, hours_ahead=hours_ahead)  # type: ignore[arg-type]
            practice.cancel(make_appointment(practice.in_care(), slot))  # type: ignore[arg-type]
            slots.append(slot)
    return slots


def test_night_offers_what_is_free_and_nothing_twice(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        practice.waits()
    slots = freed(practice, 3, monkeypatch)
    counts = waitlist.offer_freed_times(NIGHT)
    assert counts == {"entered": 0, "expired": 0, "times": 3, "offers": 4}
    assert [len(offers(slot_id=slot.id)) for slot in slots] == [2, 2, 0], "nobody holds more than two offers"
    assert waitlist.offer_freed_times(NIGHT) == counts | {"offers": 0}
    assert waitlist.offer_freed_times(NIGHT, "LOC-other") == counts | {"times": 0, "offers": 0}
    assert len(messages(OFFERED)) == 4


def test_night_goes_on_behind_a_chunk(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    practice.waits()
    freed(practice, 3, monkeypatch)
    monkeypatch.setattr(waitlist, "TIMES", 2)
    assert waitlist.offer_freed_times(NIGHT)["times"] == 3


def counted(act: Callable[[], object]) -> int:
    """How many statements the operational database was sent."""
    with heard(store.engine_for(settings().operational_database)) as said:
        act()
    return len(said)


def test_night_asks_as_much_for_many_times_as_for_one(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    def crowd(number: int) -> None:
        for _ in range(number):
            practice.waits()
            practice.waits(email=None)
            make_referral(R.WAITLISTED, location=practice.place, clinician_id=practice.clinician.id, risk_cleared=True)

    done: dict[str, int] = {}
    said = []
    for people, times in ((1, 1), (3, 6)):
        crowd(people)
        freed(practice, times, monkeypatch)
        said.append(counted(lambda: done.update(waitlist.offer_freed_times(NIGHT))))
        assert done["entered"] == people
    assert done["offers"] > 15
    assert said[1] == said[0] < 50


# -- the report


def test_report_counts_who_is_offered_and_who_gets_times_and_hides_small_counts(practice: Practice) -> None:
    for _ in range(6):
        practice.waits(language="es")
    practice.waits(language="vi")
    practice.cancel()
    table = waitlist.fairness()
    rows = {(row.dimension, row.group): row for row in table.itertuples()}
    assert rows[("location", practice.place.id)].waiting == 7
    assert rows[("wait", "under 2 weeks")].waiting == 7
    language = table[table["dimension"] == "language"]
    assert language["waiting"].isna().all(), "one hidden alone would follow from the total"
    assert waitlist.fairness("LOC-other").empty


def test_report_in_prefect_holds_percentages_and_no_small_count(practice: Practice) -> None:
    for _ in range(6):
        practice.waits()
    practice.cancel()
    rows = reports.fairness_rows(waitlist.fairness())
    assert {"dimension": "language", "group": "en"}.items() <= rows[1].items()
    assert (rows[1]["waiting"], rows[1]["offered"], rows[1]["offered_rate"]) == ("6", "hidden", "hidden")
    assert rows[1]["filled_rate"] == "0%"


def test_report_leaves_out_what_ended_before_its_time(practice: Practice) -> None:
    practice.waits(
        status=WaitlistStatus.LEFT,
        since=utc_now() - timedelta(days=200),
        ended_at=utc_now() - waitlist_fairness.PERIOD - timedelta(seconds=1),
    )
    assert waitlist.fairness().empty
