"""Keys at the terminal: another master key, a patient forgotten."""

from typing import Annotated

import typer

DropOld = Annotated[
    bool,
    typer.Option("--drop-old", help="Take the old master keys out of the file; backups made before need them."),
]


def rotate_keys(drop_old: DropOld = False) -> None:
    """Make a new master key and wrap every data key with it, while everything runs; again goes on where it was."""
    from adapters import therapy_store_keys
    from cli import login
    from models.codes import Role
    from models.errors import NotAllowed

    staff = login.who()
    if staff.role not in (Role.ADMIN, Role.COMPLIANCE):
        raise NotAllowed("compliance or an administrator does this")
    done = therapy_store_keys.rotate_master_key(staff.id, drop_old=drop_old)
    print(f"Active master key {done.active}: {done.data_keys} data keys and {done.secrets} secrets moved to it.")
    if done.dropped:
        print(f"Dropped: {', '.join(done.dropped)}.")
    if done.still_known:
        print(f"Still known, for backups made before: {', '.join(done.still_known)}. --drop-old takes them out.")


def forget(
    patient: Annotated[str, typer.Argument(help="Such as PT-…; the case page names it.")],
    reason: Annotated[str, typer.Option(prompt=True, help="Kept sealed; the audit names it.")],
    stop: Annotated[bool, typer.Option("--stop", help="Stop their open cases first.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
) -> None:
    """Make everything a patient said unreadable for good, and blank who they are where the law lets it."""
    from acts import forgetting
    from cli import login
    from models.therapy_text import TherapyText

    staff = login.who()
    if not yes:
        typer.confirm(f"{patient}: nobody can undo this. Go on?", abort=True)
    done = forgetting.forget(patient, staff_id=staff.id, reason=TherapyText(reason), stop_open=stop)
    print(f"Forgotten: {', '.join(done.patient_ids)}; cases {', '.join(done.case_numbers) or 'none'}.")
    print(f"{done.keys_destroyed} keys destroyed, {done.messages_dropped} waiting messages dropped.")
    print(f"{done.files_removed} copies of sent messages removed.")
    if done.identity_kept:
        print("A session was held: name, birth date and insurance stay on record for as long as the law asks.")
