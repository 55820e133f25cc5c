"""The command that says who is over their time, and goes on with a signed list."""

from typing import Annotated

import typer
from rich.console import Console

from acts import retention
from cli import login
from models.codes import Role
from models.columns import utc_now
from models.errors import NotAllowed


def register(app: typer.Typer, console: Console) -> None:
    """Add the command to the command line."""

    @app.command("retention")
    def show_due(
        apply: Annotated[str | None, typer.Option(help="Go on with this list, which was signed on the desk.")] = None,
    ) -> None:
        """List whoever is over their time, by number; nothing is destroyed without a list signed on the desk."""
        me = login.who()
        if me.role != Role.COMPLIANCE:
            raise NotAllowed("compliance does this")
        if apply is not None:
            console.print(f"{retention.apply(apply, staff_id=me.id)} destroyed")
            return
        found = retention.due_now(utc_now())
        for each in found:
            console.print(f"{each.kept.patient_id}  last contact {each.kept.last_contact_on}  {each.term.rule}")
        console.print(f"{len(found)} over their time")
