"""The command that makes one patient's whole file."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from acts import patient_file
from cli import login
from models.therapy_text import TherapyText


def register(app: typer.Typer, console: Console) -> None:
    """Add the command to the command line."""

    @app.command("patient-file")
    def make_file(
        case: Annotated[str, typer.Argument(help="A case of the patient's, such as RF-000042.")],
        folder: Annotated[Path, typer.Argument(help="Where the ZIP goes; only you can read it there.")],
        reason: Annotated[str, typer.Option(prompt=True, help="Who asks for it and why; kept on record.")],
        plain_because: Annotated[
            str | None,
            typer.Option(help="Not encrypted, and why: who was told of the risk and wants it so; kept on record."),
        ] = None,
    ) -> None:
        """Write everything kept of one patient into an encrypted ZIP and say its passphrase, once; for compliance
        officers, and on record with its digest."""
        me = login.who()
        if not folder.is_dir():
            raise ValueError(f"{folder} is no folder")
        made = patient_file.hand_out(
            case.upper(),
            staff_id=me.id,
            reason=TherapyText(reason),
            where="command line: patient-file",
            plain_because=None if plain_because is None else TherapyText(plain_because),
        )
        path = folder / made.name
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(made.content)
        console.print(f"{path}: {sum(made.counts.values())} rows, SHA-256 {made.digest}")
        if made.passphrase is None:
            console.print("It is not encrypted: hand it over, then remove it. Nothing of it stays in the installation.")
        else:
            console.print(f"Passphrase: {made.passphrase}", soft_wrap=True, highlight=False)
            console.print("It is kept nowhere: note it, tell it by another way than the file, then remove the file.")
