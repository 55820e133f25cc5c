"""The intake folder: which files wait, where a taken one goes, where rows to fix are left for a person."""

import hashlib
import logging
import os
import stat
import time
import unicodedata
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from adapters.private_files import sync_folder

HALF_WRITTEN_SUFFIXES = frozenset({".part", ".tmp", ".partial", ".crdownload", ".filepart"})
TABLE_SUFFIXES = frozenset({".csv", ".tsv", ".txt"})
SETTLED_SUFFIX = {"csv": ".csv", "fhir": ".json", "unknown": ".unknown"}
FIX_SUFFIX = ".to-fix.csv"
LONGEST_NAME = 120
"""Bytes of a sender's file name that are kept: what is added to it must still fit a file system."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_OWNER_ONLY = 0o600
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DroppedFile:
    """A whole file. ``digest`` is the SHA-256 of its content in hex, ``size`` in bytes, ``kind`` csv, fhir or
    unknown.

    A sender may put a patient's name into a file's name, so only the digest is shown when this is printed.
    """

    path: Path
    name: str
    digest: str
    size: int
    kind: str

    def __repr__(self) -> str:
        return f"<dropped {self.kind} file {self.digest[:16]}>"


def waiting_files(folder: Path, settle_seconds: float = 2.0) -> list[DroppedFile]:
    """The whole files in the folder, oldest first.

    Left for the next look: hidden files, names that mark half-written ones, links and folders, files changed
    within the last ``settle_seconds``, and files that changed while they were read.
    """
    waiting = []
    for path in _entries(folder):
        if path.name.startswith((".", "~$")) or path.suffix.lower() in HALF_WRITTEN_SUFFIXES:
            continue
        found = _whole_file(path, settle_seconds)
        if found:
            waiting.append(found)
    return [dropped for _, dropped in sorted(waiting, key=lambda it: (it[0], it[1].name))]


def changed_since(folder: Path, moment: float) -> bool:
    """Whether anything in the folder changed after this moment (seconds since the epoch)."""
    return any(_changed_at(path) > moment for path in _entries(folder))


def never_taken(folder: Path) -> dict[str, int]:
    """What lies in the folder and will not be taken, by kind: links, and things that are neither file nor folder."""
    kinds = Counter(_kind_of_entry(path) for path in _entries(folder))
    return {kind: count for kind, count in sorted(kinds.items()) if kind}


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def _changed_at(path: Path) -> float:
    """0 for what has gone meanwhile; a link is not followed, it may lead nowhere."""
    try:
        return path.lstat().st_mtime
    except OSError:
        return 0.0


def _kind_of_entry(path: Path) -> str:
    try:
        mode = path.lstat().st_mode
    except OSError:
        return ""
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return ""
    return "link" if stat.S_ISLNK(mode) else "special file"


def plain_name(name: str) -> str:
    """A sender's file name as it can be stored, shown and written: without what is invisible or no text at all."""
    seen = "".join("_" if unicodedata.category(each)[0] in "CZ" and each != " " else each for each in name)
    stem, dot, suffix = seen.rpartition(".")
    if dot and len(suffix) < 16:
        return _cut(stem, LONGEST_NAME - len(f"{dot}{suffix}".encode())) + dot + suffix
    return _cut(seen, LONGEST_NAME)


def _cut(text: str, most: int) -> str:
    """The text's first ``most`` bytes in UTF-8, without a broken character at its end."""
    return text.encode()[:most].decode(errors="ignore")


def takeable_name(name: str) -> str:
    """The name without what leaves a file lying in the folder: a hidden one's dot, a half-written one's suffix."""
    shown = name.lstrip(".~$") or "dropped"
    return f"{shown}.csv" if Path(shown).suffix.lower() in HALF_WRITTEN_SUFFIXES else shown


def free_name(folder: Path, name: str, content_from: Path) -> Path:
    """Give a whole file its place in the folder under this name, or the nearest that no other file has.

    ``content_from`` is on the same disk and is gone afterwards. Nothing is ever written over.
    """
    stem, dot, suffix = plain_name(name).rpartition(".")
    if not stem:
        stem, dot, suffix = suffix, "", ""
    number = 1
    while True:
        target = folder / (f"{stem}{dot}{suffix}" if number == 1 else f"{stem}-{number}{dot}{suffix}")
        try:
            os.link(content_from, target)
        except FileExistsError:
            number += 1
            continue
        content_from.unlink()
        return target


def settle(dropped: DroppedFile, into: Path) -> DroppedFile:
    """Moves the file into ``into`` (on the same disk) as ``<digest>.<suffix>``, readable by the owner only.

    Returns the file as it now is: its digest is taken again after the move, so a file that was replaced in
    the last moment is named by what it really holds. Safe to run twice: a file that is already settled is
    found there.
    """
    into.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = into / _settled_name(dropped.digest, dropped.kind)
    try:
        os.replace(dropped.path, target)
    except FileNotFoundError:
        if not target.exists():
            raise
    target.chmod(_OWNER_ONLY)
    with target.open("rb") as file:
        digest, size, kind = _content(file, dropped.name)
    settled = into / _settled_name(digest, kind)
    os.replace(target, settled)
    sync_folder(into)
    return DroppedFile(settled, dropped.name, digest, size, kind)


def take_away(dropped: DroppedFile) -> None:
    """Remove a file whose content is on record, unless other content has taken its name meanwhile; again is no change.

    What has taken its name is seen at the next look.
    """
    with suppress(FileNotFoundError):
        with dropped.path.open("rb") as file:
            same = _content(file, dropped.name)[0] == dropped.digest
        if same:
            dropped.path.unlink()


def write_fix_file(folder: Path, name: str, content: bytes) -> Path:
    """Leaves ``<name>.to-fix.csv`` for a person to correct and drop again, readable by the owner only.

    ``name`` is the dropped file's own, ``content`` what ``csv_table.rows_to_fix`` gives. It appears whole
    or not at all; a second run writes the same file again.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = fix_file_of(folder, name)
    stem = target.name.removesuffix(FIX_SUFFIX)
    unfinished = folder / f".{stem}.{os.getpid()}.{time.monotonic_ns()}.tmp"
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, target)
    finally:
        unfinished.unlink(missing_ok=True)
    sync_folder(folder)
    return target


def fix_file_of(folder: Path, name: str) -> Path:
    """Where the rows to correct of a dropped file lie; a corrected file that is broken again has the same place."""
    stem = plain_name(Path(name).name).removesuffix(".csv").removesuffix(".to-fix").lstrip(".")
    return folder / f"{stem or 'rows'}{FIX_SUFFIX}"


def _whole_file(path: Path, settle_seconds: float) -> tuple[int, DroppedFile] | None:
    """The file with its time of change, None while it is not one that can be taken."""
    try:
        before = path.lstat()
        if not stat.S_ISREG(before.st_mode) or 0 <= time.time() - before.st_mtime < settle_seconds:
            return None
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as refused:
        log.warning("a file in the intake folder cannot be opened (errno %s); it stays there", refused.errno)
        return None
    with os.fdopen(descriptor, "rb") as file:
        digest, size, kind = _content(file, path.name)
        after = os.fstat(descriptor)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or size != after.st_size:
        return None
    return after.st_mtime_ns, DroppedFile(path, plain_name(path.name), digest, size, kind)


def _content(file: BinaryIO, name: str) -> tuple[str, int, str]:
    """(digest, size, kind) of an open file."""
    digest, size, start = hashlib.sha256(), 0, b""
    while chunk := file.read(1 << 20):
        start = start or chunk[:4096]
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size, _kind(start, Path(name).suffix.lower())


def _kind(start: bytes, suffix: str) -> str:
    """By content first: a bundle that somebody saved as .txt is still a bundle."""
    if start.removeprefix(_BYTE_ORDER_MARK).lstrip().startswith((b"{", b"[")):
        return "fhir"
    return "csv" if suffix in TABLE_SUFFIXES else "unknown"


def _settled_name(digest: str, kind: str) -> str:
    return digest[:32] + SETTLED_SUFFIX[kind]
