"""Exact intervals of a count: of a share (Clopper-Pearson), and of how many of a finite number are of a kind.

Clopper and Pearson, Biometrika 1934;26:404-413, by quantiles of the beta distribution. Of a finite number, the same
inversion with the hypergeometric distribution: Buonaccorsi, Am Stat 1987;41:215-218; in several strata with the
allocation that the draw could have told least about, as Wendell and Schmee, J Am Stat Assoc 1996;91:825-830, look for
it. No misses among n gives an upper limit near 3.7/n: the two-sided form of the "rule of three" (Hanley and
Lippman-Hand, JAMA 1983;249:1743-1745).
"""

import heapq
import math
from collections.abc import Callable, Sequence
from functools import lru_cache

from rules.intervals import LEVEL, Estimate

HALVINGS = 80
STEPS = 300
CLOSE = 1e-15


def exact_share(part: int, whole: int, level: float = LEVEL) -> Estimate:
    """``part`` of ``whole`` with the interval of Clopper and Pearson. ValueError where the part is not of the whole."""
    if not 0 <= part <= whole:
        raise ValueError("a part lies between nothing and the whole")
    if not whole:
        return Estimate(None, None, None, 0)
    tail = (1 - level) / 2
    low = 0.0 if part == 0 else beta_quantile(tail, part, whole - part + 1)
    high = 1.0 if part == whole else beta_quantile(1 - tail, part + 1, whole - part)
    return Estimate(part / whole, low, high, whole)


def beta_quantile(probability: float, a: float, b: float) -> float:
    """Where the beta distribution with ``a`` and ``b`` reaches this probability, by halving."""
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if beta_below(middle, a, b) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def beta_below(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (Abramowitz and Stegun 26.5.8)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    log = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    if x < (a + 1) / (a + b + 2):
        return math.exp(log) * _fraction(x, a, b) / a
    return 1 - math.exp(log) * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """Lentz's way through the continued fraction; no denominator may vanish on it."""
    tiny = 1e-300
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1) or tiny)
    value = d
    for m in range(1, STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / (1 + term * d or tiny)
            c = 1 + term / c or tiny
            value *= c * d
        if abs(c * d - 1) < CLOSE:
            break
    return value


def exact_count(strata: Sequence[tuple[int, int]], found: int, level: float = LEVEL) -> tuple[int, int]:
    """The fewest and the most there can be in all, when ``found`` were found among what was drawn by lot.

    ``strata`` holds (how many there are, how many were drawn), each drawn without putting back. What was drawn whole
    leaves no doubt, and belongs in the caller's count, not here: ValueError for it, and for impossible counts.
    """
    units = tuple(sorted(strata))
    drawn = sum(n for _, n in units)
    if any(not 0 < n < whole for whole, n in units) or not 0 <= found <= drawn:
        raise ValueError("of each stratum some were drawn and some were not, and no more were found than drawn")
    everything, tail = sum(whole for whole, _ in units), (1 - level) / 2
    # one who was drawn and is not of the kind is known not to be; one who was found is known to be
    fewest, most = found, everything - (drawn - found)
    low = _least(fewest, most, lambda total: _chance(units, total, found, hidden=False) >= tail)
    high = _least(fewest, most, lambda total: total == most or _chance(units, total + 1, found, hidden=True) < tail)
    return low, high


def _least(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The smallest number from ``low`` to ``high`` for which something holds that goes on to hold; ``high`` if none."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


@lru_cache(maxsize=4096)
def _chance(strata: tuple[tuple[int, int], ...], total: int, found: int, *, hidden: bool) -> float:
    """How likely ``found`` or fewer (``hidden``), or ``found`` or more, are drawn of ``total``, where they lie so that
    this is likeliest."""
    in_each = _laid_out(strata, total, hidden=hidden)
    upto = found if hidden else found - 1
    chances = [1.0] + [0.0] * max(upto, 0)
    if upto < 0:
        return 1.0
    for (whole, n), kind in zip(strata, in_each, strict=True):
        if kind:
            here = [_hypergeometric(whole, kind, n, k) for k in range(upto + 1)]
            chances = [sum(chances[k - j] * here[j] for j in range(k + 1)) for k in range(upto + 1)]
    below = min(1.0, sum(chances))
    return below if hidden else 1 - below


def _laid_out(strata: tuple[tuple[int, int], ...], total: int, *, hidden: bool) -> list[int]:
    """How many lie in each stratum where the draw would miss them best (``hidden``) or meet them best, one by one."""
    in_each = [0] * len(strata)
    best = [(-_next_fits(each, 0, hidden), at) for at, each in enumerate(strata)]
    heapq.heapify(best)
    for _ in range(total):
        at = best[0][1]
        in_each[at] += 1
        heapq.heapreplace(best, (-_next_fits(strata[at], in_each[at], hidden), at))
    return in_each


def _next_fits(stratum: tuple[int, int], there: int, hidden: bool) -> float:
    whole, n = stratum
    if there >= whole:
        return -1.0
    return (whole - n - there if hidden else n - there) / (whole - there)


def _hypergeometric(whole: int, kind: int, drawn: int, k: int) -> float:
    if k > min(kind, drawn) or drawn - k > whole - kind:
        return 0.0
    return math.comb(kind, k) * math.comb(whole - kind, drawn - k) / math.comb(whole, drawn)
