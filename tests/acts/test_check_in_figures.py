"""Are the practice's own figures for check-ins checked, put on record, and what answers and silence are weighed by?"""

from typing import Any

import pytest
from sqlmodel import select

from acts import check_in_answers, check_in_figures
from adapters import operational_store as store
from models.codes import RiskLevel
from models.operational import AuditEvent, FollowUp, PracticeSetting
from models.scheduling_codes import CheckInKind, CheckInStatus
from rules.check_ins import CheckInPolicy
from tasks import check_ins
from tests.factories import make_check_in, make_episode
from tests.tasks.test_check_ins import TODAY, asked_before

pytestmark = pytest.mark.usefixtures("home")


def events() -> list[dict[str, Any]]:
    with store.reading() as db:
        found = db.exec(select(AuditEvent).where(AuditEvent.action == "check_in_figures.set")).all()
    return [each.details for each in found]


def levels() -> list[RiskLevel | None]:
    with store.reading() as db:
        return [each.risk_level for each in db.exec(select(FollowUp)).all()]


def test_what_is_not_set_is_as_shipped_and_each_change_is_on_record_once():
    assert check_in_figures.figures() == CheckInPolicy()
    for _ in range(2):
        check_in_figures.set_figures({"low_mood": 3, "low_mood_level": "high"}, actor="terminal")
    check_in_figures.set_figures({"answer_days": 5}, actor="terminal")
    assert check_in_figures.figures() == CheckInPolicy(low_mood=3, low_mood_level=RiskLevel.HIGH, answer_days=5)
    assert events() == [
        {"old": {"low_mood": 1, "low_mood_level": "moderate"}, "new": {"low_mood": 3, "low_mood_level": "high"}},
        {"old": {"answer_days": 3}, "new": {"answer_days": 5}},
    ]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"lowmood": 2}, "unknown check_ins settings: lowmood"),
        ({"triage": {}}, "unknown check_ins settings: triage"),
        ({"low_mood": 6}, "low_mood"),
        ({"low_mood": -1}, "low_mood"),
        ({"low_mood": "3"}, "low_mood"),
        ({"low_mood": True}, "low_mood"),
        ({"answer_days": 0}, "answer_days"),
        ({"answer_days": 15}, "answer_days"),
        ({"unanswered_in_a_row": 7}, "unanswered_in_a_row"),
        ({"unanswered_level": "none"}, "none"),
    ],
)
def test_figure_that_cannot_be_is_refused_and_nothing_is_kept(values: dict[str, Any], named: str):
    with pytest.raises(ValueError, match=named):
        check_in_figures.set_figures(values, actor="terminal")
    assert check_in_figures.figures() == CheckInPolicy() and events() == []


@pytest.mark.parametrize(("mood", "opened"), [(3, [RiskLevel.HIGH]), (4, [])])
def test_mood_is_weighed_by_the_practices_figures(mood: int, opened: list[RiskLevel]):
    check_in_figures.set_figures({"low_mood": 3, "low_mood_level": "high"}, actor="terminal")
    _, token, proof = make_check_in(make_episode(), CheckInKind.MOOD)
    assert check_in_answers.answer(token, proof, {1: mood}).show_crisis is bool(opened)
    assert levels() == opened


@pytest.mark.parametrize(("in_a_row", "opened"), [(1, [RiskLevel.MODERATE]), (2, [])])
def test_silence_is_noticed_by_the_practices_figures(in_a_row: int, opened: list[RiskLevel]):
    figures = {"unanswered_in_a_row": 3 if in_a_row == 2 else in_a_row, "unanswered_level": "moderate"}
    check_in_figures.set_figures(figures, actor="terminal")
    asked_before(make_episode(), *[CheckInStatus.UNANSWERED] * (in_a_row - 1), CheckInStatus.SENT)
    check_ins.send_due(TODAY)
    assert levels() == opened


def test_setting_that_nobody_can_read_keeps_no_answer_from_a_clinician(caplog: pytest.LogCaptureFixture):
    with store.writing() as db:
        db.add(PracticeSetting(name="check_ins", value='{"low_mood": 99}'))
    _, token, proof = make_check_in(make_episode(), CheckInKind.MOOD)
    assert check_in_answers.answer(token, proof, {1: 1}).show_crisis
    assert levels() == [RiskLevel.MODERATE]
    assert "shipped figures" in caplog.text
    with pytest.raises(ValueError, match="low_mood"):
        check_ins.send_due(TODAY)
