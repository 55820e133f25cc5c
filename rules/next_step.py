"""Which step to automate next? Value high, risk low, on record, put right by a person; never what one must keep."""

from collections.abc import Iterable
from dataclasses import dataclass

from models.automated_steps import Scale

FEWEST = 5
"""A step done less often in the period is not reckoned with: its minutes say too little."""
MOST_CLINICAL = Scale.LOW
MOST_COMPLIANCE = Scale.MODERATE


@dataclass(frozen=True)
class Candidate:
    """One thing done by hand: how often in the period, in how many minutes each, and what bears on automating it.

    ``kept_by`` says why it stays with a person; ``undone_by`` how a wrong outcome is put right; ``on_record`` whether
    each one leaves who did it and with what outcome.
    """

    name: str
    times: int
    minutes_each: float | None
    clinical: Scale
    compliance: Scale
    on_record: bool
    kept_by: str = ""
    undone_by: str = ""

    @property
    def minutes(self) -> float:
        """What it takes in the period."""
        return self.times * (self.minutes_each or 0.0)


@dataclass(frozen=True)
class Judged:
    """A candidate with its place (None: not to be automated now) and the reason."""

    candidate: Candidate
    place: int | None
    reason: str


def judge(candidate: Candidate) -> str:
    """Why this is not to be automated now; empty where nothing stands against it. The first reason counts."""
    if candidate.kept_by:
        return f"stays with a person: {candidate.kept_by}"
    if candidate.clinical > MOST_CLINICAL:
        return f"its clinical risk is {candidate.clinical.word}"
    if candidate.compliance > MOST_COMPLIANCE:
        return f"its compliance complexity is {candidate.compliance.word}"
    if not candidate.on_record:
        return "nothing on record would say what was done"
    if not candidate.undone_by:
        return "nobody could put a wrong outcome right"
    if candidate.times < FEWEST or candidate.minutes_each is None:
        return f"done fewer than {FEWEST} times in the period: too few to say"
    return ""


def ranked(candidates: Iterable[Candidate]) -> list[Judged]:
    """Those that may be automated, by the minutes they take, the less risky first among equals; then the others."""
    judged = [(each, judge(each)) for each in candidates]
    fit = sorted(
        (each for each, against in judged if not against),
        key=lambda each: (-each.minutes, each.clinical + each.compliance, each.name),
    )
    placed = [
        Judged(
            each,
            place,
            f"{each.minutes:.0f} minutes in the period, {each.clinical.word} clinical risk, "
            f"{each.compliance.word} compliance complexity; put right by: {each.undone_by}",
        )
        for place, each in enumerate(fit, 1)
    ]
    others = sorted(
        (Judged(each, None, against) for each, against in judged if against),
        key=lambda one: (-one.candidate.minutes, one.candidate.name),
    )
    return [*placed, *others]
