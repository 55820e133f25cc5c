"""What the answers to a questionnaire add up to, and whether two results differ reliably.

Cuts and bands: PHQ-9 Kroenke, Spitzer and Williams, J Gen Intern Med 2001;16:606-613; GAD-7 Spitzer, Kroenke,
Williams and Löwe, Arch Intern Med 2006;166:1092-1097; AUDIT-C Bush et al., Arch Intern Med
1998;158:1789-1795; PCL-5 US Department of Veterans Affairs, National Center for PTSD, "PTSD Checklist for
DSM-5 (PCL-5)".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import sqrt

from models.errors import ContractBroken
from models.measures import DEFINITIONS, Measure

BANDS: Mapping[Measure, tuple[tuple[int, str], ...]] = {
    Measure.PHQ9: ((20, "severe"), (15, "moderately severe"), (10, "moderate"), (5, "mild"), (0, "minimal")),
    Measure.GAD7: ((15, "severe"), (10, "moderate"), (5, "mild"), (0, "minimal")),
}
# (positive from, undecided from): between the two a person decides.
# PCL-5: the centre gives 31-33 as a range; AUDIT-C: 3 is positive for women, 4 for men.
SCREEN_CUTS: Mapping[Measure, tuple[int, int]] = {
    Measure.PHQ9: (10, 10),
    Measure.GAD7: (10, 10),
    Measure.AUDIT_C: (4, 3),
    Measure.PCL5: (33, 31),
}
AUDIT_C_FURTHER_STEP = 5
PHQ2_ITEMS = (1, 2)
PHQ2_POSITIVE = 3
PHQ9_SELF_HARM_ITEM = 9
CSSRS_ALWAYS = (1, 2)
CSSRS_AFTER_YES_TO_2 = (3, 4, 5, 6)
CSSRS_BEHAVIOUR = 6
CSSRS_BEHAVIOUR_RECENT = 7


@dataclass(frozen=True)
class Score:
    """One scored form; ``total`` and ``band`` are empty while it is incomplete or the measure has none.

    ``item_flags`` are set from single answers, complete or not; ``screen_positive`` is ``None`` where a
    person decides.
    """

    complete: bool
    missing: tuple[int, ...]
    total: int | None = field(repr=False)
    band: str | None = field(repr=False)
    screen_positive: bool | None = field(repr=False)
    item_flags: tuple[str, ...] = field(repr=False)
    reasons: tuple[str, ...] = field(repr=False)


class ReliableChange(StrEnum):
    IMPROVED = "improved"
    DETERIORATED = "deteriorated"
    NO_RELIABLE_CHANGE = "no_reliable_change"
    NOT_COMPARABLE = "not_comparable"


@dataclass(frozen=True)
class Change:
    """What became of a total between two forms; ``points`` = after - before, fewer symptoms are negative."""

    verdict: ReliableChange
    points: int | None = field(repr=False)
    reasons: tuple[str, ...] = field(repr=False)


def check_answers(measure: Measure, answers: Mapping[int, int]) -> None:
    """Raise ``ContractBroken`` naming measure and item if an answer is not one of the item's options."""
    definition = DEFINITIONS[measure]
    for number, value in answers.items():
        item = definition.item(number)
        if item is None:
            raise ContractBroken(f"{measure} has no item {number}", field=f"{measure}_{number}")
        if isinstance(value, bool) or value not in item.values:
            raise ContractBroken(f"{measure} item {number} must be one of {item.values}", field=f"{measure}_{number}")


def questions_to_ask(measure: Measure, answers: Mapping[int, int]) -> tuple[int, ...]:
    """Which items are still unanswered and needed, given the answers so far.

    C-SSRS screener: 1 and 2 always; 2 no → 6; 2 yes → 3 to 6; 6 yes → 7 (within 3 months). Source: The
    Columbia Lighthouse Project, C-SSRS Screener - Recent. Elsewhere every scored item is needed.
    """
    if measure is Measure.CSSRS_SCREENER:
        needed = _cssrs_items(answers)
    else:
        needed = tuple(item.number for item in DEFINITIONS[measure].items if item.scored)
    return tuple(number for number in needed if number not in answers)


def _cssrs_items(answers: Mapping[int, int]) -> tuple[int, ...]:
    needed: tuple[int, ...] = CSSRS_ALWAYS
    if 2 in answers:
        needed += CSSRS_AFTER_YES_TO_2 if answers[2] else (CSSRS_BEHAVIOUR,)
    if answers.get(CSSRS_BEHAVIOUR):
        needed += (CSSRS_BEHAVIOUR_RECENT,)
    return needed


def score(measure: Measure, answers: Mapping[int, int]) -> Score:
    """What a form says: total, band and screen if complete, else which items are missing; never a guess.

    The C-SSRS screener is never summed: its level is ``rules.triage.cssrs_level``.
    """
    check_answers(measure, answers)
    missing = questions_to_ask(measure, answers)
    flags = _item_flags(measure, answers)
    if measure is Measure.CSSRS_SCREENER:
        positive = True if flags else (None if missing else False)
        return Score(not missing, missing, None, None, positive, flags, ("never summed: the highest answer decides",))
    if missing:
        listed = ", ".join(str(number) for number in missing)
        return Score(False, missing, None, None, None, flags, (f"incomplete: no answer to item {listed}",))
    total = sum(answers[item.number] for item in DEFINITIONS[measure].items if item.scored)
    positive, reasons = _screen(measure, total)
    return Score(True, (), total, _band(measure, total), positive, flags, reasons)


def _item_flags(measure: Measure, answers: Mapping[int, int]) -> tuple[str, ...]:
    if measure is Measure.PHQ9 and answers.get(PHQ9_SELF_HARM_ITEM, 0) >= 1:
        return (f"phq9 item {PHQ9_SELF_HARM_ITEM}",)
    if measure is Measure.CSSRS_SCREENER:
        return tuple(
            f"cssrs_screener item {number}"
            for number in range(1, CSSRS_BEHAVIOUR_RECENT + 1)
            if answers.get(number, 0) >= 1
        )
    return ()


def _band(measure: Measure, total: int) -> str | None:
    return next((name for lowest, name in BANDS.get(measure, ()) if total >= lowest), None)


def _screen(measure: Measure, total: int) -> tuple[bool | None, tuple[str, ...]]:
    positive_from, undecided_from = SCREEN_CUTS[measure]
    reasons: tuple[str, ...] = (f"positive from {positive_from}",)
    if measure is Measure.AUDIT_C and total >= AUDIT_C_FURTHER_STEP:
        reasons += (f"a further step from {AUDIT_C_FURTHER_STEP}",)
    if total >= positive_from:
        return True, reasons
    if total < undecided_from:
        return False, reasons
    return None, (f"between {undecided_from} and {positive_from} the cut depends on the person: a clinician decides",)


def phq2_positive(answers: Mapping[int, int]) -> bool | None:
    """Whether PHQ-9 items 1 and 2 alone screen positive (3 or more); ``None`` while one is unanswered.

    Source: Kroenke, Spitzer and Williams, Med Care 2003;41:1284-1292.
    """
    check_answers(Measure.PHQ9, answers)
    if any(number not in answers for number in PHQ2_ITEMS):
        return None
    return sum(answers[number] for number in PHQ2_ITEMS) >= PHQ2_POSITIVE


# The smallest change that counts. PHQ-9 and GAD-7: NHS England, NHS Talking Therapies for anxiety and
# depression manual
# (and Gyani et al., Behav Res Ther 2013;51:597-606); PCL-5: National Center for PTSD, 10 = clinically
# meaningful.
RELIABLE_POINTS: Mapping[Measure, int] = {Measure.PHQ9: 6, Measure.GAD7: 4, Measure.PCL5: 10}
PCL5_MINIMUM_RESPONSE = 5
# Below these the NHS counts a person as recovered, if they began at or above one of them.
CASE_CUTS: Mapping[Measure, int] = {Measure.PHQ9: 10, Measure.GAD7: 8}
RCI_CUT = 1.96


def change(measure: Measure, before: Score, after: Score) -> Change:
    """Whether a total changed by the published number of points; incomplete forms are not comparable."""
    points_needed = RELIABLE_POINTS.get(measure)
    if points_needed is None:
        return Change(ReliableChange.NOT_COMPARABLE, None, (f"no published reliable change for {measure}",))
    if before.total is None or after.total is None:
        return Change(ReliableChange.NOT_COMPARABLE, None, ("one of the two forms is incomplete",))
    points = after.total - before.total
    reasons: tuple[str, ...] = (f"{measure} counts a change of {points_needed} points or more",)
    if measure is Measure.PCL5 and PCL5_MINIMUM_RESPONSE <= abs(points) < points_needed:
        reasons += (f"{PCL5_MINIMUM_RESPONSE} points or more: a response, not yet clinically meaningful",)
    if abs(points) < points_needed:
        return Change(ReliableChange.NO_RELIABLE_CHANGE, points, reasons)
    return Change(ReliableChange.IMPROVED if points < 0 else ReliableChange.DETERIORATED, points, reasons)


def reliable_change_index(before: int, after: int, *, standard_deviation: float, reliability: float) -> float:
    """How many standard errors of a difference lie between two totals; see ``is_reliable``.

    RCI = (after - before) / (SD · √2 · √(1 - r)). Source: Jacobson and Truax, J Consult Clin Psychol
    1991;59:12-19. ``ValueError`` if the deviation is not positive or the reliability not in [0, 1).
    """
    if standard_deviation <= 0 or not 0 <= reliability < 1:
        raise ValueError("a reliable change needs a positive deviation and a reliability in [0, 1)")
    return (after - before) / (standard_deviation * sqrt(2) * sqrt(1 - reliability))


def is_reliable(index: float) -> bool:
    """Whether a reliable change index lies beyond ±1.96."""
    return abs(index) > RCI_CUT


def recovered(before: Mapping[Measure, Score], after: Mapping[Measure, Score]) -> bool | None:
    """Whether someone who began at or above a cut is now below both: PHQ-9 under 10 and GAD-7 under 8.

    ``None`` if a form is missing or incomplete, or if they began below both cuts (there was nothing to
    recover from). Source: NHS England, NHS Talking Therapies for anxiety and depression manual.
    """
    first = {measure: before[measure].total for measure in CASE_CUTS if measure in before}
    last = {measure: after[measure].total for measure in CASE_CUTS if measure in after}
    started = [first.get(measure) for measure in CASE_CUTS]
    ended = [last.get(measure) for measure in CASE_CUTS]
    if None in started or None in ended:
        return None
    if not any(total >= cut for total, cut in zip(started, CASE_CUTS.values(), strict=True) if total is not None):
        return None
    return all(total < cut for total, cut in zip(ended, CASE_CUTS.values(), strict=True) if total is not None)
