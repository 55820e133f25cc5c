"""How sign-offs are decided, over many people: how long, how often edited or returned, how often in a moment.

It is for improving the desk, not for judging anybody: no figure of fewer people than ``enough`` allows is made.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from models.codes import Verdict
from rules.admin_time import AdminTimePolicy, DoneTask, admin_minutes
from rules.exact_intervals import exact_share
from rules.intervals import Estimate, share

MOMENT_SECONDS = 10
"""A sign-off decided sooner after it was opened than this may not have been read."""
ENOUGH_PEOPLE = 5
ENOUGH_DECISIONS = 30


@dataclass(frozen=True)
class Decided:
    """One decision: who decided (to count people, never to show them), what, and each time they had opened it."""

    staff_id: str
    verdict: Verdict
    at: datetime
    openings: tuple[datetime, ...] = ()


@dataclass(frozen=True)
class Quality:
    """The figures of one kind of sign-off; ``minutes`` are the median, of the ``timed`` ones whose opening is known."""

    decisions: int
    people: int
    minutes: float | None
    minutes_nine_in_ten: float | None
    timed: int
    edited: Estimate
    returned: Estimate
    in_a_moment: Estimate


def enough(people: int, count: int) -> bool:
    """Whether so many decisions of so many people may be shown: they tell of the desk, and of nobody."""
    return people >= ENOUGH_PEOPLE or (people >= 2 and count >= ENOUGH_DECISIONS)


def quality(decided: Sequence[Decided], policy: AdminTimePolicy) -> Quality | None:
    """The figures of these decisions; None where too few people decided too little."""
    people = len({each.staff_id for each in decided})
    if not enough(people, len(decided)):
        return None
    spent = sorted(minutes for each in decided if (minutes := minutes_spent(each, policy)) is not None)
    quick = sum(seconds < MOMENT_SECONDS for seconds in _seconds(decided))
    return Quality(
        decisions=len(decided),
        people=people,
        minutes=_quantile(spent, 0.5),
        minutes_nine_in_ten=_quantile(spent, 0.9),
        timed=len(spent),
        edited=_share(decided, Verdict.EDIT_AND_APPROVE),
        returned=_share(decided, Verdict.RETURN),
        in_a_moment=share(quick, len(spent)),
    )


def minutes_spent(one: Decided, policy: AdminTimePolicy) -> float | None:
    """The minutes from the first opening to the decision, each stretch between two openings capped as idle; None where
    the signer's opening is not on record."""
    times = [*sorted(moment for moment in one.openings if moment <= one.at), one.at]
    if len(times) < 2:
        return None
    return admin_minutes((DoneTask(*pair) for pair in pairwise(times)), policy)


def _seconds(decided: Iterable[Decided]) -> list[float]:
    """From the first opening to the decision: what was opened before may have been read then."""
    return [
        (each.at - min(before)).total_seconds()
        for each in decided
        if (before := [moment for moment in each.openings if moment <= each.at])
    ]


def _share(decided: Sequence[Decided], verdict: Verdict) -> Estimate:
    return share(sum(each.verdict == verdict for each in decided), len(decided))


def _quantile(ordered: Sequence[float], part: float) -> float | None:
    """The smallest value that at least this part does not exceed."""
    if not ordered:
        return None
    return ordered[max(0, -(-len(ordered) * int(part * 10) // 10) - 1)]


@dataclass(frozen=True)
class Caught:
    """Practice rounds of everybody together: planted errors that were caught, and sound cases that were sent back."""

    planted: int
    caught: Estimate
    sound: int
    doubted: Estimate


def caught(planted: tuple[int, int], sound: tuple[int, int], people: int) -> Caught | None:
    """The shares of (found, answered) practice cases with exact intervals; None where too few took part."""
    if not enough(people, planted[1] + sound[1]):
        return None
    return Caught(planted[1], exact_share(*planted), sound[1], exact_share(*sound))
