"""Does a roster go in whole or not at all, once, with every change on record, and do bookable times follow it?"""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from acts import accounts, roster
from acts.roster import Applied, apply, check
from adapters import credentials, desk_logins
from adapters.operational_store import reading, writing
from adapters.roster_file import read_document, written
from adapters.roster_on_record import roster_on_record
from adapters.slots import extend_slots
from models.codes import OfferStatus, ReferralStatus, Role, SlotStatus
from models.columns import utc_now
from models.operational import (
    AuditEvent,
    Availability,
    Clinician,
    Licence,
    Location,
    Offer,
    OutboxMessage,
    PanelMembership,
    Referral,
    Slot,
    Staff,
    StaffLogin,
)
from tasks.matching import candidate_clinicians
from tests.factories import make_appointment, make_offer, make_referral, make_slot, make_staff
from tests.rosters import GONE, roster_content

pytestmark = pytest.mark.usefixtures("home")

CLINICIAN = "staff.0.clinician"
INES, TAMSIN = "ines@example.org", "tamsin@example.org"
EAST = {
    "id": "EAST",
    "name": "Birch Court",
    "state": "IL",
    "time_zone": "America/Chicago",
    "phone": "312-555-0121",
    "accessible": "no",
}


def applied(changes: dict[str, object] | None = None) -> Applied:
    done = apply(roster_content(changes), actor="command line")
    assert done.checked.faults == ()
    return done


def rows(record: Any, **where: object) -> list[Any]:
    with reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def person(email: str) -> Staff:
    [found] = rows(Staff, email=email)
    return found  # type: ignore[no-any-return]


def events() -> list[AuditEvent]:
    with reading() as db:
        return list(db.exec(select(AuditEvent).order_by(col(AuditEvent.id))).all())


def actions(since: int = 0) -> list[str]:
    return [event.action for event in events()[since:]]


def free_times() -> list[Slot]:
    with reading() as db:
        return list(db.exec(select(Slot).where(Slot.status == SlotStatus.OPEN).order_by(col(Slot.starts_at))).all())


def test_first_roster_makes_a_practice_that_can_be_matched() -> None:
    done = applied()
    assert [sign_in.email for sign_in in done.sign_ins] == [INES, TAMSIN]
    assert credentials.verify_password(person(INES).password_hash, done.sign_ins[0].password)
    assert person(TAMSIN).must_enrol and person(INES).on_call
    with reading() as db:
        [candidate] = candidate_clinicians(db, utc_now())
    assert (candidate.licensed_states, candidate.panels) == (frozenset({"OR"}), frozenset({("AETNA", "*")}))
    assert (candidate.open_places, candidate.next_free is not None) == (11, True)
    assert candidate.offices[0].accessible
    assert len(free_times()) == done.new_times > 0
    assert {slot.location_id for slot in free_times()} == {"MAIN"}


def test_applying_twice_changes_nothing() -> None:
    applied()
    before = events()
    again = applied()
    assert (again.checked.changes, again.sign_ins, again.new_times) == ((), (), 0)
    assert events() == before


def test_fault_leaves_nothing_written() -> None:
    done = apply(roster_content({"staff.1.role": "emperor"}), actor="command line")
    assert len(done.checked.faults) == 1
    assert (rows(Location), rows(Staff), events()) == ([], [], [])


def test_error_in_the_middle_leaves_nothing_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("the machine was killed")

    monkeypatch.setattr(roster, "fit_times", fails)
    with pytest.raises(RuntimeError):
        applied()
    assert (rows(Location), rows(Staff), rows(Clinician), events()) == ([], [], [], [])


def test_what_is_shown_is_what_was_applied() -> None:
    applied({"locations.1": EAST})
    text = written(roster_on_record())
    assert check(read_document(text.encode()).content).changes == ()
    assert "00417" in text


def test_every_change_is_an_event_without_a_name() -> None:
    applied()
    told = [(event.action, event.subject_kind) for event in events()]
    for expected in (
        ("location.added", "location"),
        ("staff.added", "staff"),
        ("clinician.added", "clinician"),
        ("licence.added", "licence"),
        ("clinician.panels_changed", "clinician"),
        ("clinician.hours_changed", "clinician"),
        ("roster.applied", "location"),
    ):
        assert expected in told
    words = " ".join(repr(vars(event)) for event in events())
    assert not [each for each in ("Calloway", "Alder", "example.org", "5550", "00417", "1234567893") if each in words]


def test_changed_facts_are_written_and_named() -> None:
    applied()
    since = len(events())
    applied(
        {
            "locations.0.name": "Alder Mansion",
            "staff.0.phone": GONE,
            f"{CLINICIAN}.caseload.now": "20",
            f"{CLINICIAN}.licences": [
                {"state": "OR", "number": "00417", "expires_on": "2100-06-30"},
                {"state": "WA", "number": "9", "expires_on": "2100-06-30"},
            ],
            f"{CLINICIAN}.panels": [{"payer": "BCBS", "plan": "PPO"}],
        }
    )
    assert rows(Location)[0].name == "Alder Mansion"
    assert person(INES).phone is None
    assert rows(Clinician)[0].caseload_now == 20
    assert {one.state: one.expires_on.year for one in rows(Licence)} == {"OR": 2100, "WA": 2100}
    assert [(one.payer_code, one.plan_code) for one in rows(PanelMembership)] == [("BCBS", "PPO")]
    changed = {event.action: event.details for event in events()[since:]}
    assert changed["staff.changed"] == {"fields": ["phone"]}
    assert changed["clinician.changed"] == {"fields": ["caseload_now"]}
    assert changed["licence.changed"] == {"state": "OR", "fields": ["expires_on"]}
    assert changed["licence.added"] == {"state": "WA"}
    assert "staff.rights_changed" not in changed


def test_licence_that_is_left_out_is_removed() -> None:
    more = {"state": "WA", "number": "9", "expires_on": "2100-06-30"}
    applied({f"{CLINICIAN}.licences.1": more})
    since = len(events())
    applied()
    assert [one.state for one in rows(Licence)] == ["OR"]
    assert "licence.removed" in actions(since)


def test_other_rights_sign_out_and_are_told_to_compliance() -> None:
    officer = make_staff(role=Role.COMPLIANCE)
    applied()
    staff = person(TAMSIN)
    desk_logins.open_login(staff.id)
    since = len(events())
    applied({"staff.1.role": "biller", "staff.1.team": "office"})
    assert (person(TAMSIN).role, person(TAMSIN).team) == (Role.BILLER, "office")
    assert [login.revoked for login in rows(StaffLogin, staff_id=staff.id)] == [True]
    assert "staff.rights_changed" in actions(since)
    told = [each for each in rows(OutboxMessage, template="rights_changed") if each.facts["staff_id"] == staff.id]
    assert [each.to_staff_id for each in told] == [officer.id] * 2  # for the new account, for its new rights


def test_other_facts_sign_nobody_out() -> None:
    applied()
    desk_logins.open_login(person(TAMSIN).id)
    applied({"staff.1.name": "Tamsin Okoro-Vale"})
    assert [login.revoked for login in rows(StaffLogin)] == [False]


def test_who_is_absent_stays() -> None:
    applied({"locations.1": EAST})
    done = apply({"locations": [], "staff": []}, actor="command line")
    assert (done.checked.absent_locations, done.checked.absent_staff) == (("EAST", "MAIN"), (INES, TAMSIN))
    assert person(INES).active and len(rows(Location)) == 2


def test_closed_account_is_neither_changed_nor_opened() -> None:
    applied()
    accounts.set_active(person(TAMSIN).id, False, "command line")
    done = apply(roster_content({"staff.1.name": "Somebody Else"}), actor="command line")
    assert done.checked.faults
    assert (person(TAMSIN).name, person(TAMSIN).active) == ("Tamsin Okoro", False)
    assert TAMSIN not in written(roster_on_record())


def test_coordinator_becomes_a_clinician_and_a_clinician_a_coordinator() -> None:
    applied()
    ines, tamsin = roster_content()["staff"]
    facts = {**ines["clinician"], "npi": "1000000103"}
    applied({"staff.1": {**tamsin, "role": "clinician", "clinician": facts}})
    assert person(TAMSIN).role == Role.CLINICIAN
    assert len(rows(Licence, clinician_id=person(TAMSIN).id)) == 1
    applied()
    assert person(TAMSIN).role == Role.COORDINATOR
    with reading() as db:
        places = {each.clinician_id: each.open_places for each in candidate_clinicians(db, utc_now())}
    assert places[person(TAMSIN).id] == 0
    assert rows(Availability, clinician_id=person(TAMSIN).id) == []
    assert {slot.clinician_id for slot in free_times()} == {person(INES).id}
    assert applied().checked.changes == ()


def test_who_was_made_a_coordinator_on_the_desk_is_cleared_up_by_the_next_roster() -> None:
    applied()
    facts = {"role": Role.COORDINATOR, "location_ids": ["MAIN"], "team": "", "actor": "ST-admin"}
    accounts.change_rights(person(INES).id, **facts)  # type: ignore[arg-type]
    content = read_document(written(roster_on_record()).encode()).content
    done = apply(content, actor="command line")
    assert [(each.key, each.fields) for each in done.checked.changes] == [(INES, ("on_call", "clinician"))]
    assert (rows(Clinician)[0].accepts_new, rows(Availability), free_times()) == (False, [], [])
    assert apply(content, actor="command line").checked.changes == ()


# -- bookable times


def test_free_times_follow_the_hours_and_come_back() -> None:
    applied()
    before = {slot.id for slot in free_times()}
    done = applied({f"{CLINICIAN}.hours.0.ends": "11:00"})
    assert {slot.starts_at for slot in free_times()} < {slot.starts_at for slot in rows(Slot)}
    assert done.fitted.withdrawn == len(before) - len(free_times()) > 0
    assert {slot.status for slot in rows(Slot) if slot.id in before} == {SlotStatus.OPEN, SlotStatus.CLOSED}
    back = applied()
    assert (back.fitted.opened_again, back.new_times) == (done.fitted.withdrawn, 0)
    assert {slot.id for slot in free_times()} == before


def test_free_times_move_to_another_place_in_another_way() -> None:
    applied({"locations.1": {**EAST, "state": "WA", "time_zone": "America/Los_Angeles"}})
    moved = {
        "locations.1": {**EAST, "state": "WA", "time_zone": "America/Los_Angeles"},
        "staff.0.locations": ["EAST", "MAIN"],
        f"{CLINICIAN}.hours.0.location": "EAST",
        f"{CLINICIAN}.hours.0.modality": "office",
    }
    done = applied(moved)
    assert done.fitted.changed > 0
    assert {(slot.location_id, slot.modality) for slot in free_times()} == {("EAST", "office")}


def test_time_zone_of_a_location_moves_its_free_times() -> None:
    applied()
    hours = {slot.starts_at for slot in free_times()}
    applied({"locations.0.time_zone": "America/New_York"})
    assert {slot.starts_at for slot in free_times()} <= {at - timedelta(hours=3) for at in hours}


@pytest.mark.parametrize(("field", "value"), [("ends", "11:00"), ("modality", "office")])
def test_time_that_was_closed_by_hand_stays_closed(field: str, value: str) -> None:
    applied()
    first = free_times()[0]
    with writing() as db:
        db.get_one(Slot, first.id).status = SlotStatus.CLOSED
    applied({f"{CLINICIAN}.hours.0.{field}": value})
    applied()
    assert rows(Slot, id=first.id)[0].status == SlotStatus.CLOSED


def test_booked_time_stands_outside_new_hours_and_nothing_opens_over_it() -> None:
    applied()
    taken = free_times()[0]
    case = make_referral(ReferralStatus.BOOKED)
    make_appointment(case, taken)
    done = applied({f"{CLINICIAN}.hours.0.starts": "9:30"})
    assert done.fitted.standing == [case.case_number]
    assert rows(Slot, id=taken.id)[0].status == SlotStatus.BOOKED
    ends = taken.starts_at + timedelta(minutes=taken.minutes)
    assert not [slot for slot in free_times() if taken.starts_at < slot.starts_at < ends]
    extend_slots((utc_now() + timedelta(weeks=6)).date())  # nor in the night
    assert not [slot for slot in free_times() if taken.starts_at < slot.starts_at < ends]


def test_patient_who_was_offered_a_withdrawn_time_is_offered_others() -> None:
    applied()
    first, *_ = free_times()
    case = make_referral(ReferralStatus.OFFERED, clinician_id=first.clinician_id)
    make_offer(case, first)
    applied({f"{CLINICIAN}.hours.0.weekday": "tue"})
    assert [offer.status for offer in rows(Offer)] == [OfferStatus.REVOKED]
    [now] = rows(Referral, case_number=case.case_number)
    assert (now.status, now.wake_wanted) == (ReferralStatus.READY_TO_OFFER, True)


def test_time_that_was_opened_by_hand_outside_the_hours_stays_open() -> None:
    applied()
    [clinician], [place] = rows(Clinician), rows(Location)
    by_hand = make_slot(clinician, place, hours_ahead=50)
    applied({f"{CLINICIAN}.hours": []})
    assert [slot.id for slot in free_times()] == [by_hand.id]
