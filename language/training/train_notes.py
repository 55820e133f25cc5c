"""Trains the heads of the note drafter, writes them with their settings, records both in a manifest.

    python -m language.training.train_notes

Trained on ACI-Bench train and MTS-Dialog train (both CC BY 4.0) and on this project's own sentences
for therapy topics and sessions for what a passage is worth.
"""

import hashlib
import itertools
import json
import re
import statistics
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression, Ridge

from benchmarks.own_sessions import own_sessions, training_sessions
from language import note_scores, note_worth
from language.encoder import load_encoder
from language.manifests import write_manifest
from language.note_answers import Statement
from language.note_drafting import SessionToDraft, passages_seen, stated_pronouns
from language.note_scores import FOLDER, SETTINGS, VISIT_TOPICS, WEIGHTS
from language.note_speakers import rightly_named
from language.note_statements import Style, statements
from language.note_values import Topic
from language.training import note_corpora
from language.training.note_corpora import Visit
from language.training.note_topics import EXAMPLES

Floats = NDArray[np.float64]
LICENCE = (
    "this project's; trained on ACI-Bench and MTS-Dialog (both CC BY 4.0) and sentences of this project, "
    "on vectors of all-MiniLM-L6-v2 (Apache-2.0)"
)
SEED = 20261125
# Chosen by folds over ACI-Bench train; between 340 and 500 words R-1 differs by half a point.
SALIENCE_ALPHA = 5.0
VISIT_WORDS = 440
# Chosen by leaving one session out; between 50 and 800 it differs by less than chance.
PASSAGE_ALPHA = 800.0


def main() -> None:
    """Train every head, save them, print what was seen."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    visits = note_corpora.aci("train")
    drafted = [statements(rightly_named(visit.turns), Style(visit.pronouns, visit=True)).kept for visit in visits]
    seen = _features(drafted)
    weights = _salience("salience", visits, drafted, seen) | _section(visits, drafted, seen) | _topics()
    snippets = note_corpora.mts("train")
    sections = [
        statements(snippet.turns, Style(stated_pronouns(snippet.turns), visit=True)).kept for snippet in snippets
    ]
    weights |= _salience("snippet_salience", snippets, sections, _features(sections)) | _headers(snippets)
    headers = sorted({snippet.header for snippet in snippets})
    lengths = {h: [len(s.note.split()) for s in snippets if s.header == h] for h in headers}
    stored = {
        "visit_words": VISIT_WORDS,
        "headers": headers,
        "header_words": {h: round(statistics.median(each)) for h, each in lengths.items()},
    }
    (FOLDER / SETTINGS).write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    _write(weights)
    note_scores.forget()  # passages are made, and seen, with the heads just written
    version = _write(weights | _passages())
    print(json.dumps({"version": version, "visits": len(visits), "snippets": len(snippets)}))


def _write(weights: dict[str, Floats]) -> str:
    """The heads as a file of one version, with its manifest."""
    save_file({name: np.ascontiguousarray(array) for name, array in weights.items()}, FOLDER / WEIGHTS)
    version = "notes-" + hashlib.sha256(b"".join(weights[n].tobytes() for n in sorted(weights))).hexdigest()[:8]
    write_manifest(FOLDER, version, LICENCE, (WEIGHTS, SETTINGS))
    return version


def _features(drafted: Sequence[Sequence[Statement]]) -> list[Floats]:
    encoded = load_encoder().encode([one.said for each in drafted for one in each])
    at, seen = 0, []
    for each in drafted:
        seen.append(note_scores.features(each, encoded[at : at + len(each)]))
        at += len(each)
    return seen


def terms(text: str) -> list[str]:
    """Words as the targets count them."""
    return [re.sub(r"(?:ing|ed|es|s)$", "", w) if len(w) > 4 else w for w in re.findall(r"[a-z0-9]+", text.lower())]


def overlap(text: str, note: str) -> float:
    """How much of a statement a note holds: the mean of its words' and its pairs of words' shares found there."""
    mine, theirs = terms(text), terms(note)
    words = sum((Counter(mine) & Counter(theirs)).values()) / max(1, len(mine))
    pairs, noted = Counter(itertools.pairwise(mine)), Counter(itertools.pairwise(theirs))
    return (words + sum((pairs & noted).values()) / max(1, len(mine) - 1)) / 2


def _salience(
    name: str, visits: Sequence[Visit], drafted: Sequence[Sequence[Statement]], seen: list[Floats]
) -> dict[str, Floats]:
    target = [overlap(one.text, visit.note) for visit, each in zip(visits, drafted, strict=True) for one in each]
    importance = [float(len(one.text.split())) ** 0.5 for each in drafted for one in each]
    head = Ridge(alpha=SALIENCE_ALPHA).fit(np.vstack(seen), target, sample_weight=importance)
    return {name: _f32(head.coef_), f"{name}_bias": _f32([head.intercept_])}


_HEADING = {
    "CONCERN": ("CHIEF COMPLAINT", "CC", "HISTORY OF PRESENT ILLNESS", "HPI", "REVIEW OF SYSTEMS"),
    "FINDING": ("PHYSICAL EXAM", "PHYSICAL EXAMINATION", "EXAM", "VITALS", "VITALS REVIEWED", "RESULTS"),
    "PLAN": ("ASSESSMENT AND PLAN", "ASSESSMENT", "PLAN", "INSTRUCTIONS", "IMPRESSION"),
    "HISTORY": (
        "SOCIAL HISTORY", "MEDICATIONS", "CURRENT MEDICATIONS", "MEDICAL HISTORY", "PAST HISTORY", "FAMILY HISTORY",
        "ALLERGIES", "SURGICAL HISTORY", "PAST MEDICAL HISTORY",
    ),
}  # fmt: skip


def parts_of(note: str) -> dict[Topic, str]:
    """A note's text by topic, as its headings divide it; what stands under another heading is left out."""
    found: dict[Topic, list[str]] = {topic: [] for topic in VISIT_TOPICS}
    topic: Topic | None = None
    for line in note.splitlines():
        heading = line.strip().rstrip(":")
        if heading.isupper():
            topic = next((Topic[name] for name, those in _HEADING.items() if heading in those), topic)
        elif topic is not None:
            found[topic].append(line)
    return {each: " ".join(lines) for each, lines in found.items()}


def _section(visits: Sequence[Visit], drafted: Sequence[Sequence[Statement]], seen: list[Floats]) -> dict[str, Floats]:
    rows, labels = [], []
    for visit, each, matrix in zip(visits, drafted, seen, strict=True):
        parts = parts_of(visit.note)
        for one, row in zip(each, matrix, strict=True):
            best = max(VISIT_TOPICS, key=lambda topic: overlap(one.text, parts[topic]))
            if overlap(one.text, parts[best]) > FEWEST_OVERLAP:
                rows.append(row)
                labels.append(VISIT_TOPICS.index(best))
    head = LogisticRegression(C=1.0, max_iter=2000, random_state=SEED).fit(np.vstack(rows), labels)
    return {"section": _f32(head.coef_), "section_bias": _f32(head.intercept_)}


FEWEST_OVERLAP = 0.3


def _passages() -> dict[str, Floats]:
    """Whether a passage alone tells a fact, on the sessions that may be read; regularised by folds over sessions."""
    rows, told, importance = [], [], []
    for session in [*training_sessions(), *(one for one in own_sessions() if one.kind == "seen")]:
        seen = passages_seen(SessionToDraft(session.turns, session.format))
        rows.append(note_worth.features(seen))
        told += [float(any(fact.recalled_by([one.text]) for fact in session.facts)) for one in seen]
        importance += [len(one.text.split()) ** 0.5 for one in seen]
    matrix = np.vstack(rows)
    mean, spread = matrix.mean(0), matrix.std(0) + 1e-6
    head = Ridge(alpha=PASSAGE_ALPHA).fit((matrix - mean) / spread, told, sample_weight=importance)
    per_feature = head.coef_ / spread
    return {"passage": _f32(per_feature), "passage_bias": _f32([head.intercept_ - mean @ per_feature])}


def _topics() -> dict[str, Floats]:
    texts = [(text, role, topic) for (topic, role), those in EXAMPLES.items() for text in those]
    vectors = load_encoder().encode([text for text, _, _ in texts])
    clinician = np.array([[float(role == "clinician")] for _, role, _ in texts])
    labels = [tuple(Topic).index(topic) for _, _, topic in texts]
    head = LogisticRegression(C=10.0, max_iter=2000, class_weight="balanced", random_state=SEED)
    head.fit(np.hstack([vectors, clinician]), labels)
    return {"topic": _f32(head.coef_), "topic_bias": _f32(head.intercept_), "topic_index": _f32(head.classes_)}


def _headers(snippets: Sequence[Visit]) -> dict[str, Floats]:
    texts = [[" ".join(turn.text for turn in s.turns), *(turn.text for turn in s.turns)] for s in snippets]
    encoded = load_encoder().encode([text for each in texts for text in each])
    at, rows = 0, []
    for snippet, each in zip(snippets, texts, strict=True):
        rows.append(note_scores.header_features(snippet.turns, encoded[at : at + len(each)]))
        at += len(each)
    idf = term_weights(np.vstack(rows))
    matrix = np.vstack([note_scores.weighted(row, idf) for row in rows])
    head = LogisticRegression(C=HEADER_C, max_iter=1000, class_weight="balanced", random_state=SEED)
    head.fit(matrix, [s.header for s in snippets])
    return {
        "header": head.coef_.astype(np.float16), "header_bias": _f32(head.intercept_), "idf": idf.astype(np.float32),
    }  # fmt: skip


# Chosen by folds over MTS-Dialog train: .81 right, against .80 with unweighted classes, and more of the rare ones.
HEADER_C = 10.0


def term_weights(rows: Floats) -> Floats:
    """The inverse document frequency of each bucket of terms."""
    there = (rows[:, -note_scores.HASHED :] > 0).sum(0)
    return np.asarray(np.log((1 + len(rows)) / (1 + there)))


def _f32(values: object) -> Floats:
    return np.asarray(values, dtype=np.float32).reshape(-1) if np.ndim(values) < 2 else np.asarray(values, np.float32)  # type: ignore


if __name__ == "__main__":
    main()
