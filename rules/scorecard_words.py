"""What each figure of the scorecard is called, means, and how exactly it is counted; numbers as people read them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from models.scorecard_rows import Step
from rules.intervals import Difference, Estimate, Verdict
from rules.reclaimed_time import Saved
from rules.scorecard import MADE, Figure, Unit


@dataclass(frozen=True)
class Words:
    """``means`` for whoever reads the page, ``counted`` for whoever wants to count it again."""

    name: str
    means: str
    counted: str


WAIT = (
    "Calendar days from the day a referral was received to the first attended session, by Kaplan-Meier over the "
    "referrals received in the period. Who still waits, or left without a session, counts as waiting until then, and "
    "no longer: nobody is dropped. Duplicates are no referrals. Followed until today. "
)
WILSON = "Interval: Wilson, 95 %."
STEPS = (
    "Each time an automated step was done, counted in its own records, times the minutes it is taken to save. The "
    "minutes are assumptions, and the interval is the range they are taken to lie in, not chance: "
)
ANSWERS = (
    "Patients are asked after their first session and at the end of care. An answer is kept without its patient, by "
    "location and month; a month counts where its first day lies in the period. Fewer than five answers are not shown. "
)


_OF_CLINICIANS, _OF_THE_OFFICE = "<the minutes of clinicians>", "<the minutes of the office>"
"""Where the definitions say the minutes, which a practice may have measured."""


def words_of(figure: Figure, saved: Mapping[Step, Saved]) -> Words:
    """A figure in words, with the minutes that are in force."""
    words, counted = WORDS[figure], WORDS[figure].counted
    for place, clinical in ((_OF_CLINICIANS, True), (_OF_THE_OFFICE, False)):
        counted = counted.replace(place, _minutes(saved, clinical))
    return replace(words, counted=counted)


def _minutes(saved: Mapping[Step, Saved], clinical: bool) -> str:
    """The steps of one kind with the minutes each is taken to save."""
    return "; ".join(
        f"{each.label} {each.minutes:g} minutes ({each.low:g} to {each.high:g}, {each.source})"
        for each in saved.values()
        if each.clinical is clinical
    )


WORDS: Mapping[Figure, Words] = {
    Figure.FIRST_APPOINTMENT_MEDIAN: Words(
        "Days to the first appointment, median",
        "Half of the patients have been seen by then.",
        f"{WAIT}Interval: Brookmeyer and Crowley with Greenwood's variance, log-log, 95 %.",
    ),
    Figure.FIRST_APPOINTMENT_P90: Words(
        "Days to the first appointment, nine in ten",
        "Nine in ten patients have been seen by then.",
        f"{WAIT}Interval: Brookmeyer and Crowley with Greenwood's variance, log-log, 95 %.",
    ),
    Figure.LEAKAGE: Words(
        "Leakage",
        "Referrals that ended without a first session.",
        "Referrals that closed in the period without an attended first session, of all that closed in it; duplicates "
        f"count in neither. Where they left is the last status in which they waited. {WILSON}",
    ),
    Figure.REFERRAL_REWORK: Words(
        "Referrals done again",
        "Referrals of which something had to be done twice.",
        "Referrals that closed in the period and that a signer had returned, rejected or corrected (a risk review that "
        "was edited is a finding, not a correction), or that somebody rerouted by hand, of all that closed in it. "
        f"{WILSON}",
    ),
    Figure.NO_SHOWS: Words(
        "No-shows",
        "Appointments that patients missed.",
        "No-shows / (attended + no-shows) of the appointments that began in the period, first and later ones; every "
        f"cancellation counts apart. {WILSON} One patient's appointments are taken as independent of each other.",
    ),
    Figure.LATE_CANCELLATIONS: Words(
        "Late cancellations",
        "Appointments cancelled too late to be given to somebody else.",
        "Cancelled within the practice's window / (attended + no-shows + cancelled late) of the appointments that "
        f"would have begun in the period. {WILSON}",
    ),
    Figure.MESSAGES_AGAIN: Words(
        "Messages sent again",
        "Messages to patients that did not leave at the first try.",
        f"Messages to patients that left in the period after more than one try, of all that left. {WILSON}",
    ),
    Figure.NOTE_REWORK: Words(
        "Notes done again",
        "Notes that were returned, drafted again or added to.",
        "Notes signed in the period that were returned or rejected before, drafted again, or given an addendum since, "
        f"of all signed in it. A clinician's own edits of a draft are not rework. {WILSON}",
    ),
    Figure.CLEAN_CLAIMS: Words(
        "Clean claims",
        "Claims that nobody had to touch.",
        "Claims sent first in the period that no person has changed since they were first built, of all sent first in "
        f"it. 95 % is good. {WILSON}",
    ),
    Figure.DENIED_CLAIMS: Words(
        "Denied claims",
        "Claims of which a payer denied something.",
        f"Claims decided in the period of which anything was denied, of all decided in it. {WILSON}",
    ),
    Figure.DENIED_DOLLARS: Words(
        "Denied dollars",
        "How much of what was charged payers denied.",
        "Denied cents / charged cents of the claims decided in the period. Interval: ratio of sums over claims "
        "(Cochran), 95 %.",
    ),
    Figure.CLAIM_REWORK: Words(
        "Claims sent again",
        "Claims that went to a payer more than once.",
        "Claims sent first in the period that were corrected, replaced or sent again since, of all sent first in it. "
        f"{WILSON}",
    ),
    Figure.DAYS_IN_RECEIVABLES: Words(
        "Days in receivables",
        "How many days of charges are still owed.",
        "(What payers and patients owe at the end of the period, less credits) / (charges of the twelve months before "
        "it / 365). Charges count by date of service once they were sent. 30 to 40 is healthy. Interval: ratio of sums "
        "over claims (Cochran), 95 %. The same claims may stand in both periods, so a change is told late rather than "
        "early.",
    ),
    Figure.ADMIN_HOURS: Words(
        "Admin hours per patient",
        "Staff's work on to-dos for each active patient.",
        "Minutes from taking a to-do to finishing it, idle time capped, / 60 / distinct patients with a referral "
        "received, an appointment kept or missed, or such a to-do finished in the period. Machine time does not "
        "count. Of one workflow: the to-dos of its cases. Interval: Student over patients, 95 %.",
    ),
    Figure.CLINICAL_HOURS: Words(
        "Reclaimed clinical hours",
        "Clinicians' time that automated steps are taken to have saved.",
        f"{STEPS}{_OF_CLINICIANS}.",
    ),
    Figure.CLINICAL_VALUE: Words(
        "Value of the clinical hours",
        "What those hours are worth by the practice's own hourly value.",
        f"{STEPS}{_OF_CLINICIANS}. Hours times what the practice says a clinician's hour is worth; else no value.",
    ),
    Figure.OFFICE_HOURS: Words(
        "Reclaimed office hours",
        "Office time that automated steps are taken to have saved.",
        f"{STEPS}{_OF_THE_OFFICE}.",
    ),
    Figure.OFFICE_VALUE: Words(
        "Value of the office hours",
        "What those hours are worth by the practice's own hourly value.",
        f"{STEPS}{_OF_THE_OFFICE}. Hours times what the practice says an hour in the office is worth; else no value.",
    ),
    Figure.SATISFIED: Words(
        "Satisfied patients",
        "Answers of 4 or 5 of 5.",
        f"{ANSWERS}4 and 5 / all answers to that question. {WILSON}",
    ),
    Figure.NET_PROMOTER: Words(
        "Net promoter score",
        "Who would recommend the practice, less who would not.",
        f"{ANSWERS}Share of 9 and 10 less share of 0 to 6. Interval: adjusted Wald (Rocks), 95 %.",
    ),
    Figure.RESPONSES: Words(
        "Response rate",
        "How many answered of those the survey reached.",
        f"{ANSWERS}Answered / asked with a message that left. {WILSON}",
    ),
}

NOT_KNOWN = "not known yet"


def told(figure: Figure, value: float | None) -> str:
    """A figure's value as people read it."""
    if value is None:
        return NOT_KNOWN
    if MADE[figure].unit is Unit.SHARE:
        return f"{100 * value:.1f} %"
    if MADE[figure].unit is Unit.CENTS:
        return f"${value / 100:,.0f}"
    if MADE[figure].unit is Unit.SCORE:
        return f"{100 * value:+.0f}"
    return f"{_plain(figure, value)} {MADE[figure].unit.value}"


def _plain(figure: Figure, value: float) -> str:
    if MADE[figure].unit is Unit.HOURS:
        return f"{value:.2f}" if value < 10 else f"{value:,.0f}"
    return f"{value:.0f}" if value == int(value) else f"{value:.1f}"


def _number(figure: Figure, value: float) -> str:
    """The same without its unit."""
    return told(figure, value).removesuffix(" %").removesuffix(f" {MADE[figure].unit.value}")


def interval_told(figure: Figure, found: Estimate) -> str:
    """``11.4 to 21.7 %``; a bound that is not known is said to be so."""
    if found.value is None or (found.low is None and found.high is None):
        return "no interval"
    if found.low is None or found.high is None:
        bound = told(figure, found.high if found.low is None else found.low)
        return f"{bound} or less" if found.low is None else f"{bound} or more"
    return f"{_number(figure, found.low)} to {told(figure, found.high)}"


def change_told(figure: Figure, change: Difference | None) -> str:
    """What may be said of a change: ``lower by 6.1 points (1.9 to 10.2)``, or that it cannot be told yet."""
    if change is None:
        return "not compared"
    if change.value is None:
        return NOT_KNOWN
    if change.verdict is Verdict.CANNOT_TELL:
        if change.low is None or change.high is None:
            return "cannot tell yet"
        return f"cannot tell yet ({_step(figure, change.low, '+', unit=False)} to {_step(figure, change.high, '+')})"
    low, high = sorted((abs(change.low or 0), abs(change.high or 0)))
    if change.low is None or change.high is None:
        # one side is open: what is certain is the nearer bound
        near = change.low if change.verdict is Verdict.HIGHER else change.high
        return f"{change.verdict.value} by at least {_step(figure, abs(near or 0))}"
    by = f"{_step(figure, abs(change.value))} ({_step(figure, low, unit=False)} to {_step(figure, high, unit=False)})"
    return f"{change.verdict.value} by {by}"


def _step(figure: Figure, value: float, sign: str = "", *, unit: bool = True) -> str:
    """A difference in the figure's own unit; of shares and scores in points."""
    form = f"{sign},.1f" if sign else ",.1f"
    kind = MADE[figure].unit
    if kind in (Unit.SHARE, Unit.SCORE):
        return f"{100 * value:{form}}" + (" points" if unit else "")
    if kind is Unit.CENTS:
        return f"{value / 100:{form}}" + (" dollars" if unit else "")
    if kind is Unit.HOURS:
        return f"{value:{form.replace('1', '2')}}" + (" hours" if unit else "")
    return f"{value:{form}}" + (" days" if unit else "")
