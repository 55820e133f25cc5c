"""Whom to ask how satisfied they are, and which answers a survey takes."""

from dataclasses import dataclass
from datetime import date, timedelta

from models.scheduling_codes import SurveyMoment

ASKED_WITHIN = timedelta(days=14)
"""After so many days nobody is asked any more, so that a practice that begins to ask does not ask about last year."""
SATISFIED = range(1, 6)
RECOMMENDS = range(11)


@dataclass(frozen=True)
class CareFacts:
    """What is true of one patient in care: when it began and ended, local dates; what was asked and wished before.

    ``began_here``: the first session was booked through us. ``no_more``: they have said not to be asked again.
    ``opted_out``: they have stopped our text messages, which we take as a wish not to be asked by any way.
    """

    began_on: date
    ended_on: date | None
    began_here: bool
    asked: frozenset[SurveyMoment] = frozenset()
    no_more: bool = False
    opted_out: bool = False


def moment_to_ask(care: CareFacts, today: date) -> SurveyMoment | None:
    """What this patient is asked about now, if anything: each moment once; who left is not asked how it began."""
    if care.no_more or care.opted_out:
        return None
    if care.ended_on is not None:
        return SurveyMoment.AT_END if _now(care.ended_on, today, SurveyMoment.AT_END, care) else None
    if care.began_here and _now(care.began_on, today, SurveyMoment.AFTER_FIRST, care):
        return SurveyMoment.AFTER_FIRST
    return None


def _now(since: date, today: date, moment: SurveyMoment, care: CareFacts) -> bool:
    """From the day after, so that nobody is asked on their way home."""
    return moment not in care.asked and since < today <= since + ASKED_WITHIN


def check_answer(satisfied: int | None, recommends: int | None) -> None:
    """Raises ValueError for what no button of the form sends, or where both questions are left open."""
    if satisfied is None and recommends is None:
        raise ValueError("one of the two questions is answered")
    if satisfied is not None and satisfied not in SATISFIED:
        raise ValueError("satisfaction is 1 to 5")
    if recommends is not None and recommends not in RECOMMENDS:
        raise ValueError("a recommendation is 0 to 10")
