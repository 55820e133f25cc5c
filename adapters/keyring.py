"""The master keys that wrap every data key: where they come from, which one is active, what they seal directly.

The first key is active: it wraps and seals. The others only open what they wrapped before, so that keys can be changed
while the system runs. One key is 32 random bytes; its id is made from its digest and gives nothing away.
"""

import base64
import hashlib
import json
import logging
import os
import secrets
import shlex
import stat
import subprocess
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from filelock import FileLock

from adapters.key_texts import KEY_BYTES, secrets_in
from adapters.settings import settings
from models.errors import KeyMissing, SealBroken

logger = logging.getLogger(__name__)

NONCE_BYTES = 12
SEALED_SECRET = "cs1"
"""Format of a sealed secret: ``cs1.<master key id>.<nonce and ciphertext>``."""
COMMAND_SECONDS = 30
COMMAND_AGAIN_AFTER = 300.0
"""Seconds for which the command's answer is used; a key id nobody knows asks again at once."""
LOCK_SECONDS = 30


class KeySource(StrEnum):
    """Where this installation's master keys come from."""

    FILE = "file"
    ENVIRONMENT = "environment"
    COMMAND = "command"


@dataclass(frozen=True)
class MasterKey:
    """One master key; printing it shows its id only."""

    id: str
    secret: bytes = field(repr=False)


def fresh_master_key() -> MasterKey:
    return _key_of(secrets.token_bytes(KEY_BYTES))


def _key_of(secret: bytes) -> MasterKey:
    return MasterKey("MK-" + hashlib.sha256(b"countersign master key id\0" + secret).hexdigest()[:16], secret)


def spelled(key: MasterKey) -> str:
    """The key as it stands in the file or the environment: 32 bytes in base64."""
    return base64.b64encode(key.secret).decode()


def parsed(text: str, where: str) -> tuple[MasterKey, ...]:
    """The keys in a text, apart by blanks, commas or lines; raises KeyMissing naming ``where``, never the text."""
    return tuple(dict.fromkeys(_key_of(secret) for secret in secrets_in(text, where, "master key", KeyMissing)))


# -- where the keys come from


def source() -> KeySource:
    here = settings()
    if here.master_key and here.master_key_command:
        raise KeyMissing("set COUNTERSIGN_MASTER_KEY or COUNTERSIGN_MASTER_KEY_COMMAND, not both")
    if here.master_key:
        return KeySource.ENVIRONMENT
    return KeySource.COMMAND if here.master_key_command else KeySource.FILE


def key_file() -> Path:
    return settings().keys_folder / "master-key"


def master_keys() -> tuple[MasterKey, ...]:
    """Every master key known now, the active one first; raises KeyMissing when there is none to be had.

    The key file is looked at each time, so that a running process learns of a new key.
    """
    origin = source()
    if origin == KeySource.ENVIRONMENT:
        return _of_environment(settings().master_key)
    if origin == KeySource.COMMAND:
        return _commands.keys(settings().master_key_command)
    return _of_file(key_file())


def active_master_key() -> MasterKey:
    return master_keys()[0]


def master_key(key_id: str) -> MasterKey:
    """The key with this id; raises KeyMissing when it is not among the known ones."""
    for key in master_keys():
        if key.id == key_id:
            return key
    if source() == KeySource.COMMAND:
        for key in _commands.keys(settings().master_key_command, anew=True):
            if key.id == key_id:
                return key
    raise KeyMissing(f"master key {key_id} is not here: put it back beside the active one")


@lru_cache(maxsize=4)
def _of_environment(text: str) -> tuple[MasterKey, ...]:
    return parsed(text, "COUNTERSIGN_MASTER_KEY")


def _of_file(path: Path) -> tuple[MasterKey, ...]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise KeyMissing("the file keys/master-key is not here: put it back, or set COUNTERSIGN_MASTER_KEY") from None
    except OSError as refused:
        raise KeyMissing(f"the file keys/master-key cannot be opened (errno {refused.errno})") from None
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode) or facts.st_mode & 0o077 or facts.st_uid != os.geteuid():
            raise KeyMissing("keys/master-key must be a plain file of this user, mode 0600: it may have been read")
        return parsed(file.read().decode("ascii", errors="replace"), "keys/master-key")


class _Commands:
    """What the command printed, kept for a while: it may ask a vault across the network."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[float, tuple[MasterKey, ...]]] = {}

    def keys(self, command: str, *, anew: bool = False) -> tuple[MasterKey, ...]:
        kept = self._kept.get(command)
        if kept is not None and not anew and self._clock() - kept[0] < COMMAND_AGAIN_AFTER:
            return kept[1]
        try:
            found = _run(command)
        except KeyMissing:
            if kept is None or anew:
                raise
            logger.warning("the command for the master key failed; what it said before is used")
            found = kept[1]
        self._kept[command] = (self._clock(), found)
        return found

    def forget(self) -> None:
        self._kept.clear()


_commands = _Commands()


def _run(command: str) -> tuple[MasterKey, ...]:
    where = "COUNTERSIGN_MASTER_KEY_COMMAND"
    try:
        ended = subprocess.run(
            shlex.split(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as failure:
        # the failure's own words name the command, which may hold a token
        raise KeyMissing(f"{where} could not be run ({type(failure).__name__})") from None
    if ended.returncode != 0:
        raise KeyMissing(f"{where} ended with {ended.returncode}")
    return parsed(ended.stdout, where)


# -- the key file


def make_first_key() -> bool:
    """Make the key file unless there is one, or the keys come from elsewhere; says whether it was made.

    Call it only where nothing is sealed yet: a second key in the place of a lost one would hide the loss. Two processes
    at once end with one key.
    """
    if source() != KeySource.FILE or key_file().exists():
        return False
    with _whole_file([fresh_master_key()]) as fresh:
        try:
            key_file().hardlink_to(fresh)
        except FileExistsError:  # another process was first: its key counts
            return False
    _sync(key_file().parent)
    return True


def add_master_key() -> MasterKey:
    """Put a fresh key first in the key file, the others behind it; running processes see it at their next use."""
    if source() != KeySource.FILE:
        raise KeyMissing(f"the master keys come from {source().value}: put the new key first there")
    with _alone():
        fresh = fresh_master_key()
        _write([fresh, *master_keys()])
    return fresh


def drop_master_keys(key_ids: Collection[str]) -> list[str]:
    """Take keys that nothing needs any more out of the key file; the active one stays. Returns what was dropped."""
    if source() != KeySource.FILE:
        raise KeyMissing(f"the master keys come from {source().value}: take the old key out there")
    with _alone():
        active, *old = master_keys()
        _write([active, *(key for key in old if key.id not in key_ids)])
    return [key.id for key in old if key.id in key_ids]


def _alone() -> FileLock:
    settings().keys_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return FileLock(settings().keys_folder / "changing", timeout=LOCK_SECONDS, mode=0o600)


def _write(keys: Collection[MasterKey]) -> None:
    with _whole_file(keys) as fresh:
        fresh.replace(key_file())
    _sync(key_file().parent)


class _whole_file:
    """A key file that is complete and on the disk before anybody can see it under its name."""

    def __init__(self, keys: Collection[MasterKey]) -> None:
        self._text = "".join(f"{spelled(key)}\n" for key in keys)
        self._path = key_file().with_name(f".master-key.{os.getpid()}.{secrets.token_hex(4)}")

    def __enter__(self) -> Path:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(self._text)
            file.flush()
            os.fsync(file.fileno())
        return self._path

    def __exit__(self, *_: object) -> None:
        with suppress(FileNotFoundError):  # it may have been renamed
            self._path.unlink()


def _sync(folder: Path) -> None:
    """Makes a rename in the folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# -- what the keys seal


def bound_to(*parts: str | int) -> bytes:
    """The associated data of a sealed value: its place, spelled so that no two places look alike."""
    return json.dumps(parts, separators=(",", ":"), ensure_ascii=False).encode()


@lru_cache(maxsize=64)
def _derived(secret: bytes, purpose: str) -> AESGCM:
    """A cipher of its own for each purpose, so that nothing sealed for one opens as another."""
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt=None, info=f"countersign {purpose}".encode()).derive(secret))


def wrap_data_key(key_id: str, owner_id: str, data_key: bytes) -> tuple[str, str]:
    """(id of the master key, wrapped data key), bound to the data key's id and its owner."""
    active = active_master_key()
    nonce = secrets.token_bytes(NONCE_BYTES)
    bound = bound_to("data key", key_id, owner_id, active.id)
    sealed = _derived(active.secret, "data keys").encrypt(nonce, data_key, bound)
    return active.id, base64.urlsafe_b64encode(nonce + sealed).decode()


def unwrap_data_key(key_id: str, owner_id: str, master_key_id: str, wrapped: str) -> bytes:
    """The data key; raises KeyMissing without its master key, SealBroken when the wrapping does not fit."""
    key = master_key(master_key_id)
    bound = bound_to("data key", key_id, owner_id, key.id)
    return _opened(_derived(key.secret, "data keys"), wrapped, bound, f"the wrapped data key {key_id}")


def seal_secret(purpose: str, owner_id: str, text: str) -> str:
    """A secret of the operational database (a one-time-code secret, say), sealed for one purpose and one owner."""
    active = active_master_key()
    nonce = secrets.token_bytes(NONCE_BYTES)
    bound = bound_to("secret", purpose, owner_id, active.id)
    sealed = _derived(active.secret, f"secrets: {purpose}").encrypt(nonce, text.encode(), bound)
    return f"{SEALED_SECRET}.{active.id}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def open_secret(purpose: str, owner_id: str, sealed: str) -> str:
    """The secret; raises SealBroken when it is not what was sealed for this purpose and owner."""
    name = f"the {purpose} of {owner_id}"
    key = master_key(_secret_key_id(sealed, name))
    bound = bound_to("secret", purpose, owner_id, key.id)
    return _opened(_derived(key.secret, f"secrets: {purpose}"), sealed.rsplit(".", 1)[1], bound, name).decode()


def is_sealed(text: str) -> bool:
    """Whether a stored secret has the form of a sealed one."""
    return text.startswith(f"{SEALED_SECRET}.MK-")


def resealed(purpose: str, owner_id: str, sealed: str) -> str:
    """The same secret under the active key; unchanged when it is that already."""
    if _secret_key_id(sealed, f"the {purpose} of {owner_id}") == active_master_key().id:
        return sealed
    return seal_secret(purpose, owner_id, open_secret(purpose, owner_id, sealed))


def _secret_key_id(sealed: str, name: str) -> str:
    parts = sealed.split(".")
    if len(parts) != 3 or parts[0] != SEALED_SECRET:
        raise SealBroken(f"{name} is not sealed")
    return parts[1]


def _opened(cipher: AESGCM, sealed: str, bound: bytes, name: str) -> bytes:
    """The plain bytes of base64 of nonce and ciphertext; raises SealBroken naming what it is."""
    try:
        raw = base64.b64decode(sealed.encode(), altchars=b"-_", validate=True)
        return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound)
    except (InvalidTag, ValueError):  # too short, no base64, altered, moved, or under another key
        raise SealBroken(f"{name} has been altered, cut or put in another's place") from None
