"""What was said in a session, cut where a note's sentences and risk flags rest on it: reads the therapy database."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters import therapy_store, therapy_store_sessions
from models.codes import RiskLevel
from models.errors import SignatureMismatch
from models.operational import Decision
from rules.sign_off import digest
from rules.triage import RANK
from web.desk import words
from web.desk.highlights import Part, Span, parts
from web.desk.members import Member


@dataclass(frozen=True)
class Said:
    """A stretch of one line: ``sentences`` are the ids of those that rest on it, ``rank`` that of its risk flags."""

    text: str = field(repr=False)
    sentences: tuple[str, ...]
    rank: int
    flags: tuple[int, ...]


@dataclass(frozen=True)
class Line:
    """One turn of the transcript; ``number`` counts from 1, ``at`` is when it began, where the file says so."""

    number: int
    role: str
    who: str = field(repr=False)
    at: str | None
    said: tuple[Said, ...] = field(repr=False)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The ids of the sentences that rest on this line, each once."""
        return tuple(dict.fromkeys(key for part in self.said for key in part.sentences))


@dataclass(frozen=True)
class SessionTalk:
    """A transcript beside a note; ``unchanged`` False: it is not the one that the draft was made from."""

    lines: tuple[Line, ...]
    unchanged: bool
    quotes: Mapping[str, str] = field(repr=False)


def session_talk(
    content: Mapping[str, Any], flags: Sequence[Mapping[str, Any]], me: Member, where: str
) -> SessionTalk | None:
    """The transcript that a proposed note pins, marked where its sentences and flags lie.

    None where it was made from none, or the transcript was destroyed. ``flags`` are numbered from 1 in their order;
    ``quotes`` holds their words by flag id.
    """
    pinned = content["transcript"]
    if pinned is None:
        return None
    kept = therapy_store_sessions.transcript(content["case"], actor=me.id, where=where)
    if kept is None:
        return None
    spelled = json.dumps(kept.turns, sort_keys=True, ensure_ascii=False)
    unchanged = hashlib.sha256(spelled.encode()).hexdigest() == pinned["sha256"]
    here = [
        flag
        for flag in flags
        if unchanged and flag.get("turn") is not None and flag["starts"] is not None and not is_earlier(flag, pinned)
    ]
    numbers = {flag["id"]: number for number, flag in enumerate(flags, start=1)}
    sentences = content["sentences"] if unchanged else []
    lines = tuple(
        _line(number, turn, sentences, [(numbers[flag["id"]], flag) for flag in here if flag["turn"] == number])
        for number, turn in enumerate(kept.turns)
    )
    quotes = {flag["id"]: kept.turns[flag["turn"]]["text"][flag["starts"] : flag["ends"]] for flag in here}
    return SessionTalk(lines, unchanged, quotes)


def is_earlier(flag: Mapping[str, Any], pinned: Mapping[str, Any] | None) -> bool:
    """Whether a flag was raised from a transcript that the pinned one has replaced: its turns are not these."""
    return pinned is not None and flag.get("edition") is not None and flag["edition"] != pinned["edition"]


def _line(
    index: int,
    turn: Mapping[str, Any],
    sentences: Sequence[Mapping[str, Any]],
    flags: Sequence[tuple[int, Mapping[str, Any]]],
) -> Line:
    """One turn, cut; a span's number is its sentence's place from 1 on, and below 0 a flag's number."""
    resting = [
        Span(place, start, end, 0)
        for place, sentence in enumerate(sentences, start=1)
        for at, start, end in sentence["sources"]
        if at == index
    ]
    risky = [Span(-number, flag["starts"], flag["ends"], RANK[RiskLevel(flag["level"])]) for number, flag in flags]
    role = turn["role"]
    return Line(
        number=index + 1,
        role=role,
        who=words.SPEAKERS.get(role) or turn["speaker"] or "Somebody else",
        at=words.clock(turn["starts"]) if turn["starts"] is not None else None,
        said=tuple(_said(part, sentences) for part in parts(turn["text"], [*resting, *risky])),
    )


def _said(part: Part, sentences: Sequence[Mapping[str, Any]]) -> Said:
    return Said(
        text=part.text,
        sentences=tuple(dict.fromkeys(sentences[number - 1]["id"] for number in part.flags if number > 0)),
        rank=part.rank,
        flags=tuple(-number for number in part.flags if number < 0),
    )


def proposed_content(decision: Decision, me: Member, where: str) -> dict[str, Any]:
    """What a decision was asked to sign; raises SignatureMismatch where what is kept is not what it pinned."""
    text = therapy_store.sign_off_content(decision.approval_id, actor=me.id, where=where).unwrap()
    if digest(text) != decision.digest:
        raise SignatureMismatch(f"the proposal of {decision.case_number} is not what was pinned")
    content: dict[str, Any] = json.loads(text)
    return content
