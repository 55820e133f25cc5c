"""How long patients wait for a first session, and how many appointments are missed.

Kaplan-Meier: Kaplan and Meier, J Am Stat Assoc 1958;53:457-481.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from models.codes import AppointmentStatus


@dataclass(frozen=True)
class Wait:
    """One referral's wait in local dates; ``left_on`` is when the case closed without a first session."""

    received_on: date
    first_attended_on: date | None = None
    left_on: date | None = None


@dataclass(frozen=True)
class TimeToFirstAppointment:
    """Calendar days from receipt to the first attended session; ``None`` where too many still wait to say."""

    referrals: int
    attended: int
    still_waiting: int
    left_without: int
    median_days: int | None
    p90_days: int | None


@dataclass(frozen=True)
class NoShowRate:
    """Missed / (attended + missed); ``rate`` is ``None`` when there was no kept or missed appointment."""

    attended: int
    no_shows: int
    late_cancelled: int
    cancelled: int
    rate: float | None


def time_to_first_appointment(waits: Iterable[Wait], as_of: date) -> TimeToFirstAppointment:
    """Median and 90th percentile of the wait on ``as_of``; who still waits is censored, not dropped.

    Only what had happened by ``as_of`` counts, so a past day can be reported again. A case that closed
    without a session is censored on the day it closed. ``ValueError`` if an attended session or a closing
    precedes the receipt.
    """
    known = [wait for wait in waits if wait.received_on <= as_of]
    if any(end < wait.received_on for wait in known for end in (wait.first_attended_on, wait.left_on) if end):
        raise ValueError("a referral cannot end before it was received")
    attended = [wait for wait in known if _by(wait.first_attended_on, as_of)]
    left = [wait for wait in known if not _by(wait.first_attended_on, as_of) and _by(wait.left_on, as_of)]
    observed = [_days(wait, as_of) for wait in known]
    return TimeToFirstAppointment(
        referrals=len(known),
        attended=len(attended),
        still_waiting=len(known) - len(attended) - len(left),
        left_without=len(left),
        median_days=days_until_share(observed, Fraction(1, 2)),
        p90_days=days_until_share(observed, Fraction(9, 10)),
    )


def _by(day: date | None, as_of: date) -> bool:
    return day is not None and day <= as_of


def _days(wait: Wait, as_of: date) -> tuple[int, bool]:
    """Days waited, and whether a session ended the wait (else it is censored)."""
    if wait.first_attended_on is not None and wait.first_attended_on <= as_of:
        return (wait.first_attended_on - wait.received_on).days, True
    end = min(wait.left_on, as_of) if wait.left_on is not None else as_of
    return (end - wait.received_on).days, False


def days_until_share(observed: Sequence[tuple[int, bool]], share: Fraction) -> int | None:
    """The first day by which at least ``share`` have had their event, by Kaplan-Meier; ``None`` if none.

    ``observed`` holds (days, event happened). A person censored on a day was still at risk on it. Fractions,
    because 0.1 reached exactly must count as reached.
    """
    waiting = Fraction(1)
    for day, at_risk, events in _event_days(observed):
        waiting *= Fraction(at_risk - events, at_risk)
        if waiting <= 1 - share:
            return day
    return None


@dataclass(frozen=True)
class SurvivalPoint:
    """One step of a Kaplan-Meier curve: the share still waiting after the events of that day.

    ``greenwood`` is Greenwood's sum up to here: the variance of ``waiting`` is its square times this. It is infinite
    where nobody was left.
    """

    day: int
    at_risk: int
    events: int
    waiting: float
    greenwood: float


def survival(observed: Sequence[tuple[int, bool]]) -> tuple[SurvivalPoint, ...]:
    """The Kaplan-Meier curve of these (days, event happened), one point for each day with an event."""
    points: list[SurvivalPoint] = []
    waiting, greenwood = 1.0, 0.0
    for day, at_risk, events in _event_days(observed):
        left = at_risk - events
        waiting *= left / at_risk
        greenwood += events / (at_risk * left) if left else float("inf")
        points.append(SurvivalPoint(day, at_risk, events, waiting, greenwood))
    return tuple(points)


def _event_days(observed: Sequence[tuple[int, bool]]) -> Iterator[tuple[int, int, int]]:
    """Each day with an event, who was at risk on it, how many had theirs; a person censored on a day is at risk."""
    events = Counter(days for days, happened in observed if happened)
    leaving = Counter(days for days, _ in observed)
    at_risk = len(observed)
    for day in sorted(leaving):
        if events[day]:
            yield day, at_risk, events[day]
        at_risk -= leaving[day]


def no_show_rate(statuses: Iterable[AppointmentStatus]) -> NoShowRate:
    """How many kept-or-missed appointments were missed; cancellations, late ones too, are counted apart."""
    counted = Counter(statuses)
    attended, missed = counted[AppointmentStatus.ATTENDED], counted[AppointmentStatus.NO_SHOW]
    return NoShowRate(
        attended=attended,
        no_shows=missed,
        late_cancelled=counted[AppointmentStatus.LATE_CANCELLED],
        cancelled=counted[AppointmentStatus.CANCELLED],
        rate=missed / (attended + missed) if attended + missed else None,
    )
