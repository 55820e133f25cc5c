"""What a clinician found in an intake that was drawn by lot: the finding on record, a missed risk flagged at once."""

from collections.abc import Sequence

from sqlmodel import Session

from acts.alarms import open_for_clinician, page_on_call
from adapters import therapy_store
from adapters.operational_store import audit, move_case
from models.codes import ReferralStatus, RiskLevel, ToDoOutcome
from models.columns import new_id
from models.operational import Referral, RiskFinding, ToDo
from models.safety_codes import SampleFinding
from models.therapy_text import TherapyText
from models.transitions import REFERRAL
from rules.triage import DEFAULT_LEVELS, PRESENT, RANK, FlagKind

R = ReferralStatus
CLINICIAN = "clinician"
"""Who raises such a flag: neither a rule nor the classifier, so that it counts as neither's."""
RULE = "missed-risk-sample"
KINDS = tuple(FlagKind(kind) for kind in DEFAULT_LEVELS.present)
"""The kinds of risk that somebody may say was missed."""
FINDINGS = {
    ToDoOutcome.NOTHING_MISSED: SampleFinding.NO_RISK,
    ToDoOutcome.RISK_MISSED: SampleFinding.RISK_MISSED,
    ToDoOutcome.CANNOT_SAY: SampleFinding.CANNOT_SAY,
}
SAYS = TherapyText(
    "A clinician read this intake because it was drawn by lot, and found a risk that the screening had missed. "
    "It is flagged; see what was said."
)


def flag_missed(to_do: ToDo, kinds: Sequence[FlagKind], actor: str) -> None:
    """Raise a flag for each kind of risk that was missed; again raises nothing twice.

    Before the to-do is finished, so that a crash in between leaves a flag and never a finding without one. Without a
    kind (the terminal asks for none) the flag is of an unknown kind, which opens a review like any other.
    """
    found = kinds or (FlagKind.UNKNOWN_SIGNAL,)
    therapy_store.raise_flags(
        to_do.case_number,
        [
            therapy_store.RiskFlag(
                id=new_id("FL"),
                case_number=to_do.case_number,
                unique_key=f"missed:{to_do.id}:{kind.value}",
                kind=kind.value,
                status=PRESENT,
                level=_level(kind).value,
                raised_by=CLINICIAN,
                rule_id=RULE,
                why="found by a clinician in an intake that nothing had flagged",
                version="",
            )
            for kind in found
        ],
    )
    therapy_store.keep_to_do_words(_handoff_id(to_do), to_do.case_number, question=SAYS, actor=actor)


def _level(kind: FlagKind) -> RiskLevel:
    return DEFAULT_LEVELS.present.get(kind, DEFAULT_LEVELS.unknown)


def _handoff_id(to_do: ToDo) -> str:
    return f"TD-missed-{to_do.id.removeprefix('TD-')}"


def keep_finding(
    db: Session, to_do: ToDo, referral: Referral, outcome: ToDoOutcome, kinds: Sequence[FlagKind], actor: str
) -> None:
    """Put the finding on record for good; of a missed risk page who is on call, open a clinician's to-do, and send the
    case back to its screening, which finds the flag and opens its review. In the caller's transaction."""
    finding = RiskFinding(to_do_id=to_do.id, case_number=to_do.case_number, finding=FINDINGS[outcome], found_by=actor)
    db.add(finding)
    audit(db, actor, "risk_sample.answered", to_do, to_do.case_number, finding=finding.finding.value)
    if outcome != ToDoOutcome.RISK_MISSED:
        return
    key = f"missed-risk:{to_do.id}"
    referral.risk_level = max(
        [*map(_level, kinds or (FlagKind.UNKNOWN_SIGNAL,)), *([referral.risk_level] if referral.risk_level else [])],
        key=RANK.__getitem__,
    )
    db.add(referral)
    open_for_clinician(db, referral, key, _handoff_id(to_do))
    page_on_call(db, referral, key)
    if referral.status == R.READY_TO_SCREEN:
        referral.version += 1  # a screening that looked before the flag was there must look again
    elif may_be_screened_again(referral):
        move_case(db, referral, R.READY_TO_SCREEN, actor=actor, why="missed_risk")


def may_be_screened_again(referral: Referral) -> bool:
    """A booked time is kept, and a letter that a clinician decided on is not taken back; a closed case stays closed."""
    ending = referral.status == R.QUESTION_OPEN and referral.came_from == R.CLOSING_LETTER
    return referral.status != R.BOOKED and not ending and R.READY_TO_SCREEN in REFERRAL[referral.status]
