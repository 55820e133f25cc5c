"""Draws the scorecard's charts as SVG or PNG on this machine: Altair says what, Vega without a browser draws it.

Slow the first time in a process (Altair's import, then Vega's start, about a second each); after that some hundredths
of a second a chart, and a chart that was drawn before is kept.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from models.scorecard_charts import BEFORE, NOW, Bar, CurvePoint, SharePoint

COLOURS = ("#0b6e4f", "#8a5a00")
"""Told apart by people who see no difference of red and green, and beside each other in grey; the dash differs too."""
WIDTH, HEIGHT = 560, 260
KEPT = 64


def waiting(points: Iterable[CurvePoint]) -> str:
    """Who still waits for the first session, by days since the referral, as a Vega-Lite specification."""
    alt = _altair()
    base = alt.Chart(_data(points)).encode(
        x=alt.X("day:Q", title="days since the referral was received"), color=_when()
    )
    ranges = base.mark_area(opacity=0.18, interpolate="step-after").encode(
        y=alt.Y("low:Q", title="still waiting", axis=alt.Axis(format=".0%"), scale=alt.Scale(domain=[0, 1])),
        y2="high:Q",
    )
    lines = base.mark_line(interpolate="step-after", strokeWidth=2).encode(y="waiting:Q", strokeDash=_dash())
    return _spelled(alt.layer(ranges, lines))


def by_week(points: Iterable[SharePoint]) -> str:
    """A share week by week, each with its interval."""
    alt = _altair()
    base = alt.Chart(_data(points)).encode(
        x=alt.X("name:T", title="week from", axis=alt.Axis(format="%b %d", labelAngle=0)), color=_when()
    )
    bars = base.mark_rule().encode(
        y=alt.Y("low:Q", title="missed / (attended + missed)", axis=alt.Axis(format=".0%")), y2="high:Q"
    )
    return _spelled(alt.layer(bars, base.mark_point(filled=True, size=60).encode(y="share:Q", shape=_shape())))


def bars(counted: Sequence[Bar]) -> str:
    """How many of each, the most first."""
    alt = _altair()
    base = alt.Chart(_data(counted)).encode(
        y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=420)),
        x=alt.X("count:Q", title="referrals", axis=alt.Axis(tickMinStep=1)),
    )
    drawn = base.mark_bar(color=COLOURS[0])
    return _spelled(alt.layer(drawn, base.mark_text(align="left", dx=4).encode(text="count:Q")), height=None)


def shares(points: Iterable[SharePoint]) -> str:
    """Every share of both periods with its interval, one line each."""
    alt = _altair()
    base = alt.Chart(_data(points)).encode(
        y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=240)), yOffset="when:N", color=_when()
    )
    ranges = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", title="share, with its 95 % interval", axis=alt.Axis(format=".0%")), x2="high:Q"
    )
    return _spelled(alt.layer(ranges, base.mark_point(filled=True, size=60).encode(x="share:Q", shape=_shape())), None)


@lru_cache(maxsize=KEPT)
def svg(specification: str) -> str:
    """The chart as an SVG document without scripts or styles."""
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(specification)
    return drawn


def png(specification: str) -> bytes:
    """The chart as a picture for paper."""
    import vl_convert

    drawn: bytes = vl_convert.vegalite_to_png(specification, scale=2)
    return drawn


def _altair() -> Any:
    # a second to import, and most pages draw nothing
    import altair

    return altair


def _data(rows: Iterable[Any]) -> Any:
    return _altair().Data(values=[asdict(row) for row in rows])


def _when() -> Any:
    alt = _altair()
    scale = alt.Scale(domain=[NOW, BEFORE], range=list(COLOURS))
    return alt.Color("when:N", scale=scale, title=None, legend=alt.Legend(orient="top"))


def _dash() -> Any:
    alt = _altair()
    return alt.StrokeDash("when:N", scale=alt.Scale(domain=[NOW, BEFORE], range=[[1, 0], [6, 3]]), legend=None)


def _shape() -> Any:
    alt = _altair()
    return alt.Shape("when:N", scale=alt.Scale(domain=[NOW, BEFORE], range=["circle", "diamond"]), legend=None)


def _spelled(chart: Any, height: int | None = HEIGHT) -> str:
    """The specification; without a height each line takes what it needs."""
    sized = chart.properties(width=WIDTH) if height is None else chart.properties(width=WIDTH, height=height)
    # what shows the picture may have a wider font than what measured it here
    roomy = sized.properties(padding={"left": 56, "right": 16, "top": 8, "bottom": 8})
    spelled: str = roomy.configure_axis(labelFontSize=12, titleFontSize=12).configure_legend(labelFontSize=12).to_json()
    return spelled
