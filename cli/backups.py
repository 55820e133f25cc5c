"""Backing up and restoring at the terminal of the person who runs this machine."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from acts.restoring import Restored
from adapters.backing_up import BackupMade

EXISTING = typer.Argument(exists=True, dir_okay=False, help="A file that `countersign backup` wrote.")


def register(app: typer.Typer, console: Console) -> None:
    """Add the commands to the command line."""

    @app.command()
    def backup(
        file: Annotated[Path | None, typer.Argument(help="Default: a new file in COUNTERSIGN_BACKUP_FOLDER.")] = None,
        check: Annotated[
            Path | None, typer.Option("--check", help="Only prove that this backup can be restored.")
        ] = None,
    ) -> None:
        """Write both databases and the folders into one encrypted file, while everything runs."""
        from adapters import backing_up
        from cli import scratch

        if check is not None:
            console.print(Text(scratch.prove(check)))
            return
        console.print(_made(backing_up.back_up(file) if file is not None else backing_up.back_up_by_setting()))

    @app.command()
    def restore(file: Annotated[Path, EXISTING]) -> None:
        """Put a backup into this installation, which must be empty, and prove that all of it is there."""
        from acts import restoring

        console.print(_restored(restoring.restore(file)))

    @app.command("backup-keys")
    def backup_keys(
        file: Annotated[Path, typer.Argument(help="A new file, to be kept apart from the backups.")],
        passphrase: Annotated[
            str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, envvar="COUNTERSIGN_PASSPHRASE")
        ],
    ) -> None:
        """Keep every key file of this installation in one file under a passphrase."""
        from adapters import key_safe

        console.print(Text(f"Kept: {', '.join(key_safe.keep_keys(file, passphrase))}"))

    @app.command("restore-keys")
    def restore_keys(
        file: Annotated[Path, typer.Argument(help="A file that `countersign backup-keys` wrote.")],
        passphrase: Annotated[str, typer.Option(prompt=True, hide_input=True, envvar="COUNTERSIGN_PASSPHRASE")],
    ) -> None:
        """Put kept key files back where they belong; a key that is here is never replaced."""
        from adapters import key_safe

        console.print(Text(f"Put back: {', '.join(key_safe.put_keys_back(file, passphrase)) or 'all were here'}"))

    @app.command("new-backup-key")
    def new_backup_key() -> None:
        """Seal new backups with a fresh key; the older keys stay, for the older backups."""
        from adapters import backup_key

        console.print(f"New backups are sealed with {backup_key.add_backup_key().id}. Keep the keys again, apart.")


def _made(made: BackupMade) -> Text:
    return Text(
        f"{made.path}\n"
        f"{made.backup_id} · {made.rows} rows · {made.files} files · {made.bytes} bytes · {made.seconds} s\n"
        f"SHA-256 {made.sha256}\n"
        "It opens only with the backup key, and its content only with the master keys: keep both apart from it."
    )


def _restored(restored: Restored) -> Text:
    lines = [
        f"Restored as of {restored.as_of:%Y-%m-%d %H:%M:%S} UTC from {restored.backup_id}: "
        f"{restored.rows} rows · {restored.files} files · {restored.seconds} s. "
        "Counts, digests and the audit were proven.",
        f"{restored.open_cases} open cases get a new run at the next start; everybody signs in again.",
        *(f"Look at this: {finding}" for finding in restored.findings),
    ]
    return Text("\n".join(lines))
