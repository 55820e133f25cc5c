"""The command that prints the figures of clinical safety."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from acts import safety
from acts.safety_rows import SECTIONS, rows_of
from cli import login
from cli.days import From, To, limits
from models.columns import utc_now
from models.errors import NotAllowed
from rules.access import may_open
from rules.safety_rows import suppressed
from web.desk.safety import HIDDEN, interval_of, value_of


def register(app: typer.Typer, console: Console) -> None:
    """Add the command to the command line."""

    @app.command("safety")
    def show(
        begin: From = None,
        end: To = None,
        location: Annotated[str, typer.Option(help="One of your locations; without it, all of them.")] = "",
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")] = False,
    ) -> None:
        """What the screening misses, how soon flags are seen, alarms, sign-offs; without what rests on fewer than 5."""
        me = login.who()
        permission = may_open("safety", me.role)
        if not permission.allowed:
            raise NotAllowed("; ".join(permission.reasons))
        asked = safety.asked_for(me.location_ids, location, *limits(begin, end), utc_now())
        rows = suppressed(rows_of(safety.standing(asked, actor=me.id)))
        if as_json:
            print(json.dumps([asdict(row) for row in rows], indent=2))
            return
        for section in SECTIONS:
            shown = Table("", "count", "value", "95 %", title=section, title_justify="left")
            for row in (row for row in rows if row.section == section):
                of = "" if row.of is None else f" of {row.of}"
                count = HIDDEN if row.hidden else "" if row.count is None else f"{row.count}{of}"
                shown.add_row(row.figure, count, value_of(row), interval_of(row))
            if shown.row_count:
                console.print(shown)
