"""The page of the workflows: who reads it, one click down, an owner's signature up; what pages of held cases say."""

import re
from typing import Any

import pytest
from sqlmodel import select

from acts import standings
from adapters.operational_store import reading, writing
from models.codes import ApprovalKind, ClaimStatus, NoteStatus, ReferralStatus, Role
from models.governance_codes import Level, Workflow
from models.operational import LevelChange, WorkflowStanding
from tests import factories
from tests.web.desk.conftest import PASSWORD

DOWN = {"to": "off", "reason": "harm_feared"}
ADDRESS = "/workflows/referral/LOC-1"


def standing(workflow: Workflow = Workflow.REFERRAL) -> WorkflowStanding | None:
    with reading() as db:
        return db.get(WorkflowStanding, (workflow, "LOC-1"))


def changes() -> list[LevelChange]:
    with reading() as db:
        return list(db.exec(select(LevelChange)).all())


@pytest.fixture
def staffed(person: Any) -> None:
    for role in (Role.CLINICIAN, Role.CLINICIAN, Role.COORDINATOR, Role.BILLER, Role.OWNER, Role.ADMIN):
        person(role)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.BILLER}))
def test_page_shows_every_workflow_with_its_checks(at_the_desk, staffed: None, role: Role):
    shown = at_the_desk(role).get("/workflows").text
    for workflow in Workflow:
        assert f'<h2 id="w-{workflow.value}">' in shown
    assert shown.count("the audit proof has not run on this version yet") == len(Workflow)
    assert ("Stop now" in shown) == (role in standings.GOES_DOWN_BY)
    assert ("Let it go further" in shown) == (role is Role.OWNER)


def test_page_names_no_workflow_of_another_location(at_the_desk):
    elsewhere = factories.make_location(id="LOC-2", name="Elsewhere Road")
    factories.make_staff(role=Role.OWNER, location=elsewhere)
    assert "Elsewhere Road" not in at_the_desk(Role.OWNER).get("/workflows").text


@pytest.mark.parametrize("role", sorted(standings.GOES_DOWN_BY))
def test_one_click_takes_it_down_and_says_so(at_the_desk, role: Role):
    seated = at_the_desk(role)
    answer = seated.post(f"{ADDRESS}/down", **DOWN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/workflows?done=down")
    found = standing()
    assert found is not None and (found.level, found.runs_as, found.changed_by) == (
        Level.OFF,
        Level.OFF,
        seated.staff.id,
    )
    assert [(each.old, each.new, each.reason) for each in changes()] == [(Level.ASSISTED, Level.OFF, "harm_feared")]
    assert "Somebody could come to harm" in seated.get("/workflows").text


@pytest.mark.parametrize(
    ("path", "form", "status", "said"),
    [
        (f"{ADDRESS}/down", {**DOWN, "reason": "because"}, 422, "Choose a reason"),
        (f"{ADDRESS}/down", {**DOWN, "to": "sideways"}, 422, "Choose a level"),
        (f"{ADDRESS}/down", {**DOWN, "to": "live"}, 422, "owner&#39;s signature"),
        ("/workflows/referral/LOC-9/down", DOWN, 422, "another location"),
        ("/workflows/none/LOC-1/down", DOWN, 422, "no workflow none"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    at_the_desk, path: str, form: dict[str, str], status: int, said: str
):
    answer = at_the_desk(Role.OWNER).post(path, **form)
    assert answer.status_code == status and said in answer.text
    assert (standing(), changes()) == (None, [])


def signed(seated: Any, to: str, **given: str) -> Any:
    shown = seated.get(f"{ADDRESS}/up?to={to}").text
    found = re.search(r'name="seen_digest" value="(\w+)"', shown)
    form = {"to": to, "seen_digest": found.group(1) if found else "", "password": PASSWORD, "code": seated.code()}
    return seated.post(f"{ADDRESS}/up", **(form | given))


def test_owner_signs_it_up_with_password_and_code(at_the_desk, staffed: None):
    seated = at_the_desk(Role.OWNER)
    seated.post(f"{ADDRESS}/down", **DOWN)
    answer = signed(seated, "assisted")
    assert (answer.status_code, answer.headers["location"]) == (303, "/workflows?done=up")
    found, change = standing(), changes()[-1]
    assert found is not None and found.level == Level.ASSISTED
    assert (change.new, change.by, change.authenticated) == (
        Level.ASSISTED,
        seated.staff.id,
        "desk_password_and_code",
    )
    assert change.digest[:12] in seated.get("/workflows").text


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"code": "000000"}, {"code": ""}])
def test_without_a_signature_nothing_goes_up(at_the_desk, staffed: None, wrong: dict[str, str]):
    seated = at_the_desk(Role.OWNER)
    seated.post(f"{ADDRESS}/down", **DOWN)
    answer = signed(seated, "assisted", **wrong)
    assert answer.status_code == 422 and "does not fit" in answer.text
    assert standing().level == Level.OFF  # type: ignore[union-attr]


def test_limits_that_are_not_met_are_shown_instead_of_a_form(at_the_desk):
    seated = at_the_desk(Role.OWNER)
    seated.post(f"{ADDRESS}/down", **DOWN)
    shown = seated.get(f"{ADDRESS}/up?to=live").text
    assert "live needs 20" in shown and "no clinician here" in shown and "seen_digest" not in shown
    answer = seated.post(f"{ADDRESS}/up", to="live", seen_digest="x", password=PASSWORD, code=seated.code())
    assert answer.status_code == 422 and standing().level == Level.OFF  # type: ignore[union-attr]


def test_what_was_shown_before_something_changed_is_not_signed(at_the_desk, staffed: None):
    seated = at_the_desk(Role.OWNER)
    seated.post(f"{ADDRESS}/down", **DOWN)
    answer = signed(seated, "assisted", seen_digest="0" * 64)
    assert answer.status_code == 422 and "look at them again" in answer.text


def hold(*workflows: Workflow) -> None:
    with writing() as db:
        for workflow in workflows:
            db.add(WorkflowStanding(workflow=workflow, location_id="LOC-1", level=Level.OFF, runs_as=Level.OFF))


def test_pages_of_held_cases_say_so_and_those_of_others_do_not(at_the_desk, place):
    waiting = factories.make_referral(ReferralStatus.READY_TO_MATCH, location=place)
    reviewed = factories.make_referral(ReferralStatus.RISK_REVIEW, location=place)
    seated = at_the_desk(Role.COORDINATOR)
    said = "Held: off."
    assert said not in seated.get(f"/cases/{waiting.case_number}").text
    hold(Workflow.REFERRAL)
    assert said in seated.get(f"/cases/{waiting.case_number}").text
    assert said not in seated.get(f"/cases/{reviewed.case_number}").text, "a safety path is not held"
    assert "<strong>Held:</strong> Referral to first session" in seated.get("/").text


def test_held_note_and_claim_say_so(at_the_desk, place):
    note = factories.make_session(NoteStatus.READY_TO_DRAFT, location=place)
    claim = factories.make_claim(
        ClaimStatus.RECEIVED, session=factories.make_session(NoteStatus.CLOSED_SIGNED, location=place)
    )
    hold(Workflow.NOTES, Workflow.CLAIMS)
    assert "Held: off." in at_the_desk(Role.COORDINATOR).get(f"/notes/{note.case_number}").text
    shown = at_the_desk(Role.BILLER).get(f"/claims/{claim.case_number}").text
    assert "Held: off." in shown and "do_not_bill" in shown


def test_sign_off_that_was_open_is_signed_while_it_is_held(at_the_desk, assignment, person):
    seated = at_the_desk(Role.COORDINATOR)
    approval, fits, _ = assignment(seated.staff)
    hold(Workflow.REFERRAL)
    answer = seated.sign(approval, verdict="approve", clinician_id=fits.id)
    assert answer.status_code == 303
    assert approval.kind == ApprovalKind.ASSIGNMENT


def test_owner_reads_what_live_would_leave_unsigned(at_the_desk, staffed: None):
    seat = at_the_desk(Role.OWNER)
    assert "the first leads clearly" in seat.get("/workflows/referral/LOC-1/up?to=live").text
    assert "it leaves nothing unsigned" in seat.get("/workflows/notes/LOC-1/up?to=live").text
    with writing() as db:
        shadow = {"level": Level.SHADOW, "runs_as": Level.SHADOW}
        db.add(WorkflowStanding(workflow=Workflow.REFERRAL, location_id="LOC-1", **shadow))
    assert "Here that means" not in seat.get("/workflows/referral/LOC-1/up?to=assisted").text
