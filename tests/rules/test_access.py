"""Who may open which desk route, and see which case."""

import pytest

from models.case_facts import CaseFacts
from models.codes import Role, ToDoKind
from rules.access import (
    PUBLIC,
    ROUTES,
    Viewer,
    may_keep_calendar,
    may_open,
    may_read_content,
    may_see_case,
    may_see_to_do,
    sees_names,
    works_on,
)

HERE, ELSEWHERE = "LOC-1", "LOC-2"


def viewer(role: Role = Role.CLINICIAN, **facts) -> Viewer:
    return Viewer(**{"staff_id": "ST-1", "role": role, "location_ids": frozenset({HERE}), "team": "blue"} | facts)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("route", ROUTES)
def test_route_opens_for_its_roles_alone(route: str, role: Role):
    permission = may_open(route, role)
    assert permission.allowed == (role in ROUTES[route])
    assert bool(permission.reasons) != permission.allowed


@pytest.mark.parametrize("route", ROUTES)
def test_route_stays_closed_until_somebody_signs_in(route: str):
    assert not may_open(route, None).allowed


def test_public_routes_ask_nobody():
    assert all(may_open(route, None).allowed for route in PUBLIC)
    assert not PUBLIC & set(ROUTES)


@pytest.mark.parametrize("role", [None, *Role])
def test_route_without_an_entry_is_closed(role: Role | None):
    assert not may_open("a_page_of_tomorrow", role).allowed


@pytest.mark.parametrize(
    ("facts", "case", "allowed"),
    [
        ({}, CaseFacts(HERE, people=frozenset({"ST-1"})), True),
        ({}, CaseFacts(ELSEWHERE, people=frozenset({"ST-1"})), True),
        ({}, CaseFacts(HERE, people=frozenset({"ST-2"}), teams=frozenset({"blue"})), True),
        ({}, CaseFacts(ELSEWHERE, people=frozenset({"ST-2"}), teams=frozenset({"blue"})), False),
        ({}, CaseFacts(HERE, people=frozenset({"ST-2"}), teams=frozenset({"green"})), False),
        ({"team": ""}, CaseFacts(HERE, teams=frozenset({""})), False),
        ({}, CaseFacts(HERE), False),
        ({"on_call": True}, CaseFacts(HERE, review_open=True), True),
        ({"on_call": True}, CaseFacts(HERE), False),
        ({"on_call": True}, CaseFacts(ELSEWHERE, review_open=True), False),
        ({}, CaseFacts(HERE, review_open=True), False),
        ({}, CaseFacts(HERE, review_open=True, unassigned_review=True), True),
        ({}, CaseFacts(ELSEWHERE, review_open=True, unassigned_review=True), False),
        ({}, CaseFacts(HERE, clinician_to_do=True), True),
        ({}, CaseFacts(ELSEWHERE, clinician_to_do=True), False),
    ],
)
def test_clinician_sees_own_team_and_uncovered_cases(facts: dict, case: CaseFacts, allowed: bool):
    permission = may_see_case(viewer(**facts), case)
    assert permission.allowed == allowed
    assert bool(permission.reasons) != allowed


@pytest.mark.parametrize("role", [role for role in Role if role != Role.CLINICIAN])
def test_other_roles_see_the_cases_of_their_locations(role: Role):
    assert may_see_case(viewer(role), CaseFacts(HERE)).allowed
    assert not may_see_case(viewer(role), CaseFacts(ELSEWHERE)).allowed


@pytest.mark.parametrize("role", Role)
def test_content_is_read_by_clinicians_alone(role: Role):
    own = CaseFacts(HERE, people=frozenset({"ST-1"}))
    assert may_read_content(viewer(role), own).allowed == (role == Role.CLINICIAN)


def test_clinician_reads_no_content_of_a_case_they_may_not_see():
    assert not may_read_content(viewer(), CaseFacts(HERE)).allowed


def test_names_are_shown_to_those_who_meet_patients():
    assert {role for role in Role if sees_names(role)} == {Role.CLINICIAN, Role.COORDINATOR}


@pytest.mark.parametrize(
    ("role", "of_role", "allowed"),
    [
        (Role.CLINICIAN, Role.CLINICIAN, True),
        (Role.CLINICIAN, Role.COORDINATOR, True),
        (Role.COORDINATOR, Role.COORDINATOR, True),
        (Role.COORDINATOR, Role.CLINICIAN, False),
        (Role.ADMIN, Role.CLINICIAN, True),
    ],
)
def test_coordinator_opens_no_to_do_of_a_clinician(role: Role, of_role: Role, allowed: bool):
    case = CaseFacts(HERE, clinician_to_do=True)
    assert may_see_to_do(viewer(role), case, of_role).allowed == allowed
    assert not may_see_to_do(viewer(role), CaseFacts(ELSEWHERE, clinician_to_do=True), of_role).allowed


@pytest.mark.parametrize(
    ("role", "kind", "of_role", "clinician_id", "works"),
    [
        (Role.CLINICIAN, ToDoKind.WARM_HANDOFF, Role.CLINICIAN, None, True),
        (Role.CLINICIAN, ToDoKind.WARM_HANDOFF, Role.COORDINATOR, "ST-1", False),
        (Role.CLINICIAN, ToDoKind.RECORD_OUTCOME, Role.COORDINATOR, "ST-1", True),
        (Role.CLINICIAN, ToDoKind.RECORD_OUTCOME, Role.COORDINATOR, "ST-2", False),
        (Role.COORDINATOR, ToDoKind.WARM_HANDOFF, Role.COORDINATOR, None, True),
        (Role.COORDINATOR, ToDoKind.WARM_HANDOFF, Role.CLINICIAN, None, False),
        (Role.ADMIN, ToDoKind.WARM_HANDOFF, Role.CLINICIAN, None, True),
    ],
)
def test_queue_holds_the_to_dos_of_ones_role(role, kind, of_role, clinician_id, works):
    assert works_on(viewer(role), kind, of_role, clinician_id) == works


@pytest.mark.parametrize(
    ("role", "clinician_id", "places", "allowed"),
    [
        (Role.CLINICIAN, "ST-1", {ELSEWHERE}, True),
        (Role.CLINICIAN, "ST-2", {HERE}, False),
        (Role.COORDINATOR, "ST-2", {HERE, ELSEWHERE}, True),
        (Role.COORDINATOR, "ST-2", {ELSEWHERE}, False),
        (Role.ADMIN, "ST-2", {HERE}, False),
        (Role.BILLER, "ST-1", {HERE}, False),
    ],
)
def test_calendar_is_kept_by_its_clinician_and_the_coordinators_of_their_places(role, clinician_id, places, allowed):
    permission = may_keep_calendar(viewer(role), clinician_id, frozenset(places))
    assert permission.allowed == allowed and bool(permission.reasons) != allowed
