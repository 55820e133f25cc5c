"""How much of a person's note a draft holds: one JSON line beside two baselines that copy the same transcript.

    python -m benchmarks.notes

ACI-Bench and MTS-Dialog are read from the public data beside the checkout; what is absent is named in `skipped`.
"""

import json
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from language import note_scores
from language.encoder import load_encoder
from language.evaluation.rouge import rouge
from language.note_drafting import NoteDraft, NoteFormat, Role, Turn, draft_note, heard
from language.note_snippets import draft_section
from language.note_support import supported
from language.note_utterances import utterances, why_empty
from language.note_values import Dropped
from language.training import note_corpora
from language.training.note_corpora import Visit

OWN = Path(__file__).parents[1] / "tests" / "data" / "notes"
SEEN = ("01", "02", "03")
"""Sessions that were read while rules were written; the others were only counted."""


def main(part: str = "valid") -> None:
    """Print every figure in one line."""
    load_encoder(threads=2)
    started = time.perf_counter()
    figures: dict[str, object] = {"version": note_scores.settings().version}
    skipped: list[str] = []
    drafts: list[tuple[Sequence[Turn], NoteDraft]] = []
    if (note_corpora.ACI / f"{part}.csv").exists():
        figures["aci_bench"] = _aci(note_corpora.aci(part), drafts)
    else:
        skipped.append("aci-bench")
    if (note_corpora.MTS / f"{part}.csv").exists():
        figures["mts_dialog"] = _mts(note_corpora.mts(part))
    else:
        skipped.append("mts-dialog")
    figures["own_sessions"] = _own(drafts)
    figures |= _checks(drafts)
    print(json.dumps(figures | {"skipped": skipped, "seconds": round(time.perf_counter() - started, 1)}))


Writes = Callable[[Visit], str]


def _aci(visits: Sequence[Visit], drafts: list[tuple[Sequence[Turn], NoteDraft]]) -> dict[str, dict[str, float]]:
    """R-1, R-2, R-Lsum of whole notes; `draft` knows only the dialogue, `draft_with_pronouns` also the record's sex."""

    def draft(visit: Visit) -> str:
        made = draft_note(visit.turns, NoteFormat.VISIT)
        drafts.append((visit.turns, made))
        return made.text()

    def with_pronouns(visit: Visit) -> str:
        return draft_note(visit.turns, NoteFormat.VISIT, pronouns=visit.pronouns).text()

    words = note_scores.settings().visit_words
    writers: dict[str, Writes] = {
        "draft": draft,
        "draft_with_pronouns": with_pronouns,
        "lead": lambda visit: lead(visit.turns, words),
        "lexrank": lambda visit: lexrank(visit.turns, words),
    }
    return {name: _rouge((visit.note, writes(visit)) for visit in visits) for name, writes in writers.items()}


def _mts(visits: Sequence[Visit]) -> dict[str, object]:
    """R-1 of one section each, with the header that the head says, and how often that header is right."""
    headers = [note_scores.header_of(visit.turns) for visit in visits]
    words = {visit.visit_id: note_scores.settings().header_words[h] for visit, h in zip(visits, headers, strict=True)}
    writers: dict[str, Iterable[str]] = {
        "draft": ("\n".join(draft_section(v.turns, h)) for v, h in zip(visits, headers, strict=True)),
        "lead": (lead(visit.turns, words[visit.visit_id]) for visit in visits),
        "lexrank": (lexrank(visit.turns, words[visit.visit_id]) for visit in visits),
    }
    right = sum(header == visit.header for header, visit in zip(headers, visits, strict=True))
    scores = {
        name: _rouge((visit.note, text) for visit, text in zip(visits, texts, strict=True))
        for name, texts in writers.items()
    }
    return {**scores, "header_right": f"{right}/{len(visits)}"}


def _rouge(pairs: Iterable[tuple[str, str]]) -> dict[str, float]:
    scores = [rouge(reference, text) for reference, text in pairs]
    return {
        name: round(100 * float(np.mean([getattr(score, name) for score in scores])), 2)
        for name in ("r1", "r2", "rlsum")
    }


# -- baselines


def lead(turns: Sequence[Turn], words: int) -> str:
    """The transcript's first turns."""
    return _until([turn.text for turn in turns], words)


def lexrank(turns: Sequence[Turn], words: int) -> str:
    """The most central turns by LexRank on the same sentence vectors, in the order said."""
    texts = [turn.text for turn in turns]
    vectors = load_encoder().encode(texts)
    alike = np.where(vectors @ vectors.T > LEXRANK_THRESHOLD, vectors @ vectors.T, 0.0)
    moves = alike / np.maximum(1e-9, alike.sum(1, keepdims=True))
    rank = np.full(len(texts), 1 / len(texts))
    for _ in range(LEXRANK_ROUNDS):
        rank = 0.15 / len(texts) + 0.85 * rank @ moves
    chosen, used = [], 0
    for index in np.argsort(-rank, kind="stable"):
        if used > words:
            break
        chosen.append(int(index))
        used += len(texts[index].split())
    return "\n".join(texts[index] for index in sorted(chosen))


LEXRANK_THRESHOLD = 0.1
LEXRANK_ROUNDS = 50


def _until(texts: Sequence[str], words: int) -> str:
    kept, used = [], 0
    for text in texts:
        if used > words:
            break
        kept.append(text)
        used += len(text.split())
    return "\n".join(kept)


# -- our own sessions


@dataclass(frozen=True)
class Fact:
    """What a reader should find in a draft, and the words one sentence of it must hold for that."""

    said: str
    needs: tuple[str, ...]

    def recalled(self, draft: NoteDraft) -> bool:
        """Whether one sentence of the draft holds all the words."""
        return self.recalled_by([sentence.text for sentence in draft.sentences])

    def recalled_by(self, texts: Iterable[str]) -> bool:
        """The same of any lines."""
        return any(self._in(text) for text in texts)

    def _in(self, text: str) -> bool:
        return all(
            bool(re.search(rf"(?<![a-z0-9])(?:{need.removeprefix('!')})", text, re.I)) != need.startswith("!")
            for need in self.needs
        )


@dataclass(frozen=True)
class Session:
    """A fictional session of tests/data/notes."""

    name: str
    format: NoteFormat
    turns: tuple[Turn, ...]
    facts: tuple[Fact, ...]


_SPEAKERS = {"C": Role.CLINICIAN, "P": Role.PATIENT, "O": Role.OTHER}


def own_sessions() -> list[Session]:
    """The sessions that were written for this project, in order of their names."""
    return [_session(path) for path in sorted(OWN.glob("*.txt"))]


def _session(path: Path) -> Session:
    talk, _, facts = path.read_text(encoding="utf-8").partition("--- facts\n")
    first, *lines = talk.splitlines()
    turns = [Turn(line[0], _SPEAKERS[line[0]], line[3:]) for line in lines if line.strip()]
    pairs = [line.split(" :: ") for line in facts.splitlines() if line.strip()]
    known = [Fact(said, tuple(need.strip() for need in needs.split(";"))) for said, needs in pairs]
    return Session(path.stem, NoteFormat(first.removeprefix("# ").strip()), tuple(turns), tuple(known))


def _own(drafts: list[tuple[Sequence[Turn], NoteDraft]]) -> dict[str, object]:
    """Facts recalled by whole drafts, and by drafts and copies of about half the transcript's words."""
    recalled: dict[str, list[bool]] = {}
    drafted = said = 0
    for session in own_sessions():
        kind = "seen" if session.name.startswith(SEEN) else "unseen"
        draft = draft_note(session.turns, session.format)
        drafts.append((session.turns, draft))
        spoken = sum(len(turn.text.split()) for turn in session.turns)
        drafted, said = drafted + len(draft.text().split()), said + spoken
        half = draft_note(session.turns, session.format, most_words=spoken // 2)
        lines = {
            f"draft_{kind}": [sentence.text for sentence in draft.sentences],
            f"half_draft_{kind}": [sentence.text for sentence in half.sentences],
            f"half_lead_{kind}": lead(session.turns, spoken // 2).splitlines(),
            f"half_lexrank_{kind}": lexrank(session.turns, spoken // 2).splitlines(),
        }
        for name, texts in lines.items():
            recalled.setdefault(name, []).extend(fact.recalled_by(texts) for fact in session.facts)
    both = recalled["draft_seen"] + recalled["draft_unseen"]
    return {
        "facts_recalled": f"{sum(both)}/{len(both)}",
        **{name: f"{sum(those)}/{len(those)}" for name, those in recalled.items()},
        "words_of_draft_per_word_said": round(drafted / said, 3),
    }


# -- what must never happen


def _checks(drafts: Sequence[tuple[Sequence[Turn], NoteDraft]]) -> dict[str, object]:
    """Asked of every sentence of every draft above, by the drafter's own rules."""
    sentences = [(turns, sentence) for turns, draft in drafts for sentence in draft.sentences]
    refused = sum(bool(supported(s.text, heard(s.sources, turns))) for turns, s in sentences if "[name]" not in s.text)
    kept = [dropped for turns, s in sentences for dropped in _why_empty(s.text)]
    return {
        "sentences": len(sentences),
        "sentences_supported": f"{len(sentences) - refused}/{len(sentences)}",
        "commands_kept": kept.count(Dropped.COMMAND),
        "greetings_kept": kept.count(Dropped.SMALL_TALK),
    }


def _why_empty(text: str) -> Iterable[Dropped | None]:
    """Why a sentence of a draft would be dropped if somebody said it."""
    return (why_empty(one) for one in utterances([Turn("note", Role.CLINICIAN, text)]))


if __name__ == "__main__":
    main()
