"""Who is proposed for a case, and which times its patient is offered."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from adapters.operational_store import reading, writing
from models.codes import Modality, OfferStatus, ReferralStatus, Role, SlotStatus
from models.columns import utc_now
from models.errors import MovedOn, StaleLease
from models.operational import Clinician, Licence, MatchCandidate, Offer, Referral, Slot, Staff
from tasks import cases
from tasks.matching import assignment_content, offer, propose
from tests.factories import MadeCase, make_case_at, make_location, make_patient, make_signer, make_slot_of

pytestmark = pytest.mark.usefixtures("home")

R = ReferralStatus


def to_match(**given: Any) -> MadeCase:
    person = given.pop("person", {})
    return make_case_at(R.READY_TO_MATCH, patient=make_patient(**{"self_pay": True, **person}), **given)


def to_offer(**given: Any) -> MadeCase:
    person = given.pop("person", {})
    return make_case_at(R.READY_TO_OFFER, patient=make_patient(**{"self_pay": True, **person}), **given)


def case_now(case: MadeCase) -> Referral:
    with reading() as db:
        return db.get_one(Referral, case.number)


def rows(record: type, **where: object) -> list[Any]:
    with reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def proposed(case: MadeCase) -> int:
    return propose.fn(cases.take(case.number))


def offered(case: MadeCase) -> int:
    return offer.fn(cases.take(case.number))


def test_fitting_clinicians_are_proposed_with_reasons() -> None:
    case = to_match()
    other = make_signer(location=case.location, states=("WA",))
    assert proposed(case) == 1
    assert case_now(case).status is R.ASSIGNMENT
    content = assignment_content(case.number)
    assert content["clinician_id"] == case.clinician.id
    assert [one["clinician_id"] for one in content["candidates"]] == [case.clinician.id]
    [excluded] = [one for one in content["excluded"] if one["clinician_id"] == other.id]
    assert excluded["reasons"]
    assert content["coverage"]["status"] == "unknown"


def test_three_at_most_are_put_before_the_coordinator() -> None:
    case = to_match()
    for _ in range(4):
        make_signer(location=case.location)
    assert proposed(case) == 5
    assert len(assignment_content(case.number)["candidates"]) == 3
    assert len(rows(MatchCandidate)) == 5


@pytest.mark.parametrize(
    "why", ["left", "is no clinician any more", "takes nobody new", "licence has run out", "licensed elsewhere"]
)
def test_clinician_who_may_not_take_the_case_is_not_proposed(why: str) -> None:
    case = to_match()
    with writing() as db:
        staff, clinician = db.get_one(Staff, case.clinician.id), db.get_one(Clinician, case.clinician.id)
        licence = db.exec(select(Licence).where(Licence.clinician_id == case.clinician.id)).one()
        staff.active = why != "left"
        if why == "is no clinician any more":
            staff.role = Role.ANALYST
        clinician.accepts_new = why != "takes nobody new"
        if why == "licence has run out":
            licence.expires_on = utc_now().date() - timedelta(days=1)
        if why == "licensed elsewhere":
            licence.state = "WA"
        for row in (staff, clinician, licence):
            db.add(row)
    assert proposed(case) == 0
    content = assignment_content(case.number)
    assert (content["clinician_id"], content["candidates"]) == (None, [])
    assert content["excluded"][0]["reasons"]


def test_second_round_of_matching_shows_the_newest_candidates_only() -> None:
    case = to_match()
    proposed(case)
    late = make_signer(location=case.location)
    with writing() as db:
        referral = db.get_one(Referral, case.number)
        referral.status, referral.version = R.READY_TO_MATCH, referral.version + 1
        db.add(referral)
    proposed(case)
    shown = {one["clinician_id"] for one in assignment_content(case.number)["candidates"]}
    assert shown == {case.clinician.id, late.id}


def test_proposing_for_a_case_that_moved_on_writes_no_candidate() -> None:
    case = make_case_at(R.CLOSED_WITHDRAWN)
    with pytest.raises(MovedOn):
        proposed(case)
    assert rows(MatchCandidate) == []


def test_overtaken_leg_proposes_and_offers_nothing() -> None:
    for case, step in ((to_match(), propose.fn), (to_offer(), offer.fn)):
        older = cases.take(case.number)
        cases.take(case.number)
        with pytest.raises(StaleLease):
            step(older)
    assert (rows(MatchCandidate), rows(Offer)) == ([], [])


def test_free_times_of_the_assigned_clinician_are_offered() -> None:
    case = to_offer(slots=5)
    colleague = make_signer(location=case.location)
    make_slot_of(colleague, case.location, hours_ahead=48)
    assert offered(case) == 3
    assert case_now(case).status is R.OFFERED
    offers = rows(Offer)
    assert {one.status for one in offers} == {OfferStatus.OPEN}
    assert {one.slot_id for one in offers} <= {slot.id for slot in case.slots}
    assert {one.status for one in rows(Slot)} == {SlotStatus.OPEN}


def test_no_free_time_means_the_waitlist() -> None:
    case = to_offer(slots=0)
    assert offered(case) == 0
    assert (case_now(case).status, rows(Offer)) == (R.WAITLISTED, [])


@pytest.mark.parametrize(("hours", "count"), [(23, 0), (26, 1)])
def test_time_too_soon_is_not_offered(hours: int, count: int) -> None:
    case = to_offer(slots=0)
    make_slot_of(case.clinician, case.location, hours_ahead=hours)
    assert offered(case) == count


@pytest.mark.parametrize("status", [SlotStatus.BOOKED, SlotStatus.CLOSED])
def test_time_that_is_not_free_is_not_offered(status: SlotStatus) -> None:
    case = to_offer(slots=0)
    make_slot_of(case.clinician, case.location, status=status)
    assert offered(case) == 0


@pytest.mark.parametrize(
    ("wished", "slot", "state", "count"),
    [
        (Modality.OFFICE, Modality.OFFICE, "OR", 1),
        (Modality.OFFICE, Modality.TELEHEALTH, "OR", 0),
        (Modality.TELEHEALTH, Modality.OFFICE, "OR", 0),
        (Modality.TELEHEALTH, Modality.TELEHEALTH, "OR", 1),
        (Modality.EITHER, Modality.TELEHEALTH, "OR", 1),
        (Modality.EITHER, Modality.EITHER, "OR", 1),
        # by video the licence must hold where the patient is; unknown is never assumed
        (Modality.TELEHEALTH, Modality.TELEHEALTH, "WA", 0),
        (Modality.TELEHEALTH, Modality.TELEHEALTH, None, 0),
        (Modality.EITHER, Modality.TELEHEALTH, "WA", 0),
        (Modality.EITHER, Modality.OFFICE, "WA", 1),
    ],
)
def test_time_is_offered_only_in_a_lawful_way(wished: Modality, slot: Modality, state: str | None, count: int) -> None:
    case = to_offer(slots=0, modality=wished, person={"state": state})
    make_slot_of(case.clinician, case.location, modality=slot)
    assert offered(case) == count


def test_time_in_an_office_of_another_state_is_not_offered() -> None:
    case = to_offer(slots=0, modality=Modality.OFFICE)
    elsewhere = make_location(state="WA")
    with writing() as db:
        staff = db.get_one(Staff, case.clinician.id)
        staff.location_ids = [case.location.id, elsewhere.id]
        db.add(staff)
    make_slot_of(case.clinician, elsewhere)
    assert offered(case) == 0


@pytest.mark.parametrize("gone", ["nobody assigned", "licence"])
def test_case_whose_clinician_may_not_see_them_any_more_waits(gone: str) -> None:
    case = to_offer(clinician_id=None) if gone == "nobody assigned" else to_offer()
    with writing() as db:
        licence = db.exec(select(Licence).where(Licence.clinician_id == case.clinician.id)).one()
        licence.expires_on = utc_now().date() - timedelta(days=1)
        db.add(licence)
    assert offered(case) == 0
    assert case_now(case).status is R.WAITLISTED


def test_offering_twice_offers_once() -> None:
    case = to_offer()
    offered(case)
    with pytest.raises(MovedOn):
        offered(case)
    assert len(rows(Offer)) == 2
