"""A proposed note as its page shows it: headings, sentences, flags, what was left out, what is still to be done."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from acts.note_editing import NoteOnScreen
from models.codes import DraftKind, RiskLevel
from models.note_content import NoteSentence, sentence_from_plain
from rules import note_signing
from rules.note_checks import NecessityFinding, SignatureBlock, lacking, necessity
from rules.triage import RANK
from web.desk import note_evidence
from web.desk.note_evidence import SessionTalk


@dataclass(frozen=True)
class ShownSentence:
    """One sentence at its place; ``lines`` are the transcript's that it rests on, ``was`` the words proposed for it.

    ``number`` counts through the whole note, or through the list of those left out. ``neighbour`` is the id of the
    sentence that would take its place: the next, else the one before.
    """

    number: int
    id: str
    text: str = field(repr=False)
    section: str
    lines: tuple[int, ...]
    origin: str
    was: str | None = field(default=None, repr=False)
    is_first: bool = False
    is_last: bool = False
    neighbour: str = ""


@dataclass(frozen=True)
class ShownSection:
    title: str
    key: str
    sentences: tuple[ShownSentence, ...]
    nothing: bool


@dataclass(frozen=True)
class ShownRisk:
    """One risk flag of the session and what was done about it; ``line`` is the transcript's, None where it has none.

    ``earlier``: another transcript has taken the place of the one it was raised from.
    """

    number: int
    facts: Mapping[str, Any] = field(repr=False)
    quote: str | None = field(repr=False)
    line: int | None
    action: str
    words: str = field(repr=False)
    earlier: bool

    @property
    def level(self) -> RiskLevel:
        return RiskLevel(self.facts["level"])


@dataclass(frozen=True)
class ShownBlock:
    """One thing to do before signing, with the element of the page that it is done at."""

    anchor: str
    reason: str


@dataclass(frozen=True)
class NoteView:
    """Everything of a proposed note but its transcript and its codes."""

    screen: NoteOnScreen
    kind: DraftKind
    sections: tuple[ShownSection, ...]
    left_out: tuple[ShownSentence, ...]
    flags: tuple[ShownRisk, ...]
    blocks: tuple[ShownBlock, ...]
    lacking: tuple[NecessityFinding, ...]
    not_assessed: tuple[str, ...]
    taken_off: tuple[str, ...]

    @property
    def numbers(self) -> dict[str, int]:
        """The number of each sentence in the note as it reads, by its id."""
        return {sentence.id: sentence.number for section in self.sections for sentence in section.sentences}


def ordered_flags(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The note's risk flags, the most urgent first, then as they were said."""
    return sorted(
        content["flags"],
        key=lambda it: (-RANK[RiskLevel(it["level"])], it.get("turn") or 0, it["starts"] or 0, it["id"]),
    )


def note_view(screen: NoteOnScreen, talk: SessionTalk | None) -> NoteView:
    """The note as it stands now."""
    note, proposed = screen.note, screen.proposed
    numbers = {flag["id"]: number for number, flag in enumerate(ordered_flags(note), start=1)}
    return NoteView(
        screen=screen,
        kind=DraftKind(note["draft"]),
        sections=_sections(note, proposed),
        left_out=_left_out(note, proposed),
        flags=_flags(note, talk),
        blocks=tuple(_block(each, numbers) for each in note_signing.against_signing(note)),
        lacking=lacking(necessity(note_signing.sentences(note), note["diagnoses"])),
        not_assessed=tuple(note["not_assessed"].get(note["format"], ())),
        taken_off=tuple(note_signing.taken_off(proposed, note)),
    )


def section_key(title: str) -> str:
    """A heading as it stands in an element's id."""
    return "section-" + re.sub(r"\W+", "-", title)


def _sections(note: Mapping[str, Any], proposed: Mapping[str, Any]) -> tuple[ShownSection, ...]:
    was = {plain["id"]: plain["text"] for plain in note_signing.proposals(proposed)}
    placed = note_signing.by_section(note)
    order = [sentence.id for own in placed.values() for sentence in own]
    shown = []
    for title, own in placed.items():
        sentences = [
            replace(
                _shown(order.index(sentence.id) + 1, sentence),
                was=_if_changed(was.get(sentence.id), sentence.text),
                is_first=sentence is own[0],
                is_last=sentence is own[-1],
                neighbour=_neighbour(order, sentence.id),
            )
            for sentence in own
        ]
        shown.append(ShownSection(title, section_key(title), tuple(sentences), title in note["nothing_to_add"]))
    return tuple(shown)


def _if_changed(before: str | None, now: str) -> str | None:
    return None if before == now else before


def _neighbour(order: Sequence[str], here: str) -> str:
    at = order.index(here)
    return next(iter([*order[at + 1 : at + 2], *order[max(0, at - 1) : at]]), "")


def _shown(number: int, sentence: NoteSentence) -> ShownSentence:
    return ShownSentence(
        number=number,
        id=sentence.id,
        text=sentence.text,
        section=sentence.section,
        lines=tuple(sorted({turn + 1 for turn, _, _ in sentence.sources})),
        origin=sentence.origin.value,
    )


def _left_out(note: Mapping[str, Any], proposed: Mapping[str, Any]) -> tuple[ShownSentence, ...]:
    kept = {plain["id"] for plain in note["sentences"]}
    gone: Iterable[Mapping[str, Any]] = (plain for plain in note_signing.proposals(proposed) if plain["id"] not in kept)
    return tuple(_shown(number, sentence_from_plain(plain)) for number, plain in enumerate(gone, start=1))


def _flags(note: Mapping[str, Any], talk: SessionTalk | None) -> tuple[ShownRisk, ...]:
    quotes: Mapping[str, str] = talk.quotes if talk is not None else {}
    shown = []
    for number, flag in enumerate(ordered_flags(note), start=1):
        answer = note["flag_actions"].get(flag["id"], {})
        quote = quotes.get(flag["id"])
        line = flag["turn"] + 1 if quote is not None else None
        earlier = note_evidence.is_earlier(flag, note["transcript"])
        shown.append(ShownRisk(number, flag, quote, line, answer.get("action", ""), answer.get("words", ""), earlier))
    return tuple(shown)


def _block(block: SignatureBlock, numbers: Mapping[str, int]) -> ShownBlock:
    kind, _, name = block.field.partition(":")
    anchors = {"flag": f"flag-{name}", "section": section_key(name), "sentence": f"sentence-{name}"}
    named = {"flag": f"Flag {numbers.get(name, '')}: ", "section": f"{name}: "}.get(kind, "")
    return ShownBlock(anchors.get(kind, "written"), named + block.reason)
