"""Two patients accept one freed time in the same millisecond: one winner each, and no time is given away twice.

``COUNTERSIGN_TEST_RACES=1000`` runs as many races as the practice's promise speaks of; the suite runs a few.
"""

import os
import sys
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from time import perf_counter_ns
from typing import Any

from sqlmodel import col, func, select

from acts import waitlist
from acts.cases import book_by_hand
from acts.waitlist import TimeGone
from acts.waitlist_offers import OFFERED, offer_times
from adapters import portal_links
from adapters.operational_store import reading, writing
from models.codes import AppointmentStatus, Modality, ReferralStatus, SlotStatus
from models.columns import utc_now
from models.errors import MovedOn
from models.operational import (
    Appointment,
    Episode,
    OutboxMessage,
    Patient,
    PortalLink,
    PracticeSetting,
    Slot,
    WaitlistEntry,
    WaitlistOffer,
)
from models.scheduling_codes import WaitlistOfferStatus, WaitlistStatus
from tests.factories import BIRTH_DATE, make_location, make_referral, make_signer
from tests.waiting_list import Practice, offers, opened

RACES = int(os.environ.get("COUNTERSIGN_TEST_RACES", "20"))
W = WaitlistOfferStatus


@dataclass(frozen=True)
class Race:
    """One free time and the links of the two patients who hold it."""

    slot_id: str
    links: tuple[tuple[str, str], ...]


def two_hold_each_of(number: int) -> list[Race]:
    """So many free times of some clinicians, each offered to two patients of its own by the waitlist itself."""
    place = make_location()
    clinicians = [make_signer(location=place) for _ in range(1 + number // 50)]
    first = (utc_now() + timedelta(days=3)).replace(minute=0, second=0, microsecond=0)
    slots = [
        Slot(
            id=f"SL-R{each:05d}",
            clinician_id=clinicians[each // 50].id,
            location_id=place.id,
            starts_at=first + timedelta(hours=each % 50),
            minutes=50,
            modality=Modality.EITHER,
        )
        for each in range(number)
    ]
    people = [_patient(f"{each:05d}{side}") for each in range(number) for side in "ab"]
    cases = [
        Episode(
            case_number=f"EP-8{person.id[4:]}",
            patient_id=person.id,
            clinician_id=slots[each // 2].clinician_id,
            location_id=place.id,
            started_on=utc_now().date(),
        )
        for each, person in enumerate(people)
    ]
    with writing() as db:
        db.add(PracticeSetting(name="waitlist", value='{"batch": 2, "most_open": 1}'))
        db.add_all([*slots, *people])
        db.flush()
        db.add_all(cases)
        db.flush()
        db.add_all([_entry(case) for case in cases])
    of: dict[str, str] = {}
    for begin in range(0, number, 50):
        with writing() as db:
            of |= {offer.id: offer.slot_id for offer in offer_times(db, slots[begin : begin + 50], utc_now())}
    links: dict[str, list[tuple[str, str]]] = defaultdict(list)
    with reading() as db:
        for link in db.exec(select(PortalLink)).all():
            proved = (portal_links.token_of(link), portal_links.make_proof(link.id))
            links[of[str(link.subject_id)]].append(proved)
    return [Race(slot.id, tuple(links[slot.id])) for slot in slots]


def _patient(name: str) -> Patient:
    return Patient(
        id=f"PT-R{name}",
        given_name="Alex",
        family_name=f"Sample{name}",
        match_name=f"alex sample{name}",
        birth_date=BIRTH_DATE,
        email=f"{name}@example.org",
        state="OR",
        time_zone="America/Los_Angeles",
    )


def _entry(case: Episode) -> WaitlistEntry:
    return WaitlistEntry(
        id=f"WL-R{case.case_number}",
        case_number=case.case_number,
        patient_id=case.patient_id,
        location_id=case.location_id,
        clinician_id=case.clinician_id,
        priority_by="ST-T",
    )


def run(races: list[Race]) -> list[Counter[str]]:
    """What came of each race: both accept when the barrier falls."""
    barrier = Barrier(2)
    began: list[int] = []

    def accepts(link: tuple[str, str]) -> str:
        barrier.wait()
        began.append(perf_counter_ns())
        try:
            waitlist.accept(*link)
        except TimeGone as gone:
            return gone.fate.value
        return "won"

    patience = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)  # else one thread may begin while the other waits some milliseconds for its turn
    try:
        with ThreadPoolExecutor(2) as pool:
            came_of_it = [Counter(pool.map(accepts, race.links)) for race in races]
    finally:
        sys.setswitchinterval(patience)
    apart = sorted(abs(one - other) / 1e6 for one, other in zip(began[::2], began[1::2], strict=True))
    within = sum(each < 1 for each in apart)
    print(
        f"{len(apart)} races; {within} began within one millisecond, the median {apart[len(apart) // 2]:.3f} ms apart"
    )
    return came_of_it


def test_one_of_two_who_accept_in_the_same_millisecond_has_the_time(home: Path) -> None:
    races = two_hold_each_of(RACES)
    assert {len(race.links) for race in races} == {2}
    assert run(races) == [Counter(won=1, revoked=1)] * RACES
    with reading() as db:
        booked = db.exec(select(Appointment.slot_id, func.count()).group_by(Appointment.slot_id)).all()
        slots = Counter(db.exec(select(Slot.status)).all())
        statuses = Counter(db.exec(select(WaitlistOffer.status)).all())
        entries = Counter(db.exec(select(WaitlistEntry.status)).all())
        starts = db.exec(select(Appointment.clinician_id, Appointment.starts_at)).all()
    assert dict(booked) == {race.slot_id: 1 for race in races}
    assert slots == {SlotStatus.BOOKED: RACES} and len(set(starts)) == RACES
    assert statuses == {W.ACCEPTED: RACES, W.REVOKED: RACES}
    assert entries == {WaitlistStatus.FILLED: RACES, WaitlistStatus.WAITING: RACES}


def at_once(*acts: Any) -> list[Any]:
    """What each act gave or raised when all began together."""
    barrier = Barrier(len(acts))

    def told(act: Any) -> Any:
        barrier.wait()
        try:
            return act()
        except MovedOn as gone:
            return gone

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(told, acts))


def test_same_patient_who_taps_twice_at_once_has_one_appointment(home: Path) -> None:
    [race] = two_hold_each_of(1)
    got = at_once(*[lambda: waitlist.accept(*race.links[0])] * 4)
    assert len({one.id for one in got}) == 1
    with reading() as db:
        assert len(db.exec(select(Appointment)).all()) == 1


def test_hand_and_patient_at_once_book_a_time_once(home: Path) -> None:
    practice = Practice()
    practice.waits()
    practice.cancel()
    link = opened(offers()[0])
    referral = make_referral(
        ReferralStatus.CONTACT_PATIENT,
        location=practice.place,
        clinician_id=practice.clinician.id,
        risk_cleared=True,
    )
    got = at_once(
        lambda: waitlist.accept(*link),
        lambda: book_by_hand(referral.case_number, slot_id=practice.slot.id, staff_id=practice.coordinator.id),
    )
    assert sum(isinstance(one, MovedOn) for one in got) == 1
    with reading() as db:
        standing = db.exec(
            select(Appointment).where(
                Appointment.slot_id == practice.slot.id, col(Appointment.status) == AppointmentStatus.BOOKED
            )
        ).all()
    assert len(standing) == 1


def test_time_offered_by_several_at_once_is_offered_once_to_each(home: Path) -> None:
    practice = Practice()
    for _ in range(2):
        practice.waits()
    practice.cancel()

    def again() -> int:
        with writing() as db:
            return len(offer_times(db, [db.get_one(Slot, practice.slot.id)], utc_now()))

    practice.waits()
    assert sorted(at_once(*[again] * 4)) == [0, 0, 0, 1]
    with reading() as db:
        assert len(db.exec(select(OutboxMessage).where(OutboxMessage.template == OFFERED)).all()) == 3


def test_two_patients_who_swap_at_once_lose_neither_appointment(home: Path) -> None:
    """Each accepts a time of their own while their later ones come free: nobody ends without, nobody with two."""
    practice = Practice()
    entries = [practice.waits(priority=1), practice.waits(priority=2)]
    practice.cancel()
    links = [opened(offers(entry_id=entry.id)[0]) for entry in entries]
    at_once(*(lambda link=link: waitlist.accept(*link) for link in links))
    with reading() as db:
        standing = Counter(
            db.exec(select(Appointment.case_number).where(Appointment.status == AppointmentStatus.BOOKED)).all()
        )
        taken = db.exec(select(Slot.id).where(Slot.status == SlotStatus.BOOKED)).all()
        of = db.exec(select(Appointment.slot_id).where(Appointment.status == AppointmentStatus.BOOKED)).all()
    assert standing == {entry.case_number: 1 for entry in entries}
    assert sorted(taken) == sorted(of)
