"""Keeps the key files of an installation in one file under a passphrase, apart from the backups they open.

    magic, then one line of JSON: format, salt, nonce, sealed (base64)

The passphrase becomes a key by scrypt (2^17 rounds, 128 MiB), the content is sealed with AES-256-GCM.
"""

import base64
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from adapters.private_files import write_private
from adapters.settings import settings
from models.errors import BackupRefused

MAGIC = "countersign keys 1"
FORGOTTEN = "forgotten"
ROUNDS = 1 << 17
SHORTEST = 16
BESIDE = ("link-signing-key", "sample-sign-ins.json")
"""What lies in the home itself: the key of the patients' links, how the sample staff sign in."""


def keep_keys(path: Path, passphrase: str) -> list[str]:
    """Write every key file of this installation into one protected file; returns their names.

    Raises BackupRefused for a passphrase that is too short, a file that is there already, or no key at all.
    """
    if len(passphrase) < SHORTEST:
        raise BackupRefused(f"a passphrase for keys has at least {SHORTEST} characters")
    if path.exists():
        raise BackupRefused(f"{path} is there already: it is not replaced")
    found = {name: base64.b64encode(file.read_bytes()).decode() for name, file in _key_files()}
    if not found:
        raise BackupRefused(
            "there is no key file here: the keys come from the environment or a command, keep them there"
        )
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    sealed = AESGCM(_key(passphrase, salt)).encrypt(nonce, json.dumps(found).encode(), MAGIC.encode())
    parts = {"salt": salt, "nonce": nonce, "sealed": sealed}
    body = json.dumps({name: base64.b64encode(value).decode() for name, value in parts.items()})
    write_private(path, f"{MAGIC}\n{body}\n".encode())
    return sorted(found)


def put_keys_back(path: Path, passphrase: str) -> list[str]:
    """Write the kept key files where they belong; returns the names of those that were not there yet.

    Raises BackupRefused for another file, a wrong passphrase, or a key here that is another one: no key is replaced.
    """
    try:
        first, _, body = path.read_text("ascii").partition("\n")
        parts = {name: base64.b64decode(value, validate=True) for name, value in json.loads(body).items()}
        if first != MAGIC or set(parts) != {"salt", "nonce", "sealed"}:
            raise ValueError
    except OSError as refused:
        raise BackupRefused(f"{path} cannot be opened (errno {refused.errno})") from None
    except (ValueError, AttributeError, TypeError):
        raise BackupRefused(f"{path} is no file of kept keys") from None
    try:
        opened = AESGCM(_key(passphrase, parts["salt"])).decrypt(parts["nonce"], parts["sealed"], MAGIC.encode())
    except InvalidTag:
        raise BackupRefused(f"{path}: the passphrase does not open it, or it has been altered") from None
    kept = {_place(name): base64.b64decode(value) for name, value in json.loads(opened).items()}
    kept = {place: _joined(place, content) if place.name == FORGOTTEN else content for place, content in kept.items()}
    for place, content in kept.items():
        if place.name != FORGOTTEN and place.exists() and place.read_bytes() != content:
            raise BackupRefused(f"{place.name} is here already and is another one: move it away first")
    missing = {place: content for place, content in kept.items() if not place.exists() or place.read_bytes() != content}
    for place, content in missing.items():
        write_private(place, content)
    return sorted(place.name for place in missing)


def _joined(place: Path, content: bytes) -> bytes:
    """The list of who was forgotten only grows: what is here, and what was kept besides."""
    here = place.read_bytes().splitlines() if place.exists() else []
    return b"".join(line + b"\n" for line in dict.fromkeys([*here, *content.splitlines()]))


def _key_files() -> Iterator[tuple[str, Path]]:
    here = settings()
    if here.keys_folder.is_dir():
        for path in sorted(here.keys_folder.iterdir()):
            if path.is_file() and not path.is_symlink() and path.stat().st_size and not path.name.startswith("."):
                yield f"{here.keys_folder.name}/{path.name}", path
    for name in BESIDE:
        if (here.home / name).is_file():
            yield name, here.home / name


def _place(name: str) -> Path:
    """Where a kept file belongs: in the home or its folder of keys, nowhere else."""
    here = settings()
    folder, _, file = name.rpartition("/")
    if os.path.basename(file) != file or folder not in ("", here.keys_folder.name):
        raise BackupRefused("the kept keys name a file outside this installation")
    return (here.keys_folder if folder else here.home) / file


def _key(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=ROUNDS, r=8, p=1).derive(passphrase.encode())
