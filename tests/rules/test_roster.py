"""Is every fault of a roster named at once and in its place, and is what it would change nothing else?"""

from dataclasses import replace
from datetime import time
from typing import Any

import pytest

from models.codes import Modality, Role
from models.roster import Change, HoursEntry, OnRecord, Roster, read_npi, spelled
from rules.roster import Checked, changes, check
from tests.rosters import GONE, NOTHING, TODAY, roster_content

CLINICIAN = "staff.0.clinician"
LICENCE = {"state": "OR", "number": "7", "expires_on": "2099-01-01"}
HOURS = {"weekday": "mon", "starts": "9:00", "ends": "12:00", "location": "MAIN"}
EAST = {"id": "EAST", "name": "E", "state": "IL", "time_zone": "America/Chicago", "phone": "312-555-0121"}


def checked(place: str, value: object, on_record: OnRecord = NOTHING) -> Checked:
    return check(roster_content({place: value}), on_record, TODAY)


def faults(found: Checked) -> list[str]:
    return [spelled(fault.path) for fault in found.faults]


def read(changed: dict[str, object] | None = None) -> Roster:
    found = check(roster_content(changed), NOTHING, TODAY)
    assert found.roster is not None, found.faults
    return found.roster


def recorded(roster: Roster, **given: Any) -> OnRecord:
    """An installation that holds just this roster."""
    ids = {each.email: f"ST-{at}" for at, each in enumerate(roster.staff)}
    npis = {each.clinician.npi: ids[each.email] for each in roster.staff if each.clinician}
    return replace(OnRecord(roster, ids, frozenset(), npis), **given)


def test_whole_roster_is_read_as_the_matcher_knows_it() -> None:
    [place], [ines, tamsin] = read().locations, read().staff
    assert (place.phone, place.accessible) == ("+15035550120", True)
    assert ines.clinician is not None
    assert (ines.clinician.focus_areas, ines.clinician.languages) == (("anxiety", "trauma"), ("en", "es"))
    assert ines.clinician.licences[0].number == "00417"
    assert ines.clinician.hours == (HoursEntry(0, time(9), time(12), "MAIN", Modality.EITHER, 50),)
    assert (tamsin.role, tamsin.phone, tamsin.team, tamsin.clinician) == (Role.COORDINATOR, None, "", None)


@pytest.mark.parametrize(
    ("npi", "right"),
    [
        ("1234567893", True),
        ("1000000103", True),
        ("1234567890", False),
        ("123456789", False),
        ("3234567891", False),
        ("12345678g3", False),
        ("", False),
    ],
)
def test_npi_has_its_check_digit(npi: str, right: bool) -> None:
    assert (read_npi(npi) == npi) is right


@pytest.mark.parametrize(
    ("place", "right", "wrong"),
    [
        ("locations.1", {**EAST, "id": "a" * 32}, {**EAST, "id": "a" * 33}),
        ("locations.1", {**EAST, "id": "everywhere"}, {**EAST, "id": "ALL"}),
        ("locations.0.name", "N", ""),
        ("locations.0.state", "wa", "ZZ"),
        ("locations.0.time_zone", "America/Denver", "Denver"),
        ("locations.0.phone", "(503) 555-0121", "555-0121"),
        ("locations.0.accessible", "no", "perhaps"),
        ("staff.1.name", "T" * 100, "T" * 101),
        ("staff.1.email", "T@Example.org", "nobody"),
        ("staff.1.phone", GONE, "12"),
        ("staff.1.role", "Biller", "emperor"),
        ("staff.1.locations", "MAIN", "EAST"),
        ("staff.1.locations", ["MAIN"], []),
        ("staff.1.on_call", "no", "yes"),
        ("staff.1.colour", GONE, "green"),
        (f"{CLINICIAN}.npi", "1000000103", "1000000104"),
        (f"{CLINICIAN}.credential", "LCSW", GONE),
        (f"{CLINICIAN}.gender", GONE, "lady"),
        (f"{CLINICIAN}.ages.min", "90", "91"),
        (f"{CLINICIAN}.ages.max", "120", "121"),
        (f"{CLINICIAN}.modalities", ["telehealth"], ["either"]),
        (f"{CLINICIAN}.languages", ["en-US"], ["english"]),
        (f"{CLINICIAN}.languages", ["en"], []),
        (f"{CLINICIAN}.focus_areas", [], ["dragons"]),
        (f"{CLINICIAN}.caseload.limit", "500", "501"),
        (f"{CLINICIAN}.caseload.now", "0", GONE),
        (f"{CLINICIAN}.accepts_new", "no", "maybe"),
        (f"{CLINICIAN}.licences.0.state", "WA", "Oregon"),
        (f"{CLINICIAN}.licences.0.number", "000", GONE),
        (f"{CLINICIAN}.licences.0.expires_on", "2028-02-29", "2027-02-29"),
        (f"{CLINICIAN}.licences", [LICENCE], []),
        (f"{CLINICIAN}.panels.0.plan", "ppo", GONE),
        (f"{CLINICIAN}.panels.0.payer", "BCBS", "SELF"),
        (f"{CLINICIAN}.panels", [], "AETNA"),
        (f"{CLINICIAN}.hours.0.weekday", "Sunday", "mo"),
        (f"{CLINICIAN}.hours.0.starts", "09:00", "9"),
        (f"{CLINICIAN}.hours.0.ends", "9:50", "9:49"),
        (f"{CLINICIAN}.hours.0.ends", "23:59", "24:00"),
        (f"{CLINICIAN}.hours.0.modality", "office", "phone"),
        (f"{CLINICIAN}.hours.0.minutes", "180", "ten"),
        (f"{CLINICIAN}.hours.0.minutes", "10", "9"),
        (f"{CLINICIAN}.hours.0.location", "MAIN", "EAST"),
    ],
)
def test_field_holds_or_is_named(place: str, right: object, wrong: object) -> None:
    assert faults(checked(place, right)) == []
    found = checked(place, wrong)
    assert found.roster is None
    assert any(fault.startswith(spelled_place(place)) for fault in faults(found)), faults(found)


def spelled_place(place: str) -> str:
    """How a fault at this place begins: a list's own entries may be named more closely."""
    return spelled(tuple(int(part) if part.isdigit() else part for part in place.split(".")))


def test_every_fault_is_told_at_once() -> None:
    content = roster_content(
        {
            "locations.0.state": "ZZ",
            "staff.0.email": "nobody",
            f"{CLINICIAN}.npi": "1",
            f"{CLINICIAN}.licences.0.expires_on": "soon",
            "staff.1.role": "emperor",
        }
    )
    assert faults(check(content, NOTHING, TODAY)) == [
        "locations[1] state",
        "staff[1] email",
        "staff[1] clinician.npi",
        "staff[1] clinician.licences[1].expires_on",
        "staff[2] role",
    ]


def test_mistyped_role_hides_no_other_fault() -> None:
    content = roster_content({"staff.0.role": "clinican", f"{CLINICIAN}.npi": "1"})
    assert faults(check(content, NOTHING, TODAY)) == ["staff[1] role", "staff[1] clinician.npi"]


@pytest.mark.parametrize("content", [None, [], "text", {"staff": "text"}, {"staff": ["text"]}, {"people": []}])
def test_what_is_no_roster_is_a_fault(content: object) -> None:
    assert check(content, NOTHING, TODAY).faults


@pytest.mark.parametrize(
    ("place", "value", "where"),
    [
        ("locations.1", {**EAST, "id": "MAIN"}, "locations[2] id"),
        ("staff.1.email", "INES@example.org", "staff[2] email"),
        (f"{CLINICIAN}.licences.1", LICENCE, "staff[1] clinician.licences[2]"),
        (f"{CLINICIAN}.panels.1", {"payer": "aetna", "plan": "*"}, "staff[1] clinician.panels[2]"),
        (f"{CLINICIAN}.hours.1", {**HOURS, "starts": "11:00"}, "staff[1] clinician.hours[2]"),
        (f"{CLINICIAN}.hours.0.modality", "office", None),
        (f"{CLINICIAN}.hours.1", {**HOURS, "starts": "12:00", "ends": "13:00"}, None),
        (f"{CLINICIAN}.hours.1", {**HOURS, "weekday": "tue"}, None),
        (f"{CLINICIAN}.panels.1", {"payer": "AETNA", "plan": "PPO"}, None),
    ],
)
def test_entries_that_contradict_each_other_are_named(place: str, value: object, where: str | None) -> None:
    assert faults(checked(place, value)) == ([where] if where else [])


def test_same_npi_twice_is_a_fault() -> None:
    other = {**roster_content()["staff"][0], "email": "other@example.org"}
    assert faults(checked("staff.2", other)) == ["staff[3] clinician.npi"]


@pytest.mark.parametrize(("zone", "clash"), [("America/Los_Angeles", True), ("America/New_York", False)])
def test_hours_clash_on_one_clock_only(zone: str, clash: bool) -> None:
    content = roster_content(
        {
            "locations.1": {**EAST, "time_zone": zone},
            "staff.0.locations": ["MAIN", "EAST"],
            f"{CLINICIAN}.hours.1": {**HOURS, "location": "EAST", "starts": "10:00"},
        }
    )
    assert bool(check(content, NOTHING, TODAY).faults) is clash


def test_hours_in_a_way_the_clinician_does_not_work_are_a_fault() -> None:
    content = roster_content({f"{CLINICIAN}.modalities": ["telehealth"], f"{CLINICIAN}.hours.0.modality": "office"})
    assert faults(check(content, NOTHING, TODAY)) == ["staff[1] clinician.hours[1].modality"]


@pytest.mark.parametrize(
    ("place", "value", "where"),
    [
        (CLINICIAN, GONE, "staff[1] clinician"),
        ("staff.1.clinician", {"npi": "1234567893"}, "staff[2] clinician"),
    ],
)
def test_clinicians_and_nobody_else_have_a_clinicians_facts(place: str, value: object, where: str) -> None:
    assert faults(checked(place, value)) == [where]


def test_location_on_record_may_be_named_without_standing_in_the_file() -> None:
    on_record = recorded(Roster(read().locations, ()))
    assert faults(checked("locations", [], on_record)) == []
    assert checked("locations", []).faults


def test_closed_account_is_a_fault() -> None:
    on_record = recorded(read(), closed=frozenset({"tamsin@example.org"}))
    assert faults(check(roster_content(), on_record, TODAY)) == ["staff[2] email"]


def test_changed_address_would_make_a_second_account_and_is_a_fault() -> None:
    found = checked("staff.0.email", "ines.new@example.org", recorded(read()))
    assert faults(found) == ["staff[1] clinician.npi"]
    assert "ST-0" in found.faults[0].words and "Ines" not in found.faults[0].words


@pytest.mark.parametrize(
    ("on_record", "said", "settled", "notices"),
    [(None, GONE, False, 1), (None, "yes", True, 0), ("yes", GONE, True, 0), ("yes", "no", False, 0)],
)
def test_accessibility_that_is_unsaid_is_never_taken_as_yes(
    on_record: str | None, said: object, settled: bool, notices: int
) -> None:
    before = recorded(read({"locations.0.accessible": on_record})) if on_record else NOTHING
    found = checked("locations.0.accessible", said, before)
    assert found.roster is not None
    assert (found.roster.locations[0].accessible, len(found.notices)) == (settled, notices)


@pytest.mark.parametrize(("expires", "notices"), [("2026-11-25", 0), ("2026-11-24", 2)])
def test_expired_licence_is_told_with_what_it_costs(expires: str, notices: int) -> None:
    assert len(checked(f"{CLINICIAN}.licences.0.expires_on", expires).notices) == notices


def test_same_roster_changes_nothing() -> None:
    assert check(roster_content(), recorded(read()), TODAY).changes == ()


def test_order_of_lists_is_no_change() -> None:
    content = roster_content({f"{CLINICIAN}.focus_areas": ["anxiety", "trauma"], "staff": None})
    content["staff"] = list(reversed(roster_content()["staff"]))
    assert check(content, recorded(read()), TODAY).changes == ()


def test_each_change_names_its_fields() -> None:
    wanted = read(
        {
            "locations.0.phone": "503-555-0199",
            "locations.1": {**EAST, "accessible": "yes"},
            f"{CLINICIAN}.hours.0.ends": "13:00",
            f"{CLINICIAN}.caseload": {"limit": "20", "now": "3"},
            "staff.1.role": "biller",
        }
    )
    assert changes(read(), wanted) == (
        Change("location", "MAIN", False, ("phone",)),
        Change("location", "EAST", True),
        Change("staff", "ines@example.org", False, ("clinician.caseload", "clinician.hours")),
        Change("staff", "tamsin@example.org", False, ("role",)),
    )


def test_who_is_absent_is_told_and_no_change() -> None:
    found = check({"locations": [], "staff": []}, recorded(read()), TODAY)
    assert (found.faults, found.changes) == ((), ())
    assert found.absent_locations == ("MAIN",)
    assert found.absent_staff == ("ines@example.org", "tamsin@example.org")


def test_roster_does_not_print_who_it_is_about() -> None:
    found = check(roster_content(), recorded(read()), TODAY)
    for words in (repr(found), repr(checked("staff.0.phone", "503-555-0199", recorded(read())))):
        assert not [each for each in ("Calloway", "ines@", "tamsin@", "00417", "5550123") if each in words]
