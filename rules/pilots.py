"""How a new version compares with the present one so far, and whether that is enough to say which is better.

Looking every day is allowed for. The estimate of B less A is followed as a Brownian motion in information time, and a
verdict is due when it leaves a constant boundary: O'Brien and Fleming, Biometrics 1979;35:549-556, in the continuous
form whose error is spent as Lan and DeMets, Biometrika 1983;70:659-663, describe. By the reflection principle that
motion ever leaves it before the planned size with probability below 4(1 - Phi(c)), which is the level for c = 2.2414,
however often and whenever one looks. The intervals are the repeated ones of Jennison and Turnbull, J R Stat Soc B
1989;51:305-361: all of them hold at once with 95 %.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, sqrt
from statistics import NormalDist

from models.pilot_codes import Arm, LookVerdict, PilotMeasure

LEVEL = 0.05
POWER = 0.8
FEWEST_UNITS = 20
"""Below so many units in each arm nothing is said, whatever the planned size: their spread is not known yet."""
EARLIEST = 0.1
"""Nor below this share of the planned size."""
HARM_SURE = 0.99
"""One-sided certainty of harm at which an arm is stopped: a wrong stop costs a pilot, a late one costs patients."""
BOUNDARY = NormalDist().inv_cdf(1 - LEVEL / 4)
"""2.2414: where the motion that is followed up to the planned size leaves with a probability of 5 %."""
SIGNED_WITHIN = timedelta(hours=72)
"""Up to when the hours to a signature are counted; a note unsigned by then counts as this long."""
MOST_UNITS = 1_000_000


@dataclass(frozen=True)
class Observed:
    """What one unit of randomisation showed: the mean of its outcomes, where it has any.

    A unit counts once, because its own sessions or notes are alike; ``stratum`` is its location.
    """

    arm: Arm
    stratum: str
    value: float


@dataclass(frozen=True)
class Comparison:
    """Both arms so far. ``information`` counts as units do: units_a x units_b / (units_a + units_b), in shadow cases.

    ``mean_a``, ``mean_b``: the plain means; ``difference`` is B less A within locations, ``error`` its standard error.
    None: too little to compute it from.
    """

    units_a: int
    units_b: int
    information: float
    mean_a: float | None
    mean_b: float | None
    difference: float | None
    error: float | None


@dataclass(frozen=True)
class Plan:
    """What was set before the start: measure, smallest difference of interest, information at the planned size."""

    measure: PilotMeasure
    smallest: float
    information: float

    def __post_init__(self) -> None:
        if self.smallest <= 0 or self.information <= 0:
            raise ValueError("a pilot needs a smallest difference of interest and a planned size")


@dataclass(frozen=True)
class Reading:
    """What one look says; ``low`` and ``high`` hold at all looks at once, ``fraction`` is how far the pilot is."""

    verdict: LookVerdict
    fraction: float
    low: float | None
    high: float | None


# -- how many it takes


def planned_units(measure: PilotMeasure, expected: float, spread: float, smallest: float, share: float) -> int:
    """How many units both arms need together to find ``smallest`` with a chance of 80 % by the last look.

    ``spread`` is the standard deviation of one unit. Of a share it may be 0: it then follows from what is expected of
    each arm, which is right for units with one outcome each and too large for such as clinicians, who have many.
    Raises ValueError for figures that cannot be.
    """
    _check(measure, expected, spread, smallest)
    if measure.is_share and not spread:
        better = expected - smallest if measure.lower_is_better else expected + smallest
        in_a, in_b = expected * (1 - expected), better * (1 - better)
    else:
        in_a = in_b = spread**2
    needed = (BOUNDARY + NormalDist().inv_cdf(POWER)) ** 2 * (in_a / (1 - share) + in_b / share) / smallest**2
    return _whole(needed, 2 * FEWEST_UNITS)


def planned_pairs(spread: float, smallest: float) -> int:
    """How many cases read by both versions it takes, where ``spread`` is that of the difference in one case."""
    if spread <= 0 or smallest <= 0:
        raise ValueError("spread and smallest difference are above 0")
    return _whole((BOUNDARY + NormalDist().inv_cdf(POWER)) ** 2 * spread**2 / smallest**2, FEWEST_UNITS)


def _check(measure: PilotMeasure, expected: float, spread: float, smallest: float) -> None:
    if smallest <= 0:
        raise ValueError("the smallest difference of interest is above 0")
    if spread < 0 or (not spread and not measure.is_share):
        raise ValueError("the spread of one unit is above 0")
    if not measure.is_share:
        return
    better = expected - smallest if measure.lower_is_better else expected + smallest
    if not 0 < expected < 1 or not 0 <= better <= 1:
        raise ValueError("a share lies between 0 and 100 %, with the smallest difference too")


def _whole(needed: float, fewest: int) -> int:
    if needed > MOST_UNITS:
        raise ValueError("so small a difference would need more than a million units")
    return max(ceil(needed), fewest)


def planned_information(units: int, share: float) -> float:
    """The information of so many units in both arms together."""
    return units * share * (1 - share)


# -- what was seen


def compared(observed: Iterable[Observed]) -> Comparison:
    """The arms compared within each location (weights of Cochran, Biometrics 1954;10:417-451), so that a location with
    more misses and more of one arm does not count for the other. A location with one arm alone says nothing.
    """
    cells: dict[str, dict[Arm, list[float]]] = defaultdict(lambda: {Arm.A: [], Arm.B: []})
    for each in observed:
        cells[each.stratum][each.arm].append(each.value)
    both = [arms for arms in cells.values() if arms[Arm.A] and arms[Arm.B]]
    all_a, all_b = ([value for arms in cells.values() for value in arms[arm]] for arm in (Arm.A, Arm.B))
    weights = [len(arms[Arm.A]) * len(arms[Arm.B]) / (len(arms[Arm.A]) + len(arms[Arm.B])) for arms in both]
    information = sum(weights)
    means = (_mean(all_a), _mean(all_b))
    spread_a, spread_b = (_spread([arms[arm] for arms in both]) for arm in (Arm.A, Arm.B))
    if not both or spread_a is None or spread_b is None:
        return Comparison(len(all_a), len(all_b), information, *means, None, None)
    difference = variance = 0.0
    for weight, arms in zip(weights, both, strict=True):
        part = weight / information
        a, b = arms[Arm.A], arms[Arm.B]
        difference += part * (sum(b) / len(b) - sum(a) / len(a))
        variance += part**2 * (spread_a / len(a) + spread_b / len(b))
    error = sqrt(variance) if variance > 0 else None
    return Comparison(len(all_a), len(all_b), information, *means, difference, error)


def compared_pairs(pairs: Sequence[tuple[float, float]]) -> Comparison:
    """Both versions on the same cases, A's figure first: each case is compared with itself."""
    n = len(pairs)
    a, b = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    if n < 2:
        return Comparison(n, n, float(n), _mean(a), _mean(b), None, None)
    differences = [after - before for before, after in pairs]
    middle = sum(differences) / n
    # where all are alike it is never taken to be 0: one more case that differs by one from them is counted in
    variance = sum((each - middle) ** 2 for each in differences) / (n - 1) or 1 / (n + 1)
    return Comparison(n, n, float(n), _mean(a), _mean(b), middle, sqrt(variance / n))


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _spread(strata: Sequence[Sequence[float]]) -> float | None:
    """The variance of one unit, about the mean of its location; None where no location has two units.

    Of yes and no alone it is never taken to be 0, however rare the yes: one yes and one no more are counted in, as
    Agresti and Caffo do, Am Stat 2000;54:280-288.
    """
    n = sum(len(each) for each in strata)
    degrees = n - len(strata)
    if degrees < 1:
        return None
    about = 0.0
    for each in strata:
        middle = sum(each) / len(each)
        about += sum((value - middle) ** 2 for value in each)
    seen = about / degrees
    if all(value in (0, 1) for each in strata for value in each):
        steadied = (sum(sum(each) for each in strata) + 1) / (n + 2)
        return max(seen, steadied * (1 - steadied))
    return seen


# -- what it says


def read(seen: Comparison, plan: Plan) -> Reading:
    """What these figures allow to say at this look.

    B is better or worse when the interval leaves out no difference; there is none worth having when the interval lies
    within the smallest difference of interest. Of a measure that says nothing of better, it differs. Where the planned
    size is reached with none of these, it stays undecided.
    """
    fraction = min(1.0, seen.information / plan.information)
    if seen.difference is None or seen.error is None:
        return Reading(LookVerdict.UNDECIDED if fraction >= 1 else LookVerdict.TOO_EARLY, fraction, None, None)
    reach = BOUNDARY / sqrt(fraction) * seen.error if fraction else float("inf")
    low, high = seen.difference - reach, seen.difference + reach
    if fraction < EARLIEST or min(seen.units_a, seen.units_b) < FEWEST_UNITS:
        return Reading(LookVerdict.TOO_EARLY, fraction, low, high)
    # B's gain: what it is better by, whichever way the measure points
    least, most = (-high, -low) if plan.measure.lower_is_better else (low, high)
    if -plan.smallest < least and most < plan.smallest:
        verdict = LookVerdict.NO_DIFFERENCE
    elif (least > 0 or most < 0) and not plan.measure.says_better:
        verdict = LookVerdict.DIFFERS
    elif least > 0:
        verdict = LookVerdict.B_BETTER
    elif most < 0:
        verdict = LookVerdict.B_WORSE
    else:
        verdict = LookVerdict.UNDECIDED if fraction >= 1 else LookVerdict.TOO_EARLY
    return Reading(verdict, fraction, low, high)


def does_harm(seen: Comparison, most: float, measure: PilotMeasure) -> bool:
    """Whether B is worse by at least ``most`` and that is no accident with 99 % certainty; the winner's boundary is not
    waited for."""
    if seen.difference is None or seen.error is None or min(seen.units_a, seen.units_b) < FEWEST_UNITS:
        return False
    worse = seen.difference if measure.lower_is_better else -seen.difference
    return worse >= most and worse - NormalDist().inv_cdf(HARM_SURE) * seen.error > 0


def standing(verdicts: Sequence[LookVerdict]) -> LookVerdict:
    """What a pilot's looks say together, the oldest first: the first that settles it; a stop overrules all."""
    stop = next((each for each in verdicts if each.stops), None)
    return stop or next((each for each in verdicts if each.is_settled), LookVerdict.TOO_EARLY)


def hours_to_sign(opened_at: datetime, signed_at: datetime | None, now: datetime) -> float | None:
    """The hours a note waited for its signature, at most 72; None while those are not over.

    Of a note counted only once it is signed, slow ones would be missing; and of one counted as soon as it is signed,
    the fast ones would come first. So each counts when its 72 hours are over, signed or not.
    """
    if now - opened_at < SIGNED_WITHIN:
        return None
    waited = SIGNED_WITHIN if signed_at is None else min(signed_at - opened_at, SIGNED_WITHIN)
    return waited.total_seconds() / 3600
