"""The versions of the risk reader that this practice made: whole folders, beside a note of which one is in force."""

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from adapters.private_files import write_private
from adapters.settings import settings
from models.errors import WeightsDiffer

NAME = "risk_signals"
MANIFEST = "manifest.json"


def _folder() -> Path:
    return settings().models_folder / NAME


def _pointer() -> Path:
    return _folder() / "in-force.json"


def made() -> dict[str, Path]:
    """The folder of each version that this practice made, by name; what a killed command has left is none."""
    there = _folder()
    names = sorted(path.name for path in there.iterdir() if path.is_dir()) if there.is_dir() else []
    return {name: there / name for name in names if not name.startswith(".")}


def keep(version: str, files: Mapping[str, bytes]) -> Path:
    """Keep a version for good under its name, whole or not at all; one that is there stays as it is."""
    place = _folder() / version
    if place.is_dir():
        return place
    for folder in (settings().models_folder, _folder()):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = _folder() / f".{version}.{secrets.token_hex(4)}"
    try:
        for name, content in files.items():
            write_private(unfinished / name, content)
        os.rename(unfinished, place)
    except OSError:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return place


def put_in_force(version: str) -> None:
    """From the next reading on, in every process, this version is read with."""
    stored = {"version": version, "manifest_sha256": digest_of(_folder() / version)}
    write_private(_pointer(), json.dumps(stored).encode())


def put_shipped_in_force() -> None:
    _pointer().unlink(missing_ok=True)


def pointed_at() -> str:
    """What the pointer says, "" while the shipped version is in force: another text is another version."""
    return _pointer().read_text() if _pointer().exists() else ""


def digest_of(folder: Path) -> str:
    """The SHA-256 of a version's manifest, which holds those of its files."""
    return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()


def folder_in_force() -> Path | None:
    """The folder to read with; None for the shipped one. The note is read each time, so no process needs a restart.

    Raises WeightsDiffer when the note cannot be read or what it names is not there as it was: never the shipped one
    in its place, whose flags would pass for those of the version that the practice chose.
    """
    try:
        stored = json.loads(_pointer().read_bytes())
        folder, digest = _folder() / stored["version"], stored["manifest_sha256"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as trouble:
        raise WeightsDiffer(f"{_pointer()} cannot be read ({type(trouble).__name__})") from trouble
    _must_be_whole(folder, digest)
    return folder


def pinned(version: str, digest: str) -> Path:
    """The folder of a version made here, exactly as it was when ``digest`` was taken; raises WeightsDiffer."""
    folder = _folder() / version
    _must_be_whole(folder, digest)
    return folder


@cache  # a version never changes, so once per process is enough; an error is not kept
def _must_be_whole(folder: Path, digest: str) -> None:
    try:
        found = digest_of(folder)
    except OSError as trouble:
        raise WeightsDiffer(f"{folder}, which is in force, cannot be read ({type(trouble).__name__})") from trouble
    if found != digest:
        raise WeightsDiffer(f"{folder / MANIFEST} has SHA-256 {found}, promoted was {digest}")
