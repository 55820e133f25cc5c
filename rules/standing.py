"""Whether a workflow may run as far as its level says: proofs, owners of its sign-offs, its error budget."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from models.codes import ApprovalKind, Role
from models.governance_codes import Level, Workflow
from models.standing import PROOF_LABELS, ProofKind
from rules.sign_off import SIGNING_ROLE

AUTOMATED = (Level.ASSISTED, Level.LIVE)
"""The levels at which a workflow acts, and which the lock takes away."""
SIGN_OFFS: Mapping[Workflow, tuple[ApprovalKind, ...]] = {
    Workflow.REFERRAL: (ApprovalKind.RISK_REVIEW, ApprovalKind.ASSIGNMENT, ApprovalKind.CLOSING_LETTER),
    Workflow.NOTES: (ApprovalKind.SESSION_NOTE,),
    Workflow.CLAIMS: (ApprovalKind.CLAIM_CLINICAL, ApprovalKind.CLAIM, ApprovalKind.WRITE_OFF, ApprovalKind.REFUND),
    Workflow.FOLLOW_UP: (ApprovalKind.ESCALATION, ApprovalKind.MESSAGE),
    Workflow.SCHEDULING: (),
}
"""What is signed in each workflow; scheduling has no signature, and what it cannot do is a coordinator's."""
TO_DO_ROLES: Mapping[Workflow, tuple[Role, ...]] = {
    Workflow.REFERRAL: (Role.COORDINATOR, Role.CLINICIAN),
    Workflow.NOTES: (Role.COORDINATOR,),
    Workflow.CLAIMS: (Role.BILLER,),
    Workflow.FOLLOW_UP: (Role.COORDINATOR,),
    Workflow.SCHEDULING: (Role.COORDINATOR,),
}


class Share(StrEnum):
    """The parts of an error budget: each a share of what the workflow did at a location in the window."""

    CRASHED = "crashed"
    OVERDUE = "overdue"
    UNDELIVERED = "undelivered"
    MISTAKES = "mistakes"


SHARE_LABELS = {
    Share.CRASHED: "cases whose run broke off",
    Share.OVERDUE: "sign-offs and to-dos past their clock",
    Share.UNDELIVERED: "messages that could not be delivered",
    Share.MISTAKES: "mistakes found",
}


@dataclass(frozen=True)
class LockPolicy:
    """The pre-set limits; each can be set by the practice.

    ``window_days`` is short, so that a lock is left by a good fortnight and by nobody's word. Below ``fewest`` of
    anything a share says nothing and holds nobody up. A crash costs staff a look, so one in twenty is the most; what is
    past its clock is passed on by itself, so half is borne, but a workflow that asks for more than a practice can sign
    must not ask for still more; one message in ten that cannot be delivered is mostly old addresses, more is a broken
    carrier; a mistake that was found stands for others that were not. ``live_after``:
    how many cases a location must have seen in the window before claims may leave it unsigned.
    """

    window_days: int = 14
    fewest: int = 20
    crashed_most: float = 0.05
    overdue_most: float = 0.50
    undelivered_most: float = 0.10
    mistakes_most: float = 0.05
    live_after: int = 20

    def __post_init__(self) -> None:
        if self.window_days < 1 or self.fewest < 1 or self.live_after < 0:
            raise ValueError("an error budget needs a window and a number of cases to speak of")
        if not all(0 <= self.most(share) <= 1 for share in Share):
            raise ValueError("a limit of the error budget is a share between 0 and 1")

    def most(self, share: Share) -> float:
        limits = {
            Share.CRASHED: self.crashed_most,
            Share.OVERDUE: self.overdue_most,
            Share.UNDELIVERED: self.undelivered_most,
            Share.MISTAKES: self.mistakes_most,
        }
        return limits[share]


@dataclass(frozen=True)
class Counted:
    """How many of how many; ``of`` None where the workflow has no such thing to count."""

    bad: int = 0
    of: int | None = 0


@dataclass(frozen=True)
class Staffing:
    """How many active people hold each role: here, and in the whole practice."""

    here: Mapping[Role, int]
    anywhere: Mapping[Role, int]


@dataclass(frozen=True)
class Check:
    """One thing the lock asks: whether it holds (None: it cannot be said yet), and why."""

    name: str
    passed: bool | None
    said: str


@dataclass(frozen=True)
class BudgetLine:
    """One share of the error budget: ``used`` is the part of its limit that is spent, None where too few were seen."""

    share: Share
    bad: int
    of: int
    most: float
    used: float | None

    @property
    def spent(self) -> bool:
        return self.used is not None and self.used > 1


@dataclass(frozen=True)
class Judgement:
    """What the lock says of one workflow at one location: how far it may run now, and each check."""

    runs_as: Level
    locked: bool
    reasons: tuple[str, ...]
    checks: tuple[Check, ...]
    budget: tuple[BudgetLine, ...] = field(default_factory=tuple)


def judge(
    workflow: Workflow,
    level: Level,
    *,
    proofs: Mapping[ProofKind, bool | None],
    staffing: Staffing,
    counted: Mapping[Share, Counted],
    policy: LockPolicy,
) -> Judgement:
    """How far a workflow may run.

    Failed proofs, a sign-off without owner or a spent budget lock it: at a level that acts it is then off. A proof that
    is still missing on this version takes only ``live`` away: at ``assisted`` people sign whatever acts.
    """
    budget = tuple(_line(share, counted.get(share, Counted()), policy) for share in Share)
    checks = (
        *(_proof_check(kind, proofs.get(kind)) for kind in ProofKind),
        _owners_check(workflow, staffing),
        *(_budget_check(line, policy) for line in budget if counted.get(line.share, Counted()).of is not None),
    )
    against = tuple(check.said for check in checks if check.passed is False)
    if against:
        return Judgement(Level.OFF if level in AUTOMATED else level, True, against, checks, budget)
    unproven = tuple(check.said for check in checks if check.name.startswith("proof") and check.passed is None)
    if level is Level.LIVE and unproven:
        reason = "it runs as assisted until its proofs have passed on this version"
        return Judgement(Level.ASSISTED, False, (reason,), checks, budget)
    return Judgement(level, False, (), checks, budget)


def _proof_check(kind: ProofKind, passed: bool | None) -> Check:
    said = {
        True: f"{PROOF_LABELS[kind]}: passed on this version",
        False: f"the {kind.value} proof failed on this version ({PROOF_LABELS[kind]})",
        None: f"the {kind.value} proof has not run on this version yet",
    }
    return Check(f"proof:{kind.value}", passed, said[passed])


def _owners_check(workflow: Workflow, staffing: Staffing) -> Check:
    missing = missing_owners(workflow, staffing)
    return Check("owners", not missing, "; ".join(missing) or "every sign-off and to-do has an owner and a backup")


def missing_owners(workflow: Workflow, staffing: Staffing) -> tuple[str, ...]:
    """What nobody, or nobody in somebody's place, could sign or do.

    What a clinician signs needs two at the location: no clock may wait for one person's illness. Another role needs one
    there; the second may work elsewhere, or be an administrator, who can give the place to somebody within minutes.
    """
    wanted: dict[Role, list[str]] = {}
    for kind in SIGN_OFFS[workflow]:
        wanted.setdefault(SIGNING_ROLE[kind], []).append(kind.label)
    for role in TO_DO_ROLES[workflow]:
        wanted.setdefault(role, []).append("to-dos")
    missing = []
    for role, what in wanted.items():
        named = ", ".join(what)
        if not staffing.here.get(role, 0):
            missing.append(f"no {role.value} here for: {named}")
        elif role is Role.CLINICIAN and staffing.here[role] < 2:
            missing.append(f"no second {role.value} here for: {named}")
        elif role is not Role.CLINICIAN and not (
            staffing.anywhere.get(role, 0) > 1 or staffing.anywhere.get(Role.ADMIN, 0)
        ):
            missing.append(f"nobody in the {role.value}'s place for: {named}")
    return tuple(missing)


def _line(share: Share, counted: Counted, policy: LockPolicy) -> BudgetLine:
    of, most = counted.of or 0, policy.most(share)
    if of < policy.fewest:
        return BudgetLine(share, counted.bad, of, most, None)
    part = counted.bad / of
    # a limit of none at all is spent by the first
    used = part / most if most else (float(part > 0) * 2)
    return BudgetLine(share, counted.bad, of, most, used)


def _budget_check(line: BudgetLine, policy: LockPolicy) -> Check:
    name, what = f"budget:{line.share.value}", SHARE_LABELS[line.share]
    seen = f"{line.bad} of {line.of}"
    if line.used is None:
        return Check(name, True, f"{what}: {seen}, too few to say (fewer than {policy.fewest})")
    limit = f"the limit is {line.most:.0%} in {policy.window_days} days"
    return Check(name, not line.spent, f"{what}: {seen}, {limit}")


def against_promotion(
    old: Level,
    new: Level,
    judged: Judgement,
    *,
    proofs: Mapping[ProofKind, bool | None],
    cases: int,
    policy: LockPolicy,
) -> tuple[str, ...]:
    """What stands against going up from ``old`` to ``new``; () where the pre-set limits are met.

    Shadow touches nothing, so only a failed proof stands against it. Whatever acts needs every check; live needs every
    proof to have passed, and enough cases to know the workflow by.
    """
    if new.rank <= old.rank:
        return ("this is not up: going down is one click and needs no signature",)
    failed = tuple(check.said for check in judged.checks if check.passed is False)
    if new is Level.SHADOW:
        return tuple(said for said in failed if "proof failed" in said)
    missing: Sequence[str] = tuple(
        f"the {kind.value} proof has not passed on this version" for kind in ProofKind if proofs.get(kind) is None
    )
    if new is Level.ASSISTED:
        return failed
    few = (f"{cases} cases in {policy.window_days} days: live needs {policy.live_after}",)
    return (*failed, *missing, *(few if cases < policy.live_after else ()))
