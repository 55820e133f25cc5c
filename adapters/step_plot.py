"""Draws what each automated step removes against how risky it is, as one SVG."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from adapters import scorecard_charts

WIDTH, HEIGHT = 760, 420
SCALE_WORDS = ("none", "low", "moderate", "high")
COLOURS = ("#1b5e8c", "#b3541e", "#3b7a3b", "#7a3b86", "#8a6d00", "#555555")
SHAPES = ("circle", "square", "diamond", "triangle-up", "cross", "triangle-down")


@dataclass(frozen=True)
class Point:
    """One step: its number in the table, its workflow's name, minutes removed, the words of both scales."""

    number: int
    workflow: str
    minutes: float
    clinical: str
    compliance: str


def svg(points: Sequence[Point]) -> str:
    """Minutes upwards (each line ten times the one below), clinical risk to the right, in each the compliance."""
    import altair as alt  # a quarter of a second that no start of the desk should pay

    table = pd.DataFrame([vars(point) for point in points], columns=list(Point.__dataclass_fields__))
    workflows = sorted(set(table["workflow"]))
    base = alt.Chart(table).encode(
        x=alt.X(
            "clinical:N",
            sort=SCALE_WORDS,
            scale=alt.Scale(domain=SCALE_WORDS, paddingInner=0.15),
            axis=alt.Axis(title="Clinical risk", labelAngle=0),
        ),
        xOffset=alt.XOffset("compliance:N", sort=SCALE_WORDS, scale=alt.Scale(domain=SCALE_WORDS)),
        y=alt.Y(
            "minutes:Q",
            scale=alt.Scale(type="symlog", constant=10),
            axis=alt.Axis(title="Minutes removed in the period", values=[0, 10, 100, 1000, 10_000, 100_000]),
        ),
    )
    marks = base.mark_point(filled=True, size=90, opacity=0.85).encode(
        color=alt.Color("workflow:N", scale=alt.Scale(domain=workflows, range=list(COLOURS)), title="Workflow"),
        shape=alt.Shape("workflow:N", scale=alt.Scale(domain=workflows, range=list(SHAPES)), title="Workflow"),
    )
    numbers = base.mark_text(dx=11, fontSize=11, align="left").encode(text="number:N")
    chart = (marks + numbers).properties(width=WIDTH, height=HEIGHT)
    chart = chart.configure_legend(orient="bottom", columns=2, columnPadding=60, labelLimit=400)
    return scorecard_charts.svg(chart.to_json())
