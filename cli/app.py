"""The command line: `countersign`, everything the desk's neighbours do from a terminal."""

import json
import logging
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from adapters import log_lines
from adapters.migrating import Database
from cli import (
    appointments,
    auditing,
    backups,
    calendars,
    environment,
    keys,
    mapping,
    patient_files,
    pilots,
    practice,
    proving,
    reader,
    reading,
    retaining,
    safety,
    scorecard,
    sessions,
    versions,
    weights,
)
from models.codes import ExitKind, ReferralStatus, Role, ToDoOutcome
from models.errors import (
    CountersignError,
    MovedOn,
    NotAllowed,
    OutsideRefused,
    OutsideUnavailable,
    SignatureMismatch,
)

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
users = typer.Typer(no_args_is_help=True, help="Staff accounts.")
todo = typer.Typer(no_args_is_help=True, help="What staff have to do by hand.")
app.add_typer(users, name="users")
app.add_typer(todo, name="todo")
own_practice = typer.Typer(no_args_is_help=True, help="The practice's own locations, staff, billing tables.")
app.add_typer(own_practice, name="practice")
models = typer.Typer(no_args_is_help=True, help="Weights: which are here, intact, in force; a practice's own versions.")
app.add_typer(models, name="models")
# A pipe has no width of its own; ids must not be cut there.
console = Console(width=None if sys.stdout.isatty() else 160)
complaints = Console(stderr=True)
auditing.register(app, console)
backups.register(app, console)
practice.register(own_practice, console)
proving.register(app, console)
weights.register(models, console)
reader.register(app, console)
safety.register(app, console)
mapping.register(app, console)
patient_files.register(app, console)
retaining.register(app, console)
reading.register(app, console)
note_templates = typer.Typer(no_args_is_help=True, help="The versions of the note formats, and who writes with which.")
app.add_typer(note_templates, name="note-templates")
sessions.register(app, note_templates, console)
own_calendars = typer.Typer(no_args_is_help=True, help="Clinicians' calendars as files for other programs.")
app.add_typer(own_calendars, name="calendar")
calendars.register(own_calendars, console)
scorecard.register(app, own_practice, console)
own_pilots = typer.Typer(no_args_is_help=True, help="New versions that are tried beside the present ones.")
pilots.register(own_pilots, console)
app.add_typer(own_pilots, name="pilots")
waiting_versions = typer.Typer(no_args_is_help=True, help="Versions that wait to be signed, so that they hold.")
versions.register(waiting_versions, console)
app.add_typer(waiting_versions, name="versions")
past = typer.Typer(no_args_is_help=True, help="The practice's appointments of the time before Countersign.")
app.add_typer(past, name="appointments")
appointments.register(past, console)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]
CaseNumber = Annotated[str, typer.Argument(help="Such as RF-000042.")]
Reason = Annotated[str, typer.Option(prompt=True, help="Kept with the case; only staff of the case read it.")]

UNWELL = 8
EXIT_CODES: tuple[tuple[type[Exception], int], ...] = (
    (NotAllowed, 3),
    (MovedOn, 4),
    (SignatureMismatch, 5),
    (OutsideUnavailable, 6),
    (OutsideRefused, 7),
    (CountersignError, 1),
    (ValueError, 1),
)


def main() -> None:
    """Run one command. Errors hold ids only, so they are printed as they are; exit codes are EXIT_CODES."""
    environment.enter()
    log_lines.configure("terminal", logging.WARNING)
    try:
        app()
    except (CountersignError, ValueError) as trouble:
        complaints.print(f"[red]{type(trouble).__name__}[/]: ", end="")
        complaints.print(Text(str(trouble)))
        sys.exit(next(code for kind, code in EXIT_CODES if isinstance(trouble, kind)))


@app.command()
def run(
    postgres: Annotated[bool, typer.Option("--postgres", help="Make and use a PostgreSQL of its own.")] = False,
) -> None:
    """Start everything: databases, Prefect, worker, desk, portal; Ctrl-C stops it."""
    from cli import supervisor
    from cli.children import ChildGaveUp

    try:
        supervisor.run(console, on_postgres=postgres)
    except (supervisor.CannotStart, ChildGaveUp) as trouble:
        complaints.print(Text(str(trouble)))
        raise typer.Exit(1) from None


@app.command()
def worker() -> None:
    """Run the flows of the cases (one of the parts that `run` starts)."""
    from cli import services

    services.run_worker()


@app.command()
def desk() -> None:
    """Serve the sign-off desk (one of the parts that `run` starts)."""
    from cli import services

    services.run_desk()


@app.command()
def portal() -> None:
    """Serve the patients' portal (one of the parts that `run` starts)."""
    from cli import services

    services.run_portal()


@app.command()
def migrate(
    check: Annotated[bool, typer.Option("--check", help="Only say whether tables and records agree.")] = False,
) -> None:
    """Bring both databases to the newest revision."""
    from adapters import migrating

    if not check:
        for database, revision in migrating.migrate_all().items():
            console.print(f"{database.value}: {revision}")
        return
    for database in Database:
        migrating.check(database, migrating.url_of(database))
    console.print("Both databases hold what the records say.")


@app.command("make-migration")
def make_migration(
    database: Database,
    message: str,
    first: Annotated[bool, typer.Option("--first", help="Write the initial revision anew.")] = False,
) -> None:
    """Write the revision that brings a database to the records as they are now."""
    from adapters import migrating

    console.print(str(migrating.make_migration(database, message, first=first)))


@app.command()
def diagrams() -> None:
    """Write docs/states.md from the transition tables."""
    from cli import diagrams as pages

    console.print(str(pages.write()))


@app.command()
def status(as_json: AsJson = False) -> None:
    """Which parts live, how many cases are where, what is overdue."""
    from cli import greeting, reporting, views

    report = {"parts": reporting.parts(), "prefect_sign_in": greeting.prefect_sign_in_hint(), **views.health()}
    if as_json:
        _print_json(report)
    else:
        reporting.show_status(console, report)


@app.command()
def health(as_json: AsJson = False) -> None:
    """Is everything well? Exit code 0 when it is, 8 when a check does not hold; made for a monitor."""
    from cli import reporting

    found = reporting.health()
    if as_json:
        _print_json(found)
    else:
        for name, holds in found.items():
            console.print(f"{name.replace('_', ' '):22}{'well' if holds else '[red]NOT WELL[/]'}")
    if not all(found.values()):
        raise typer.Exit(UNWELL)


@app.command()
def cases(
    status: Annotated[ReferralStatus | None, typer.Option(help="Only cases in this status.")] = None,
    location: Annotated[str | None, typer.Option(help="Only this location, such as LOC-1.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what is late.")] = False,
    as_json: AsJson = False,
) -> None:
    """Every case: where it stands, whose turn it is, since when, due when."""
    from cli import reporting, views
    from models.columns import utc_now

    rows = views.cases(status, location)
    if overdue:
        rows = [row for row in rows if row.overdue(utc_now())]
    if as_json:
        _print_json([vars(row) for row in rows])
    else:
        console.print(reporting.case_table(rows, utc_now()))


@app.command()
def case(number: CaseNumber) -> None:
    """One case from its first to its last event."""
    from cli import reporting, views

    row, events = views.timeline(number)
    reporting.show_case(console, row, events)


@app.command()
def waiting(as_json: AsJson = False) -> None:
    """Who waits for whom, the most urgent first."""
    from cli import greeting, reporting

    if as_json:
        _print_json(reporting.waits())
        return
    console.print(reporting.wait_table())
    console.print(greeting.waiting_table())


@app.command()
def quarantine(
    everything: Annotated[bool, typer.Option("--all", help="Also what was replaced or dismissed.")] = False,
) -> None:
    """Rows that broke their contract: file, row, field, reason; how to fix them."""
    from cli import reporting, views

    reporting.show_quarantine(console, views.quarantined(everything))


@app.command()
def outbox(case_number: Annotated[str | None, typer.Argument(help="Only this case.")] = None) -> None:
    """The newest messages, and the portal link that each patient can use now."""
    from cli import reporting, views

    console.print(reporting.message_table(views.messages(case_number)))


@app.command()
def link(number: CaseNumber) -> None:
    """The address that this case's patient can open now."""
    from adapters.portal_links import url_of
    from cli import views

    found = views.usable_link(number)
    if found is None:
        raise MovedOn(f"case {number} has no link that can be used now")
    print(url_of(found))


@app.command("rotate-link-key")
def rotate_link_key(
    forget_old: Annotated[
        bool, typer.Option("--forget-old", help="Also stop believing the old keys: every link that was sent closes.")
    ] = False,
) -> None:
    """Sign patients' links with a fresh key; links signed with the two before it still open."""
    from adapters import link_keys

    console.print(f"Links are signed with a fresh key; known keys: {link_keys.rotate_link_key(forget_old=forget_old)}")


@app.command()
def drop(files: list[Path]) -> None:
    """Copy referral files into the intake folder and take them in now."""
    from cli import supervisor

    for file in files:
        if not file.is_file():
            raise ValueError(f"{file} is not a file")
    for file in files:
        supervisor.drop(file)
    supervisor.trigger_intake()
    console.print(f"{len(files)} dropped; `countersign status` shows what became of them.")


@app.command("sign-in")
def sign_in(
    email: Annotated[str, typer.Option(prompt="E-mail")],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True)],
    code: Annotated[str, typer.Option(prompt="One-time code")],
) -> None:
    """Say who is at this terminal, for half an hour."""
    from cli import login

    staff = login.begin(email, password, code)
    console.print(f"Signed in as {staff.id} ({staff.role.value}) for {login.MINUTES} minutes.")


@app.command("sign-out")
def sign_out() -> None:
    """Forget who is at this terminal."""
    from cli import login

    login.end()


@app.command()
def sign(approval: Annotated[str, typer.Argument(help="Such as AP-…; `countersign waiting` lists them.")]) -> None:
    """Show one sign-off, ask for the decision, sign it with password and one-time code."""
    from cli import login, signing

    decision = signing.sign(console, approval, login.who())
    console.print(f"Signed: {decision.verdict.value} · {decision.case_number} · {decision.id}")


@app.command()
def stop(
    number: CaseNumber,
    reason: Reason,
    exit_kind: Annotated[ExitKind | None, typer.Option("--exit", help="Default: the patient withdrew.")] = None,
) -> None:
    """Stop a case: withdrawn at once, or with a closing letter to be signed."""
    from acts import cases as acts
    from cli import login
    from models.therapy_text import TherapyText

    acts.stop(number, staff_id=login.who().id, reason=TherapyText(reason), exit_kind=exit_kind)
    _say_where(number)


@app.command()
def reroute(number: CaseNumber, to: ReferralStatus, reason: Reason) -> None:
    """Send a case to another step."""
    from acts import cases as acts
    from cli import login
    from models.therapy_text import TherapyText

    acts.reroute(number, to=to, staff_id=login.who().id, reason=TherapyText(reason))
    _say_where(number)


@app.command()
def book(number: CaseNumber, slot: str) -> None:
    """Book a time for a patient on the phone."""
    from acts import cases as acts
    from cli import login

    acts.book_by_hand(number, slot_id=slot, staff_id=login.who().id)
    _say_where(number)


@app.command()
def outcome(number: CaseNumber, what: ToDoOutcome) -> None:
    """Record whether the first session was attended."""
    from acts import cases as acts
    from cli import login

    acts.record_outcome(number, staff_id=login.who().id, outcome=what)
    _say_where(number)


@todo.command("list")
def list_to_dos() -> None:
    """Every open to-do, the first due first."""
    from cli import reporting, views

    console.print(reporting.to_do_table(views.open_to_dos()))


@todo.command()
def claim(to_do: str) -> None:
    """Take a to-do."""
    from acts import to_dos
    from cli import login

    to_dos.claim(to_do, login.who().id)


@todo.command("give-back")
def give_back(to_do: str) -> None:
    """Put a to-do back for others."""
    from acts import to_dos
    from cli import login

    to_dos.give_back(to_do, login.who().id)


@todo.command()
def finish(
    to_do: str,
    result: ToDoOutcome,
    words: Annotated[str | None, typer.Option(help="An answer or a note; kept with the case.")] = None,
    same_as: Annotated[str | None, typer.Option(help="With same_person: which of several known patients.")] = None,
) -> None:
    """Finish a to-do with its outcome."""
    from acts import duplicates, to_dos
    from cli import login, views
    from models.therapy_text import TherapyText

    if result == ToDoOutcome.SAME_PERSON:
        duplicates.choose_known(views.case_of_to_do(to_do), same_as, login.who().id)
    to_dos.finish(to_do, login.who().id, result, TherapyText(words) if words else None)


@users.command("list")
def list_users(
    sign_ins: Annotated[bool, typer.Option("--sign-ins", help="How the sample staff sign in.")] = False,
) -> None:
    """Every member of staff."""
    from cli import reporting, views

    console.print(reporting.sign_in_table() if sign_ins else reporting.staff_table(views.staff()))


@users.command("add")
def add_user(
    name: str,
    email: str,
    role: Role,
    location: Annotated[list[str] | None, typer.Option(help="Repeat for several; default all.")] = None,
) -> None:
    """Make an account and print its sign-in once."""
    from cli import people, reporting

    reporting.show_new_sign_in(console, people.add(name, email, role, location or []))


@users.command("reset")
def reset_user(email: str) -> None:
    """Take somebody back to their first sign-in, with a new password, printed once."""
    from cli import people, reporting

    reporting.show_new_sign_in(console, people.reset(email))


@users.command("unlock")
def unlock_user(email: str) -> None:
    """Let somebody try again at once after too many failures."""
    from cli import people

    people.unlock(email)


@users.command("close")
def close_user(email: str) -> None:
    """Close an account and sign it out everywhere."""
    from cli import people

    people.set_active(email, False)


@users.command("reopen")
def reopen_user(email: str) -> None:
    """Open a closed account again."""
    from cli import people

    people.set_active(email, True)


@users.command("sessions")
def user_sessions(
    email: str,
    end: Annotated[bool, typer.Option("--end", help="Sign them out everywhere.")] = False,
) -> None:
    """Where somebody is signed in."""
    from cli import people, reporting

    if end:
        console.print(f"{people.end_sign_ins(email)} ended.")
    else:
        console.print(reporting.login_table(email))


app.command("rotate-keys")(keys.rotate_keys)
app.command()(keys.forget)


@app.command()
def code(email: str) -> None:
    """A one-time code of a sample member of staff."""
    from cli import codes

    print(codes.next_code(codes.sample_sign_in(email)))


def _say_where(number: str) -> None:
    from cli import views

    row, _ = views.timeline(number)
    console.print(f"{number} · {row.label}")


def _print_json(value: Any) -> None:
    def plain(one: Any) -> Any:
        return one.isoformat() if isinstance(one, datetime) else str(one)

    print(json.dumps(value, default=plain, indent=2))


if __name__ == "__main__":
    main()
