"""Has this file left already? A mark on our own disk says so, so that a step that runs twice sends once.

A file is first staged where it goes, under a name that nobody takes; then it is marked here; then it is released, which
is one rename. A staged file with a mark was interrupted and is released now. A mark without a staged file: it has left,
and whoever takes files from there may have taken it.
"""

import hashlib
from pathlib import Path
from typing import Protocol

from filelock import FileLock

from adapters.private_files import sync_folder, write_private
from models.errors import OutsideRefused

LOCK_SECONDS = 60
LONGEST_NAME = 100


class FarFolder(Protocol):
    """Where files are sent to; every method takes the final name."""

    def stage(self, name: str, data: bytes) -> None: ...

    def is_staged(self, name: str) -> bool: ...

    def release(self, name: str) -> None: ...

    def read(self, name: str) -> bytes | None: ...


def send_once(marks: Path, name: str, data: bytes, far: FarFolder) -> bool:
    """Send the file unless it has left; says whether it left now.

    Raises OutsideRefused for a name that was used for other content, here or there, and for one no folder takes.
    """
    if not is_plain(name):
        raise OutsideRefused("a file's name is not one that can be sent")
    digest = hashlib.sha256(data).hexdigest()
    marks.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(marks / ".sending", timeout=LOCK_SECONDS, mode=0o600):
        mark = marks / name
        if mark.exists():
            if mark.read_text() != digest:
                raise OutsideRefused(f"{name} was sent before with other content")
            if not far.is_staged(name):
                return False
        there = far.read(name)
        if there is not None and there != data:
            raise OutsideRefused(f"{name} lies there with other content")
        if there is None and not mark.exists():
            far.stage(name, data)
        write_private(mark, digest.encode())
        sync_folder(marks)
        if there is None:
            far.release(name)
        return there is None


def is_plain(name: str) -> bool:
    """Whether it is the name of a file in a folder, and neither a hidden nor a half-written one's."""
    letters = name.replace("-", "").replace("_", "").replace(".", "")
    return letters.isascii() and letters.isalnum() and not name.startswith(".") and len(name) <= LONGEST_NAME
