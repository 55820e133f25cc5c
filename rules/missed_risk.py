"""How many risks the screening misses, from the intakes that clinicians read because they were drawn by lot.

Each night is a stratum: of its unflagged intakes some were drawn, each with the same chance, so an intake that was
read stands for whole / drawn of its night (Cochran, Sampling Techniques, 3rd ed. 1977, ch. 5; Horvitz and Thompson,
J Am Stat Assoc 1952;47:663-685). The interval is rules.exact_intervals'. What was drawn and not answered is never left
out: the estimate takes it to be like the rest of its night, and two bounds show what it would be at best and at worst.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rules.exact_intervals import exact_count
from rules.intervals import LEVEL, Estimate


@dataclass(frozen=True)
class Stratum:
    """One draw: how many intakes stood in it, how many were drawn, and what clinicians found in those."""

    intakes: int
    drawn: int
    no_risk: int = 0
    missed: int = 0
    cannot_say: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.no_risk + self.missed + self.cannot_say <= self.drawn <= self.intakes:
            raise ValueError("what was found was drawn, and what was drawn was there")

    @property
    def answered(self) -> int:
        return self.no_risk + self.missed

    @property
    def unanswered(self) -> int:
        return self.drawn - self.answered - self.cannot_say


@dataclass(frozen=True)
class MissedRisk:
    """What the sample says of all intakes of its draws; ``best`` and ``worst`` take what has no answer as all free of
    risk or as all missed. ``not_drawn_from``: intakes of nights on which none was drawn; nothing is said of them."""

    intakes: int
    not_drawn_from: int
    drawn: int
    no_risk: int
    missed: int
    cannot_say: int
    unanswered: int
    rate: Estimate
    in_all: Estimate
    best: Estimate
    worst: Estimate


@dataclass(frozen=True)
class Sensitivity:
    """Of the intakes with a risk, the share that the screening flagged, with its interval.

    ``value`` leaves out flagged intakes of which no clinician has said whether the risk was there; the interval allows
    for them either way.
    """

    flagged_with_risk: int
    flagged_undecided: int
    value: float | None
    low: float | None
    high: float | None


def missed_risk(draws: Iterable[Stratum], level: float = LEVEL) -> MissedRisk:
    """The share of unflagged intakes with a risk that was missed, and how many that are, over all these draws."""
    strata = list(draws)
    used = [each for each in strata if each.drawn]
    in_all = _total(_with_answers(used), level)
    best = _total([replace(each, no_risk=each.drawn - each.missed, cannot_say=0) for each in used], level)
    worst = _total([replace(each, missed=each.drawn - each.no_risk, cannot_say=0) for each in used], level)
    there = sum(each.intakes for each in used)
    return MissedRisk(
        intakes=there,
        not_drawn_from=sum(each.intakes for each in strata if not each.drawn),
        drawn=sum(each.drawn for each in used),
        no_risk=sum(each.no_risk for each in used),
        missed=sum(each.missed for each in used),
        cannot_say=sum(each.cannot_say for each in used),
        unanswered=sum(each.unanswered for each in used),
        rate=_share_of(in_all, there),
        in_all=in_all,
        best=_share_of(best, there),
        worst=_share_of(worst, there),
    )


def _with_answers(strata: Sequence[Stratum]) -> list[Stratum]:
    """The draws, each without any answer taken together with the one after it, or at the end with the one before."""
    kept: list[Stratum] = []
    waiting: Stratum | None = None
    for each in strata:
        joined = _joined(waiting, each)
        if joined.answered:
            kept.append(joined)
            waiting = None
        else:
            waiting = joined
    if waiting is not None and kept:
        kept[-1] = _joined(kept[-1], waiting)
    return kept


def _joined(one: Stratum | None, other: Stratum) -> Stratum:
    if one is None:
        return other
    return Stratum(
        one.intakes + other.intakes,
        one.drawn + other.drawn,
        one.no_risk + other.no_risk,
        one.missed + other.missed,
        one.cannot_say + other.cannot_say,
    )


def _total(strata: Sequence[Stratum], level: float) -> Estimate:
    """How many intakes of these draws hold a missed risk. A draw that was read whole is known, and adds no doubt."""
    if not strata:
        return Estimate(None, None, None, 0)
    value = sum(each.intakes * each.missed / each.answered for each in strata)
    read = sum(each.answered for each in strata)
    known = sum(each.missed for each in strata if each.answered == each.intakes)
    drawn = [each for each in strata if each.answered < each.intakes]
    if not drawn:
        return Estimate(value, float(known), float(known), read)
    found = sum(each.missed for each in drawn)
    low, high = exact_count([(each.intakes, each.answered) for each in drawn], found, level)
    # counted without weights, the interval could leave out an estimate from draws of very unlike sizes
    return Estimate(value, min(float(known + low), value), max(float(known + high), value), read)


def _share_of(total: Estimate, there: int) -> Estimate:
    if total.value is None or total.low is None or total.high is None or not there:
        return Estimate(None, None, None, total.n)
    return Estimate(total.value / there, total.low / there, total.high / there, total.n)


def sensitivity(flagged_with_risk: int, flagged_undecided: int, missed: Estimate) -> Sensitivity:
    """The share of risks that the screening flagged. Every flagged intake is looked at, so only what was missed is
    estimated: the interval is that of ``missed`` (a number of intakes), turned round."""
    if missed.value is None or missed.low is None or missed.high is None:
        return Sensitivity(flagged_with_risk, flagged_undecided, None, None, None)
    at_most = flagged_with_risk + flagged_undecided
    return Sensitivity(
        flagged_with_risk,
        flagged_undecided,
        _part(flagged_with_risk, missed.value),
        _part(flagged_with_risk, missed.high),
        _part(at_most, missed.low),
    )


def _part(flagged: int, missed: float) -> float | None:
    return flagged / (flagged + missed) if flagged + missed else None
