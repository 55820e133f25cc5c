"""The practice's own locations, staff, billing tables: look whether a file holds, apply it, write it."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from acts import check_in_figures, practice_names
from acts import roster as acts
from acts.billing import ROUTES
from acts.roster import Applied
from adapters import billing_tables, denial_routes
from adapters.billing_tables import BrokenTables
from adapters.roster_file import Document, read_document, written
from adapters.roster_on_record import roster_on_record
from adapters.settings import settings
from cli.people import ACTOR
from models.billing import BillingTables
from models.columns import utc_now
from models.denials import DenialRoutes
from models.roster import Remark, spelled
from rules.roster import Checked

FILE = typer.Argument(exists=True, dir_okay=False, help="A roster; docs/examples/roster.yaml is one.")

FOLDER = typer.Argument(exists=True, file_okay=False, help="Their folder; without it those in force.")


def register(practice: typer.Typer, console: Console) -> None:
    """Add the commands to their group."""

    @practice.command("check")
    def check_file(file: Annotated[Path, FILE]) -> None:
        """Name every fault of a roster, or what applying it would change; writes nothing."""
        document = read_document(file.read_bytes())
        checked = _checked(document)
        _stop_at_faults(console, document, checked)
        _say(console, *_changes(checked), *_notices(document, checked), *_absent(checked))
        _say(console, _count(checked, "would be"))

    @practice.command("apply")
    def apply_file(file: Annotated[Path, FILE]) -> None:
        """Bring locations, accounts, licences, panels, hours to what a roster says, whole or not at all."""
        from cli import reporting

        document = read_document(file.read_bytes())
        _stop_at_faults(console, document, _checked(document))
        applied = acts.apply(document.content, actor=ACTOR)
        _stop_at_faults(console, document, applied.checked)
        reporting.show_new_sign_ins(console, applied.sign_ins)  # first: shown once, whatever becomes of the rest
        checked = applied.checked
        _say(console, *_changes(checked), *_notices(document, checked), *_absent(checked), *_times(applied))
        _say(console, _count(checked, "were"))

    @practice.command("billing")
    def check_billing(
        folder: Annotated[
            Path | None, typer.Argument(exists=True, file_okay=False, help="Else those in force.")
        ] = None,
    ) -> None:
        """Name every fault of billing tables, or what they hold; writes nothing."""
        _check_billing(console, folder or settings().billing_folder)

    @practice.command()
    def show() -> None:
        """Write what is on record as a roster; closed accounts are left out."""
        print(written(roster_on_record()), end="")

    @practice.command("check-ins")
    def check_ins(
        figures: Annotated[list[str] | None, typer.Argument(help="name=value, such as answer_days=4.")] = None,
    ) -> None:
        """Show the figures of check-ins, or set some of them."""
        try:
            values = dict(_figure(each) for each in figures or [])
            policy = check_in_figures.set_figures(values, actor=ACTOR) if values else check_in_figures.figures()
        except ValueError as wrong:
            _say(console, f"Nothing was set: {wrong}.")
            raise typer.Exit(1) from None
        _say(console, *(f"{each.name}={getattr(policy, each.name)}" for each in fields(policy) if not each.metadata))

    @practice.command()
    def rename(name: Annotated[str, typer.Argument(help="Neutral: it stands in text messages.")]) -> None:
        """Say what the practice calls itself in front of patients."""
        _say(console, f"Patients now read {practice_names.rename(name, actor=ACTOR)}.")


def _figure(typed: str) -> tuple[str, int | str]:
    """``answer_days=4`` as a name with its value: a number, or a word such as a level."""
    name, _, value = typed.partition("=")
    return name.strip(), int(value) if value.strip().isdecimal() else value.strip()


def _check_billing(console: Console, folder: Path) -> None:
    faults: list[str] = []
    tables, routes = BillingTables(), DenialRoutes()
    try:
        tables = billing_tables.load(folder)
    except BrokenTables as broken:
        faults += map(str, broken.faults)
    try:
        routes = denial_routes.load(folder / ROUTES)
    except BrokenTables as broken:
        faults += map(str, broken.faults)
    if faults:
        _say(console, *faults, f"{_many(len(faults), 'fault')}. While there is one, no claim is built or sent.")
        raise typer.Exit(1)
    rows = {
        "payers": tables.payers,
        "contracts": tables.contracts,
        "fees": tables.fees,
        "practice": tables.practices,
        "clinicians": tables.clinicians,
        "denial routes": [route for each in routes.by_reason.values() for route in each],
    }
    _say(console, f"No fault. Rows: {', '.join(f'{name} {len(found)}' for name, found in rows.items())}.")
    if tables.practice(utc_now().date()) is None:
        _say(console, "Nobody bills today: no practice entry holds, so nothing leaves.")


def _checked(document: Document) -> Checked:
    """The faults of the text and of what it says, together, unless there is nothing to read."""
    if document.faults and document.content is None:
        return Checked(None, document.faults)
    checked = acts.check(document.content)
    return replace(checked, faults=(*document.faults, *checked.faults))


def _stop_at_faults(console: Console, document: Document, checked: Checked) -> None:
    if checked.faults:
        faults = sorted(checked.faults, key=lambda fault: document.line_of(fault.path) or 0)
        _say(console, *(_line(document, fault) for fault in faults))
        _say(console, f"{_many(len(checked.faults), 'fault')}; nothing was written. Entries are counted from 1.")
        raise typer.Exit(1)


def _line(document: Document, remark: Remark) -> str:
    line = document.line_of(remark.path)
    return f"{f'line {line} · ' if line else ''}{spelled(remark.path)}: {remark.words}"


def _changes(checked: Checked) -> list[str]:
    return [
        f"{each.kind} {each.key}: {'new' if each.new else 'changed: ' + ', '.join(each.fields)}"
        for each in checked.changes
    ]


def _notices(document: Document, checked: Checked) -> list[str]:
    return [f"Look at this: {_line(document, notice)}" for notice in checked.notices]


def _absent(checked: Checked) -> list[str]:
    """Whoever is not in the file stays; a person closes an account."""
    told = []
    if checked.absent_locations:
        told.append(f"Not in the file, left as they are: {', '.join(checked.absent_locations)}.")
    if checked.absent_staff:
        told.append(f"Not in the file, left as they are: {', '.join(checked.absent_staff)}.")
        told.append("Nobody is removed by being left out: `countersign users close EMAIL` closes an account.")
    return told


def _times(applied: Applied) -> list[str]:
    fitted = applied.fitted
    told = []
    if applied.new_times:
        told.append(f"{_many(applied.new_times, 'bookable time')} opened.")
    if fitted.withdrawn or fitted.changed or fitted.opened_again:
        told.append(
            f"Free times that no longer fit the hours: {fitted.withdrawn} withdrawn, {fitted.changed} moved; "
            f"{fitted.opened_again} opened again. Whoever was offered one is offered others."
        )
    if fitted.standing:
        told.append(f"Booked outside the new hours, and left so; call the patients: {', '.join(fitted.standing)}.")
    if any(each.new and each.kind == "location" for each in applied.checked.changes):
        told.append("Prefect's dropdown of locations knows the new ones after the next start.")
    return told


def _count(checked: Checked, verb: str) -> str:
    if not checked.changes:
        return "No fault, and nothing to change."
    new = sum(each.new for each in checked.changes)
    return f"{_many(len(checked.changes), 'entry', 'entries')} {verb} written: {new} new."


def _many(count: int, thing: str, things: str = "") -> str:
    return f"{count} {thing if count == 1 else things or thing + 's'}"


def _say(console: Console, *lines: str) -> None:
    """Whole lines without colours: an address is no markup."""
    for line in lines:
        console.print(Text(line), soft_wrap=True)
