"""What a 271 says of a patient's coverage for mental health on the date of service; silence is never a yes.

Source: ASC X12, 005010X279A1, loops 2100C/D (who, DTP) and 2110C/D (EB01, EB03, EB12). What service type 30 stands for
differs by payer, so it never says that mental health is covered.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from models.codes import CaseOwner
from models.eligibility import Benefit, EligibilityAnswer, EligibilityRequest
from models.person_names import plain_name
from rules.cost_shares import CostShare, ShareKind, read_shares
from rules.coverage import Coverage, CoverageStatus
from rules.eligibility_refusals import NOT_FOUND, NextStep, may_ask_again, next_steps

__all__ = ["CheckedCoverage", "CostShare", "NextStep", "ShareKind", "coverage_from"]

MENTAL_HEALTH = frozenset({"MH", "A4", "A6"})
"""EB03: mental health, psychiatric, psychotherapy."""
WHOLE_PLAN = "30"
ACTIVE = "1"
ACTIVE_OTHERWISE = frozenset({"2", "3", "4", "5"})
"""Capitated, or pending an investigation: nobody may bill on that without looking."""
INACTIVE = frozenset({"6", "7", "8"})
NOT_COVERED = "I"
OTHER_PAYER, CONTACT = "R", "U"
DOUBTFUL = frozenset({"V", "E", "O", "T"})
"""Cannot process, excluded, not deemed necessary, card reported lost: a person asks what is meant."""
PLAIN = frozenset(
    {"A", "B", "C", "CB", "D", "F", "G", "H", "J", "K", "L", "M", "MC", "N", "P", "Q", "S", "W", "X", "Y"}
)
"""Codes that say something of a benefit, never whether it is covered."""
PAYER_ENTITIES = frozenset({"PR", "PRP", "SEP", "TTP", "2B", "GW", "VN", "X3", "Y2"})
"""NM101 in loop 2120 of whoever may pay or administer; a physician or a hospital is none."""

_BEGINS, _ENDS = frozenset({"346", "348", "356"}), frozenset({"347", "349", "357"})
_SPANS = frozenset({"291", "292", "307"})
S = CoverageStatus


@dataclass(frozen=True)
class CheckedCoverage:
    """One of the six answers with everything it rests on.

    ``segment`` is the EB or AAA that decided, 0 where none did. The shares are for mental health in the network;
    ``out_of_network`` holds the others, ``contradicting`` the segments that tell one of them differently. ``retry``:
    only an AAA 42 or 80 stands against it, so the same question may be asked again; how often is the asker's to bound.
    ``authorisation_needed`` is EB11 of mental health in the network.
    """

    status: CoverageStatus
    reason: str
    segment: int = 0
    copay: CostShare | None = None
    coinsurance: CostShare | None = None
    deductible_remaining: CostShare | None = None
    out_of_pocket_remaining: CostShare | None = None
    visits_left: CostShare | None = None
    out_of_network: tuple[CostShare, ...] = ()
    contradicting: tuple[int, ...] = ()
    carve_out_payer: str = ""
    carve_out_payer_id: str = ""
    authorisation_needed: bool | None = None
    retry: bool = False
    next_steps: tuple[NextStep, ...] = field(default=())

    @property
    def coverage(self) -> Coverage:
        return Coverage(self.status, self.reason, self.carve_out_payer or None)


def coverage_from(request: EligibilityRequest, answers: Sequence[EligibilityAnswer], *, on: date) -> CheckedCoverage:
    """Whether the patient's mental-health care is covered on ``on``, the date of service."""
    if request.service_date != on:
        return _unknown("The payer was asked about another date of service.")
    own = [each for each in answers if each.trace and each.trace == request.trace]
    if not own:
        # A payer that refuses everybody answers about nobody, so without our number.
        own = [each for each in answers if not each.trace and each.refusals and not each.benefits]
    if not own:
        return _unknown("No answer to this question came.")
    refused = next((each for each in own if each.refusals), None)
    if refused is not None:
        return _refused(refused)
    matching = [each for each in own if is_patient(request, each)]
    if not matching:
        return _unknown("The answer is about another person, or spells name or birth date otherwise.")
    found = [_of_answer(each, on) for each in matching]
    if len({(each.status, each.carve_out_payer) for each in found}) > 1:
        return _unknown("The payer's answers contradict each other.", found[0].segment)
    return found[0]


def is_patient(request: EligibilityRequest, answer: EligibilityAnswer) -> bool:
    """Whether the answer is about the patient asked for: the same names however spelled, the same birth date."""
    asked, told = request.dependent or request.subscriber, answer.patient
    names = (_folded(asked.family_name), _folded(asked.given_name))
    return (
        all(names)
        and names == (_folded(told.family_name), _folded(told.given_name))
        and asked.birth_date is not None
        and asked.birth_date == told.birth_date
    )


def _folded(name: str) -> str:
    """Payers write CASTELLROE, CASTELL ROE and CASTELL-ROE of one person."""
    return plain_name(name).replace(" ", "")


def _refused(answer: EligibilityAnswer) -> CheckedCoverage:
    """What a refusal leaves; benefits beside it are not read, since the payer itself did not stand by its answer."""
    refusals = answer.refusals
    steps = next_steps(refusals)
    first = next((step for step in steps if step.code in NOT_FOUND), steps[0])
    return CheckedCoverage(
        S.NOT_FOUND if first.code in NOT_FOUND else S.UNKNOWN,
        f"{first.reason} (AAA {first.code})",
        first.segment,
        retry=may_ask_again(refusals),
        next_steps=steps,
    )


def _of_answer(answer: EligibilityAnswer, on: date) -> CheckedCoverage:
    if not answer.benefits:
        return _unknown("The answer tells no benefit.")
    if (outside := _outside(answer.plan_dates, on)) is not None:
        return outside
    told = [each for each in answer.benefits if not _elsewhen(each.dates, on)]
    mental_health, whole_plan = [*filter(is_mental_health, told)], [*filter(is_whole_plan, told)]
    shares = read_shares(mental_health, whole_plan)
    decided = _decide(mental_health, whole_plan)
    steps = (*decided.next_steps, *_remarks(told, mental_health))
    if shares.contradicting:
        segments = ", ".join(map(str, shares.contradicting))
        steps = (
            *steps,
            NextStep(CaseOwner.BILLER, f"The payer tells different shares in segments {segments}; ask it."),
        )
    return replace(
        decided,
        copay=shares.within.get(ShareKind.COPAY),
        coinsurance=shares.within.get(ShareKind.COINSURANCE),
        deductible_remaining=shares.within.get(ShareKind.DEDUCTIBLE_REMAINING),
        out_of_pocket_remaining=shares.within.get(ShareKind.OUT_OF_POCKET_REMAINING),
        visits_left=shares.within.get(ShareKind.VISITS_LEFT),
        out_of_network=shares.outside,
        contradicting=shares.contradicting,
        authorisation_needed=_authorisation(mental_health),
        next_steps=steps,
    )


# --- what a benefit is about ----------------------------------------------------------------------


def is_mental_health(benefit: Benefit) -> bool:
    return bool(MENTAL_HEALTH & set(benefit.service_types))


def is_whole_plan(benefit: Benefit) -> bool:
    """Service type 30, or no service at all; a benefit of one procedure is of that one alone."""
    types = set(benefit.service_types)
    return not MENTAL_HEALTH & types and (WHOLE_PLAN in types or not (types or benefit.procedure))


def _within(benefits: Iterable[Benefit]) -> list[Benefit]:
    """What holds in the network; the practice is asked for as one of it."""
    return [each for each in benefits if each.in_network != "N"]


# --- dates ----------------------------------------------------------------------------------------

Dates = Sequence[tuple[str, date, date | None]]


def _elsewhen(dates: Dates, on: date) -> bool:
    """Whether a benefit says of itself that it does not hold on this date."""
    begins, ends, spans = _sorted(dates)
    return not _began_and_not_ended(begins, ends, on) or not _in_a_span(spans, on)


def _outside(dates: Dates, on: date) -> CheckedCoverage | None:
    """What the plan's own dates say against it; None where they do not."""
    begins, ends, spans = _sorted(dates)
    if begins and min(begins) > on:
        return CheckedCoverage(S.INACTIVE, f"The plan begins on {min(begins).isoformat()}.")
    if not _began_and_not_ended(begins, ends, on):
        ended = max(each for each in ends if each < on)
        return CheckedCoverage(S.INACTIVE, f"The plan ended on {ended.isoformat()}.")
    if _in_a_span(spans, on):
        return None
    if any(last is None for _, last in spans):
        # One date alone is the plan's first day with some payers, the day of the answer with others.
        return _unknown("The only date the payer tells of the plan lies after the date of service.")
    return CheckedCoverage(S.INACTIVE, "The date of service lies outside the plan's dates.")


def _began_and_not_ended(begins: list[date], ends: list[date], on: date) -> bool:
    """Whether a beginning lies before the date and no end between the two; without one, the last end rules."""
    if not begins:
        return not ends or max(ends) >= on
    return any(first <= on and not any(first <= last < on for last in ends) for first in begins)


def _in_a_span(spans: list[tuple[date, date | None]], on: date) -> bool:
    return not spans or any(first <= on and (last is None or on <= last) for first, last in spans)


def _sorted(dates: Dates) -> tuple[list[date], list[date], list[tuple[date, date | None]]]:
    """Beginnings, ends and spans."""
    begins = [first for qualifier, first, _ in dates if qualifier in _BEGINS]
    ends = [last or first for qualifier, first, last in dates if qualifier in _ENDS]
    return begins, ends, [(first, last) for qualifier, first, last in dates if qualifier in _SPANS]


# --- the answer -----------------------------------------------------------------------------------


def _decide(all_mental_health: list[Benefit], all_whole_plan: list[Benefit]) -> CheckedCoverage:
    """The status; mental health's own benefits come first, and whatever contradicts them leaves it unknown."""
    mental_health, whole_plan = _within(all_mental_health), _within(all_whole_plan)
    if (carved := _carve_out(mental_health)) is not None:
        return carved
    if odd := _first(mental_health, _is_odd):
        return _unknown(f"The payer answers {odd.code} for mental health; ask what is meant.", odd.segment)
    active = _first(mental_health, lambda it: it.code == ACTIVE)
    against = _first(mental_health, lambda it: it.code in INACTIVE or it.code == NOT_COVERED)
    plan_off = _first(whole_plan, lambda it: it.code in INACTIVE or it.code == NOT_COVERED)
    plan_odd = _first(whole_plan, lambda it: it.code == "5" or (it.code not in ACTIVE_OTHERWISE and _is_odd(it)))
    if active and (contrary := against or plan_off or plan_odd):
        return _unknown(
            f"Mental health is active in segment {active.segment} and not in segment {contrary.segment}.",
            contrary.segment,
        )
    if active:
        return CheckedCoverage(S.ACTIVE_MENTAL_HEALTH, "Mental health is active.", active.segment)
    if against:
        words = "not covered" if against.code == NOT_COVERED else "inactive"
        return CheckedCoverage(S.INACTIVE, f"Mental health is {words}.", against.segment)
    return _of_whole_plan(whole_plan, plan_off, any(it.code == ACTIVE for it in all_mental_health))


def _of_whole_plan(whole_plan: list[Benefit], plan_off: Benefit | None, elsewhere: bool) -> CheckedCoverage:
    """What the whole plan says where mental health is not named; ``elsewhere``: active out of the network alone."""
    active = _first(whole_plan, lambda it: it.code == ACTIVE)
    odd = _first(whole_plan, lambda it: _is_odd(it) or it.code == CONTACT)
    if active and plan_off:
        return _unknown(
            f"The plan is active in segment {active.segment} and not in segment {plan_off.segment}.", plan_off.segment
        )
    if plan_off:
        return CheckedCoverage(S.INACTIVE, "The plan is inactive.", plan_off.segment)
    if odd:
        return _unknown(f"The payer answers {odd.code} for the plan; ask what is meant.", odd.segment)
    if active:
        words = "The plan is active; mental health is " + ("active out of the network." if elsewhere else "not named.")
        return CheckedCoverage(S.ACTIVE_NOT_SPECIFIED, words, active.segment)
    return _unknown("The answer does not say whether mental health is covered.")


def _is_odd(it: Benefit) -> bool:
    """Neither a yes, nor a no, nor a description: somebody asks."""
    settled = {ACTIVE, NOT_COVERED, OTHER_PAYER, CONTACT, *INACTIVE, *PLAIN}
    return it.code in DOUBTFUL or it.code not in settled


def _carve_out(mental_health: list[Benefit]) -> CheckedCoverage | None:
    """Another payer named for mental health; one that is pointed to without a name leaves it unknown."""
    pointing = [it for it in mental_health if it.code in (CONTACT, OTHER_PAYER, NOT_COVERED)]
    named = [(it, name, number) for it in pointing for entity, name, number in it.related if _may_pay(entity, name)]
    if len({(plain_name(name), number) for _, name, number in named}) > 1:
        return _unknown("Several other payers are named for mental health.", named[0][0].segment)
    if named:
        it, name, number = named[0]
        return CheckedCoverage(
            S.CARVE_OUT,
            f"Mental health is paid by {name}.",
            it.segment,
            carve_out_payer=name,
            carve_out_payer_id=number,
            next_steps=(NextStep(CaseOwner.BILLER, f"Check the coverage with {name}.", segment=it.segment),),
        )
    if unnamed := _first(pointing, lambda it: it.code in (CONTACT, OTHER_PAYER)):
        return _unknown("The payer points to somebody else for mental health, without naming a payer.", unnamed.segment)
    return None


def _may_pay(entity: str, name: str) -> bool:
    return entity in PAYER_ENTITIES and bool(name.strip())


def _authorisation(mental_health: list[Benefit]) -> bool | None:
    said = {it.needs_authorisation for it in _within(mental_health)} & {"Y", "N", "U"}
    if "Y" in said:
        return True
    return False if said == {"N"} else None


def _remarks(told: list[Benefit], mental_health: list[Benefit]) -> tuple[NextStep, ...]:
    """What somebody should look at although it decides nothing."""
    steps = [
        NextStep(
            CaseOwner.BILLER, "Another payer is named for this patient: find out which pays first.", "", it.segment
        )
        for it in told
        if it.code == OTHER_PAYER and not is_mental_health(it)
    ]
    for it in _within(mental_health):
        if it.code in ("M", "N", "Y"):
            steps.append(NextStep(CaseOwner.BILLER, _RESTRICTED[it.code], "", it.segment))
        if it.code == "F" and it.quantity_kind == "VS" and it.period == "29" and it.quantity == 0:
            steps.append(NextStep(CaseOwner.BILLER, "No visit is left.", "", it.segment))
    return tuple(steps)


_RESTRICTED = {
    "M": "Mental health is restricted for an earlier condition.",
    "N": "Mental health is restricted to a named practice.",
    "Y": "The patient pays a spend-down first.",
}


def _first(benefits: Iterable[Benefit], fits: Callable[[Benefit], bool]) -> Benefit | None:
    return next((it for it in benefits if fits(it)), None)


def _unknown(reason: str, segment: int = 0) -> CheckedCoverage:
    return CheckedCoverage(
        S.UNKNOWN, reason, segment, next_steps=(NextStep(CaseOwner.BILLER, reason, segment=segment),)
    )
