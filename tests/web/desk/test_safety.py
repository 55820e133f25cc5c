"""The page of clinical safety: figures for who may see them, nobody's name, alarms tested, practice rounds switched."""

import csv
import io
import re
from datetime import timedelta

import pytest
from sqlmodel import select

from acts import practice_rounds
from acts.to_dos import finish
from adapters import therapy_store
from adapters.operational_store import reading, writing
from adapters.outbox import send_due
from models.codes import ApprovalKind, MessageChannel, ReferralStatus, Role, ToDoKind, ToDoOutcome
from models.columns import utc_now
from models.operational import (
    AlarmTest,
    AuditEvent,
    OutboxMessage,
    PracticeRound,
    PracticeSetting,
    PracticeTally,
    RiskDraw,
    RiskDrawCase,
    ToDo,
)
from models.safety_codes import PracticeKind
from models.therapy_text import TherapyText
from rules.practice_rounds import CASES, practice_case
from rules.triage import FlagKind
from tasks.risk_sample import draw
from tests import factories
from tests.web.desk.conftest import PASSWORD

MAY = (Role.CLINICIAN, Role.COMPLIANCE, Role.OWNER)


def cells(shown: str) -> dict[str, list[str]]:
    """Count and value of each figure of the page."""
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", shown, re.S)
    table = [[re.sub(r"<[^>]+>", "", each).strip() for each in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]
    return {row[0]: row[1:3] for row in table if len(row) >= 3}


def drawn_night(place, person, *outcomes: ToDoOutcome, open_ones: int = 0) -> list[str]:
    """One night's draw of as many intakes as there are outcomes, answered so; the rest of the draw stays open."""
    numbers = []
    for _ in range(len(outcomes) + open_ones):
        case = factories.make_referral(ReferralStatus.ASSIGNMENT, location=place, risk_cleared=True)
        therapy_store.add_text(case.case_number, "referral_text", TherapyText("sleeps badly"))
        numbers.append(case.case_number)
    with writing() as db:
        db.merge(PracticeSetting(name="risk_sample_size", value="99"))
    draw(utc_now().date())
    with reading() as db:
        here = (ToDo.kind == ToDoKind.REVIEW_UNFLAGGED, ToDo.location_id == place.id)
        to_dos = db.exec(select(ToDo).where(*here).order_by(ToDo.case_number)).all()
    for to_do, outcome in zip(to_dos, outcomes, strict=False):
        missed = [FlagKind.SELF_HARM] if outcome == ToDoOutcome.RISK_MISSED else []
        finish(to_do.id, person.id, outcome, missed=missed)
    return [to_do.case_number for to_do in to_dos]


@pytest.mark.parametrize("role", MAY)
def test_page_shows_the_sample_and_its_estimate(at_the_desk, place, person, role: Role):
    no, yes, unsure = ToDoOutcome.NOTHING_MISSED, ToDoOutcome.RISK_MISSED, ToDoOutcome.CANNOT_SAY
    drawn_night(place, person(Role.CLINICIAN), no, no, no, yes, unsure, open_ones=1)
    shown = cells(at_the_desk(role).get("/safety").text)
    assert shown["Unflagged intakes that stood in a draw"][0] == "6"
    assert shown["Read: a risk was missed"][0] == "1"
    assert shown["Drawn, not read yet"][0] == "1"
    value = shown["Unflagged intakes with a missed risk (false-negative rate)"]
    assert value[0] == "1 of 4" and value[1].startswith("25.0 %")
    assert shown["At best, if nothing unanswered holds a risk"][1].startswith("16.7 %")
    assert shown["At worst, if all that is unanswered was missed"][1].startswith("50.0 %")


def test_draw_keeps_who_stood_in_it_and_the_page_counts_a_location_alone(at_the_desk, place, person):
    elsewhere = factories.make_location(id="LOC-2")
    for _ in range(3):
        factories.make_referral(ReferralStatus.ASSIGNMENT, location=elsewhere, risk_cleared=True)
    drawn_night(place, person(Role.CLINICIAN), ToDoOutcome.NOTHING_MISSED, ToDoOutcome.NOTHING_MISSED)
    with reading() as db:
        assert db.exec(select(RiskDraw)).one().intakes == 5
        assert len(db.exec(select(RiskDrawCase)).all()) == 5
    seated = at_the_desk(Role.OWNER, location_ids=["LOC-1", "LOC-2"])
    assert cells(seated.get("/safety?location=LOC-1").text)["Unflagged intakes that stood in a draw"][0] == "2"
    assert cells(seated.get("/safety?location=LOC-2").text)["Drawn, not read yet"][0] == "3"
    assert cells(seated.get("/safety").text)["Unflagged intakes that stood in a draw"][0] == "5"
    assert cells(at_the_desk(Role.OWNER).get("/safety?location=LOC-2").text)["Drawn by lot"][0] == "2", "not theirs"


def test_missed_cases_are_named_to_clinicians_who_may_read_them_alone(at_the_desk, place, person):
    finder = person(Role.CLINICIAN)
    [number] = drawn_night(place, finder, ToDoOutcome.RISK_MISSED)
    assert f'href="/cases/{number}"' in at_the_desk(finder).get("/safety").text
    for role in (Role.OWNER, Role.COMPLIANCE):
        assert number not in at_the_desk(role).get("/safety").text
    far = factories.make_location(id="LOC-9")
    afar = at_the_desk(Role.CLINICIAN, location=far, location_ids=["LOC-9"])
    assert number not in afar.get("/safety").text


def test_time_to_seen_runs_from_the_flag_to_the_first_opening(at_the_desk, place, risk_review):
    seated = at_the_desk(Role.CLINICIAN)
    approval = risk_review(seated.staff)
    raised = utc_now() - timedelta(minutes=20)
    with writing() as db:
        approval.opened_at = raised + timedelta(seconds=1)
        db.merge(approval)
    flag = therapy_store.RiskFlag(
        id="FL-77", case_number=approval.case_number, unique_key="k", kind="self_harm", status="present", level="high",
        raised_by="item", rule_id="phq9-item-9", why="", version="1", at=raised,
    )  # fmt: skip
    therapy_store.raise_flags(approval.case_number, [flag])
    before = cells(seated.get("/safety").text)
    assert before["PHQ-9, item 9: not seen yet"][0] == "1 of 1" and before["All flags: median"][1] == "not known"
    assert seated.get(f"/approvals/{approval.id}").status_code == 200
    after = cells(seated.get("/safety").text)
    assert after["PHQ-9, item 9: median"][1].startswith(("20 min", "21 min"))
    assert after["PHQ-9, item 9: later than due"][0] == "0 of 1"


def test_file_leaves_out_small_counts_and_says_so(at_the_desk, place, person):
    outcomes = [ToDoOutcome.NOTHING_MISSED] * 7 + [ToDoOutcome.RISK_MISSED] * 2
    drawn_night(place, person(Role.CLINICIAN), *outcomes)
    answer = at_the_desk(Role.OWNER).get("/safety/export")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = {row["figure"]: row for row in csv.DictReader(io.StringIO(answer.text))}
    assert rows["Drawn by lot"]["count"] == "9"
    for figure in (
        "Read: a risk was missed",
        "Read: no risk",
        "Unflagged intakes with a missed risk (false-negative rate)",
        "Missed risks among all unflagged intakes",
        "At best, if nothing unanswered holds a risk",
    ):
        row = rows[figure]
        assert row["count"] in ("fewer than 5", "") and row["value"] == "fewer than 5" and not row["low"]
    assert "RF-" not in answer.text and "ST-" not in answer.text


@pytest.mark.parametrize("role", sorted(set(Role) - set(MAY)))
def test_page_and_file_are_closed_to_others(at_the_desk, role: Role):
    seated = at_the_desk(role)
    assert seated.get("/safety").status_code == 403 and seated.get("/safety/export").status_code == 403


def test_reading_the_page_is_on_record(at_the_desk):
    seated = at_the_desk(Role.OWNER)
    seated.get("/safety")
    event = therapy_store.TherapyAuditEvent
    with therapy_store.reading() as db:
        found = db.exec(select(event).where(event.actor == seated.staff.id)).all()
    assert {(each.subject_kind, each.where, each.purpose) for each in found} == {
        ("risk_flag", "clinical safety", "PATSFTY"),
        ("decided_flag", "clinical safety", "PATSFTY"),
    }


def test_alarm_is_tested_from_button_to_acknowledgement(at_the_desk, place, person):
    called = at_the_desk(Role.CLINICIAN, on_call=True)
    owner = at_the_desk(Role.OWNER)
    assert owner.post("/safety/test-alarm", location="LOC-1").status_code == 303
    with reading() as db:
        [test] = db.exec(select(AlarmTest)).all()
        [page] = db.exec(select(OutboxMessage)).all()
    assert (test.paged, page.to_staff_id, page.urgent, page.case_number) == (1, called.staff.id, True, None)
    assert "not yet" in owner.get("/safety").text
    assert send_due(utc_now() + timedelta(seconds=1)).sent == 1
    assert "It reached me" in called.get("/safety").text and "It reached me" not in owner.get("/safety").text
    assert called.post(f"/safety/test-alarm/{test.id}/acknowledge").status_code == 303
    assert called.post(f"/safety/test-alarm/{test.id}/acknowledge").status_code == 422, "once"
    with reading() as db:
        done = db.get_one(AlarmTest, test.id)
        actions = db.exec(select(AuditEvent.action).where(AuditEvent.subject_id == test.id)).all()
    assert done.acknowledged_by == called.staff.id and actions == ["alarm.tested", "alarm.test_acknowledged"]
    shown = cells(owner.get("/safety").text)
    assert not any(name.startswith("Page alarm test") for name in shown), "a test is no alarm"


def test_alarm_test_says_when_it_reaches_nobody_and_is_no_other_locations(at_the_desk, place):
    owner = at_the_desk(Role.OWNER)
    assert owner.post("/safety/test-alarm", location="LOC-1").status_code == 303
    assert "there was nobody to page" in owner.get("/safety").text
    assert owner.post("/safety/test-alarm", location="LOC-2").status_code == 422
    stranger = at_the_desk(Role.CLINICIAN)
    with reading() as db:
        [test] = db.exec(select(AlarmTest)).all()
    refused = stranger.post(f"/safety/test-alarm/{test.id}/acknowledge")
    assert refused.status_code == 422 and "not sent to you" in refused.text


def test_alarm_counts_from_the_page_until_somebody_acts(at_the_desk, place, person, risk_review):
    seated = at_the_desk(Role.CLINICIAN)
    approval = risk_review(seated.staff)
    for minutes in (30, 15):
        factories.make_message(
            channel=MessageChannel.PAGE, template="page_risk_review", case_number=approval.case_number,
            to_staff_id=seated.staff.id, created_at=utc_now() - timedelta(minutes=minutes),
        )  # fmt: skip
    before = cells(seated.get("/safety").text)
    assert before["Risk to review: raised"][0] == "1", "two pages about one case are one alarm"
    assert before["Risk to review: nobody acted yet"][0] == "1 of 1"
    seated.get(f"/approvals/{approval.id}")
    after = cells(seated.get("/safety").text)
    assert after["Risk to review: nobody acted yet"][0] == "0 of 1"
    assert after["Risk to review: until somebody acted, median"][1].startswith(("30 min", "31 min"))


def test_sign_offs_of_few_people_are_not_shown_and_of_many_are(at_the_desk, place, person, assignment):
    owner = at_the_desk(Role.OWNER)

    def decide(who) -> None:
        case = factories.make_referral(location=place)
        approval = factories.make_approval(ApprovalKind.ASSIGNMENT, referral=case)
        factories.make_decision(approval, who, "{}")

    people = [person(Role.COORDINATOR) for _ in range(5)]
    for who in people[:4]:
        decide(who)
    shown = owner.get("/safety").text
    assert "Assignment: decisions" not in shown and cells(shown)["Kinds of sign-off not shown"][0] == "1"
    decide(people[4])
    shown = owner.get("/safety").text
    assert cells(shown)["Assignment: decisions"][0] == "5"
    assert not any(who.name in shown or who.id in shown for who in people)


def give_round(staff_id: str, kind: PracticeKind, planted: bool) -> PracticeRound:
    variant = next(at for at, case in enumerate(CASES[kind]) if case.planted is planted)
    record = PracticeRound(
        id=f"PR-{staff_id}", for_staff_id=staff_id, kind=kind, variant=variant, opened_on=utc_now().date()
    )
    with writing() as db:
        db.add(record)
    return record


@pytest.mark.parametrize("kind", list(PracticeKind))
@pytest.mark.parametrize("planted", [True, False])
def test_practice_round_is_decided_told_at_once_and_forgotten(at_the_desk, kind: PracticeKind, planted: bool):
    seated = at_the_desk(Role.CLINICIAN)
    record = give_round(seated.staff.id, kind, planted)
    case = practice_case(kind, record.variant)
    assert "/practice-round" in seated.get("/").text
    shown = seated.get("/practice-round").text
    assert "A made-up case" in shown and "planted)" not in shown and (not case.why or case.why not in shown)
    fields = {"verdict": "send_back", "named": case.wrong} if planted else {"verdict": "sign"}
    told = seated.post("/practice-round", round_id=record.id, **fields)
    assert told.status_code == 200
    assert ("Found." if planted else "No error had been planted here.") in told.text
    with reading() as db:
        assert db.exec(select(PracticeRound)).all() == []
        [tally] = db.exec(select(PracticeTally)).all()
        [event] = db.exec(select(AuditEvent).where(AuditEvent.action == practice_rounds.ANSWERED)).all()
    assert (tally.answers, tally.caught, tally.planted) == (1, int(planted), planted)
    assert event.details == {} and seated.staff.id not in str(tally.model_dump())
    assert "No practice round waits" in seated.get("/practice-round").text


@pytest.mark.parametrize(
    "fields", [{"verdict": "sign"}, {"verdict": "send_back", "named": "s1"}], ids=["signed", "wrong part named"]
)
def test_planted_error_that_is_not_found_is_explained(at_the_desk, fields: dict[str, str]):
    seated = at_the_desk(Role.CLINICIAN)
    record = give_round(seated.staff.id, PracticeKind.NOTE_DRAFT, planted=True)
    told = seated.post("/practice-round", round_id=record.id, **fields).text
    assert "An error had been planted here." in told and "Nobody said that in this session" in told
    with reading() as db:
        assert db.exec(select(PracticeTally.caught)).all() == [0]


@pytest.mark.parametrize("fields", [{}, {"verdict": "send_back"}, {"verdict": "send_back", "named": "x"}])
def test_incomplete_answer_is_asked_again_and_counts_nothing(at_the_desk, fields: dict[str, str]):
    seated = at_the_desk(Role.CLINICIAN)
    record = give_round(seated.staff.id, PracticeKind.CLAIM_CODE, planted=True)
    assert seated.post("/practice-round", round_id=record.id, **fields).status_code == 422
    other = at_the_desk(Role.CLINICIAN)
    assert other.post("/practice-round", round_id=record.id, verdict="sign").status_code == 422, "not theirs"
    with reading() as db:
        assert len(db.exec(select(PracticeRound)).all()) == 1 and not db.exec(select(PracticeTally)).all()


def test_owner_switches_rounds_on_with_a_signature(at_the_desk):
    owner = at_the_desk(Role.OWNER)
    address = "/safety/practice-rounds"
    assert practice_rounds.rate_of() == 0
    refused = owner.post(address, percent="10", password=PASSWORD, code="000000")
    assert refused.status_code == 422 and practice_rounds.rate_of() == 0
    for percent in ("21", "-1", "many", ""):
        assert owner.post(address, percent=percent, password=PASSWORD, code=owner.code()).status_code == 422
    done = owner.post(address, percent="10", password=PASSWORD, code=owner.code())
    assert done.status_code == 303 and practice_rounds.rate_of() == 10
    with reading() as db:
        [event] = db.exec(select(AuditEvent).where(AuditEvent.action == "practice_rounds.set")).all()
    assert (event.actor, event.details) == (owner.staff.id, {"old": 0, "new": 10})
    for role in (Role.CLINICIAN, Role.COMPLIANCE):
        seated = at_the_desk(role)
        assert "Set with my signature" not in seated.get("/safety").text
        assert seated.post(address, percent="5", password=PASSWORD, code=seated.code()).status_code == 403
