"""Which files a version of weights is made of: their digests, written with them and compared before they are used."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from models.errors import WeightsDiffer

MANIFEST = "manifest.json"
CARD = "MODEL_CARD.md"


@dataclass(frozen=True)
class Manifest:
    """One version of a set of weights: ``files`` are their SHA-256 by name.

    The rest is empty for what is shipped: which version it was made from, when (UTC), from how many labels, and when
    the last of them was decided.
    """

    version: str
    licence: str
    files: dict[str, str]
    made_from: str = ""
    made_at: str = ""
    labels: int = 0
    labels_until: str = ""


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}


def stored(manifest: Manifest) -> bytes:
    """What stands in the file: nothing that is empty."""
    return json.dumps({name: value for name, value in asdict(manifest).items() if value}, indent=2).encode() + b"\n"


def write_manifest(folder: Path, version: str, licence: str, names: Iterable[str]) -> None:
    """Record the files of a version as they lie in its folder now; whoever writes weights ends with this."""
    files = digests({name: (folder / name).read_bytes() for name in names})
    (folder / MANIFEST).write_bytes(stored(Manifest(version, licence, files)))


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a folder; raises WeightsDiffer when there is none that can be read."""
    try:
        return Manifest(**json.loads((folder / MANIFEST).read_bytes()))
    except (OSError, ValueError, TypeError) as trouble:
        raise WeightsDiffer(f"{folder / MANIFEST} cannot be read ({type(trouble).__name__})") from trouble


def content_of(folder: Path, name: str) -> bytes:
    """A file of a version, exactly as its manifest records it; raises WeightsDiffer for any other."""
    recorded = read_manifest(folder).files.get(name, "none")
    try:
        content = (folder / name).read_bytes()
    except OSError as trouble:
        raise WeightsDiffer(_unreadable(folder / name, trouble)) from trouble
    if fault := _difference(folder / name, recorded, BytesIO(content)):
        raise WeightsDiffer(fault)
    return content


def faults(manifest: Manifest, folder: Path) -> list[str]:
    """What is wrong with the files of a version that lie in a folder: each with its place."""
    return [fault for name, recorded in manifest.files.items() if (fault := _fault(folder / name, recorded))]


def _fault(path: Path, recorded: str) -> str:
    try:
        with path.open("rb") as file:
            return _difference(path, recorded, file)
    except OSError as trouble:
        return _unreadable(path, trouble)


def _difference(path: Path, recorded: str, file: BinaryIO) -> str:
    found = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    return "" if found == recorded else f"{path} has SHA-256 {found}, recorded is {recorded}"


def _unreadable(path: Path, trouble: OSError) -> str:
    return f"{path} cannot be read ({type(trouble).__name__})"
