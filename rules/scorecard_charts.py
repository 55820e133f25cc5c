"""What the charts of the scorecard show, as plain rows, each made from the rows behind a figure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from models.scorecard_charts import BEFORE, NOW, Bar, CurvePoint, SharePoint
from rules import intervals
from rules.intervals import band
from rules.metrics import survival
from rules.scorecard import MADE, Card, Counted, Figure, Unit

FEWEST_FOR_A_CURVE = 20
"""Outside the practice a curve is shown from so many referrals on: each of its steps is a person."""


def waiting_curve(rows: Sequence[Counted], when: str) -> tuple[CurvePoint, ...]:
    """The Kaplan-Meier curve of the waits behind a figure, from the day nobody has been seen."""
    if not rows:
        return ()
    points = [CurvePoint(when, 0, 1.0, 1.0, 1.0)]
    for point in survival([(int(row.value), row.ended) for row in rows]):
        points.append(CurvePoint(when, point.day, point.waiting, *band(point.waiting, point.greenwood)))
    longest = max(int(row.value) for row in rows)
    last = points[-1]
    if longest > last.day:
        points.append(CurvePoint(when, longest, last.waiting, last.low, last.high))
    return tuple(points)


def by_week(rows: Iterable[Counted], when: str, *, fewest: int = 1) -> tuple[SharePoint, ...]:
    """The share of each week with at least ``fewest`` rows; a week is named by its Monday."""
    whole: Counter[date] = Counter()
    part: Counter[date] = Counter()
    for row in rows:
        if row.on is not None:
            monday = row.on - timedelta(days=row.on.weekday())
            whole[monday] += 1
            part[monday] += bool(row.value)
    return tuple(
        _point(when, monday.isoformat(), part[monday], count)
        for monday, count in sorted(whole.items())
        if count >= fewest
    )


def _point(when: str, name: str, part: int, whole: int) -> SharePoint:
    found = intervals.share(part, whole)
    return SharePoint(when, name, found.value or 0.0, found.low or 0.0, found.high or 0.0, whole)


def left_where(rows: Iterable[Counted], *, fewest: int = 1) -> tuple[Bar, ...]:
    """Where referrals left, the most first; what is below ``fewest`` is left out."""
    counts = Counter(row.said for row in rows if row.value)
    found = (Bar(name, count) for name, count in counts.items() if count >= fewest)
    return tuple(sorted(found, key=lambda bar: (-bar.count, bar.name)))


def shares_of(cards: Iterable[Card], names: dict[Figure, str]) -> tuple[SharePoint, ...]:
    """Every share of the page in both periods, with its interval."""
    points = []
    for card in cards:
        if MADE[card.figure].unit is not Unit.SHARE:
            continue
        for when, found in ((NOW, card.now), (BEFORE, card.before)):
            if found.value is not None and found.low is not None and found.high is not None:
                points.append(SharePoint(when, names[card.figure], found.value, found.low, found.high, found.n))
    return tuple(points)


def may_show_curve(rows: Sequence[Counted]) -> bool:
    """Whether a curve of these waits may leave the practice's own pages."""
    return len(rows) >= FEWEST_FOR_A_CURVE
