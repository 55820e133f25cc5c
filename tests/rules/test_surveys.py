"""Whom to ask how satisfied they are, with both sides of every boundary."""

from datetime import date, timedelta
from typing import Any

import pytest

from models.scheduling_codes import SurveyMoment
from rules.surveys import ASKED_WITHIN, CareFacts, check_answer, moment_to_ask

TODAY = date(2026, 7, 20)
FIRST, END = SurveyMoment.AFTER_FIRST, SurveyMoment.AT_END


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.mark.parametrize(
    ("facts", "asked"),
    [
        ({"began_on": ago(0)}, None),
        ({"began_on": ago(1)}, FIRST),
        ({"began_on": ago(ASKED_WITHIN.days)}, FIRST),
        ({"began_on": ago(ASKED_WITHIN.days + 1)}, None),
        ({"began_on": ago(1), "began_here": False}, None),
        ({"began_on": ago(1), "asked": frozenset({FIRST})}, None),
        ({"began_on": ago(1), "no_more": True}, None),
        ({"began_on": ago(1), "opted_out": True}, None),
        ({"began_on": ago(3), "ended_on": ago(1)}, END),
        ({"began_on": ago(90), "ended_on": ago(0)}, None),
        ({"began_on": ago(90), "ended_on": ago(14), "began_here": False, "asked": frozenset({FIRST})}, END),
        ({"began_on": ago(90), "ended_on": ago(15)}, None),
        ({"began_on": ago(90), "ended_on": ago(1), "asked": frozenset({END})}, None),
        ({"began_on": ago(90), "ended_on": ago(1), "no_more": True}, None),
    ],
)
def test_who_is_asked(facts: dict[str, Any], asked: SurveyMoment | None) -> None:
    assert moment_to_ask(CareFacts(**{"ended_on": None, "began_here": True} | facts), TODAY) is asked


@pytest.mark.parametrize("answer", [(1, 0), (5, 10), (None, 0), (3, None)])
def test_what_the_form_sends_is_taken(answer: tuple[int | None, int | None]) -> None:
    check_answer(*answer)


@pytest.mark.parametrize("answer", [(0, 5), (6, 5), (3, -1), (3, 11), (None, None)])
def test_anything_else_is_refused(answer: tuple[int | None, int | None]) -> None:
    with pytest.raises(ValueError):
        check_answer(*answer)
