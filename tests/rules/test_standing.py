"""The lock's rule: both sides of every limit, what a missing or failed proof takes away, what going up needs."""

from typing import Any

import pytest

from models.codes import ApprovalKind, Role
from models.governance_codes import Level, Workflow
from models.standing import TEMPLATES, ProofKind
from rules.sign_off import SIGNING_ROLE
from rules.standing import (
    SIGN_OFFS,
    Counted,
    Judgement,
    LockPolicy,
    Share,
    Staffing,
    against_promotion,
    judge,
    missing_owners,
)
from tests.conftest import TESTS

PROVED: dict[ProofKind, bool | None] = dict.fromkeys(ProofKind, True)
ENOUGH = {Role.CLINICIAN: 2, Role.COORDINATOR: 1, Role.BILLER: 1, Role.OWNER: 1}
STAFFED = Staffing(ENOUGH, ENOUGH | {Role.ADMIN: 1})
POLICY = LockPolicy(window_days=14, fewest=20, crashed_most=0.05, overdue_most=0.5, undelivered_most=0.1)


def judged(level: Level = Level.LIVE, **given: Any) -> Judgement:
    facts: dict[str, Any] = {"proofs": PROVED, "staffing": STAFFED, "counted": {}, "policy": POLICY}
    return judge(Workflow.CLAIMS, level, **(facts | given))


@pytest.mark.parametrize("level", Level)
def test_what_holds_runs_as_far_as_its_level(level: Level) -> None:
    found = judged(level)
    assert (found.runs_as, found.locked, found.reasons) == (level, False, ())


@pytest.mark.parametrize("kind", ProofKind)
@pytest.mark.parametrize(
    ("level", "runs_as"),
    [
        (Level.OFF, Level.OFF),
        (Level.SHADOW, Level.SHADOW),
        (Level.ASSISTED, Level.ASSISTED),
        (Level.LIVE, Level.ASSISTED),
    ],
)
def test_missing_proof_takes_only_live_away(kind: ProofKind, level: Level, runs_as: Level) -> None:
    found = judged(level, proofs=PROVED | {kind: None})
    assert (found.runs_as, found.locked) == (runs_as, False)
    assert bool(found.reasons) == (level is Level.LIVE)


@pytest.mark.parametrize("kind", ProofKind)
@pytest.mark.parametrize(
    ("level", "runs_as"),
    [(Level.OFF, Level.OFF), (Level.SHADOW, Level.SHADOW), (Level.ASSISTED, Level.OFF), (Level.LIVE, Level.OFF)],
)
def test_failed_proof_locks(kind: ProofKind, level: Level, runs_as: Level) -> None:
    found = judged(level, proofs=PROVED | {kind: False})
    assert (found.runs_as, found.locked) == (runs_as, True)
    assert kind.value in found.reasons[0]


@pytest.mark.parametrize(
    ("share", "bad", "of", "locks"),
    [
        (Share.CRASHED, 5, 100, False),
        (Share.CRASHED, 6, 100, True),
        (Share.OVERDUE, 50, 100, False),
        (Share.OVERDUE, 51, 100, True),
        (Share.UNDELIVERED, 10, 100, False),
        (Share.UNDELIVERED, 11, 100, True),
        (Share.MISTAKES, 5, 100, False),
        (Share.MISTAKES, 6, 100, True),
        (Share.CRASHED, 19, 19, False),  # too few to say
        (Share.CRASHED, 20, 20, True),
        (Share.CRASHED, 1, 20, False),
        (Share.CRASHED, 2, 20, True),
        (Share.MISTAKES, 0, None, False),  # nobody looks for mistakes of this workflow
    ],
)
def test_error_budget_on_both_sides_of_its_limits(share: Share, bad: int, of: int | None, locks: bool) -> None:
    found = judged(Level.ASSISTED, counted={share: Counted(bad, of)})
    assert (found.locked, found.runs_as) == (locks, Level.OFF if locks else Level.ASSISTED)
    line = next(each for each in found.budget if each.share is share)
    assert line.spent == locks
    shown = [check.name for check in found.checks]
    assert (f"budget:{share.value}" in shown) == (of is not None)


def test_used_is_the_part_of_the_limit_that_is_spent() -> None:
    found = judged(counted={Share.CRASHED: Counted(2, 80)})
    assert next(each.used for each in found.budget if each.share is Share.CRASHED) == pytest.approx(0.5)


def test_limit_of_nothing_is_spent_by_the_first() -> None:
    strict = LockPolicy(mistakes_most=0.0)
    assert not judged(policy=strict, counted={Share.MISTAKES: Counted(0, 100)}).locked
    assert judged(policy=strict, counted={Share.MISTAKES: Counted(1, 100)}).locked


@pytest.mark.parametrize(
    ("workflow", "here", "anywhere", "missing"),
    [
        (Workflow.REFERRAL, {}, {}, ()),
        (Workflow.REFERRAL, {Role.CLINICIAN: 1}, {}, ("no second clinician",)),
        (Workflow.REFERRAL, {Role.CLINICIAN: 0}, {}, ("no clinician",)),
        (Workflow.REFERRAL, {Role.COORDINATOR: 0}, {}, ("no coordinator",)),
        (Workflow.REFERRAL, {}, {Role.ADMIN: 0}, ("nobody in the coordinator's place",)),
        (Workflow.REFERRAL, {}, {Role.ADMIN: 0, Role.COORDINATOR: 2}, ()),
        (Workflow.REFERRAL, {Role.BILLER: 0}, {}, ()),
        (Workflow.CLAIMS, {Role.BILLER: 0}, {}, ("no biller",)),
        (Workflow.CLAIMS, {Role.OWNER: 0}, {}, ("no owner",)),
        (Workflow.SCHEDULING, {Role.CLINICIAN: 0}, {}, ()),
        (Workflow.SCHEDULING, {Role.COORDINATOR: 0}, {}, ("no coordinator",)),
        (Workflow.NOTES, {Role.CLINICIAN: 0, Role.COORDINATOR: 0}, {}, ("no clinician", "no coordinator")),
    ],
)
def test_every_sign_off_has_an_owner_and_a_backup(
    workflow: Workflow, here: dict[Role, int], anywhere: dict[Role, int], missing: tuple[str, ...]
) -> None:
    staffing = Staffing(ENOUGH | here, ENOUGH | {Role.ADMIN: 1} | anywhere)
    found = missing_owners(workflow, staffing)
    assert len(found) == len(missing)
    assert all(said.startswith(start) for said, start in zip(found, missing, strict=True))


def test_every_sign_off_belongs_to_one_workflow() -> None:
    of_workflows = [kind for kinds in SIGN_OFFS.values() for kind in kinds]
    assert sorted(of_workflows) == sorted(ApprovalKind) and set(SIGNING_ROLE) == set(of_workflows)


@pytest.mark.parametrize(
    ("old", "new", "given", "cases", "against"),
    [
        (Level.OFF, Level.SHADOW, {"staffing": Staffing({}, {})}, 0, []),
        (Level.OFF, Level.SHADOW, {"proofs": PROVED | {ProofKind.AUDIT: False}}, 0, ["audit proof failed"]),
        (Level.OFF, Level.ASSISTED, {"proofs": PROVED | {ProofKind.AUDIT: None}}, 0, []),
        (Level.SHADOW, Level.ASSISTED, {"counted": {Share.CRASHED: Counted(9, 20)}}, 0, ["9 of 20"]),
        (Level.ASSISTED, Level.LIVE, {}, 20, []),
        (Level.ASSISTED, Level.LIVE, {}, 19, ["live needs 20"]),
        (Level.ASSISTED, Level.LIVE, {"proofs": PROVED | {ProofKind.AUDIT: None}}, 20, ["audit proof has not passed"]),
        (Level.LIVE, Level.LIVE, {}, 99, ["this is not up"]),
        (Level.LIVE, Level.OFF, {}, 99, ["this is not up"]),
    ],
)
def test_going_up_meets_the_limits_or_says_what_is_missing(
    old: Level, new: Level, given: dict[str, Any], cases: int, against: list[str]
) -> None:
    proofs = given.get("proofs", PROVED)
    found = against_promotion(old, new, judged(old, **given), proofs=proofs, cases=cases, policy=POLICY)
    assert len(found) == len(against)
    assert all(words in said for said, words in zip(found, against, strict=True))


@pytest.mark.parametrize(
    "figures", [{"window_days": 0}, {"fewest": 0}, {"crashed_most": 1.1}, {"mistakes_most": -0.1}, {"live_after": -1}]
)
def test_limits_that_cannot_be_are_refused(figures: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="error budget"):
        LockPolicy(**figures)


def test_every_message_to_a_patient_has_its_workflow_or_always_leaves() -> None:
    spanish = {path.name.split(".")[0] for path in (TESTS.parent / "templates" / "messages").glob("*.es.txt.j2")}
    assert set(TEMPLATES) == spanish, "what patients read is there in both languages; say whether the lock holds it"
