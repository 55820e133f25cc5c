"""Clinicians' calendars at the terminal: take in an iCalendar file, write one."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from cli.people import ACTOR

ClinicianId = Annotated[str, typer.Option("--clinician", help="Such as ST-101.")]


def register(calendars: typer.Typer, console: Console) -> None:
    """Add the commands to their group."""

    @calendars.command("import")
    def import_file(
        file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An iCalendar file (.ics).")],
        clinician: ClinicianId,
        replace: Annotated[bool, typer.Option(help="Take back what was imported before and is not in it.")] = False,
    ) -> None:
        """Keep as busy time what a calendar file says of the year ahead, whole or not at all; no titles."""
        from acts import calendar_files
        from adapters.calendar_reading import MOST_BYTES

        with file.open("rb") as opened:
            raw = opened.read(MOST_BYTES + 1)
        found = calendar_files.import_calendar(raw, clinician, actor=ACTOR, replace=replace)
        for line in found.read.faults or found.read.notices:
            console.print(Text(line), soft_wrap=True)
        if found.read.faults:
            console.print(f"{len(found.read.faults)} faults; nothing was kept. Events are counted from 1.")
            raise typer.Exit(1)
        console.print(f"{found.read.events} events; busy times: {found.added} new, {found.known} known, ", end="")
        console.print(f"{found.removed} taken back.")
        for hit in found.hits:
            console.print(Text(f"Lies in a new busy time, with a to-do: {hit.case_number}, {hit.appointment_id}."))

    @calendars.command("export")
    def export_file(
        clinician: ClinicianId,
        to: Annotated[Path | None, typer.Option(help="A file; without it to the terminal.")] = None,
    ) -> None:
        """Write a clinician's appointments and absences as an iCalendar file, by case number alone."""
        from acts import calendar_files

        raw = calendar_files.export_calendar(clinician)
        if to is None:
            typer.echo(raw.decode(), nl=False)
            return
        to.write_bytes(raw)
        console.print(f"{to}: {raw.count(b'BEGIN:VEVENT')} events.")
