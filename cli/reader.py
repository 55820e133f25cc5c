"""The command that prints how the reader of free texts does."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from acts.labels import Row, how_the_reader_does
from cli import login
from cli.days import From, To, limits
from language.feedback import FEWEST
from models.errors import NotAllowed
from rules.access import may_open
from web.desk import words

HEADS = ("flags decided", "left open", "raised in error", "confirmed", "share confirmed (95 %)")


def register(app: typer.Typer, console: Console) -> None:
    """Add the command to the command line."""

    @app.command("risk-precision")
    def risk_precision(
        begin: From = None,
        end: To = None,
        version: Annotated[str, typer.Option(help="Only flags of this version.")] = "",
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")] = False,
    ) -> None:
        """How many of the risk reader's flags clinicians confirmed; counts only, for who may open the desk's page."""
        me = login.who()
        permission = may_open("reader", me.role)
        if not permission.allowed:
            raise NotAllowed("; ".join(permission.reasons))
        report = how_the_reader_does(*limits(begin, end), version, actor=me.id)
        if as_json:
            print(json.dumps(asdict(report), indent=2))
            return
        _show(console, "all", (report.total,))
        if report.total.share is None:
            console.print(f"Fewer than {FEWEST} flags were confirmed or called an error: too few to say anything.")
        for name, table in report.tables.items():
            _show(console, name, table.rows)
            if table.groups_too_small:
                console.print(f"{table.groups_too_small} with fewer than {FEWEST} flags each: too few to say anything.")


def _show(console: Console, name: str, rows: tuple[Row, ...]) -> None:
    shown = Table("", *HEADS, title=words.READER_TABLES.get(name), title_justify="left")
    for row in rows:
        counts = (row.decided, row.left_open, row.labelled - row.confirmed, row.confirmed)
        shown.add_row(words.reader_group(name, row.group), *map(str, counts), _share(row))
    if rows:
        console.print(shown)


def _share(row: Row) -> str:
    if row.share is None or row.interval is None:
        return "too few to say"
    low, high = row.interval
    return f"{row.share:.0%} ({low:.0%} to {high:.0%})"
