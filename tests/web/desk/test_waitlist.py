"""Tests of the waitlist's pages: who sees whom in which order, what staff do there, and the report on fairness."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from adapters.operational_store import reading
from models.codes import Modality, ReferralStatus, Role, SlotStatus
from models.columns import utc_now
from models.operational import Appointment, Location, Slot, Staff, WaitlistEntry
from models.scheduling_codes import WaitlistOfferStatus, WaitlistStatus
from models.small_cells import FEWEST
from tests.factories import make_entry, make_location, make_referral, make_signer
from tests.waiting_list import Practice, now_of, offers

W = WaitlistOfferStatus


@pytest.fixture
def practice(place: Location) -> Practice:
    return Practice(place)


def main_of(answer: Any) -> str:
    return str(answer.text.split("<main")[1])


def test_list_stands_in_the_order_in_which_times_are_offered(at_the_desk, practice: Practice) -> None:
    last = practice.waits(priority=3)
    first = practice.waits(priority=1)
    second = practice.waits(priority=3, since=utc_now() - timedelta(days=30))
    shown = main_of(at_the_desk(Role.COORDINATOR).get("/waitlist"))
    places = [shown.index(entry.case_number) for entry in (first, second, last)]
    assert places == sorted(places)


@pytest.mark.parametrize(("role", "named"), [(Role.COORDINATOR, True), (Role.ADMIN, False)])
def test_names_are_shown_to_who_needs_them(at_the_desk, practice: Practice, role: Role, named: bool) -> None:
    entry = practice.waits(family_name="Vantongeren")
    practice.cancel()
    shown = main_of(at_the_desk(role).get("/waitlist"))
    assert entry.case_number in shown and ("Vantongeren" in shown) is named
    assert ("Give it by hand" in shown) is named


def test_clinician_sees_their_own_patients_and_how_many_more_wait(at_the_desk, practice: Practice) -> None:
    own = practice.waits()
    colleague = make_signer(location=practice.place, team="other")
    practice.clinician = colleague
    theirs = practice.waits()
    practice.cancel()
    with reading() as db:
        clinician = db.get_one(Staff, own.clinician_id)
    shown = main_of(at_the_desk(clinician).get("/waitlist"))
    assert own.case_number in shown and theirs.case_number not in shown
    assert "1 more waits whose case is not yours to see" in shown


def test_freed_time_says_who_holds_it_until_when_and_why(at_the_desk, practice: Practice) -> None:
    entry = practice.waits(priority=1)
    other = practice.waits(priority=2, state="WA", modality=Modality.TELEHEALTH)
    practice.cancel()
    shown = main_of(at_the_desk(Role.COORDINATOR).get("/waitlist"))
    assert "Round 1, place 1: priority 1, set by a person" in shown and entry.case_number in shown
    assert f"<li>{other.case_number}: cannot be seen in this way at this place</li>" in shown


def test_coordinator_puts_a_patient_in_care_on_the_list(at_the_desk, practice: Practice) -> None:
    case = practice.in_care()
    later = practice.later(case)
    seated = at_the_desk(Role.COORDINATOR)
    form = main_of(seated.get(f"/waitlist?case={case.case_number.lower()}"))
    assert later.id in form and "Put on the list" in form
    fields = {"case": case.case_number, "priority": "2", "modality": "either", "notice": "12", "instead_of": later.id}
    done = seated.post("/waitlist", **fields, times=["mon-am", "tue-eve"])
    assert (done.status_code, done.headers["location"]) == (303, "/waitlist?done=joined")
    with reading() as db:
        [entry] = db.exec(select(WaitlistEntry)).all()
    assert (entry.priority, entry.priority_by, entry.min_notice_hours) == (2, seated.staff.id, 12)
    assert (entry.wanted_times, entry.from_appointment_id) == (["mon-am", "tue-eve"], later.id)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"priority": ""}, "The priority is a whole number."),
        ({"priority": "4"}, "The priority is 1, 2 or 3."),
        ({"modality": "letter"}, "Say how they would meet."),
        ({"notice": "-3"}, "The notice is a whole number."),
        ({"notice": "400"}, "The notice is 0 to 336 hours."),
        ({"times": ["noon"]}, "1 of the wanted times are no times such as mon-am."),
        ({"instead_of": "AT-no"}, "The appointment to replace is not one of this case."),
        ({"clinician": "ST-no"}, "There is no such clinician."),
    ],
)
def test_what_does_not_fit_is_said_beside_what_was_typed(
    at_the_desk, practice: Practice, changed: dict, problem: str
) -> None:
    case = practice.in_care()
    fields = {"case": case.case_number, "priority": "2", "modality": "telehealth", "notice": "12"} | changed
    answer = at_the_desk(Role.COORDINATOR).post("/waitlist", **fields)
    assert answer.status_code == 422 and problem in answer.text
    assert 'id="join-title"' in answer.text
    with reading() as db:
        assert db.exec(select(WaitlistEntry)).all() == []


@pytest.mark.parametrize("status", [ReferralStatus.WAITLISTED, ReferralStatus.OFFERED])
def test_case_that_cannot_join_is_explained(at_the_desk, practice: Practice, status: ReferralStatus) -> None:
    referral = make_referral(status, location=practice.place)
    shown = at_the_desk(Role.COORDINATOR).get(f"/waitlist?case={referral.case_number}")
    assert "one that waits is listed by itself" in shown.text and 'id="join-title"' not in shown.text


def test_priority_is_set_and_a_patient_is_taken_off(at_the_desk, practice: Practice) -> None:
    entry = practice.waits(priority=3)
    seated = at_the_desk(Role.COORDINATOR)
    assert seated.post(f"/waitlist/{entry.id}/priority", priority="1").status_code == 303
    assert now_of(WaitlistEntry, entry.id).priority == 1
    assert seated.post(f"/waitlist/{entry.id}/priority", priority="0").status_code == 422
    assert seated.post(f"/waitlist/{entry.id}/remove").status_code == 303
    assert now_of(WaitlistEntry, entry.id).status == WaitlistStatus.LEFT
    assert "waits no longer" in seated.post(f"/waitlist/{entry.id}/remove").text


def test_referral_that_waits_for_its_first_time_cannot_be_taken_off(at_the_desk, practice: Practice) -> None:
    entry = make_entry(make_referral(ReferralStatus.WAITLISTED, location=practice.place))
    seated = at_the_desk(Role.COORDINATOR)
    shown = main_of(seated.get("/waitlist"))
    assert "nobody is assigned yet" in shown and f"/waitlist/{entry.id}/remove" not in shown
    assert seated.post(f"/waitlist/{entry.id}/remove").status_code == 422


def test_time_is_given_by_hand_from_the_page(at_the_desk, practice: Practice) -> None:
    holder = practice.waits(priority=1)
    by_phone = practice.waits(priority=3, wanted_times=["sun-eve"])
    practice.cancel()
    seated = at_the_desk(Role.COORDINATOR)
    shown = main_of(seated.get("/waitlist"))
    assert "(ask: wants other times than" in shown
    choices = re.findall(r'<option value="(WL-[^"]+)"', shown)
    assert choices == [holder.id, by_phone.id]
    nobody = seated.post("/waitlist/fill", slot_id=practice.slot.id)
    assert nobody.status_code == 422 and "Choose who gets the time." in nobody.text
    done = seated.post("/waitlist/fill", slot_id=practice.slot.id, entry_id=by_phone.id)
    assert done.status_code == 303
    assert now_of(Slot, practice.slot.id).status == SlotStatus.BOOKED
    assert [one.status for one in offers(entry_id=holder.id, slot_id=practice.slot.id)] == [W.REVOKED]
    late = seated.post("/waitlist/fill", slot_id=practice.slot.id, entry_id=holder.id)
    assert late.status_code == 422 and "is gone" in late.text
    with reading() as db:
        standing = db.exec(select(Appointment).where(Appointment.slot_id == practice.slot.id)).all()
    assert len(standing) == 2


@pytest.mark.parametrize("act", ["priority", "remove"])
def test_entry_of_another_place_is_not_there(at_the_desk, practice: Practice, act: str) -> None:
    entry = Practice(make_location()).waits()
    answer = at_the_desk(Role.COORDINATOR).post(f"/waitlist/{entry.id}/{act}", priority="1")
    assert answer.status_code == 422 and "waits no longer" in answer.text
    assert now_of(WaitlistEntry, entry.id).status == WaitlistStatus.WAITING


# -- fairness


@pytest.mark.parametrize(("role", "hidden"), [(Role.COORDINATOR, False), (Role.OWNER, True), (Role.ANALYST, True)])
def test_report_hides_small_counts_from_who_sees_no_names(
    at_the_desk, practice: Practice, role: Role, hidden: bool
) -> None:
    for _ in range(FEWEST + 1):
        practice.waits(language="es")
    practice.waits(language="vi", payer_code="AETNA")
    practice.cancel()
    shown = main_of(at_the_desk(role).get("/waitlist/fairness"))
    language = shown.split('id="by-language"')[1].split("</section>")[0]
    assert (">vi<" in language) and (f"fewer than {FEWEST}" in language) is hidden
    assert ('class="figure">6<' in language) is not hidden
    assert 'class="figure">7<' in shown.split('id="by-location"')[1]
    assert "EP-" not in shown and "Sample" not in shown


def test_report_before_anybody_waited_says_so(at_the_desk, place: Location) -> None:
    shown = main_of(at_the_desk(Role.OWNER).get("/waitlist/fairness"))
    assert shown.count("Nobody has waited.") == 4


@pytest.mark.parametrize("role", Role)
def test_page_is_in_the_navigation_of_who_may_open_it(at_the_desk, role: Role) -> None:
    shown = at_the_desk(role).get("/me").text
    works = role in (Role.CLINICIAN, Role.COORDINATOR, Role.ADMIN)
    assert ('href="/waitlist"' in shown) is works
    assert ('href="/waitlist/fairness"' in shown) is (not works and role != Role.BILLER)
