"""The sealed form of a backup: a stream of bytes in one file that can only be read whole, in order, with its key.

    magic, length of the header, header (JSON: format, when, id of the backup key, wrapped file key)
    frames: four bytes (top bit: last frame; rest: length of what follows), then AES-256-GCM ciphertext of up to 1 MiB

Each file has a random key of its own, wrapped by the backup key. A frame's nonce is its number; its associated data are
the header's digest and whether it is the last. So a frame that is altered, left out, moved, cut off or added is refused
by name. The bytes are compressed before they are sealed.
"""

import base64
import hashlib
import json
import os
import secrets
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.backup_key import BackupKey
from models.errors import BackupRefused

MAGIC = b"countersign backup\n"
FORMAT = 1
FRAME_BYTES = 1 << 20
TAG_BYTES = 16
LAST = 1 << 31
LONGEST_HEADER = 4096
NONCE_BYTES = 12
COMPRESSION = 1
"""zlib's quickest level: sealed fields are random base64, so more work finds little more."""


@dataclass(frozen=True)
class Sealing:
    """What is written into; ``digest`` is the SHA-256 of the sealed file, ``size`` its bytes, both once it is whole."""

    _frames: "_Frames"

    def write(self, plain: bytes) -> None:
        self._frames.write(plain)

    @property
    def digest(self) -> str:
        return self._frames.sealed.hexdigest()

    @property
    def size(self) -> int:
        return self._frames.written


@contextmanager
def sealing(path: Path, key: BackupKey, made_at: datetime) -> Iterator[Sealing]:
    """Write a sealed file that appears under its name only once it is whole and on the disk.

    Raises BackupRefused when there is a file of this name already.
    """
    if path.exists():
        raise BackupRefused(f"{path} is there already: a backup never replaces another")
    if not path.parent.is_dir():
        raise BackupRefused(f"the folder {path.parent} is not there")
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            frames = _Frames(file, key, made_at)
            yield Sealing(frames)
            frames.end()
            file.flush()
            os.fsync(file.fileno())
        os.rename(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class _Frames:
    """Cuts a stream into sealed frames; holds at most one frame."""

    def __init__(self, file: BinaryIO, key: BackupKey, made_at: datetime) -> None:
        secret = AESGCM.generate_key(256)
        facts = {"format": FORMAT, "made_at": made_at.isoformat(), "key": key.id}
        nonce = secrets.token_bytes(NONCE_BYTES)
        wrapped = nonce + AESGCM(key.secret).encrypt(nonce, secret, _bound(facts))
        header = json.dumps({**facts, "wrapped": base64.b64encode(wrapped).decode()}).encode()
        self.sealed = hashlib.sha256()
        self.written = 0
        self._file, self._cipher, self._header = file, AESGCM(secret), hashlib.sha256(header).digest()
        self._shrink, self._waiting, self._number = zlib.compressobj(COMPRESSION), bytearray(), 0
        self._put(MAGIC + len(header).to_bytes(4, "big") + header)

    def write(self, plain: bytes) -> None:
        self._waiting += self._shrink.compress(plain)
        while len(self._waiting) > FRAME_BYTES:  # never all of it: the last frame is sealed as such
            self._seal(bytes(self._waiting[:FRAME_BYTES]), last=False)
            del self._waiting[:FRAME_BYTES]

    def end(self) -> None:
        self.write(b"")
        self._waiting += self._shrink.flush()
        while len(self._waiting) > FRAME_BYTES:
            self._seal(bytes(self._waiting[:FRAME_BYTES]), last=False)
            del self._waiting[:FRAME_BYTES]
        self._seal(bytes(self._waiting), last=True)

    def _seal(self, plain: bytes, *, last: bool) -> None:
        nonce = self._number.to_bytes(NONCE_BYTES, "big")
        sealed = self._cipher.encrypt(nonce, plain, self._header + bytes([last]))
        self._put((len(sealed) | (LAST if last else 0)).to_bytes(4, "big") + sealed)
        self._number += 1

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self.sealed.update(data)
        self.written += len(data)


def opened(path: Path, keys: Sequence[BackupKey]) -> Iterator[bytes]:
    """The plain bytes of a sealed file, a piece of at most a few MiB at a time.

    Raises BackupRefused saying what is wrong: no backup, a newer format, another key, altered, cut off, added to.
    A caller must read to the end before it trusts that the file is whole.
    """
    try:
        file = path.open("rb")
    except OSError as refused:
        raise BackupRefused(f"{path} cannot be opened (errno {refused.errno})") from None
    with file:
        cipher, bound = _begin(file, path, keys)
        swell = zlib.decompressobj()
        for plain in _frames(file, path, cipher, bound):
            waiting = plain
            while waiting:
                piece = swell.decompress(waiting, FRAME_BYTES)
                waiting = swell.unconsumed_tail
                if piece:
                    yield piece
        if rest := swell.flush():
            yield rest


def made_at_of(path: Path) -> str:
    """When a sealed file says it was made, read without a key and so not proven; raises BackupRefused for no backup."""
    with path.open("rb") as file:
        return str(json.loads(_header_of(file, path))["made_at"])


def _begin(file: BinaryIO, path: Path, keys: Sequence[BackupKey]) -> tuple[AESGCM, bytes]:
    """The cipher of the frames and what they are bound to."""
    header = _header_of(file, path)
    try:
        facts = json.loads(header)
        wrapped = base64.b64decode(facts.pop("wrapped"), validate=True)
        key_id = str(facts["key"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BackupRefused(f"{path}: its header has been altered") from None
    known = next((key for key in keys if key.id == key_id), None)
    if known is None:
        raise BackupRefused(f"{path} was made with the backup key {key_id}, which is not here")
    try:
        secret = AESGCM(known.secret).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _bound(facts))
    except (InvalidTag, ValueError):
        raise BackupRefused(f"{path}: its header has been altered") from None
    return AESGCM(secret), hashlib.sha256(header).digest()


def _header_of(file: BinaryIO, path: Path) -> bytes:
    if file.read(len(MAGIC)) != MAGIC:
        raise BackupRefused(f"{path} is no backup of Countersign")
    length = int.from_bytes(file.read(4), "big")
    if not 0 < length <= LONGEST_HEADER:
        raise BackupRefused(f"{path}: its header has been altered")
    header = file.read(length)
    if len(header) < length:
        raise BackupRefused(f"{path} has been cut off in its header")
    try:
        version = int(json.loads(header)["format"])
    except (ValueError, KeyError, TypeError):
        raise BackupRefused(f"{path}: its header has been altered") from None
    if version != FORMAT:
        raise BackupRefused(f"{path} has format {version}; this program reads format {FORMAT}")
    return header


def _frames(file: BinaryIO, path: Path, cipher: AESGCM, bound: bytes) -> Iterator[bytes]:
    number, last = 0, False
    while not last:
        mark = file.read(4)
        if len(mark) < 4:
            raise BackupRefused(f"{path} has been cut off after frame {number}: it does not reach its end")
        size = int.from_bytes(mark, "big")
        last, size = bool(size & LAST), size & ~LAST
        if not TAG_BYTES <= size <= FRAME_BYTES + TAG_BYTES:
            raise BackupRefused(f"{path}: frame {number + 1} has been altered, moved or left out")
        sealed = file.read(size)
        if len(sealed) < size:
            raise BackupRefused(f"{path} has been cut off in frame {number + 1}")
        try:
            yield cipher.decrypt(number.to_bytes(NONCE_BYTES, "big"), sealed, bound + bytes([last]))
        except InvalidTag:
            raise BackupRefused(f"{path}: frame {number + 1} has been altered, moved or left out") from None
        number += 1
    if file.read(1):
        raise BackupRefused(f"{path}: something follows its last frame")


def _bound(facts: dict[str, object]) -> bytes:
    return json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
