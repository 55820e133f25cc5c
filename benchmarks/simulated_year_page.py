"""Writes the page and the charts of the simulated year."""

from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
import vl_convert

SAID = {"neither": "neither", "reminders": "reminders", "waitlist": "waitlist", "both": "both"}
COLOURS = ["#8a8f98", "#3b6ea8", "#c07b2c", "#2f7d5b"]
ROWS = (
    ("no_show_rate", "No-show rate: missed / (attended + missed)", "{:.1%}"),
    ("attended", "Sessions held", "{:,.0f}"),
    ("missed", "Missed", "{:,.0f}"),
    ("cancelled", "Cancelled in time", "{:,.0f}"),
    ("late_cancelled", "Cancelled late (under 24 h)", "{:,.0f}"),
    ("filled_of_cancelled", "Cancelled times that were taken by another after all", "{:.1%}"),
    ("utilisation", "Utilisation: attended / offered times", "{:.1%}"),
    ("days_to_first_median", "Days from referral to first attended session, median", "{:.0f}"),
    ("days_to_first_p90", "the same, 90th percentile", "{:.0f}"),
    ("offers_made", "Offers made by the waitlist", "{:,.0f}"),
    ("offers_accepted", "of them accepted", "{:,.0f}"),
)


def write(page: Path, charts: Path, years: dict[str, Any], months: pd.DataFrame, people: dict[str, float]) -> None:
    """The page at ``page``, its SVG files in ``charts``; the same figures give the same bytes."""
    charts.mkdir(exist_ok=True)
    _save(_by_month(months), charts / "no-show-rate.svg")
    _save(_bars(years, "filled_of_cancelled", "cancelled times taken by another after all"), charts / "filled.svg")
    _save(_bars(years, "utilisation", "attended / offered times"), charts / "utilisation.svg")
    _save(
        _bars(years, "days_to_first_p90", "days to first session, 90th percentile", ".0f"), charts / "first-session.svg"
    )
    page.write_text(_page(years, people, charts.name))


def _save(chart: alt.Chart, path: Path) -> None:
    path.write_text(vl_convert.vegalite_to_svg(chart.to_json()) + "\n")


def _colour() -> alt.Color:
    return alt.Color("run:N", sort=list(SAID), scale=alt.Scale(domain=list(SAID), range=COLOURS), title=None)


def _by_month(months: pd.DataFrame) -> alt.Chart:
    table = months.assign(rate=months["no_show"] / (months["no_show"] + months["attended"]))
    return (
        alt.Chart(table[["month", "run", "rate"]], title="Simulation: no-show rate by month")
        .mark_line(point=True)
        .encode(
            x=alt.X("month:O", title=None),
            y=alt.Y("rate:Q", axis=alt.Axis(format=".0%"), title="missed / (attended + missed)"),
            color=_colour(),
        )
        .properties(width=520, height=240)
    )


def _bars(years: dict[str, Any], name: str, title: str, form: str = ".0%") -> alt.Chart:
    table = pd.DataFrame([{"run": run, "value": year[name]} for run, year in years.items()])
    return (
        alt.Chart(table, title=f"Simulation: {title}")
        .mark_bar()
        .encode(
            x=alt.X("run:N", sort=list(SAID), title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("value:Q", title=None, axis=alt.Axis(format=form)),
            color=_colour().legend(None),
        )
        .properties(width=320, height=200)
    )


def _page(years: dict[str, Any], people: dict[str, float], charts: str) -> str:
    runs = list(years)
    table = [f"| | {' | '.join(runs)} |", f"|---|{'---:|' * len(runs)}"]
    table += [f"| {said} | {' | '.join(form.format(years[run][name]) for run in runs)} |" for name, said, form in ROWS]
    assumed = "\n".join(f"| `{name}` | {value:g} |" for name, value in people.items())
    return f"""# A simulated year

**This is a simulation.** No practice, no patient and no appointment in it exists, and it is no evidence that anything works. It shows
what the rules do when people behave as assumed below. Written by `python benchmarks/simulated_year.py --docs`; the seed is fixed, so
the same code writes the same page.

One practice, four clinicians, eight times a day, 52 weeks after eight weeks in which it fills, in four runs: with neither reminders nor
waitlist, with one of them, with both. The same people are referred in each run, with the same luck.

{chr(10).join(table)}

![No-show rate by month]({charts}/no-show-rate.svg)

![Cancelled times filled again]({charts}/filled.svg)

![Utilisation]({charts}/utilisation.svg)

![Days to the first session]({charts}/first-session.svg)

## What is ours, and runs as it is

Free times (`rules.scheduling.free_slots`), when reminders leave (`rules.messaging.appointment_reminder_times`: 72 h and 24 h before, in
sending hours), what a cancellation counts as (`rules.scheduling.outcome_of_cancellation`), who is offered a freed time, in which order
and how long they hold it (`rules.waitlist.choose`), the no-show rate and the time to a first session (`rules.metrics`).

## What is assumed

| | |
|---|---:|
{assumed}

- `reminded_risk` is the one figure from a source: reminders cut non-attendance to 0.77 of what it is without (one meta-analysis, 0.71 to
  0.84). It is put in, so a lower no-show rate with reminders **follows from the assumption and is no finding**. What is found is what
  becomes of it: how many times come free early enough, how many are filled, what that does to utilisation and waits.
- Everything else is ours: how often people miss and cancel, that half of what a reminder averts is cancelled by its link and half is
  kept, that the risk differs between people and grows with the lead time, how many accept an offer and how fast they answer.
- Everybody can be reached, sees their own clinician by video and has any time of the day free; a real waitlist fits fewer. Nobody is
  reminded more because of an estimate, and no time is booked twice.
- A patient whose missed session is their last (one in five) leaves, so fewer missed sessions also mean longer care and fuller calendars.
"""
