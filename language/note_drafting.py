"""A draft of a session's note, for the clinician to read, correct and sign; every sentence with its sources.

The same transcript gives the same draft. Nothing is written that the sources do not say: `supported` decides.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from language import note_scores
from language.note_answers import Statement
from language.note_grammar import HE, SHE, THEY, Pronouns, finished
from language.note_masking import masked, names_in
from language.note_placing import topics_of
from language.note_statements import Style, statements
from language.note_support import Unsupported, supported
from language.note_templates import SECTIONS, not_assessed, section_of
from language.note_utterances import utterances, why_empty
from language.note_values import DraftSentence, Dropped, NoteDraft, NoteFormat, Role, Source, Topic, Turn
from language.note_wording import by_pronoun
from language.note_words import NEGATIONS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "DraftSentence",
    "NoteDraft",
    "NoteFormat",
    "Role",
    "SessionToDraft",
    "Turn",
    "Unsupported",
    "draft_note",
    "draft_notes",
    "supported",
]

GRAMMAR = "grammar-1"
ALIKE = 0.8


class Proposes(Protocol):
    """What proposes sentences beside the rules: language.note_generator.Generator, or a test's."""

    def proposals(self, turns: Sequence[Turn], format: NoteFormat) -> list[str]:
        """Sentences, unchecked."""
        ...


@dataclass(frozen=True)
class _Placed:
    """A statement with where it goes and how much it is wanted."""

    statement: Statement
    section: str
    topic: Topic
    salience: float


def draft_note(
    turns: Sequence[Turn],
    format: NoteFormat,
    pronouns: Pronouns | None = None,
    known_names: Iterable[str] = (),
    generator: Proposes | None = None,
    most_words: int | None = None,
) -> NoteDraft:
    """The draft of one session in one format.

    `pronouns` are the patient's as the record has them; without them what the session itself states, else "they".
    `known_names` are names that the practice keeps for this patient; they and the names found are masked.
    `most_words`: about how long the draft may be; without it a visit's is as long as such notes are, a therapy draft keeps
    everything that carries content.
    """
    return draft_notes([SessionToDraft(turns, format, pronouns, tuple(known_names), most_words)], generator)[0]


@dataclass(frozen=True)
class SessionToDraft:
    """One session of a batch; what the fields mean stands at `draft_note`."""

    turns: Sequence[Turn]
    format: NoteFormat
    pronouns: Pronouns | None = None
    known_names: tuple[str, ...] = ()
    most_words: int | None = None


def draft_notes(sessions: Sequence[SessionToDraft], generator: Proposes | None = None) -> list[NoteDraft]:
    """The drafts of many sessions, in the order given; what all of them say is encoded in one batch, sorted by length."""
    prepared = [_prepared(session) for session in sessions]
    said = [one.said for each in prepared for one in each.kept]
    vectors = _vectors(said)
    drafts, start = [], 0
    for each in prepared:
        end = start + len(each.kept)
        drafts.append(_drafted(each, vectors[start:end], generator))
        start = end
    return drafts


@dataclass(frozen=True)
class _Prepared:
    """A session whose statements are made and supported; what is left needs their vectors."""

    session: SessionToDraft
    style: Style
    kept: list[Statement]
    dropped: Counter[Dropped]


def _prepared(session: SessionToDraft) -> _Prepared:
    pronouns = session.pronouns or stated_pronouns(session.turns)
    style = Style(pronouns, visit=session.format is NoteFormat.VISIT)
    made = statements(session.turns, style)
    return _Prepared(session, style, _supported_statements(made.kept, session.turns, made.dropped), made.dropped)


def _vectors(said: Sequence[str]) -> "NDArray[np.float32]":
    from language.encoder import load_encoder

    return load_encoder().encode(said)


def _drafted(prepared: _Prepared, vectors: "NDArray[np.float32]", generator: Proposes | None) -> NoteDraft:
    session, style, dropped = prepared.session, prepared.style, prepared.dropped
    turns, format, most_words = session.turns, session.format, session.most_words
    if most_words is None and style.visit:
        most_words = note_scores.settings().visit_words
    placed, rest = _chosen(_placed(prepared.kept, vectors, format), most_words, dropped)
    placed += _additions(turns, format, placed)
    if generator is not None:
        placed += _generated(generator, turns, format, placed, dropped)
    # Where nobody says how the patient is spoken of, they are named each time: "they" may be anybody.
    again = style.pronouns if session.pronouns is not None or style.pronouns != THEY else None
    sentences = _written(placed, turns, format, again, session.known_names, dropped)
    # each stands by itself, so the patient is named in it
    also_said = [] if style.visit else _written(rest, turns, format, None, session.known_names, Counter())
    return NoteDraft(
        format,
        tuple(sentences),
        not_assessed(format, turns, {sentence.topic for sentence in sentences}),
        {reason: count for reason, count in sorted(dropped.items()) if count},
        f"{GRAMMAR}+{note_scores.settings().version}",
        tuple(also_said),
    )


THERAPY_WORDS = 600
"""About how long a therapy note may be that somebody reads before they sign it; what else was said stands beside it.

Half an hour's talk is some 4,000 words, of which two thirds carry content. Salience was learnt from doctors' visits and
chooses among therapy's sentences little better than chance (docs/language.md), so a short session is not shortened.
"""


_FEMALE = re.compile(
    r"\b(?:year-old|year old|pleasant|[a-z]+ is a) (?:\w+ ){0,2}?(?:female|woman|lady|girl)\b|\b(?:mrs|ms|miss|ma'am)\b",
    re.I,
)
_MALE = re.compile(
    r"\b(?:year-old|year old|pleasant|[a-z]+ is a) (?:\w+ ){0,2}?(?:male|man|gentleman|boy)\b|\b(?:mr|sir)\b", re.I
)


def stated_pronouns(turns: Sequence[Turn]) -> Pronouns:
    """What the clinician's own words say of the patient ("a 50-year-old female", "Mr."); "they" where they say nothing."""
    said = " ".join(turn.text for turn in turns[:OPENING_TURNS] if turn.role is Role.CLINICIAN)
    female, male = bool(_FEMALE.search(said)), bool(_MALE.search(said))
    return THEY if female == male else SHE if female else HE


OPENING_TURNS = 12


def heard(sources: Sequence[Source], turns: Sequence[Turn]) -> list[str]:
    """The exact words of each source."""
    return [turns[source.turn].text[source.start : source.end] for source in sources]


def _supported_statements(
    made: Sequence[Statement], turns: Sequence[Turn], dropped: Counter[Dropped]
) -> list[Statement]:
    kept = []
    for one in made:
        reason = _why_refused(one.text, one.sources, turns)
        if reason is None:
            kept.append(one)
        else:
            dropped[reason] += 1
    return kept


def _why_refused(text: str, sources: Sequence[Source], turns: Sequence[Turn]) -> Dropped | None:
    """Why a sentence may not stand in a draft, or None where it may."""
    return _still_empty(text) or (Dropped.UNSUPPORTED if supported(text, heard(sources, turns)) else None)


def _still_empty(text: str) -> Dropped | None:
    """Why a finished sentence would be dropped if somebody said it: rewriting may uncover a greeting or a command."""
    reasons = (why_empty(one) for one in utterances([Turn("note", Role.CLINICIAN, text)]))
    return next((reason for reason in reasons if reason in (Dropped.COMMAND, Dropped.SMALL_TALK)), None)


def _placed(kept: Sequence[Statement], vectors: "NDArray[np.float32]", format: NoteFormat) -> list[_Placed]:
    if not kept:
        return []
    seen = note_scores.features(kept, vectors)
    if format is NoteFormat.VISIT:
        topics = note_scores.visit_topics(seen)
        sections = [_visit_section(one, topic) for one, topic in zip(kept, topics, strict=True)]
    else:
        topics = topics_of(kept, note_scores.therapy_topics(vectors, [one.role for one in kept]))
        sections = [section_of(format, topic) for topic in topics]
    scores = [float(score) for score in note_scores.salience(seen)]
    return [_Placed(*each) for each in zip(kept, sections, topics, scores, strict=True)]


_RESULT = re.compile(r"\b(?:x-?rays?|mri|ct|labs?|lab\w*|hemoglobin|a1c|panel|echo\w*|ekg|ecg|emg|results?|ultrasound|scan|imaging|biopsy|culture|cholesterol)\b", re.I)  # fmt: skip


def _visit_section(one: Statement, topic: Topic) -> str:
    if len(one.sources) > 1 and one.text.startswith("Denies"):
        return "Review of systems"
    if topic is Topic.FINDING and _RESULT.search(one.text):
        return "Results"
    return section_of(NoteFormat.VISIT, topic)


_FIRST: dict[Topic, int] = {Topic.RISK: 0}
"""What a therapy draft never leaves out for its length."""


def _chosen(
    placed: Sequence[_Placed], most_words: int | None, dropped: Counter[Dropped]
) -> tuple[list[_Placed], list[_Placed]]:
    """The most salient first, as many as there is room for, near-repeats once; and those there was no room for."""
    chosen: list[_Placed] = []
    rest: list[_Placed] = []
    said: list[set[str]] = []
    words = 0
    for one in sorted(placed, key=_wanted):
        terms = _terms(one.statement.text)
        no_room = most_words is not None and words > most_words and one.topic not in _FIRST
        if no_room:
            dropped[Dropped.LESS_SALIENT] += 1
        if any(_repeats(terms, other) for other in said):
            dropped[Dropped.REPEATED] += not no_room
            continue
        said.append(terms)
        (rest if no_room else chosen).append(one)
        words += 0 if no_room else len(one.statement.text.split())
    return chosen, rest


def _wanted(one: _Placed) -> tuple[int, float, int]:
    return _FIRST.get(one.topic, 1), -one.salience, one.statement.sources[0].turn


def _repeats(terms: set[str], other: set[str]) -> bool:
    """Whether nearly all of a sentence's words stand in one that is there, all numbers and a negation included.

    What a longer sentence adds to a short one is kept: "I hurt" does not stand for "I hurt my back on Monday".
    """
    telling = {term for term in terms if term.isdigit() or NEGATIONS.fullmatch(term)}
    return telling <= other and len(terms & other) > ALIKE * len(terms)


def _terms(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", text.lower())) - {"the", "patient", "reports", "that", "clinician", "said"}


# -- what a whole session says, not one clause

_COMPLAINT = re.compile(
    r"\b(?:presents?|came in|coming in|come in|here|in)\s+(?:to the \w+ |today |in )?(?:today )?(?:for|with|because of|complaining of|to discuss)\s+(?:(?:evaluation|follow-?up|a follow-?up|some|your|her|his|an?)(?: of| for| on)? )*(?P<what>[a-z][\w' -]{2,50}?)(?=\s*(?:[.,?!;]|\bsince\b|\bthat\b|\bwhich\b|\band (?:i|you|we|he|she|it)\b|\btoday\b|\bso\b|\bwhen\b|$))",
    re.I,
)  # fmt: skip
_AGREES = re.compile(
    r"\b(?:sounds? (?:good|great|like a (?:good )?plan|fine)|that works|i can do that|i agree|that would be (?:good|great)|i will do that)\b", re.I
)  # fmt: skip
_NO_COMPLAINT = re.compile(r"\b(?:you|me|him|them|it|this|that|while|bit|minute|office)\b", re.I)


def _additions(turns: Sequence[Turn], format: NoteFormat, placed: Sequence[_Placed]) -> list[_Placed]:
    added = [] if format is not NoteFormat.VISIT else _complaint(turns)
    return added + _agreement(turns, format, placed)


def _complaint(turns: Sequence[Turn]) -> list[_Placed]:
    """Why the patient came, in the words of the first turn that says so."""
    for index, turn in enumerate(turns[:OPENING_TURNS]):
        found = _COMPLAINT.search(turn.text)
        if found and not _NO_COMPLAINT.search(found["what"]):
            text = finished(found["what"].strip())
            made = Statement(text, (Source(index, found.start(), found.end()),), turn.role, found["what"])
            return [_Placed(made, "Chief complaint", Topic.CONCERN, 1.0)]
    return []


def _agreement(turns: Sequence[Turn], format: NoteFormat, placed: Sequence[_Placed]) -> list[_Placed]:
    """That the patient agreed, where they said so right after something that is in the plan."""
    planned = {source.turn: source for one in placed if one.topic is Topic.PLAN for source in one.statement.sources}
    for index in range(len(turns) - 1, 0, -1):
        found = _AGREES.search(turns[index].text)
        plan = planned.get(index - 1)
        if turns[index].role is Role.PATIENT and found and plan is not None and turns[plan.turn].role is Role.CLINICIAN:
            sources = (plan, Source(index, found.start(), found.end()))
            made = Statement("The patient agreed to the plan.", sources, Role.PATIENT, found.group())
            return [_Placed(made, section_of(format, Topic.PLAN), Topic.PLAN, 1.0)]
    return []


# -- a checkpoint's proposals


def _generated(
    generator: Proposes, turns: Sequence[Turn], format: NoteFormat, placed: Sequence[_Placed], dropped: Counter[Dropped]
) -> list[_Placed]:
    added = []
    pieces = [(one.source, set(_terms(one.raw))) for one in utterances(turns)]
    said = [_terms(one.statement.text) for one in placed]
    for text in generator.proposals(turns, format):
        sources = _closest(text, pieces)
        if not sources or supported(text, heard(sources, turns), foreign=0.0):
            dropped[Dropped.UNSUPPORTED] += 1
            continue
        terms = _terms(text)
        if any(_repeats(terms, other) for other in said):
            dropped[Dropped.REPEATED] += 1
            continue
        said.append(terms)
        role = turns[sources[0].turn].role
        made = Statement(finished(text), sources, role, text)
        added += _placed([made], _vectors([made.said]), format)
    return added


MOST_SOURCES = 3


def _closest(text: str, pieces: Sequence[tuple[Source, set[str]]]) -> tuple[Source, ...]:
    """The few clauses that together hold most of a sentence's words, each adding some."""
    missing = _terms(text)
    found: list[Source] = []
    while missing and len(found) < MOST_SOURCES:
        source, terms = max(pieces, key=lambda piece: (len(piece[1] & missing), -piece[0].turn), default=(None, set()))
        if source is None or not terms & missing:
            break
        found.append(source)
        missing -= terms
    return tuple(sorted(found, key=lambda each: (each.turn, each.start)))


# -- the page


def _written(
    placed: Sequence[_Placed],
    turns: Sequence[Turn],
    format: NoteFormat,
    again: Pronouns | None,
    known_names: Iterable[str],
    dropped: Counter[Dropped],
) -> list[DraftSentence]:
    """Sections in the format's order, sentences in the order said; the patient as `again` says once they are named."""
    order = list(SECTIONS[format])
    names = names_in(turns, known_names, every_capital=format is not NoteFormat.VISIT)
    sentences: list[DraftSentence] = []
    named_in = ""
    for one in sorted(placed, key=lambda each: (order.index(each.section), _when(each.statement))):
        text = one.statement.text
        spoken_of = by_pronoun(text, again) if again and named_in == one.section else text
        # The last gate: whatever made a sentence, it is asked once more in the words that stand on the page.
        refused = _why_refused(spoken_of, one.statement.sources, turns)
        if refused is not None:
            dropped[refused] += 1
            continue
        if _NAMES_THE_PATIENT.search(text):
            named_in = one.section
        elif not text.startswith(("Reports", "Denies")):
            named_in = ""  # a sentence about something or somebody else: the next one names the patient again
        sentences.append(DraftSentence(one.section, masked(spoken_of, names), one.statement.sources, one.topic))
    return sentences


_NAMES_THE_PATIENT = re.compile(r"^(?:The patient\b|Asked, )|(?:clinician|I) (?:\w+ ){1,3}(?:that )?the patient\b")


def _when(statement: Statement) -> tuple[int, int]:
    last = statement.sources[-1]
    return last.turn, last.start
