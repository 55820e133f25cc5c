"""How long patients wait for a first session, and how many appointments are missed.

Kaplan-Meier: Kaplan and Meier, J Am Stat Assoc 1958;53:457-481.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
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
    events = Counter(days for days, happened in observed if happened)
    waiting = Fraction(1)
    for day in sorted(events):
        at_risk = sum(1 for days, _ in observed if days >= day)
        waiting *= Fraction(at_risk - events[day], at_risk)
        if waiting <= 1 - share:
            return day
    return None


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
