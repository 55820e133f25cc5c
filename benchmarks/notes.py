"""How much of a person's note a draft holds: one JSON line beside four baselines that copy the same transcript.

    python -m benchmarks.notes

ACI-Bench and MTS-Dialog are read from the public data beside the checkout; what is absent is named in `skipped`.
"""

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks import note_checks
from benchmarks.baselines import BASELINES, Floats, vectors_of
from benchmarks.own_sessions import Session, own_sessions, sentences_of
from language import note_scores
from language.encoder import load_encoder
from language.evaluation.rouge import rouge
from language.note_drafting import (
    THERAPY_WORDS,
    NoteDraft,
    NoteFormat,
    SessionToDraft,
    draft_note,
    draft_notes,
    words_of_a_visit,
)
from language.note_snippets import draft_section
from language.note_speakers import rightly_named
from language.risk_classifier import settings
from language.risk_signals import SignalKind, SignalStatus, read_risk
from language.sentences import sentence_spans
from language.session_risk import read_session
from language.training import note_corpora
from language.training.note_corpora import Visit


def main(part: str = "valid") -> None:
    """Print every figure in one line."""
    load_encoder(threads=2)
    started = time.perf_counter()
    figures: dict[str, object] = {"version": note_scores.settings().version}
    skipped: list[str] = []
    drafts: list[note_checks.Drafted] = []
    if (note_corpora.ACI / f"{part}.csv").exists():
        figures["aci_bench"] = _aci(note_corpora.aci(part), drafts)
    else:
        skipped.append("aci-bench")
    if (note_corpora.MTS / f"{part}.csv").exists():
        figures["mts_dialog"] = _mts(note_corpora.mts(part))
    else:
        skipped.append("mts-dialog")
    figures |= own(own_sessions(), drafts)
    figures |= note_checks.checks(drafts)
    print(json.dumps(figures | {"skipped": skipped, "seconds": round(time.perf_counter() - started, 1)}))


Scores = dict[str, float]


def _aci(visits: Sequence[Visit], drafts: list[note_checks.Drafted]) -> dict[str, Scores]:
    """R-1, R-2, R-Lsum of whole notes; `draft` knows only the dialogue, `draft_with_pronouns` also the record's sex."""
    alone = [SessionToDraft(visit.turns, NoteFormat.VISIT) for visit in visits]
    told = [SessionToDraft(visit.turns, NoteFormat.VISIT, visit.pronouns) for visit in visits]
    made = draft_notes([*alone, *told])
    drafts += [(rightly_named(visit.turns), draft) for visit, draft in zip([*visits, *visits], made, strict=True)]
    texts = {"draft": made[: len(visits)], "draft_with_pronouns": made[len(visits) :]}
    scores = {
        name: _rouge((visit.note, draft.text()) for visit, draft in zip(visits, those, strict=True))
        for name, those in texts.items()
    }
    return scores | _of_baselines(visits, [words_of_a_visit(visit.turns) for visit in visits])


def _mts(visits: Sequence[Visit]) -> dict[str, object]:
    """R-1 of one section each, with the header that the head says, and how often that header is right."""
    headers = [note_scores.header_of(visit.turns) for visit in visits]
    sections = ("\n".join(draft_section(v.turns, h)) for v, h in zip(visits, headers, strict=True))
    right = sum(header == visit.header for header, visit in zip(headers, visits, strict=True))
    return {
        "draft": _rouge((visit.note, text) for visit, text in zip(visits, sections, strict=True)),
        **_of_baselines(visits, [note_scores.settings().header_words[header] for header in headers]),
        "header_right": f"{right}/{len(visits)}",
    }


def _of_baselines(visits: Sequence[Visit], words: Sequence[int]) -> dict[str, Scores]:
    """The same scores of each baseline, with so many words for each visit."""
    vectors = vectors_of([visit.turns for visit in visits])
    scores = {}
    for name, copies in BASELINES.items():
        texts = [
            "\n".join(copies([turn.text for turn in visit.turns], its, many))
            for visit, its, many in zip(visits, vectors, words, strict=True)
        ]
        scores[name] = _rouge((visit.note, text) for visit, text in zip(visits, texts, strict=True))
    return scores


def _rouge(pairs: Iterable[tuple[str, str]]) -> Scores:
    scores = [rouge(reference, text) for reference, text in pairs]
    return {
        name: round(100 * float(np.mean([getattr(score, name) for score in scores])), 2)
        for name in ("r1", "r2", "rlsum")
    }


# -- our own sessions


def own(sessions: Sequence[Session], drafts: list[note_checks.Drafted]) -> dict[str, object]:
    """Every figure of the fictional sessions; their whole drafts are appended to `drafts`."""
    made = _drafted(sessions)
    vectors = vectors_of([session.turns for session in sessions])
    drafts += [(session.turns, draft) for session, draft in zip(sessions, made.whole, strict=True)]
    covered = note_checks.key()
    return {
        "own_sessions": _facts(sessions, made, vectors),
        "own_sessions_rouge": _against_notes(sessions, made, vectors),
        "names_of_third_parties_kept": note_checks.names_kept(sessions, made.whole),
        "not_assessed": note_checks.not_assessed_right(sessions, covered),
        "not_assessed_after_removal": note_checks.removed(sessions, covered),
        "sections_of_the_note_not_assessed": note_checks.parts_of_the_note(sessions, made.whole),
        "risk": {"rules_only": risk(sessions, True), "with_classifier": risk(sessions, False)},
        "sessions_a_minute": one_by_one(sessions),
    }


@dataclass(frozen=True)
class _Made:
    """Drafts of each session: whole, as the desk shows it, of half the words said, as long as each reference note."""

    whole: list[NoteDraft]
    shown: list[NoteDraft]
    half: list[NoteDraft]
    as_notes: list[NoteDraft]


def _notes_of(sessions: Sequence[Session]) -> list[tuple[int, NoteFormat, list[str], int]]:
    """Every reference note: its session's index, its format, its lines without headings, how many words they have."""
    return [
        (index, format, sentences_of(note), sum(len(line.split()) for line in sentences_of(note)))
        for index, session in enumerate(sessions)
        for format, note in session.notes.items()
    ]


def _drafted(sessions: Sequence[Session]) -> _Made:
    """All of them in one batch, so that what is said is encoded once."""
    whole = [SessionToDraft(session.turns, session.format) for session in sessions]
    shown = [SessionToDraft(session.turns, session.format, most_words=THERAPY_WORDS) for session in sessions]
    half = [SessionToDraft(session.turns, session.format, most_words=session.words // 2) for session in sessions]
    as_notes = [
        SessionToDraft(sessions[index].turns, format, most_words=many) for index, format, _, many in _notes_of(sessions)
    ]
    made = draft_notes([*whole, *shown, *half, *as_notes])
    many = len(sessions)
    return _Made(made[:many], made[many : 2 * many], made[2 * many : 3 * many], made[3 * many :])


def _facts(sessions: Sequence[Session], made: _Made, vectors: Sequence[Floats]) -> dict[str, object]:
    """Facts recalled by whole drafts, and by drafts and copies of about half the transcript's words.

    `said`: those whose words one sentence of the transcript holds; `by_turn`: those that the draft's sentences of one
    turn hold together, for a fact that the draft keeps in two sentences; `shown`: by the draft that the desk shows.
    """
    recalled: dict[str, list[bool]] = {}
    for session, draft, shown, half, its in zip(sessions, made.whole, made.shown, made.half, vectors, strict=True):
        said = [turn.text for turn in session.turns]
        lines = {
            f"draft_{session.kind}": [sentence.text for sentence in draft.sentences],
            f"by_turn_{session.kind}": _by_turn(draft),
            f"said_{session.kind}": [text[start:end] for text in said for start, end in sentence_spans(text)],
            f"shown_{session.kind}": [sentence.text for sentence in shown.sentences],
            f"half_draft_{session.kind}": [sentence.text for sentence in half.sentences],
        } | {f"half_{name}_{session.kind}": copies(said, its, session.words // 2) for name, copies in BASELINES.items()}
        for name, texts in lines.items():
            recalled.setdefault(name, []).extend(fact.recalled_by(texts) for fact in session.facts)
    all_ = [found for name, those in recalled.items() if name.startswith("draft_") for found in those]
    drafted = sum(len(draft.text().split()) for draft in made.whole)
    return {
        "facts_recalled": f"{sum(all_)}/{len(all_)}",
        **{name: f"{sum(those)}/{len(those)}" for name, those in recalled.items()},
        "words_of_a_sentence": round(drafted / sum(len(draft.sentences) for draft in made.whole), 1),
        "words_of_draft_per_word_said": round(drafted / sum(session.words for session in sessions), 3),
    }


def _by_turn(draft: NoteDraft) -> list[str]:
    texts: dict[int, list[str]] = {}
    for sentence in draft.sentences:
        for turn in {source.turn for source in sentence.sources}:
            texts.setdefault(turn, []).append(sentence.text)
    return [" ".join(those) for those in texts.values()]


def _against_notes(sessions: Sequence[Session], made: _Made, vectors: Sequence[Floats]) -> dict[str, dict[str, Scores]]:
    """ROUGE against both reference notes, every writer with as many words as the note; no headings on either side."""
    notes = _notes_of(sessions)
    texts = {"draft": [[sentence.text for sentence in draft.sentences] for draft in made.as_notes]}
    for name, copies in BASELINES.items():
        texts[name] = [
            copies([turn.text for turn in sessions[index].turns], vectors[index], many) for index, _, _, many in notes
        ]
    scores: dict[str, dict[str, Scores]] = {}
    for kind in ("seen", "counted_before", "new"):
        of_kind = [place for place, (index, *_) in enumerate(notes) if sessions[index].kind == kind]
        if of_kind:
            scores[kind] = {
                name: _rouge(("\n".join(notes[place][2]), "\n".join(those[place])) for place in of_kind)
                for name, those in texts.items()
            }
    return scores


_OF_LIFE = {
    SignalKind.SUICIDAL_IDEATION,
    SignalKind.SUICIDE_PLAN_INTENT_OR_BEHAVIOUR,
    SignalKind.SELF_HARM,
}


def risk(sessions: Sequence[Session], rules_only: bool) -> dict[str, dict[str, str]]:
    """By what a session's header says of risk: in how many something is raised as present, any kind, or one of life.

    With the thresholds of a whole session, as the drafting flow reads it.
    """
    found: dict[str, list[tuple[bool, bool]]] = {}
    for session in sessions:
        if "risk" not in session.said:
            continue
        reading = read_session(session.turns, read_risk, rules_only=rules_only, least=settings().session_threshold)
        kinds = {one.signal.kind for one in reading.signals if one.signal.status is SignalStatus.PRESENT}
        found.setdefault(session.said["risk"], []).append((bool(kinds & _OF_LIFE), bool(kinds)))
    return {
        status: {
            "life_or_self_harm_raised": f"{sum(of_life for of_life, _ in those)}/{len(those)}",
            "anything_raised": f"{sum(anything for _, anything in those)}/{len(those)}",
        }
        for status, those in sorted(found.items())
    }


SHORT_SESSIONS = 12


def one_by_one(sessions: Sequence[Session]) -> dict[str, float]:
    """The shortest sessions drafted in one batch and one after another, in the same run."""
    shortest = sorted(sessions, key=lambda session: session.words)[:SHORT_SESSIONS]
    begun = time.perf_counter()
    draft_notes([SessionToDraft(session.turns, session.format) for session in shortest])
    between = time.perf_counter()
    for session in shortest:
        draft_note(session.turns, session.format)
    ended = time.perf_counter()
    batch, single = between - begun, ended - between
    return {
        "in_one_batch": round(60 * len(shortest) / batch, 2),
        "one_by_one": round(60 * len(shortest) / single, 2),
        "ratio": round(single / batch, 2),
    }


if __name__ == "__main__":
    main()
