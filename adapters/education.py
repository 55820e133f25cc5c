"""The library of what a patient may be given to read: Markdown files with front matter under templates/education.

A file is named ``sleep-1.en.md``: what it is about, its version, its language. Its review is pinned to its exact text:
who changes a word has it reviewed again.
"""

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt
from sqlmodel import Session

from adapters.message_words import LANGUAGES
from adapters.settings import CHECKOUT
from models.errors import ContractBroken, NotSignedOff
from models.operational import PracticeSetting

FOLDER = CHECKOUT / "templates" / "education"
SETTING = "education_reviews"
FILE_NAME = re.compile(r"([a-z][a-z0-9_]{0,40})-([1-9][0-9]{0,3})\.([a-z]{2})\.md")
NEEDED = {"title": str, "language": str, "version": int, "topics": list}
REVIEWED = ("reviewed_by", "reviewed_on")


@dataclass(frozen=True)
class Piece:
    """One piece of the library in one language; ``html`` is safe to show, ``digest`` is of the file's text.

    ``reviewed_by`` and ``reviewed_on`` as the file itself says them, empty where it does not.
    """

    name: str
    version: int
    language: str
    title: str
    topics: tuple[str, ...]
    html: str = field(repr=False)
    digest: str = field(repr=False)
    reviewed_by: str = ""
    reviewed_on: date | None = None

    @property
    def key(self) -> str:
        return f"{self.name}-{self.version}.{self.language}"


@dataclass(frozen=True)
class Review:
    """That a clinician has read a piece, as it stands, and found it fit to be sent."""

    by: str
    on: date


@cache
def _markdown() -> MarkdownIt:
    """CommonMark without raw HTML and without pictures, which would tell another server who reads."""
    return MarkdownIt("commonmark", {"html": False}).disable("image")


@cache
def library(folder: Path = FOLDER) -> dict[str, Piece]:
    """Every piece by its key; raises ContractBroken naming the file of one that is not whole."""
    found = [read_piece(path.name, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.md"))]
    return {piece.key: piece for piece in found}


def read_piece(file_name: str, text: str) -> Piece:
    """One file as a piece; raises ContractBroken naming the file and what of its front matter does not fit."""
    named = FILE_NAME.fullmatch(file_name)
    if named is None:
        raise ContractBroken(f"{file_name}: a piece is named like sleep-1.en.md", field="file")
    front, body = _split(file_name, text)
    for name, kind in NEEDED.items():
        if not isinstance(front.get(name), kind) or not front[name]:
            raise ContractBroken(f"{file_name}: {name} is missing or no {kind.__name__}", field=name)
    said = (named[1], int(named[2]), named[3])
    if said[1:] != (front["version"], front["language"]) or said[2] not in LANGUAGES:
        raise ContractBroken(f"{file_name}: the name says another version or language than the file", field="version")
    if not body.strip():
        raise ContractBroken(f"{file_name}: there is nothing to read", field="body")
    by, on = (front.get(name) for name in REVIEWED)
    if bool(by) != bool(on) or (on is not None and not isinstance(on, date)):
        raise ContractBroken(f"{file_name}: a review has a name and a date", field="reviewed_on")
    return Piece(
        name=said[0],
        version=said[1],
        language=said[2],
        title=str(front["title"]),
        topics=tuple(map(str, front["topics"])),
        html=str(_markdown().render(body)),
        digest=hashlib.sha256(text.encode("utf-8")).hexdigest(),
        reviewed_by=str(by or ""),
        reviewed_on=on,
    )


def _split(file_name: str, text: str) -> tuple[dict[str, Any], str]:
    opening, mark, rest = text.partition("---\n")
    front, closing, body = rest.partition("\n---\n")
    if opening.strip() or not mark or not closing:
        raise ContractBroken(f"{file_name}: it begins with front matter between two lines of ---", field="front matter")
    try:
        read = yaml.safe_load(front)
    except yaml.YAMLError as trouble:
        raise ContractBroken(f"{file_name}: its front matter is no YAML", field="front matter") from trouble
    if not isinstance(read, dict):
        raise ContractBroken(f"{file_name}: its front matter has no names", field="front matter")
    return read, body


def review_of(db: Session, piece: Piece) -> Review | None:
    """Who found this piece, exactly as it stands, fit to be sent; ``None``: nobody yet."""
    if piece.reviewed_on is not None:
        return Review(piece.reviewed_by, piece.reviewed_on)
    kept = _kept(db).get(piece.key)
    if kept is None or kept["digest"] != piece.digest:
        return None
    return Review(kept["by"], date.fromisoformat(kept["on"]))


def keep_review(db: Session, piece: Piece, by: str, on: date) -> None:
    """Keep a review in the caller's transaction; a later one of the same piece takes its place."""
    kept = {**_kept(db), piece.key: {"by": by, "on": on.isoformat(), "digest": piece.digest}}
    setting = db.get(PracticeSetting, SETTING) or PracticeSetting(name=SETTING, value="")
    setting.value = json.dumps(kept, sort_keys=True)
    db.add(setting)


def _kept(db: Session) -> dict[str, dict[str, str]]:
    stored = db.get(PracticeSetting, SETTING)
    return dict(json.loads(stored.value)) if stored else {}


def must_be_reviewed(db: Session, piece: Piece) -> None:
    """Raises NotSignedOff while nobody has reviewed this piece as it stands."""
    if review_of(db, piece) is None:
        raise NotSignedOff(f"no clinician has reviewed {piece.key} as it stands")


def newest(name: str, language: str | None) -> Piece:
    """The newest version of a piece, in this language where there is one, else in English.

    Raises ContractBroken where the library has no such piece.
    """
    found = [piece for piece in library().values() if piece.name == name]
    spoken = [piece for piece in found if piece.language == language]
    spoken = spoken or [piece for piece in found if piece.language == "en"]
    if not spoken:
        raise ContractBroken(f"the library has no piece {name[:40]!r}", field="material")
    return max(spoken, key=lambda piece: piece.version)


def piece_sent(name: str, version: int, language: str | None) -> Piece | None:
    """The version that was sent, in this language where there is one; ``None`` where the library has lost it."""
    pieces = library()
    keys = (f"{name}-{version}.{code}" for code in (language, "en", *LANGUAGES))
    return next((pieces[key] for key in keys if key in pieces), None)
