"""The command that writes the map of the workflows."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from acts import workflow_report
from adapters.settings import CHECKOUT
from models.columns import utc_now
from models.governance_codes import Workflow
from models.workflow_steps import STATUSES


def register(app: typer.Typer, console: Console) -> None:
    """Add the command to the command line."""

    @app.command("map")
    def write_map(
        docs: Annotated[
            bool, typer.Option("--docs", help="Write into the checkout's docs, not into this folder.")
        ] = False,
        workflow: Annotated[Workflow | None, typer.Option(help="Only this one; default every one with cases.")] = None,
    ) -> None:
        """Write how this installation's cases really went: a page and two drawings each, small counts left out."""
        if workflow is not None and workflow not in STATUSES:
            raise ValueError(f"{workflow.value} has no cases of its own")
        wanted = list(STATUSES) if workflow is None else [workflow]
        for path in workflow_report.write(CHECKOUT / "docs" if docs else Path.cwd(), utc_now(), wanted):
            console.print(str(path))
