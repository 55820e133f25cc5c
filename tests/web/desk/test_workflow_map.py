"""The map's pages: what the audit tells of the moves, for whoever may see them, and who waits at a step."""

import re

import pytest
from sqlmodel import select

from adapters import operational_store, workflow_drawing, workflow_views
from adapters.operational_store import audit, move_case, writing
from models.codes import ReferralStatus, Role
from models.columns import utc_now
from models.governance_codes import Workflow
from models.operational import AuditEvent, Referral
from models.workflow_steps import STATUSES, mapped
from tests import factories

R = ReferralStatus


@pytest.fixture
def walked(place):
    """Three cases: asked and screened; asked; and one of another location."""

    def walk(location, *steps: R) -> Referral:
        patient = factories.make_patient(family_name="Vantongeren")
        case = factories.make_referral(location=location, patient=patient)
        with writing() as db:
            audit(db, "system", "case.opened", case, case.case_number)
            found = db.get_one(Referral, case.case_number)
            for step in steps:
                move_case(db, found, step, actor="system")
        return case

    elsewhere = factories.make_location(id="LOC-2")
    return [
        walk(place, R.CONTACT_PATIENT, R.QUESTIONNAIRES_REQUESTED, R.READY_TO_SCREEN, R.RISK_REVIEW),
        walk(place, R.CONTACT_PATIENT),
        walk(elsewhere, R.POSSIBLE_DUPLICATE),
    ]


def cells(shown: str, caption: str) -> list[list[str]]:
    table = shown.split(f"<caption>{caption}</caption>")[1].split("</table>")[0].split("<tbody>")[1]
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.S)
    return [
        [re.sub(r"<[^>]+>", "", each).strip() for each in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)] for row in rows
    ]


def test_map_tells_what_the_audit_tells(at_the_desk, walked):
    shown = at_the_desk(Role.OWNER).get("/map").text
    with operational_store.reading() as db:
        events = db.exec(select(AuditEvent).where(AuditEvent.action == "case.moved")).all()
    here = [event for event in events if event.case_number in {walked[0].case_number, walked[1].case_number}]
    rows = cells(shown, "Moves as walked, the most frequent first")
    assert sum(int(row[2]) for row in rows) == len(here) == 5
    assert ["Received", "Call the patient", "2", "2", "100 %"] in [row[:5] for row in rows]
    steps = {row[0]: row for row in cells(shown, "By step")}
    assert (steps["Call the patient"][1], steps["Call the patient"][2]) == ("coordinator", "2")
    assert steps["Risk review"][6].startswith("1") and "Possible duplicate" not in steps
    assert "the patient did not answer" in shown and "/map/waiting?workflow=referral&amp;status=risk_review" in shown
    assert shown.count("<svg ") == 2 and shown.count("</svg>") == 2


def test_map_keeps_to_a_location_of_mine(at_the_desk, walked):
    seated = at_the_desk(Role.OWNER)
    assert "Possible duplicate" not in {row[0] for row in cells(seated.get("/map?location=LOC-2").text, "By step")}


def test_map_names_nobody_and_no_case(at_the_desk, walked):
    main = at_the_desk(Role.ANALYST).get("/map").text.split("<main")[1]
    assert "Vantongeren" not in main and "RF-" not in main


@pytest.mark.parametrize("workflow", STATUSES)
def test_every_workflow_has_a_map_before_its_first_case(at_the_desk, place, workflow: Workflow):
    answer = at_the_desk(Role.COMPLIANCE).get(f"/map?workflow={workflow.value}")
    assert answer.status_code == 200 and answer.text.count("No case was here.") == 3
    assert " style=" not in answer.text, "the content policy lets no style through"
    drawn = workflow_drawing.draw_mapped(workflow, workflow_views.flow_steps(workflow))
    assert drawn.count("<rect") == len(workflow_drawing.lanes_of(workflow)) + len(STATUSES[workflow])
    assert f"{len(mapped(workflow))} moves" in drawn


def test_flow_steps_are_read_from_the_flows():
    steps = workflow_views.flow_steps(Workflow.REFERRAL)
    assert steps["ready_to_match"] == "ask for missing, check coverage, propose"
    assert steps["risk_review"] == steps["closing_letter"] == "sign off"
    assert "booked" not in steps


def test_waiting_lists_who_stands_there(at_the_desk, walked):
    shown = at_the_desk(Role.COORDINATOR).get("/map/waiting?status=contact_patient").text
    assert walked[1].case_number in shown and walked[0].case_number not in shown
    nothing = at_the_desk(Role.CLINICIAN, team="elsewhere").get("/map/waiting?status=contact_patient").text
    assert walked[1].case_number not in nothing and "1 more that others look after" in nothing
    assert "Vantongeren" not in shown


@pytest.mark.parametrize(
    "address", ["/map?workflow=scheduling", "/map?workflow=x", "/map/waiting?status=x", "/map/waiting"]
)
def test_what_has_no_map_is_not_found(at_the_desk, address: str):
    assert at_the_desk(Role.OWNER).get(address).status_code == 404


def test_days_that_are_over_are_shown_as_they_ended(at_the_desk, walked):
    seated = at_the_desk(Role.OWNER)
    shown = seated.get("/map?end=2020-01-01").text
    assert "No case was here." in shown and "Wait then" in shown
    today = utc_now().date()
    assert "Wait now" in seated.get(f"/map?begin={today}&end={today}").text
    assert seated.get("/map?begin=yesterday").status_code == 422


def test_trouble_is_told_where_it_happened(at_the_desk, walked):
    with writing() as db:
        audit(db, "system", "to_do.overdue", ("to_do", "TD-1"), walked[1].case_number, times=1)
    assert ["Call the patient", "overdue: passed on or told again", "1", "1", "50 %"] in cells(
        at_the_desk(Role.OWNER).get("/map").text, "What went wrong, by the step it went wrong at"
    )
