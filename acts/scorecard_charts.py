"""The charts of one scorecard: what each shows, and in words for whoever cannot see it."""

from collections.abc import Sequence
from dataclasses import dataclass

from acts.scorecard import Scorecard
from adapters import scorecard_charts as drawn
from models.scorecard_charts import BEFORE, NOW, Bar, Chart, CurvePoint, SharePoint
from models.small_cells import FEWEST
from rules.scorecard import Figure, figures_of, outside, tells_of_few
from rules.scorecard_charts import by_week, left_where, may_show_curve, shares_of, waiting_curve
from rules.scorecard_words import WORDS

SAID_DAYS = (7, 14, 28, 56)


@dataclass(frozen=True)
class Drawings:
    """What the four charts show; an empty one is not drawn."""

    waiting: tuple[CurvePoint, ...] = ()
    missed: tuple[SharePoint, ...] = ()
    left: tuple[Bar, ...] = ()
    shares: tuple[SharePoint, ...] = ()

    def of(self, chart: Chart) -> Sequence[object]:
        """The rows of one chart."""
        rows: Sequence[object] = getattr(self, chart.value)
        return rows


def drawings(card: Scorecard, *, leaves: bool = False) -> Drawings:
    """What the charts of this scorecard show; where it ``leaves`` the practice, nothing that tells of few."""
    figures, fewest = figures_of(card.wanted.workflow), FEWEST if leaves else 1
    sides = ((NOW, card.wanted.period), (BEFORE, card.wanted.compared))
    waiting: list[CurvePoint] = []
    missed: list[SharePoint] = []
    for when, period in sides:
        if Figure.FIRST_APPOINTMENT_MEDIAN in figures:
            rows = card.rows(Figure.FIRST_APPOINTMENT_MEDIAN, period)
            if not leaves or may_show_curve(rows):
                waiting += waiting_curve(rows, when)
        if Figure.NO_SHOWS in figures:
            missed += by_week(card.rows(Figure.NO_SHOWS, period), when, fewest=FEWEST)
    if leaves:
        missed = [each for each in missed if not tells_of_few(each.share, each.n)]
    left = left_where(card.rows(Figure.LEAKAGE), fewest=fewest) if Figure.LEAKAGE in figures else ()
    names = {figure: WORDS[figure].name for figure in Figure}
    cards = outside(card.cards) if leaves else card.cards
    return Drawings(tuple(waiting), tuple(missed), left, shares_of(cards, names))


def specification(found: Drawings, chart: Chart) -> str | None:
    """The chart as the drawing program wants it; None where there is nothing to draw."""
    if not found.of(chart):
        return None
    if chart is Chart.WAITING:
        return drawn.waiting(found.waiting)
    if chart is Chart.MISSED:
        return drawn.by_week(found.missed)
    return drawn.bars(found.left) if chart is Chart.LEFT else drawn.shares(found.shares)


TITLES = {
    Chart.WAITING: "Still waiting for the first session",
    Chart.MISSED: "Missed appointments, week by week",
    Chart.LEFT: "Where referrals left",
    Chart.SHARES: "Every share beside the one it is compared with",
}


def said(found: Drawings, chart: Chart) -> str:
    """What a chart shows, in a sentence or two."""
    if chart is Chart.WAITING:
        return " ".join(_waiting_said(found.waiting, when) for when in (NOW, BEFORE)).strip()
    if chart is Chart.MISSED:
        return " ".join(_missed_said(found.missed, when) for when in (NOW, BEFORE)).strip()
    if chart is Chart.LEFT:
        return "; ".join(f"{bar.name}: {bar.count}" for bar in found.left) + "."
    return "Each share of the figures with its interval, in this period and in the one it is compared with."


def still_waiting(points: Sequence[CurvePoint], when: str, day: int) -> CurvePoint | None:
    """The curve as it stands on a day; None from where on nobody has been followed."""
    own = [point for point in points if point.when == when]
    reached = [point for point in own if point.day <= day]
    return reached[-1] if reached and own[-1].day >= day else None


def _waiting_said(points: Sequence[CurvePoint], when: str) -> str:
    parts = [
        f"{100 * point.waiting:.0f} % after {day} days"
        for day in SAID_DAYS
        if (point := still_waiting(points, when, day)) is not None
    ]
    return f"{when.capitalize()}, still waiting: {', '.join(parts)}." if parts else ""


def _missed_said(points: Sequence[SharePoint], when: str) -> str:
    own = [point for point in points if point.when == when]
    if not own:
        return ""
    least, most = min(own, key=lambda point: point.share), max(own, key=lambda point: point.share)
    return (
        f"{when.capitalize()}: between {100 * least.share:.0f} % (week from {least.name}) and "
        f"{100 * most.share:.0f} % (week from {most.name})."
    )
