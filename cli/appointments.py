"""The command about a practice's own appointment history."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from adapters import file_drop
from adapters.settings import settings
from models.errors import ContractBroken

SHOWN = 20


def register(appointments: typer.Typer, console: Console) -> None:
    """Add the command to its group."""

    @appointments.command("import")
    def import_history(
        file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV; samples/appointments has one.")],
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")] = False,
    ) -> None:
        """Take past appointments in, so that no-shows are estimated from them; again changes nothing."""
        from cli import supervisor
        from tasks.past_appointments import receive

        copy = supervisor.drop(file, settings().appointments_folder)
        dropped = next(each for each in file_drop.waiting_files(copy.parent, 0.0) if each.path == copy)
        result = receive(dropped)
        if as_json:
            print(json.dumps({**result.counts, "refused": result.refused, "findings": result.findings}, indent=2))
        else:
            _show(console, dropped.name, result.counts, result.findings)
        if result.refused:
            raise ContractBroken(result.refused, field="file")


def _show(console: Console, name: str, counts: dict[str, int], findings: tuple[tuple[int, str, str], ...]) -> None:
    console.print(Text(" · ".join(f"{count:,} {outcome}" for outcome, count in counts.items())))
    broken = [each for each in findings if each[0]]
    for row, field, reason in broken[:SHOWN]:
        console.print(Text(f"row {row} · {field}: {reason}"), soft_wrap=True)
    if len(broken) > SHOWN:
        console.print(f"and {len(broken) - SHOWN:,} more; `countersign quarantine` lists them.")
    if broken:
        fix = file_drop.fix_file_of(settings().to_fix_folder, name)
        console.print(Text(f"To correct and import again: {fix}"), soft_wrap=True)
