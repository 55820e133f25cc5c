"""The pages about automated steps: entries with value and risk, what comes next, who read what; a drawing, a file."""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlmodel import select

from acts.scorecard import set_measured
from adapters import operational_store as store
from adapters import step_counts
from models import step_reads
from models.codes import Role
from models.columns import utc_now
from models.operational import AuditEvent, Referral, StepReads, StepRuns
from models.step_register import BY_HAND, STEPS
from rules.access import ROUTES
from rules.reclaimed_time import Measured
from tests import factories

NUMBERS = {step.name: n for n, step in enumerate((each for each in STEPS if each.removes.minutes), 1)}


@pytest.fixture
def counted(home) -> Referral:
    """A case, with what two steps read, one of them something that it has not declared, and one refusal."""
    case = factories.make_referral()
    today = utc_now().date()
    with store.writing() as db:
        db.add(StepRuns(day=today, step="check coverage", runs=30))
        db.add(StepReads(day=today, step="check coverage", field="patient.self_pay", runs=30))
        db.add(StepReads(day=today, step="check coverage", field="patient.email", runs=6))
        db.add(StepReads(day=today, step="check coverage", field="intake_text", refused=3))
        db.add(StepRuns(day=today, step="offer times", runs=7))
        for _ in range(9):
            store.audit(db, "system", "risk.screened", case, case.case_number)
    return case


def row_of(shown: str, name: str) -> str:
    [row] = [each for each in re.findall(r"<tr>.*?</tr>", shown, re.S) if re.search(rf">{name}<", each)]
    return row


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.OWNER, Role.COMPLIANCE, Role.ANALYST])
def test_page_shows_each_step_with_its_value_and_risk(at_the_desk, counted: Referral, role: Role):
    shown = unescape(at_the_desk(role).get("/steps").text)
    row = row_of(shown, "Score and screen for risk")
    assert 'data-label="Done" class="figure"><span>9</span>' in row
    assert 'data-label="Minutes" class="figure">63<' in row and 'data-label="Clinical">high<' in row
    assert 'data-label="Minutes" class="figure">56<' in row_of(shown, "Offer times"), "seven runs of eight minutes"
    for step in STEPS:
        assert f">{step.name[:1].upper()}{step.name[1:]}<" in shown
    assert counted.case_number not in shown
    first, rest = shown.split('id="did-not"')
    assert "Offer times" in first and "Send files" in rest and "Offer times" not in rest
    assert first.index(">Score and screen for risk<") < first.index(">Offer times<"), "the most first"


def test_page_keeps_to_a_workflow(at_the_desk, counted: Referral):
    seated = at_the_desk(Role.OWNER)
    shown = unescape(seated.get("/steps?workflow=claims").text)
    assert ">Build claim<" in shown and ">Offer times<" not in shown and ">Back up<" not in shown
    assert ">Back up<" in seated.get("/steps?workflow=practice").text
    drawn = seated.get("/steps/plot.svg?workflow=referral").text
    assert f">{NUMBERS['offer times']}</text>" in drawn
    assert f">{NUMBERS['offer times']}</text>" not in seated.get("/steps/plot.svg?workflow=claims").text
    for path in ("/steps", "/steps/plot.svg"):
        assert seated.get(f"{path}?workflow=x").status_code == 422


def test_each_step_has_a_page_of_its_own_that_the_table_links(at_the_desk, counted: Referral):
    seated = at_the_desk(Role.OWNER)
    links = set(re.findall(r'href="(/steps/entry/[^"]+)"', seated.get("/steps").text))
    assert len(links) == len(STEPS)
    [mine] = [unescape(link) for link in links if "score-and-screen" in link]
    shown = unescape(seated.get(mine).text)
    assert "<dd>9</dd>" in shown and "<dd>63</dd>" in shown
    assert "7 a case (3.5 to 10.5), assumed by us: adding up two forms" in shown
    assert "Illinois PA 104-0054" in shown and "Set or take back the consent to AI" in shown
    assert "<strong>Therapy content:</strong> intake text" in shown
    for link in links:
        assert seated.get(unescape(link)).status_code == 200
    assert seated.get("/steps/entry/nothing").status_code == 404


def test_page_and_scorecard_go_by_what_the_practice_has_measured(at_the_desk, counted: Referral):
    set_measured("receive file", Measured(12, 11, 13, "a watch"), actor="ST-1")
    seated = at_the_desk(Role.OWNER)
    assert "12 a case (11 to 13), measured here: a watch" in seated.get("/steps/entry/receive-file").text
    told = unescape(seated.get("/scorecard/figures/office_hours").text)
    assert "a referral taken in without typing 13 minutes (11.5 to 14.5, measured here for receive file" in told


def test_page_ranks_what_is_done_by_hand_and_says_why_not(at_the_desk, counted: Referral):
    shown = at_the_desk(Role.OWNER).get("/steps").text
    assert "Stays with a person: a licensed clinician decides about care" in row_of(
        shown, "Sign what is done about a risk"
    )
    assert shown.count('data-label="Place"') == len(BY_HAND)
    assert "done fewer than 5 times" in row_of(shown, "Say whether a session took place").lower()


def test_drawing_shows_every_step_that_removed_something(at_the_desk, counted: Referral):
    answer = at_the_desk(Role.OWNER).get("/steps/plot.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "Clinical risk" in answer.text and "<script" not in answer.text
    drawn = set(re.findall(r">(\d+)</text>", answer.text))
    assert {str(NUMBERS["score and screen for risk"]), str(NUMBERS["offer times"])} <= drawn
    assert str(NUMBERS["send files"]) not in drawn, "it did nothing"


def test_page_asks_for_a_period(at_the_desk, counted: Referral):
    seated = at_the_desk(Role.OWNER)
    yesterday = (utc_now() - timedelta(days=1)).date().isoformat()
    shown = seated.get(f"/steps?begin=2020-01-01&end={yesterday}").text
    assert 'data-label="Done" class="figure"><span>0</span>' in row_of(shown, "Score and screen for risk")
    for path in (
        "/steps",
        "/minimum-necessary",
        "/steps/plot.svg",
        "/steps/entry/back-up",
        "/minimum-necessary/export",
    ):
        assert seated.get(f"{path}?begin=2026-02-01&end=2026-01-01").status_code == 422
        assert seated.get(f"{path}?begin=no").status_code == 422


def test_report_says_what_was_read_and_never_read_and_refused(at_the_desk, counted: Referral):
    shown = at_the_desk(Role.COMPLIANCE).get("/minimum-necessary").text
    refused, undeclared, every = re.findall(r"<section.*?</section>", shown, re.S)
    assert (
        'Check coverage</th><td data-label="Content"><span>intake text</span></td>' in refused and ">3</td>" in refused
    )
    assert "patient.email" in undeclared and "self_pay" not in undeclared
    row = row_of(every, "Check coverage")
    assert "<code>patient.self_pay</code>" in row and "in 30 runs</span>" in row
    assert "<code>patient.email</code>" in row and "in 6 runs, not declared" in row
    assert "3 to look at" in row and "<code>referral.patient_id</code>" in row
    assert "in too few runs to say" in row_of(every, "Offer times")


def test_report_before_anything_ran_says_so(at_the_desk):
    shown = at_the_desk(Role.ANALYST).get("/minimum-necessary").text
    assert "No step was refused anything." in shown and "Every field that was read was declared." in shown


def test_file_hides_small_counts_and_its_taking_is_on_record(at_the_desk, counted: Referral):
    seated = at_the_desk(Role.OWNER)
    answer = seated.get("/minimum-necessary/export")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    lines = answer.text.splitlines()
    assert lines[0] == "step,runs,field,runs_in_which_it_was_read,declared,never_read,times_refused"
    assert "check coverage,30,patient.email,6,no,," in lines
    assert "check coverage,30,intake_text,0,no,,fewer than 5" in lines
    with store.reading() as db:
        assert len(db.exec(select(AuditEvent).where(AuditEvent.action == "step_reads.exported")).all()) == 1


def test_pages_are_not_for_who_has_no_part_in_it():
    for route in ("minimum_necessary", "minimum_necessary_csv"):
        assert ROUTES[route] == {Role.COMPLIANCE, Role.OWNER, Role.ANALYST}


def test_pages_themselves_are_no_step(at_the_desk, counted: Referral):
    step_reads.take_counts()
    at_the_desk(Role.OWNER).get("/steps")
    assert step_counts.keep() == 0
