"""What becomes of a received file once its rows are stored? It is sealed, for it holds what they say.

A finished file is kept as ``<digest>.sealed`` under a key of its own, whose owner is the file's id. A file of rows
to fix lies open for as long as somebody has rows to correct in it.
"""

import logging
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from sqlmodel import col, select

from adapters import file_drop, therapy_store
from adapters import operational_store as store
from adapters.private_files import write_private
from adapters.sealing import FORMAT, Place
from adapters.settings import settings
from models.codes import QuarantineStatus
from models.errors import Forgotten
from models.operational import IntakeFile, QuarantinedRow

logger = logging.getLogger(__name__)

SEALED = ".sealed"
VERSION = 1


def content(file: IntakeFile, most: int = -1) -> bytes | None:
    """A received file as it came, sealed or not yet; None when it has gone. Raises Forgotten and SealBroken.

    ``most``: of an open copy no more bytes than this are read, for it may be of any size.
    """
    path = _sealed_path(file)
    if plain := _plain(file):
        with plain[0].open("rb") as opened:
            return opened.read(most)
    if not path.exists():
        return None
    head, _, sealed = path.read_bytes().partition(b"\n")
    place = _place(file)
    if head != FORMAT.encode():
        raise place.broken("is not sealed")
    return therapy_store.key_of_owner(file.id).open_bytes(place, VERSION, sealed)


def opened(file: IntakeFile) -> BinaryIO | None:
    """A received file to be read as a stream, so that an open copy of any size needs little memory; None when it has
    gone. Raises Forgotten and SealBroken."""
    if plain := _plain(file):
        return plain[0].open("rb")
    kept = content(file)
    return None if kept is None else BytesIO(kept)


def is_there(file: IntakeFile) -> bool:
    """Whether a copy of it lies in the received folder, sealed or not yet."""
    return bool(_plain(file)) or _sealed_path(file).exists()


def put_away(file: IntakeFile) -> int:
    """Seal the open copies of a finished file; returns how many there were. Again changes nothing.

    A file that was forgotten and came again is not kept at all: its rows are stored. A file too large to be read is
    too large to be sealed in memory; it stays as it came, for its sender to split.
    """
    found = [path for path in _plain(file) if path.stat().st_size <= settings().largest_file]
    for path in found:
        try:
            sealed = therapy_store.key_of_owner(file.id).seal_bytes(_place(file), VERSION, path.read_bytes())
            write_private(_sealed_path(file), FORMAT.encode() + b"\n" + sealed)
        except Forgotten:
            logger.info("file %s was forgotten: the copy that came again is removed", file.id)
        path.unlink()
    return len(found)


def put_away_finished() -> int:
    """Seal every open copy whose file is finished (a crash may have left it), remove files to fix that are done."""
    folder = settings().received_folder
    digests = {path.stem for path in folder.iterdir() if path.suffix != SEALED} if folder.is_dir() else set()
    with store.reading() as db:
        files = db.exec(select(IntakeFile).where(col(IntakeFile.finished_at).is_not(None))).all() if digests else []
    return sum(put_away(file) for file in files if file.digest[:32] in digests) + remove_settled_fix_files()


def remove_settled_fix_files() -> int:
    """Remove each file to fix whose rows were all corrected or dismissed; returns how many."""
    folder = settings().to_fix_folder
    waiting = {path.name: path for path in folder.glob(f"*{file_drop.FIX_SUFFIX}")} if folder.is_dir() else {}
    if not waiting:
        return 0
    with store.reading() as db:
        names = dict(db.exec(select(IntakeFile.id, IntakeFile.name)).all())
        still_open = set(
            db.exec(select(QuarantinedRow.file_id).where(QuarantinedRow.status == QuarantineStatus.OPEN)).all()
        )
    of_file = {file_id: file_drop.fix_file_of(folder, name).name for file_id, name in names.items() if name}
    needed = {of_file[file_id] for file_id in still_open if file_id in of_file}
    done = [path for name, path in waiting.items() if name in set(of_file.values()) - needed]
    for path in done:
        path.unlink(missing_ok=True)
    return len(done)


def _plain(file: IntakeFile) -> list[Path]:
    return sorted(path for path in settings().received_folder.glob(f"{file.digest[:32]}.*") if path.suffix != SEALED)


def _sealed_path(file: IntakeFile) -> Path:
    return settings().received_folder / f"{file.digest[:32]}{SEALED}"


def _place(file: IntakeFile) -> Place:
    return Place("received_file", file.id, "content")
