"""Who may open which desk route, and see which case."""

import pytest

from models.case_facts import CaseFacts
from models.codes import Role
from rules.access import PUBLIC, ROUTES, Viewer, may_open, may_read_content, may_see_case, sees_names

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
