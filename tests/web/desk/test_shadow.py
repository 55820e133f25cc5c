"""The page "In the shadow": who reads it, what opens, and what an owner sees and signs of it."""

from typing import Any

import pytest

from acts import standings
from acts.shadow_notes import Would, keep
from adapters.operational_store import reading, writing
from models.codes import ReferralStatus, Role
from models.governance_codes import Level, Workflow
from models.operational import Location, Patient, PracticeSetting, Referral, WorkflowStanding
from models.standing import ShadowKind
from tests import factories

ADDRESS = "/workflows/referral/LOC-1/shadow"
PLACE = "LOC-1"


def in_shadow(workflow: Workflow = Workflow.REFERRAL) -> None:
    with writing() as db:
        db.merge(WorkflowStanding(workflow=workflow, location_id=PLACE, level=Level.SHADOW, runs_as=Level.SHADOW))


def noted(number: str, ranked: list[Any] | None = None) -> None:
    content = {"ranked": ranked or [["ST-A", 0.9]], "excluded": []}
    with writing() as db:
        keep(db, [Would(ShadowKind.MATCH, number, number, PLACE, content)])


@pytest.fixture
def case(place: Location) -> Referral:
    made = factories.make_referral(ReferralStatus.READY_TO_MATCH, location=place, risk_cleared=True)
    in_shadow()
    noted(made.case_number)
    return made


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.BILLER}))
def test_page_is_read_by_whoever_reads_the_workflows(at_the_desk, case: Referral, role: Role):
    shown = at_the_desk(role).get(ADDRESS)
    assert shown.status_code == 200
    assert "rank 1 clinicians, leave out 0" in shown.text and "Staff did nothing yet" in shown.text


def test_row_opens_its_case_only_for_whoever_may_see_it(at_the_desk, case: Referral):
    link = f'href="/cases/{case.case_number}"'
    assert link in at_the_desk(Role.COORDINATOR).get(ADDRESS).text
    other = at_the_desk(Role.CLINICIAN).get(ADDRESS).text
    assert case.case_number in other and link not in other


def test_page_of_another_location_and_of_no_workflow_is_refused(at_the_desk):
    seat = at_the_desk(Role.OWNER)
    factories.make_location(id="LOC-2", name="Elsewhere Road")
    assert seat.get("/workflows/referral/LOC-2/shadow").status_code == 403
    assert seat.get("/workflows/none/LOC-1/shadow").status_code == 409


def test_page_names_no_patient(at_the_desk, case: Referral):
    with reading() as db:
        person = db.get_one(Patient, case.patient_id)
    shown = at_the_desk(Role.OWNER).get(ADDRESS).text
    assert person.family_name not in shown and person.given_name not in shown


def test_workflows_lead_to_it_once_something_was_noted(at_the_desk):
    assert ADDRESS not in at_the_desk(Role.OWNER).get("/workflows").text
    noted(factories.make_case_at(ReferralStatus.READY_TO_MATCH).number)
    assert ADDRESS in at_the_desk(Role.OWNER).get("/workflows").text


def content_of(to: Level = Level.ASSISTED) -> str:
    [found] = [
        each
        for each in standings.overview()
        if (each.record.workflow, each.record.location_id) == (Workflow.REFERRAL, PLACE)
    ]
    return found.content[to]


def test_owner_signs_the_figures_of_the_shadow(at_the_desk, person: Any, case: Referral):
    seat = at_the_desk(Role.OWNER)
    shown = seat.get("/workflows/referral/LOC-1/up?to=assisted").text
    assert "What it would have done in the shadow" in shown and "1 noted in 90 days" in shown
    before = content_of()
    assert '"shadow":[{"agreed":0,"cannot_tell":0,"differed":0,"kind":"match","not_done":0,"not_yet":1}' in before
    noted(case.case_number + "1")
    assert content_of() != before, "what would be signed holds the figures"


def test_figures_stand_in_the_way_only_where_the_practice_has_said_so(at_the_desk, person: Any, case: Referral):
    for role in (Role.CLINICIAN, Role.CLINICIAN, Role.COORDINATOR, Role.BILLER, Role.OWNER, Role.ADMIN):
        person(role)
    seat = at_the_desk(Role.OWNER)
    assert "Sign: let it run as assisted" in seat.get("/workflows/referral/LOC-1/up?to=assisted").text
    with writing() as db:
        db.add(PracticeSetting(name="lock", value='{"shadow_agreement_at_least": 0.8}'))
    shown = seat.get("/workflows/referral/LOC-1/up?to=assisted").text
    assert "fewer than 20 actions of a kind" in shown and "Sign: let it run" not in shown
