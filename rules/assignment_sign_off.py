"""Whether an assignment needs a coordinator's signature, and by which rule one that needs none goes by itself."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

BY_ITSELF = "clear_assignment_at_proven_location"
"""The rule that lets an assignment go without a signature; its name goes into the audit, with its figures."""
SIGNED = "signature_needed"


class Why(StrEnum):
    """Why somebody must sign: what makes an assignment an exception."""

    LEVEL = "level"
    RISK_NOT_CLEARED = "risk_not_cleared"
    RISK_RAISED = "risk_raised"
    UNREAD = "unread"
    MINOR = "minor"
    PLACE_UNKNOWN = "place_unknown"
    COVERAGE_UNKNOWN = "coverage_unknown"
    LANGUAGE_UNKNOWN = "language_unknown"
    TIMES_UNKNOWN = "times_unknown"
    TIMES_NOT_MET = "times_not_met"
    NOT_FITTING = "not_fitting"
    ONE_FITS = "one_fits"
    CLOSE = "close"
    MATCHED_BEFORE = "matched_before"
    NOT_APPROVED_BEFORE = "not_approved_before"
    BY_HAND_BEFORE = "by_hand_before"
    POSSIBLE_DUPLICATE = "possible_duplicate"
    TOO_FEW_SIGNED = "too_few_signed"
    NOT_PROVEN = "not_proven"


WHY_LABELS = {
    Why.LEVEL: "the workflow does not run live here",
    Why.RISK_NOT_CLEARED: "the risk gate was not passed",
    Why.RISK_RAISED: "a risk was raised about this patient, of whatever level",
    Why.UNREAD: "something in the case was not read yet",
    Why.MINOR: "the patient is not an adult",
    Why.PLACE_UNKNOWN: "where the patient is, is not known",
    Why.COVERAGE_UNKNOWN: "no payer has said that the patient is covered",
    Why.LANGUAGE_UNKNOWN: "the patient's language is not known",
    Why.TIMES_UNKNOWN: "the patient has named no times",
    Why.TIMES_NOT_MET: "none of the patient's times is free",
    Why.NOT_FITTING: "whoever was put first does not fit any more",
    Why.ONE_FITS: "fewer than two clinicians fit",
    Why.CLOSE: "the first leads by too little",
    Why.MATCHED_BEFORE: "the case was matched before",
    Why.NOT_APPROVED_BEFORE: "something in the case was edited, returned or rejected",
    Why.BY_HAND_BEFORE: "somebody had to do something by hand in the case",
    Why.POSSIBLE_DUPLICATE: "the patient may be on record twice",
    Why.TOO_FEW_SIGNED: "too few assignments were signed at this location",
    Why.NOT_PROVEN: "too many assignments at this location were not approved as proposed",
}


@dataclass(frozen=True)
class AssignmentPolicy:
    """From when on nobody signs; each can be set by the practice.

    A location is proven when of the last ``last`` signed assignments there at least ``approved_at_least`` were approved
    as proposed. ``lead_at_least``: by how much of the score (0 to 1) the first must lead the second. ``adult_from``:
    years.
    """

    last: int = 20
    approved_at_least: float = 0.95
    lead_at_least: float = 0.10
    adult_from: int = 18

    def __post_init__(self) -> None:
        if self.last < 1 or self.adult_from < 0:
            raise ValueError("a proven location needs a number of assignments, and an adult an age")
        if not (0 <= self.approved_at_least <= 1 and 0 <= self.lead_at_least <= 1):
            raise ValueError("what must be approved, and the lead, are shares between 0 and 1")


@dataclass(frozen=True)
class AssignmentFacts:
    """What is known of one assignment when it would be signed.

    ``risk_raised``: any flag ever in the case, of any level and whoever has closed it, or any risk of the patient's in
    another case. ``scores`` of those who fit, best first; ``first_fits``: whoever is to be assigned is still the first
    who passes every hard filter. ``coverage_known``: the patient pays, or a payer has lately said that mental health is
    covered. ``not_approved``: a decision of the case was not an approval as proposed. ``by_hand``: a to-do was opened
    in it. ``as_proposed`` of ``signed`` assignments at the location, the newest ones, were approved as proposed.
    """

    live: bool
    risk_cleared: bool
    risk_raised: bool
    unread: bool
    age: int | None
    place_known: bool
    coverage_known: bool
    language_known: bool
    times_named: bool
    times_met: bool
    first_fits: bool
    scores: tuple[float, ...]
    matched_before: bool
    not_approved: bool
    by_hand: bool
    possible_duplicate: bool
    as_proposed: int
    signed: int


@dataclass(frozen=True)
class AssignmentSignature:
    """Reasons for a coordinator's signature; none: the assignment goes by ``rule``, by these ``figures``."""

    reasons: tuple[Why, ...]
    rule: str
    figures: dict[str, Any]

    @property
    def goes_by_itself(self) -> bool:
        return self.rule == BY_ITSELF


def assignment_signature(facts: AssignmentFacts, policy: AssignmentPolicy) -> AssignmentSignature:
    """Whether somebody must sign this assignment, with every reason. In doubt somebody does."""
    reasons = tuple(why for why, holds in _asked(facts, policy) if holds)
    figures = {
        "fitting": len(facts.scores),
        "lead": _lead(facts.scores),
        "as_proposed": facts.as_proposed,
        "signed": facts.signed,
        **asdict(policy),
    }
    return AssignmentSignature(reasons, SIGNED if reasons else BY_ITSELF, figures)


def _asked(facts: AssignmentFacts, policy: AssignmentPolicy) -> Iterable[tuple[Why, bool]]:
    enough = facts.signed >= policy.last
    lead = _lead(facts.scores)
    yield Why.LEVEL, not facts.live
    yield Why.RISK_NOT_CLEARED, not facts.risk_cleared
    yield Why.RISK_RAISED, facts.risk_raised
    yield Why.UNREAD, facts.unread
    yield Why.MINOR, facts.age is None or facts.age < policy.adult_from
    yield Why.PLACE_UNKNOWN, not facts.place_known
    yield Why.COVERAGE_UNKNOWN, not facts.coverage_known
    yield Why.LANGUAGE_UNKNOWN, not facts.language_known
    yield Why.TIMES_UNKNOWN, not facts.times_named
    yield Why.TIMES_NOT_MET, facts.times_named and not facts.times_met
    yield Why.NOT_FITTING, not facts.first_fits
    yield Why.ONE_FITS, lead is None
    yield Why.CLOSE, lead is not None and lead < policy.lead_at_least
    yield Why.MATCHED_BEFORE, facts.matched_before
    yield Why.NOT_APPROVED_BEFORE, facts.not_approved
    yield Why.BY_HAND_BEFORE, facts.by_hand
    yield Why.POSSIBLE_DUPLICATE, facts.possible_duplicate
    yield Why.TOO_FEW_SIGNED, not enough
    yield Why.NOT_PROVEN, enough and facts.as_proposed < policy.approved_at_least * facts.signed


def _lead(scores: tuple[float, ...]) -> float | None:
    """By how much the first leads; None where nobody comes second. Rounded as the scores are: a tie stays a tie."""
    return round(scores[0] - scores[1], 9) if len(scores) > 1 else None


def because(figures: dict[str, Any]) -> tuple[str, ...]:
    """What let an assignment go, in words, from the figures on its record."""
    return (
        "no risk was ever raised, and the risk gate was passed",
        "the patient is an adult, and nothing that decides who may treat them is unknown",
        f"the first of {figures['fitting']} who fit leads by {figures['lead']:.2f}, "
        f"at least {figures['lead_at_least']:.2f} is asked",
        "nothing in the case was edited, returned, rejected or done by hand",
        f"of the last {figures['signed']} assignments that were signed here {figures['as_proposed']} were approved as "
        f"proposed, at least {figures['approved_at_least']:.0%} must be",
    )
