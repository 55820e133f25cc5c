"""The commands about sessions on their way to a signed note."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlmodel import col, select

from adapters import note_templates
from adapters.operational_store import reading
from adapters.settings import settings
from cli import login, versions
from models.codes import NoteStatus, Role
from models.errors import NotAllowed
from models.operational import Location, SessionNote

MAY_PROPOSE = (Role.OWNER, Role.ADMIN)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]


def register(app: typer.Typer, templates: typer.Typer, console: Console) -> None:
    """Add the commands to the command line."""

    @app.command("sessions")
    def sessions(
        status: Annotated[NoteStatus | None, typer.Option(help="Only sessions in this status.")] = None,
        location: Annotated[str | None, typer.Option(help="Only this location, such as LOC-1.")] = None,
        as_json: AsJson = False,
    ) -> None:
        """Every session: where its note stands, what became of the transcript, what was proposed, who signs."""
        rows = _rows(status, location)
        if as_json:
            print(json.dumps(rows, indent=2))
            return
        shown = Table("session", "held", "clinician", "status", "transcript", "proposed", "risk")
        for row in rows:
            shown.add_row(*(str(value or "") for value in row.values()))
        console.print(shown)

    @app.command("drop-sessions")
    def drop_sessions(
        files: Annotated[list[Path], typer.Argument(help="The transcripts and their index, a CSV.")],
    ) -> None:
        """Copy a session export into the sessions folder; the worker takes it in at once."""
        from cli import supervisor

        for file in files:
            if not file.is_file():
                raise ValueError(f"{file} is not a file")
        if not any(file.suffix.lower() == ".csv" for file in files):
            raise ValueError("the index, a CSV, is missing")
        # the index last, so that it never lies there without its transcripts
        for file in sorted(files, key=lambda path: path.suffix.lower() == ".csv"):
            supervisor.drop(file, settings().sessions_folder)
        console.print(f"{len(files)} dropped; `countersign sessions` shows what became of them.")

    @templates.command("list")
    def list_templates(as_json: AsJson = False) -> None:
        """The versions of each note format, and which of them each location writes with."""
        with reading() as db:
            places = db.exec(select(Location.id).order_by(Location.id)).all()
            used = {
                place: {form: each.version for form, each in note_templates.in_force(db, place).items()}
                for place in places
            }
        if as_json:
            versions = {name: asdict(each) for name, each in note_templates.all_templates().items()}
            print(json.dumps({"versions": versions, "in_force": used}, indent=2))
            return
        shown = Table("version", "format", "headings", "in force at")
        for name, each in note_templates.all_templates().items():
            at = [place for place, forms in used.items() if forms[each.format] == name]
            shown.add_row(name, each.format, ", ".join(title for title, _ in each.sections), ", ".join(at))
        console.print(shown)

    @templates.command("pilot")
    def pilot(location: str, version: str) -> None:
        """Propose that one location writes with another version; an owner and a clinician sign it, here or on the desk.
        Notes that are proposed already keep theirs."""
        from acts import waiting_versions

        me = login.who()
        if me.role not in MAY_PROPOSE:
            raise NotAllowed("the practice's owner or an administrator proposes this")
        waiting = waiting_versions.propose_template(location, version, actor=me.id)
        versions.ask(console, waiting_versions.one_waiting(waiting.id, me.location_ids))

    @templates.command("go-back")
    def go_back(location: str, version: str) -> None:
        """Let one location write with a version again that it wrote with before, at once, without a signature."""
        from acts import waiting_versions

        waiting_versions.go_back_template(location, version, staff_id=login.who().id)
        console.print(f"{location} writes with {version} from now on.")


def _rows(status: NoteStatus | None, location: str | None) -> list[dict[str, str | None]]:
    query = select(SessionNote).order_by(col(SessionNote.case_number))
    if status is not None:
        query = query.where(SessionNote.status == status)
    if location is not None:
        query = query.where(SessionNote.location_id == location)
    with reading() as db:
        found = db.exec(query).all()
    return [
        {
            "session": each.case_number,
            "held": each.started_at.isoformat(),
            "clinician": each.clinician_id,
            "status": each.status.label,
            "transcript": each.transcript.value,
            "proposed": each.draft.value if each.draft else None,
            "risk": each.risk_level.value if each.risk_level else None,
        }
        for each in found
    ]
