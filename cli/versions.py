"""The commands about versions that wait to be put in force: which there are, signed, discarded."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from acts.signers import by_email, prove, refuse_stranger
from cli import login
from models.codes import AuthenticatedHow
from rules.version_signing import SIGNED_BY

if TYPE_CHECKING:
    from acts.waiting_versions import Waits

HOW = AuthenticatedHow.COMMAND_LINE_PASSWORD_AND_CODE
WaitingId = Annotated[str, typer.Argument(help="Such as WV-1f0c…; `countersign versions list` shows them.")]


def register(app: typer.Typer, console: Console) -> None:
    """Add the commands to their group."""

    @app.command("list")
    def list_waiting(
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")] = False,
    ) -> None:
        """What waits to be signed at your places, and what waited lately."""
        from acts import waiting_versions

        found = waiting_versions.all_waiting(login.who_may_open("versions").location_ids)
        if as_json:
            print(json.dumps([plain(each) for each in found], indent=2))
            return
        for each in found:
            _say(console, f"{each.version.id} {each.version.version} · {state(each)}")
        if not found:
            _say(console, "Nothing waits.")

    @app.command("sign")
    def sign(waiting: WaitingId) -> None:
        """Show exactly what is signed; an owner and a clinician sign with e-mail, password and one-time code."""
        from acts import waiting_versions

        ask(console, waiting_versions.one_waiting(waiting, login.who_may_open("version").location_ids))

    @app.command("discard")
    def discard(waiting: WaitingId) -> None:
        """Let a version wait no longer; nothing is put in force."""
        from acts import waiting_versions

        waiting_versions.discard(waiting, staff_id=login.who_may_open("discard_version").id)
        _say(console, f"{waiting} waits no longer.")


def ask(console: Console, waits: "Waits") -> None:
    """Show what is signed and let people sign one after the other, until all have or somebody has to be waited for."""
    from acts import waiting_versions

    show(console, waits)
    while waits.missing or waiting_versions.was_cut_off(waits.version):
        roles = " or ".join(role.value for role in waits.missing or SIGNED_BY)
        email = typer.prompt(f"E-mail of the {roles} who signs now (empty: it waits)", default="", show_default=False)
        if not email.strip():
            _say(console, f"It waits: {waits.version.id}, on the desk's page Versions waiting too.")
            return
        waits = _signed(waits, email)
        _say(console, f"Signed; {state(waits)}")


def _signed(waits: "Waits", email: str) -> "Waits":
    """One signature of the person with this e-mail address, proved by password and code; raises NotAllowed."""
    from acts import waiting_versions

    staff = by_email(email)
    if staff is not None:
        # before anybody types a code, which works only once
        waiting_versions.check_may_sign(waits.version.id, staff.id)
    password = typer.prompt("Password", hide_input=True)
    code = typer.prompt("One-time code")
    if staff is None:
        refuse_stranger(password)
    prove(staff.id, code=code, password=password, how=HOW, known=True)
    return waiting_versions.sign(waits.version.id, staff_id=staff.id, how=HOW, seen_digest=waits.version.digest)


def show(console: Console, waits: "Waits") -> None:
    """Exactly what is signed."""
    content = waits.version.content
    _say(console, f"{waits.version.kind.label}: put {content['version']['version']} in force")
    _say(console, f"  its digest: {content['version']['digest']}")
    for place, present in content["replaces"].items():
        _say(console, f"  {place}, in the place of {present['version']}, digest {present['digest']}")
    for name, value in content["figures"].items():
        _say(console, f"  {name}: {value}")
    _say(console, f"What is signed is exactly this. SHA-256 {waits.version.digest}")


def state(waits: "Waits") -> str:
    """Where it stands, in words."""
    if waits.version.ended_why is not None:
        return "in force" if waits.version.ended_why.value == "signed" else waits.version.ended_why.value
    if waits.stale:
        return "its figures are old: propose it anew"
    return f"still to sign: {' and '.join(role.value for role in waits.missing)}"


def plain(waits: "Waits") -> dict[str, Any]:
    """What other programs read."""
    return {
        "id": waits.version.id,
        "kind": waits.version.kind.value,
        "state": state(waits),
        "content": waits.version.content,
        "sha256": waits.version.digest,
        "proposed_by": waits.version.proposed_by,
        "signed_by": {role.value: each.staff_id for role, each in waits.signatures.items()},
    }


def _say(console: Console, line: str) -> None:
    console.print(Text(line), soft_wrap=True)
