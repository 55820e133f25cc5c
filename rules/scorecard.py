"""The figures of the scorecard: which rows each counts, what it makes of them, how it changed.

Every figure is computed from the very rows that the page shows behind it. Definitions: DOMAIN 6; in words in
``rules.scorecard_words``.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from models.codes import AppointmentStatus
from models.governance_codes import Workflow
from models.periods import Period
from models.scorecard_rows import Step, Tables
from models.small_cells import FEWEST, tells
from rules import intervals
from rules.admin_time import AdminTimePolicy, DoneTask, admin_minutes
from rules.claim_metrics import YEAR
from rules.claim_sign_off import money
from rules.intervals import Difference, Estimate, Verdict
from rules.reclaimed_time import HourlyValue, Measured, Saved, saved
from rules.scorecard_rows import workflow_of_work

CLOSED_FOR = timedelta(days=5)
"""A practice that is closed over a holiday has the charges of twelve months all the same."""
TOP_BOX = 4
PROMOTES, DETRACTS = 9, 6


class Figure(StrEnum):
    """One figure; the order is that of the page."""

    FIRST_APPOINTMENT_MEDIAN = "first_appointment_median"
    FIRST_APPOINTMENT_P90 = "first_appointment_p90"
    LEAKAGE = "leakage"
    REFERRAL_REWORK = "referral_rework"
    NO_SHOWS = "no_shows"
    LATE_CANCELLATIONS = "late_cancellations"
    MESSAGES_AGAIN = "messages_again"
    NOTE_REWORK = "note_rework"
    CLEAN_CLAIMS = "clean_claims"
    DENIED_CLAIMS = "denied_claims"
    DENIED_DOLLARS = "denied_dollars"
    CLAIM_REWORK = "claim_rework"
    DAYS_IN_RECEIVABLES = "days_in_receivables"
    ADMIN_HOURS = "admin_hours"
    CLINICAL_HOURS = "clinical_hours"
    CLINICAL_VALUE = "clinical_value"
    OFFICE_HOURS = "office_hours"
    OFFICE_VALUE = "office_value"
    SATISFIED = "satisfied"
    NET_PROMOTER = "net_promoter"
    RESPONSES = "responses"


class Unit(StrEnum):
    """How a figure reads."""

    SHARE = "share"
    DAYS = "days"
    HOURS = "hours"
    CENTS = "cents"
    SCORE = "score"


class Counted(NamedTuple):
    """One row behind a figure: what it is, how it counts.

    ``value`` and ``base`` are what the figure sums, divides or orders; ``ended``: whether a wait has ended in what it
    waited for. Rows with one ``unit`` belong together: one patient, one claim.
    """

    case_number: str
    subject: str
    on: date | None
    said: str
    value: float
    base: float = 1.0
    ended: bool = True
    unit: str = ""


@dataclass(frozen=True)
class Known:
    """What counting needs besides the tables.

    Until when waits are followed, the minutes steps save, what an hour is worth, from when on a task lay idle.
    """

    as_of: date
    saved: Mapping[Step, Saved]
    worth: HourlyValue
    idle: AdminTimePolicy


@dataclass(frozen=True)
class Card:
    """One figure of a period, of the period before, and the difference; ``change`` is None where none is meant."""

    figure: Figure
    now: Estimate
    before: Estimate
    change: Difference | None


# -- which rows count


def _first_appointments(tables: Tables, period: Period, known: Known, workflow: Workflow | None) -> Iterator[Counted]:
    for row in tables.referrals:
        if not period.holds(row.received_on):
            continue
        attended = row.first_attended_on if _by(row.first_attended_on, known.as_of) else None
        left = row.closed_on if attended is None and _by(row.closed_on, known.as_of) else None
        days = max(0, ((attended or left or known.as_of) - row.received_on).days)
        said = "attended" if attended else f"left: {row.status.label}" if left else "still waiting"
        yield Counted(row.case_number, "", row.received_on, said, days, ended=attended is not None)


def _by(day: date | None, as_of: date) -> bool:
    return day is not None and day <= as_of


def _leakage(tables: Tables, period: Period, known: Known, workflow: Workflow | None) -> Iterator[Counted]:
    for row in tables.referrals:
        if row.closed_on is not None and period.holds(row.closed_on):
            leaked = row.first_attended_on is None
            where = f"{row.status.label}, from {row.left_from.replace('_', ' ')}" if row.left_from else row.status.label
            yield Counted(row.case_number, "", row.closed_on, where if leaked else "attended", leaked)


def _referral_rework(tables: Tables, period: Period, known: Known, workflow: Workflow | None) -> Iterator[Counted]:
    for row in tables.referrals:
        if row.closed_on is not None and period.holds(row.closed_on):
            said = ", ".join(row.reworked) or "once through"
            yield Counted(row.case_number, "", row.closed_on, said, bool(row.reworked))


def _no_shows(tables: Tables, period: Period, known: Known, workflow: Workflow | None) -> Iterator[Counted]:
    for row in tables.appointments:
        if period.holds(row.on) and row.status in (AppointmentStatus.ATTENDED, AppointmentStatus.NO_SHOW):
            missed = row.status is AppointmentStatus.NO_SHOW
            yield Counted(row.case_number, row.appointment_id, row.on, "no-show" if missed else "attended", missed)


def _late_cancellations(tables: Tables, period: Period, known: Known, workflow: Workflow | None) -> Iterator[Counted]:
    names = {
        AppointmentStatus.ATTENDED: "attended",
        AppointmentStatus.NO_SHOW: "no-show",
        AppointmentStatus.LATE_CANCELLED: "cancelled late",
    }
    for row in tables.appointments:
        if period.holds(row.on) and row.status in names:
            late = row.status is AppointmentStatus.LATE_CANCELLED
            yield Counted(row.case_number, row.appointment_id, row.on, names[row.status], late)


def _messages_again(tables: Tables, period: Period, known: Known, workflow: Workflow | None) -> Iterator[Counted]:
    for row in tables.messages:
        if period.holds(row.on) and _of(row.case_number, workflow):
            again = row.attempts > 1
            said = f"{row.attempts} tries" if again else "at once"
            yield Counted(row.case_number, row.message_id, row.on, said, again)


def _of(case_number: str, workflow: Workflow | None) -> bool:
    return workflow is None or workflow_of_work(case_number) is workflow


def _note_rework(tables: Tables, period: Period, known: Known, workflow: Workflow | None) -> Iterator[Counted]:
    for row in tables.notes:
        if period.holds(row.on):
            said = ", ".join(row.reworked) or "signed once"
            yield Counted(row.case_number, "", row.on, said, bool(row.reworked))


def _clean_claims(tables: Tables, period: Period, known: Known, workflow: Workflow | None) -> Iterator[Counted]:
    for row in tables.claims:
        if row.submitted_on is not None and period.holds(row.submitted_on):
            said = "touched by a person" if row.touched else "clean"
            yield Counted(row.case_number, "", row.submitted_on, said, not row.touched)


def _denied_claims(tables: Tables, period: Period, known: Known, workflow: Workflow | None) -> Iterator[Counted]:
    for row in tables.claims:
        if row.decided_on is not None and period.holds(row.decided_on):
            denied = row.denied_cents > 0
            yield Counted(row.case_number, "", row.decided_on, "denied" if denied else "not denied", denied)


def _denied_dollars(tables: Tables, period: Period, known: Known, workflow: Workflow | None) -> Iterator[Counted]:
    for row in tables.claims:
        if row.decided_on is not None and period.holds(row.decided_on):
            said = f"{money(row.denied_cents)} of {money(row.charge_cents)} denied"
            number = row.case_number
            yield Counted(number, "", row.decided_on, said, row.denied_cents, row.charge_cents, unit=number)


def _claim_rework(tables: Tables, period: Period, known: Known, workflow: Workflow | None) -> Iterator[Counted]:
    for row in tables.claims:
        if row.submitted_on is not None and period.holds(row.submitted_on):
            said = f"sent {row.sent_again + 1} times" if row.sent_again else "sent once"
            yield Counted(row.case_number, "", row.submitted_on, said, row.sent_again > 0)


def _receivables(tables: Tables, period: Period, known: Known, workflow: Workflow | None) -> Iterator[Counted]:
    """One row for each claim that is owed something on the last day or was charged in the year before it."""
    owed = tables.owed.get(period.last, {})
    for row in tables.claims:
        sent = row.submitted_on is not None and row.submitted_on <= period.last
        charged = row.charge_cents if sent and period.last - YEAR < row.service_on <= period.last else 0
        open_cents = owed.get(row.case_number, 0)
        if charged or open_cents:
            said = f"owed {money(open_cents)} of {money(charged)} charged"
            yield Counted(
                row.case_number, "", row.service_on, said, open_cents * YEAR.days, charged, unit=row.case_number
            )


def _admin_hours(tables: Tables, period: Period, known: Known, workflow: Workflow | None) -> Iterator[Counted]:
    """One row for each finished to-do, and one for each patient active without any: they count too."""
    busy: set[str] = set()
    for row in tables.done:
        if period.holds(row.on) and _of(row.case_number, workflow):
            busy.add(row.patient_id)
            minutes = admin_minutes([DoneTask(row.claimed_at, row.done_at)], known.idle)
            said = f"{minutes:.0f} minutes"
            yield Counted(row.case_number, row.to_do_id, row.on, said, minutes / 60, unit=row.patient_id)
    for patient_id, (number, on) in _active(tables, period).items():
        if patient_id not in busy:
            yield Counted(number, "", on, "active, no to-do", 0.0, unit=patient_id)


def _active(tables: Tables, period: Period) -> dict[str, tuple[str, date]]:
    """Each patient with a referral received, or an appointment kept or missed, in the period; by which case."""
    active: dict[str, tuple[str, date]] = {}
    for row in tables.referrals:
        if period.holds(row.received_on):
            active.setdefault(row.patient_id, (row.case_number, row.received_on))
    for each in tables.appointments:
        if period.holds(each.on) and each.status in (AppointmentStatus.ATTENDED, AppointmentStatus.NO_SHOW):
            active.setdefault(each.patient_id, (each.case_number, each.on))
    return active


def _steps(clinical: bool) -> "Counter":
    def counted(tables: Tables, period: Period, known: Known, workflow: Workflow | None) -> Iterator[Counted]:
        for row in tables.steps:
            each = known.saved[row.step]
            if each.clinical is clinical and period.holds(row.on) and workflow in (None, each.workflow):
                yield Counted(row.case_number, row.subject, row.on, each.label, each.minutes, unit=row.step.value)

    return counted


def _satisfied(tables: Tables, period: Period, known: Known, workflow: Workflow | None) -> Iterator[Counted]:
    for row in tables.answers:
        if period.holds(row.month) and row.satisfied is not None:
            yield Counted("", "", None, f"answered {row.satisfied} of 5", row.satisfied >= TOP_BOX)


def _net_promoter(tables: Tables, period: Period, known: Known, workflow: Workflow | None) -> Iterator[Counted]:
    for row in tables.answers:
        if period.holds(row.month) and row.recommends is not None:
            value = 1 if row.recommends >= PROMOTES else -1 if row.recommends <= DETRACTS else 0
            kind = {1: "would recommend", 0: "in between", -1: "would not recommend"}[value]
            yield Counted("", "", None, kind, value)


def _responses(tables: Tables, period: Period, known: Known, workflow: Workflow | None) -> Iterator[Counted]:
    for row in tables.asked:
        if period.holds(row.month):
            yield Counted("", "", None, "answered" if row.answered else "not answered", row.answered)


# -- what a figure makes of them


def _share(rows: list[Counted], known: Known) -> Estimate:
    return intervals.share(sum(1 for row in rows if row.value), len(rows))


def _wait(quantile: float) -> "Maker":
    return lambda rows, known: intervals.wait_quantile([(int(row.value), row.ended) for row in rows], quantile)


def _ratio(rows: list[Counted], known: Known) -> Estimate:
    return intervals.ratio((row.value, row.base) for row in rows)


def _mean_of_units(rows: list[Counted], known: Known) -> Estimate:
    sums: dict[str, float] = {}
    for row in rows:
        sums[row.unit] = sums.get(row.unit, 0.0) + row.value
    return intervals.mean(sums.values())


def _hours(rows: list[Counted], known: Known) -> Estimate:
    """Hours saved; the interval is what the assumed minutes leave open, not chance."""
    if not rows:
        return Estimate(None, None, None, 0)
    times: dict[str, int] = {}
    for row in rows:
        times[row.unit] = times.get(row.unit, 0) + 1
    value, low, high = (
        sum(count * minutes(known.saved[Step(step)]) for step, count in times.items()) / 60
        for minutes in (lambda each: each.minutes, lambda each: each.low, lambda each: each.high)
    )
    return Estimate(value, low, high, len(rows))


def _worth(clinical: bool) -> "Maker":
    def made(rows: list[Counted], known: Known) -> Estimate:
        cents, hours = known.worth.of(clinical), _hours(rows, known)
        if cents is None or hours.value is None or hours.low is None or hours.high is None:
            return Estimate(None, None, None, hours.n)
        return Estimate(hours.value * cents, hours.low * cents, hours.high * cents, hours.n)

    return made


def _promoter_score(rows: list[Counted], known: Known) -> Estimate:
    up = sum(1 for row in rows if row.value > 0)
    return intervals.net_promoter(up, sum(1 for row in rows if row.value < 0), len(rows))


Counter = Callable[[Tables, Period, Known, Workflow | None], Iterator[Counted]]
Maker = Callable[[list[Counted], Known], Estimate]


class Made(NamedTuple):
    """How one figure is made. ``workflow`` None: it is of every workflow, and counts one where one is asked for.

    ``lower_is_better`` None: neither way is better. ``sampled`` False: a total, whose change no chance explains.
    ``private``: from answers that nobody shall be known by.
    """

    unit: Unit
    rows: Counter
    estimate: Maker
    workflow: Workflow | None
    lower_is_better: bool | None
    sampled: bool = True
    private: bool = False


MADE: Mapping[Figure, Made] = {
    Figure.FIRST_APPOINTMENT_MEDIAN: Made(Unit.DAYS, _first_appointments, _wait(0.5), Workflow.REFERRAL, True),
    Figure.FIRST_APPOINTMENT_P90: Made(Unit.DAYS, _first_appointments, _wait(0.9), Workflow.REFERRAL, True),
    Figure.LEAKAGE: Made(Unit.SHARE, _leakage, _share, Workflow.REFERRAL, True),
    Figure.REFERRAL_REWORK: Made(Unit.SHARE, _referral_rework, _share, Workflow.REFERRAL, True),
    Figure.NO_SHOWS: Made(Unit.SHARE, _no_shows, _share, Workflow.SCHEDULING, True),
    Figure.LATE_CANCELLATIONS: Made(Unit.SHARE, _late_cancellations, _share, Workflow.SCHEDULING, True),
    Figure.MESSAGES_AGAIN: Made(Unit.SHARE, _messages_again, _share, None, True),
    Figure.NOTE_REWORK: Made(Unit.SHARE, _note_rework, _share, Workflow.NOTES, True),
    Figure.CLEAN_CLAIMS: Made(Unit.SHARE, _clean_claims, _share, Workflow.CLAIMS, False),
    Figure.DENIED_CLAIMS: Made(Unit.SHARE, _denied_claims, _share, Workflow.CLAIMS, True),
    Figure.DENIED_DOLLARS: Made(Unit.SHARE, _denied_dollars, _ratio, Workflow.CLAIMS, True),
    Figure.CLAIM_REWORK: Made(Unit.SHARE, _claim_rework, _share, Workflow.CLAIMS, True),
    Figure.DAYS_IN_RECEIVABLES: Made(Unit.DAYS, _receivables, _ratio, Workflow.CLAIMS, True),
    Figure.ADMIN_HOURS: Made(Unit.HOURS, _admin_hours, _mean_of_units, None, True),
    Figure.CLINICAL_HOURS: Made(Unit.HOURS, _steps(True), _hours, None, False, sampled=False),
    Figure.CLINICAL_VALUE: Made(Unit.CENTS, _steps(True), _worth(True), None, False, sampled=False),
    Figure.OFFICE_HOURS: Made(Unit.HOURS, _steps(False), _hours, None, False, sampled=False),
    Figure.OFFICE_VALUE: Made(Unit.CENTS, _steps(False), _worth(False), None, False, sampled=False),
    Figure.SATISFIED: Made(Unit.SHARE, _satisfied, _share, Workflow.FOLLOW_UP, False, private=True),
    Figure.NET_PROMOTER: Made(Unit.SCORE, _net_promoter, _promoter_score, Workflow.FOLLOW_UP, False, private=True),
    Figure.RESPONSES: Made(Unit.SHARE, _responses, _share, Workflow.FOLLOW_UP, None, private=True),
}


def counted(
    figure: Figure, tables: Tables, period: Period, known: Known, workflow: Workflow | None = None
) -> list[Counted]:
    """The rows that a figure of this period is computed from."""
    return list(MADE[figure].rows(tables, period, known, workflow))


def estimate(figure: Figure, rows: Iterable[Counted], known: Known) -> Estimate:
    """What a figure makes of its rows; too few private answers are told to nobody."""
    found = MADE[figure].estimate(list(rows), known)
    if MADE[figure].private and found.n < FEWEST:
        return Estimate(None, None, None, found.n)
    return found


def figures_of(workflow: Workflow | None) -> tuple[Figure, ...]:
    """The figures of a workflow, those of every workflow among them; all for None."""
    return tuple(figure for figure in Figure if workflow is None or MADE[figure].workflow in (None, workflow))


def cards(
    tables: Tables, period: Period, compared: Period, known: Known, workflow: Workflow | None = None
) -> tuple[Card, ...]:
    """Every figure of a period beside that of another one."""
    return tuple(card(figure, (tables, period), (tables, compared), known, workflow) for figure in figures_of(workflow))


def card(
    figure: Figure,
    now: tuple[Tables, Period],
    before: tuple[Tables, Period],
    known: Known,
    workflow: Workflow | None = None,
) -> Card:
    """One figure of two sides: of two periods, or of two arms, whose tables ``only`` has cut out."""
    present, past = (estimate(figure, counted(figure, *side, known, workflow), known) for side in (now, before))
    comparable = MADE[figure].sampled and (
        figure is not Figure.DAYS_IN_RECEIVABLES or all(charges_go_back_a_year(*side) for side in (now, before))
    )
    return Card(figure, present, past, intervals.difference(past, present) if comparable else None)


def charges_go_back_a_year(tables: Tables, period: Period) -> bool:
    """Whether the twelve months that days in receivables divide by are all on record; else the figure is too high."""
    charged = [row.service_on for row in tables.claims if row.submitted_on is not None]
    return bool(charged) and min(charged) <= period.last - YEAR + CLOSED_FOR


def is_better(figure: Figure, change: Difference | None) -> bool | None:
    """Whether a change is one for the better; None where it cannot be told, or neither way is better."""
    lower = MADE[figure].lower_is_better
    if change is None or lower is None or change.verdict is Verdict.CANNOT_TELL:
        return None
    return (change.verdict is Verdict.LOWER) is lower


def hidden_if_few(figure: Figure, found: Estimate) -> Estimate:
    """The same for whoever is outside the practice: nothing of fewer than FEWEST units, nor a share that tells of few.

    A share of 2 in 40 tells of two people, one of 38 in 40 too.
    """
    hidden = Estimate(None, None, None, found.n)
    if found.n < FEWEST:
        return hidden
    if MADE[figure].estimate is _share and found.value is not None and tells_of_few(found.value, found.n):
        return hidden
    return found


def tells_of_few(share: float, n: int) -> bool:
    """Whether a share of ``n`` says of fewer than FEWEST that they are among it, or that they are not."""
    part = round(share * n)
    return tells(part) or tells(n - part)


def outside(cards: Iterable[Card]) -> tuple[Card, ...]:
    """The figures as they may leave the practice; denied dollars go with the denied claims they are counted from."""
    shown = []
    few_denied: set[str] = set()
    for card in cards:
        sides = {"now": hidden_if_few(card.figure, card.now), "before": hidden_if_few(card.figure, card.before)}
        if card.figure is Figure.DENIED_CLAIMS:
            few_denied = {side for side, found in sides.items() if found.value is None}
        if card.figure is Figure.DENIED_DOLLARS:
            sides |= {side: Estimate(None, None, None, sides[side].n) for side in few_denied}
        whole = all(found.value is not None for found in sides.values())
        shown.append(Card(card.figure, sides["now"], sides["before"], card.change if whole else None))
    return tuple(shown)


def known_now(
    as_of: date,
    worth: HourlyValue | None = None,
    idle: AdminTimePolicy | None = None,
    measured: Mapping[str, Measured] | None = None,
) -> Known:
    """What counting needs; minutes are assumed where the practice has measured none."""
    return Known(as_of, saved(measured), worth or HourlyValue(), idle or AdminTimePolicy())
