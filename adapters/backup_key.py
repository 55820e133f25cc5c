"""The keys that seal backups: where they come from, which one is active.

A backup key is no master key: it opens the file a backup is, and content inside stays sealed under the master keys. The
first key seals; the others only open older backups. One key is 32 random bytes; its id is made from its digest.
"""

import base64
import hashlib
import os
import secrets
import shlex
import stat
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock

from adapters.key_texts import KEY_BYTES, secrets_in
from adapters.private_files import write_private
from adapters.settings import settings
from models.errors import BackupRefused

COMMAND_SECONDS = 30
LOCK_SECONDS = 30


@dataclass(frozen=True)
class BackupKey:
    """One backup key; printing it shows its id only."""

    id: str
    secret: bytes = field(repr=False)


def backup_keys() -> tuple[BackupKey, ...]:
    """Every backup key known now, the active one first; raises BackupRefused when there is none to be had."""
    here = settings()
    if here.backup_key and here.backup_key_command:
        raise BackupRefused("set COUNTERSIGN_BACKUP_KEY or COUNTERSIGN_BACKUP_KEY_COMMAND, not both")
    if here.backup_key:
        return _parsed(here.backup_key, "COUNTERSIGN_BACKUP_KEY")
    if here.backup_key_command:
        return _parsed(_printed(here.backup_key_command), "COUNTERSIGN_BACKUP_KEY_COMMAND")
    return _parsed(_read(key_file()), "keys/backup-key")


def active_backup_key() -> BackupKey:
    """The key that seals new backups; makes the key file on first use."""
    if _comes_from_file() and not key_file().exists():
        with _alone():
            if not key_file().exists():
                _write([_fresh()])
    return backup_keys()[0]


def add_backup_key() -> BackupKey:
    """Put a fresh key first in the key file; the others stay behind it, or older backups would never open again."""
    if not _comes_from_file():
        raise BackupRefused("the backup keys come from the environment: put the new key first there")
    with _alone():
        fresh = _fresh()
        _write([fresh, *(backup_keys() if key_file().exists() else ())])
    return fresh


def key_file() -> Path:
    return settings().keys_folder / "backup-key"


def _comes_from_file() -> bool:
    return not (settings().backup_key or settings().backup_key_command)


def _fresh() -> BackupKey:
    return _key_of(secrets.token_bytes(KEY_BYTES))


def _key_of(secret: bytes) -> BackupKey:
    return BackupKey("BK-" + hashlib.sha256(b"countersign backup key id\0" + secret).hexdigest()[:16], secret)


def _parsed(text: str, where: str) -> tuple[BackupKey, ...]:
    """The keys in a text, apart by blanks, commas or lines; an error names ``where``, never the text."""
    return tuple(dict.fromkeys(_key_of(secret) for secret in secrets_in(text, where, "backup key", BackupRefused)))


def _read(path: Path) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise BackupRefused(
            "the file keys/backup-key is not here: put it back, or set COUNTERSIGN_BACKUP_KEY"
        ) from None
    except OSError as refused:
        raise BackupRefused(f"the file keys/backup-key cannot be opened (errno {refused.errno})") from None
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode) or facts.st_mode & 0o077 or facts.st_uid != os.geteuid():
            raise BackupRefused("keys/backup-key must be a plain file of this user, mode 0600: it may have been read")
        return file.read().decode("ascii", errors="replace")


def _printed(command: str) -> str:
    where = "COUNTERSIGN_BACKUP_KEY_COMMAND"
    try:
        ended = subprocess.run(
            shlex.split(command), stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_SECONDS, check=False
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as failure:
        # the failure's own words name the command, which may hold a token
        raise BackupRefused(f"{where} could not be run ({type(failure).__name__})") from None
    if ended.returncode != 0:
        raise BackupRefused(f"{where} ended with {ended.returncode}")
    return ended.stdout.decode("ascii", errors="replace")


def _alone() -> FileLock:
    settings().keys_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return FileLock(settings().keys_folder / "changing-backup-key", timeout=LOCK_SECONDS, mode=0o600)


def _write(keys: list[BackupKey]) -> None:
    write_private(key_file(), "".join(f"{base64.b64encode(key.secret).decode()}\n" for key in keys).encode())
