"""The commands around the scorecard: what an hour is worth, two invented quarters to look at."""

from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from acts.scorecard import hourly_value_set, measured_set, set_hourly_value, set_measured
from adapters.migrating import migrate_all
from adapters.sample_practice import seed_sample_practice
from adapters.sample_quarter import fill_quarters
from cli.people import ACTOR
from models.columns import utc_now
from rules.periods import before, quarter_of
from rules.reclaimed_time import HourlyValue, Measured, in_force

DOLLARS = "Dollars; 0 says that nobody knows."


def register(app: typer.Typer, practice: typer.Typer, console: Console) -> None:
    """Add the commands to the command line."""

    @practice.command("hourly-value")
    def hourly_value(
        clinical: Annotated[float | None, typer.Option(help=f"Of a clinician's hour. {DOLLARS}", min=0)] = None,
        office: Annotated[float | None, typer.Option(help=f"Of an hour in the office. {DOLLARS}", min=0)] = None,
    ) -> None:
        """Show, or set, what an hour of work is worth: the scorecard values reclaimed hours by it."""
        present = hourly_value_set()
        if clinical is not None or office is not None:
            present = HourlyValue(
                _cents(clinical, present.clinical_hour_cents), _cents(office, present.office_hour_cents)
            )
            set_hourly_value(present, actor=ACTOR)
        told = ((present.clinical_hour_cents, "clinical"), (present.office_hour_cents, "office"))
        for cents, name in told:
            worth = "not said, so no value is shown" if cents is None else f"{cents / 100:,.2f} dollars"
            console.print(Text(f"An hour of {name} work: {worth}."))

    @practice.command("saved-minutes")
    def saved_minutes(
        step: Annotated[str, typer.Argument(help="A step as the page of automated steps names it.")] = "",
        minutes: Annotated[float | None, typer.Option(help="That one time of it saves, as measured here.")] = None,
        low: Annotated[float | None, typer.Option(help="The least it may be.")] = None,
        high: Annotated[float | None, typer.Option(help="The most it may be.")] = None,
        source: Annotated[str, typer.Option(help="Where and how it was measured.")] = "",
        assumed: Annotated[bool, typer.Option("--assumed", help="Go back to what is assumed.")] = False,
    ) -> None:
        """Show, or set, the minutes that automated steps save: the scorecard and the page of the steps go by them."""
        if minutes is not None:
            measured = Measured(minutes, minutes if low is None else low, minutes if high is None else high, source)
            set_measured(step, measured, actor=ACTOR)
        elif assumed:
            set_measured(step, None, actor=ACTOR)
        for name, removes in in_force(measured_set()).items():
            if removes.minutes and step in ("", name):
                told = f"{removes.minutes:g} a {removes.per.value} ({removes.low:g} to {removes.high:g})"
                console.print(Text(f"{name}: {told}, {removes.source}"))

    @app.command("sample-quarter")
    def sample_quarter() -> None:
        """Fill the sample practice, before anybody was received in it, with two invented quarters to look at."""
        migrate_all()
        seed_sample_practice()
        today = utc_now().date()
        quarter = before(quarter_of(today))
        filled = fill_quarters(before(quarter), quarter, today)
        console.print(Text(f"Invented from {filled.first} to {filled.last}; nobody in it exists."))
        for name, count in filled.counts.items():
            console.print(Text(f"  {name.replace('_', ' ')}: {count}"))


def _cents(dollars: float | None, present: int | None) -> int | None:
    if dollars is None:
        return present
    return round(dollars * 100) or None
