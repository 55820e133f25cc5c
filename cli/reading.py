"""The command that prints which automated step read which fields, against what it declared."""

import json
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from acts.step_reports import PERIOD, Days, reads_in
from cli import login
from cli.days import From, To
from models.columns import utc_now
from models.errors import NotAllowed
from rules.access import may_open
from rules.minimum_necessary import StepReadsFound


def register(app: typer.Typer, console: Console) -> None:
    """Add the command to the command line."""

    @app.command("reads-report")
    def reads_report(
        begin: From = None,
        end: To = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")] = False,
    ) -> None:
        """Which automated step read which fields, and was it to; counts only, for who may open the desk's page."""
        me = login.who()
        permission = may_open("minimum_necessary", me.role)
        if not permission.allowed:
            raise NotAllowed("; ".join(permission.reasons))
        last = end.date() if end else utc_now().date()
        days = Days(begin.date() if begin else last - PERIOD + timedelta(days=1), last)
        found = reads_in(days)
        if as_json:
            print(json.dumps([asdict(each) | {"to_narrow": each.to_narrow} for each in found], indent=2))
            return
        shown = Table("step", "runs", "fields read", "not declared", "never read", "refused")
        for each in found:
            shown.add_row(*_cells(each))
        console.print(shown)


def _cells(each: StepReadsFound) -> tuple[str, ...]:
    refused = ", ".join(f"{kind} ({times})" for kind, times in each.refused)
    never = str(len(each.to_narrow)) if each.to_narrow else ("" if not each.never_read else "too few runs to say")
    return (each.step, str(each.runs), str(len(each.fields)), ", ".join(each.undeclared), never, refused)
