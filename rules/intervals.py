"""How sure a figure is: its interval, and whether two figures differ by more than chance explains.

Shares: Wilson, J Am Stat Assoc 1927;22:209-212. Differences: the square-and-add method of Newcombe, Stat Med
1998;17:873-890 (his method 10 where both are shares), which Zou and Donner, Stat Med 2008;27:1693-1702, extend to any
two estimates that come with intervals. Means and ratios of sums: Cochran, Sampling Techniques, 3rd ed. 1977, ch. 6.
Quantiles of waits: Brookmeyer and Crowley, Biometrics 1982;38:29-41, with Greenwood's variance on the scale
log(-log S) of Kalbfleisch and Prentice 1980. Net promoter score: the adjusted Wald interval, Rocks, Am Stat
2016;70:365-372. All take the two sides of a difference as independent of each other.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

from rules.metrics import survival

LEVEL = 0.95
FEWEST_FOR_A_RATIO = 5
"""From how many units on a mean or a ratio of sums has an interval; below, its spread is guesswork."""


@dataclass(frozen=True)
class Estimate:
    """One figure from ``n`` units with its interval; a missing bound is not known, or lies beyond what was seen.

    ``value`` is None where there is nothing to compute it from, or too many still wait to say.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int


class Verdict(StrEnum):
    """What a difference allows to say."""

    HIGHER = "higher"
    LOWER = "lower"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True)
class Difference:
    """After less before; ``verdict`` says higher or lower only where the interval leaves out no change."""

    value: float | None
    low: float | None
    high: float | None

    @property
    def verdict(self) -> Verdict:
        if self.low is not None and self.low > 0:
            return Verdict.HIGHER
        if self.high is not None and self.high < 0:
            return Verdict.LOWER
        return Verdict.CANNOT_TELL


def z_of(level: float) -> float:
    """The normal deviate that leaves (1 - level) / 2 above it."""
    if not 0 < level < 1:
        raise ValueError("a level lies between 0 and 1")
    return NormalDist().inv_cdf((1 + level) / 2)


def t_of(level: float, degrees: int) -> float:
    """Student's deviate by the expansion of Cornish and Fisher (Abramowitz and Stegun 26.7.5); exact for 1 and 2."""
    if degrees < 1:
        raise ValueError("at least one degree of freedom")
    if degrees == 1:
        return math.tan(math.pi * level / 2)
    if degrees == 2:
        return level * math.sqrt(2 / (1 - level**2))
    z = z_of(level)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / degrees**power for power, term in enumerate(terms, start=1))


def share(part: int, whole: int, level: float = LEVEL) -> Estimate:
    """``part`` of ``whole`` with Wilson's interval. ValueError where the part is not of the whole."""
    if not 0 <= part <= whole:
        raise ValueError("a part lies between nothing and the whole")
    if not whole:
        return Estimate(None, None, None, 0)
    z, rate = z_of(level), part / whole
    middle = (rate + z * z / (2 * whole)) / (1 + z * z / whole)
    reach = z / (1 + z * z / whole) * math.sqrt(rate * (1 - rate) / whole + z * z / (4 * whole * whole))
    # the bounds are exactly 0 and 1 at the ends; floating point comes only near
    low = 0.0 if part == 0 else max(0.0, middle - reach)
    high = 1.0 if part == whole else min(1.0, middle + reach)
    return Estimate(rate, low, high, whole)


def ratio(pairs: Iterable[tuple[float, float]], level: float = LEVEL) -> Estimate:
    """The sum of the first over the sum of the second of each pair, one pair for each unit; a mean has seconds of 1.

    Too few units, or none but alike ones of one, have no interval.
    """
    units = list(pairs)
    below = sum(second for _, second in units)
    if not below:
        return Estimate(None, None, None, len(units))
    value = sum(first for first, _ in units) / below
    if len(units) < FEWEST_FOR_A_RATIO:
        return Estimate(value, None, None, len(units))
    n = len(units)
    spread = sum((first - value * second) ** 2 for first, second in units) / (n - 1)
    reach = t_of(level, n - 1) * math.sqrt(n * spread) / abs(below)
    return Estimate(value, value - reach, value + reach, n)


def mean(values: Iterable[float], level: float = LEVEL) -> Estimate:
    """The mean with Student's interval; below FEWEST_FOR_A_RATIO values it has none."""
    return ratio(((value, 1.0) for value in values), level)


def net_promoter(promoters: int, detractors: int, answers: int, level: float = LEVEL) -> Estimate:
    """Share of promoters less share of detractors, between -1 and 1; three made-up answers steady the interval."""
    if promoters < 0 or detractors < 0 or promoters + detractors > answers:
        raise ValueError("promoters and detractors are among the answers")
    if not answers:
        return Estimate(None, None, None, 0)
    n = answers + 3
    up, down = (promoters + 0.75) / n, (detractors + 0.75) / n
    reach = z_of(level) * math.sqrt((up + down - (up - down) ** 2) / n)
    value = (promoters - detractors) / answers
    # steadied towards the middle, the interval may leave out the score itself at the very ends
    low, high = min(value, up - down - reach), max(value, up - down + reach)
    return Estimate(value, max(-1.0, low), min(1.0, high), answers)


def wait_quantile(observed: Sequence[tuple[int, bool]], quantile: float, level: float = LEVEL) -> Estimate:
    """The day by which ``quantile`` have had their event (0.5: the median), by Kaplan-Meier, with its interval.

    ``observed`` holds (days, event happened). The interval is every day on which the curve's own interval holds
    1 - quantile; a bound that the curve never comes to is None.
    """
    if not 0 < quantile < 1:
        raise ValueError("a quantile lies between 0 and 1")
    left = 1 - quantile
    value = low = high = None
    for point in survival(observed):
        bottom, top = band(point.waiting, point.greenwood, level)
        # as in days_until_share: what is reached exactly counts as reached
        if value is None and point.waiting <= left + 1e-12:
            value = float(point.day)
        if low is None and bottom <= left + 1e-12:
            low = float(point.day)
        if high is None and top <= left + 1e-12:
            high = float(point.day)
    return Estimate(value, low, high, len(observed))


def band(waiting: float, greenwood: float, level: float = LEVEL) -> tuple[float, float]:
    """The interval of one point of a Kaplan-Meier curve, on the scale log(-log S); ``greenwood`` is Greenwood's sum.

    At 1 it is (1, 1). At 0 it is (0, 0), though nothing is known of a curve there: who was left has had the event.
    """
    if waiting >= 1:
        return 1.0, 1.0
    if waiting <= 0:
        return 0.0, 0.0
    log = math.log(waiting)
    reach = z_of(level) * math.sqrt(greenwood) / abs(log)
    return waiting ** math.exp(reach), waiting ** math.exp(-reach)


def difference(before: Estimate, after: Estimate) -> Difference:
    """After less before; for two shares Newcombe's method 10. A bound that one side does not have is missing here."""
    if before.value is None or after.value is None:
        return Difference(None, None, None)
    value = after.value - before.value
    low = high = None
    if after.low is not None and before.high is not None:
        low = value - math.hypot(after.value - after.low, before.high - before.value)
    if after.high is not None and before.low is not None:
        high = value + math.hypot(after.high - after.value, before.value - before.low)
    return Difference(value, low, high)
