"""A draft of a session's note, for the clinician to read, correct and sign; every sentence with its sources.

The same transcript gives the same draft. Nothing is written that the sources do not say: `supported` decides.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from language import note_scores, note_worth
from language.note_answers import Statement
from language.note_complaint import OPENING_TURNS, complaint
from language.note_grammar import HE, SHE, THEY, Pronouns, finished
from language.note_masking import MASK, masked, names_in
from language.note_passages import MOST_WORDS, as_a_pair, as_one_sentence
from language.note_placing import topics_of
from language.note_speakers import rightly_named
from language.note_statements import Style, statements
from language.note_support import Unsupported, supported
from language.note_systems import ORDER as SYSTEMS
from language.note_systems import by_system, system_of
from language.note_templates import SECTIONS, not_assessed, section_of
from language.note_utterances import utterances, why_empty
from language.note_values import DraftSentence, Dropped, NoteDraft, NoteFormat, Role, Source, Topic, Turn
from language.note_visit_sections import visit_section
from language.note_wording import by_pronoun, inside_by_pronoun, names_another, reported
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

GRAMMAR = "grammar-4"
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
    vector: "NDArray[np.float32]"
    label: str = ""


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
    speakers_exchanged: bool = False


def _prepared(session: SessionToDraft) -> _Prepared:
    as_named = session.turns
    if session.format is NoteFormat.VISIT:
        session = replace(session, turns=rightly_named(as_named))
    pronouns = session.pronouns or stated_pronouns(session.turns)
    style = Style(pronouns, visit=session.format is NoteFormat.VISIT)
    made = statements(session.turns, style)
    kept = _supported_statements(made.kept, session.turns, made.dropped)
    return _Prepared(session, style, kept, made.dropped, session.turns is not as_named)


def _vectors(said: Sequence[str]) -> "NDArray[np.float32]":
    from language.encoder import load_encoder

    return load_encoder().encode(said)


def _drafted(prepared: _Prepared, vectors: "NDArray[np.float32]", generator: Proposes | None) -> NoteDraft:
    session, style, dropped = prepared.session, prepared.style, prepared.dropped
    turns, format, most_words = session.turns, session.format, session.most_words
    if most_words is None and style.visit:
        most_words = words_of_a_visit(turns)
    once = _said_once(_placed(prepared.kept, vectors, format), dropped)
    told = _in_passages(once, turns, style)
    wanted = _by_salience(told) if style.visit else _by_worth(told, turns)
    passages, rest = _chosen(told, wanted, most_words, dropped)
    placed = [one for each in passages for one in each]
    added = _additions(turns, format, placed)
    if generator is not None:
        added += _generated(generator, turns, format, [*placed, *added], dropped)
    passages += [[one] for one in added]
    # Where nobody says how the patient is spoken of, they are named each time: "they" may be anybody.
    again = style.pronouns if session.pronouns is not None or style.pronouns != THEY else None
    sentences = _written(passages, turns, format, again, session.known_names, dropped)
    # each stands by itself, so the patient is named in it
    also_said = [] if style.visit else _written(rest, turns, format, None, session.known_names, Counter())
    return NoteDraft(
        format,
        tuple(sentences),
        not_assessed(format, turns, {sentence.topic for sentence in sentences}),
        {reason: count for reason, count in sorted(dropped.items()) if count},
        f"{GRAMMAR}+{note_scores.settings().version}",
        tuple(also_said),
        speakers_exchanged=prepared.speakers_exchanged,
    )


def words_of_a_visit(turns: Sequence[Turn]) -> int:
    """About how long the note of a visit is: the usual length, which grows more slowly than what was said."""
    said = sum(len(turn.text.split()) for turn in turns)
    share = min(said / WORDS_SAID_IN_A_VISIT, MOST_TIMES_THE_USUAL)
    return round(SENTENCES * note_scores.settings().visit_words * (1 - GROWS + GROWS * share))


# Least squares over the 67 notes of ACI-Bench train (r = .63): 166 words and one for every five that were said.
WORDS_SAID_IN_A_VISIT = 1245
GROWS = 0.6
MOST_TIMES_THE_USUAL = 2.5
# The rest of a note's words are headings.
SENTENCES = 0.9


THERAPY_WORDS = 600
"""About how long a therapy note may be that somebody reads before they sign it; what else was said stands beside it.

Half an hour's talk is some 4,000 words, of which two thirds carry content. What is chosen from it holds about four in ten of
the facts that a reader should find (docs/language.md), so a short session is not shortened.
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
        sections = [visit_section(one, topic) for one, topic in zip(kept, topics, strict=True)]
    else:
        topics = topics_of(kept, note_scores.therapy_topics(vectors, [one.role for one in kept]))
        sections = [section_of(format, topic) for topic in topics]
    scores = [float(score) for score in note_scores.salience(seen)]
    placed = [_Placed(*each) for each in zip(kept, sections, topics, scores, vectors, strict=True)]
    return [labelled for one in placed for labelled in _labelled(one)]


_BY_SYSTEM = ("Review of systems", "Physical exam")


def _labelled(one: _Placed) -> list[_Placed]:
    """A statement under its body system or problem; a denial of several systems' symptoms once under each."""
    if one.section == "Review of systems":
        parts = list(by_system(one.statement.text))
        return [replace(one, statement=replace(one.statement, text=text), label=label) for label, text in parts]
    if one.section == "Physical exam":
        return [replace(one, label=system_of(one.statement.text))]
    return [replace(one, label=one.statement.problem if one.section == "Assessment and plan" else "")]


_FIRST: dict[Topic, int] = {Topic.RISK: 0}
"""What a therapy draft never leaves out for its length."""


_Passage = list[_Placed]
"""What is written as one sentence: statements of one turn in one section."""


def _said_once(placed: Sequence[_Placed], dropped: Counter[Dropped]) -> list[_Placed]:
    """All of them in the order said, of near-repeats the most salient."""
    kept: set[int] = set()
    said: list[set[str]] = []
    for index in sorted(range(len(placed)), key=lambda each: _wanted(placed[each])):
        terms = _terms(placed[index].statement.text)
        if any(_repeats(terms, other) for other in said):
            dropped[Dropped.REPEATED] += 1
            continue
        said.append(terms)
        kept.add(index)
    return [one for index, one in enumerate(placed) if index in kept]


def _in_passages(placed: Sequence[_Placed], turns: Sequence[Turn], style: Style) -> list[_Passage]:
    """What belongs together, in order, none longer than MOST_WORDS unless one statement alone is."""
    if style.visit:
        return [[one] for one in placed]
    passages: list[_Passage] = []
    of_turn: list[_Passage] = []
    for one in placed:
        if of_turn and not _goes_on(of_turn[-1][-1].statement.sources[-1].turn, one.statement.sources[0].turn, turns):
            of_turn = []
        mine = next((each for each in reversed(of_turn) if _belongs(each[-1], one)), None)
        if mine is not None and len(_text([*mine, one]).split()) <= MOST_WORDS:
            mine.append(one)
        else:
            passages.append([one])
            of_turn.append(passages[-1])
    return passages


def _text(passage: _Passage) -> str:
    return as_one_sentence([one.statement.text for one in passage])


def _belongs(before: _Placed, one: _Placed) -> bool:
    """Whether a statement goes on with the one before it; what is said of risk stands alone."""
    return (
        before.section == one.section
        and before.statement.role is one.statement.role
        and Topic.RISK not in (before.topic, one.topic)
    )


def _goes_on(turn: int, later: int, turns: Sequence[Turn]) -> bool:
    """Whether a later turn is the same, or the same speaker's after no more than "Mm-hmm." """
    if later - turn == 2 and turns[turn].speaker == turns[later].speaker:
        between = turns[turn + 1].text
        return "?" not in between and len(between.split()) <= MOST_WORDS_BETWEEN
    return later == turn


MOST_WORDS_BETWEEN = 4


def _chosen(
    passages: Sequence[_Passage], wanted: Sequence[int], most_words: int | None, dropped: Counter[Dropped]
) -> tuple[list[_Passage], list[_Passage]]:
    """In the order wanted, as many as there is room for; and those there was no room for."""
    chosen: list[_Passage] = []
    rest: list[_Passage] = []
    words = 0
    for index in wanted:
        each = passages[index]
        if most_words is not None and words > most_words and each[0].topic not in _FIRST:
            dropped[Dropped.LESS_SALIENT] += len(each)
            rest.append(each)
            continue
        chosen.append(each)
        words += len(_text(each).split())
    return chosen, rest


def _by_salience(passages: Sequence[_Passage]) -> list[int]:
    return sorted(range(len(passages)), key=lambda index: _wanted(passages[index][0]))


def _by_worth(passages: Sequence[_Passage], turns: Sequence[Turn]) -> list[int]:
    """What is said of risk, then the best of each section, then what tells most for each word."""
    seen = [_seen(each, len(turns)) for each in passages]
    worth = note_worth.for_each_word(note_scores.passage_chances(note_worth.features(seen)), seen)
    by_worth = sorted(range(len(passages)), key=lambda index: (-worth[index], index))
    best: dict[str, int] = {}
    for index in by_worth:
        best.setdefault(passages[index][0].section, index)
    leads = set(best.values())
    return sorted(by_worth, key=lambda index: (_FIRST.get(passages[index][0].topic, 1), index not in leads))


def _seen(passage: _Passage, turns: int) -> note_worth.Passage:
    import numpy as np

    first = passage[0].statement
    return note_worth.Passage(
        _text(passage),
        first.role,
        passage[0].topic,
        len(passage),
        first.sources[0].turn / max(1, turns),
        np.mean([one.vector for one in passage], axis=0),
        sum(one.salience for one in passage) / len(passage),
    )


def passages_seen(session: SessionToDraft) -> list[note_worth.Passage]:
    """Every passage of a session as the ranking head sees it; what it learns from."""
    prepared = _prepared(session)
    placed = _placed(prepared.kept, _vectors([one.said for one in prepared.kept]), session.format)
    told = _in_passages(_said_once(placed, Counter()), session.turns, prepared.style)
    return [_seen(each, len(session.turns)) for each in told]


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

_AGREES = re.compile(
    r"\b(?:sounds? (?:good|great|like a (?:good )?plan|fine)|that works|i can do that|i agree|that would be (?:good|great)|i will do that)\b", re.I
)  # fmt: skip


def _additions(turns: Sequence[Turn], format: NoteFormat, placed: Sequence[_Placed]) -> list[_Placed]:
    added = [] if format is not NoteFormat.VISIT else _complaint(turns)
    return added + _agreement(turns, format, placed)


def _complaint(turns: Sequence[Turn]) -> list[_Placed]:
    made = complaint(turns)
    return [] if made is None else [_Placed(made, "Chief complaint", Topic.CONCERN, 1.0, _nowhere())]


def _nowhere() -> "NDArray[np.float32]":
    """The vector of what is not ranked."""
    import numpy as np

    return np.zeros(1, dtype=np.float32)


def _agreement(turns: Sequence[Turn], format: NoteFormat, placed: Sequence[_Placed]) -> list[_Placed]:
    """That the patient agreed, where they said so right after something that is in the plan."""
    planned = {source.turn: source for one in placed if one.topic is Topic.PLAN for source in one.statement.sources}
    for index in range(len(turns) - 1, 0, -1):
        found = _AGREES.search(turns[index].text)
        plan = planned.get(index - 1)
        if turns[index].role is Role.PATIENT and found and plan is not None and turns[plan.turn].role is Role.CLINICIAN:
            sources = (plan, Source(index, found.start(), found.end()))
            made = Statement("The patient agreed to the plan.", sources, Role.PATIENT, found.group())
            return [_Placed(made, section_of(format, Topic.PLAN), Topic.PLAN, 1.0, _nowhere())]
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
    passages: Sequence[_Passage],
    turns: Sequence[Turn],
    format: NoteFormat,
    again: Pronouns | None,
    known_names: Iterable[str],
    dropped: Counter[Dropped],
) -> list[DraftSentence]:
    """Sections in the format's order, sentences in the order said; the patient as `again` says once they are named.

    What is headed by a body system stands in the order of the systems.
    """
    order = list(SECTIONS[format])
    names = names_in(turns, known_names, every_capital=format is not NoteFormat.VISIT)
    sentences: list[DraftSentence] = []
    of_patient: list[bool] = []
    named_in = mentioned_in = ""
    for passage in sorted(passages, key=lambda each: (order.index(each[0].section), _place(each[0]))):
        parts: list[tuple[str, _Placed]] = []
        by = again if named_in == passage[0].section else None
        for one in passage:
            text = one.statement.text
            spoken_of = by_pronoun(text, by) if by else text
            if again is not None and by is None and format is NoteFormat.VISIT and _told(one):
                spoken_of = reported(text, again)
            if again is not None and format is NoteFormat.VISIT and mentioned_in == one.section:
                spoken_of = inside_by_pronoun(spoken_of, again)
            # The last gate: whatever made a sentence, it is asked once more in the words that stand on the page.
            refused = _why_refused(spoken_of, one.statement.sources, turns)
            if refused is not None:
                dropped[refused] += 1
                continue
            if names_another(text):
                mentioned_in = ""  # the next "she" might be this one
            elif "the patient" in text.lower():
                mentioned_in = one.section
            if _NAMES_THE_PATIENT.search(text):
                named_in = one.section
            elif not text.startswith(("Reports", "Denies")):
                named_in = ""  # a sentence about something or somebody else: the next one names the patient again
            parts.append((spoken_of, one))
        for text, sources, one in _joined(parts, turns):
            hidden = masked(text, names)
            # A name masked inside a longer word leaves a piece that nobody said.
            if MASK in hidden and supported(hidden.replace(MASK, " "), heard(sources, turns)):
                dropped[Dropped.UNSUPPORTED] += 1
                continue
            sentences.append(DraftSentence(one.section, hidden, sources, one.topic, one.label))
            of_patient.append(one.statement.text.startswith("The patient "))
    return _in_pairs(sentences, of_patient, turns) if format is NoteFormat.VISIT else sentences


def _in_pairs(
    sentences: Sequence[DraftSentence], of_patient: Sequence[bool], turns: Sequence[Turn]
) -> list[DraftSentence]:
    """Two short sentences of one turn about the patient as one: "She is tired and sleeps badly."

    `of_patient`: whose subject is the patient; the "he" of another sentence may be their brother.
    """
    paired: list[DraftSentence] = []
    open_to_more = False
    for one, own in zip(sentences, of_patient, strict=True):
        joined = _pair(paired[-1], one, turns) if paired and open_to_more and own else None
        if joined is None:
            paired.append(one)
            open_to_more = own
        else:
            paired[-1] = joined
            open_to_more = False
    return paired


def _pair(before: DraftSentence, one: DraftSentence, turns: Sequence[Turn]) -> DraftSentence | None:
    if (before.section, before.label) != (one.section, one.label) or before.sources[-1].turn != one.sources[0].turn:
        return None
    text = as_a_pair(before.text, one.text)
    sources = (*before.sources, *one.sources)
    if text is None or _why_refused(text.replace(MASK, " "), sources, turns) is not None:
        return None
    return replace(before, text=text, sources=sources)


def _joined(
    parts: Sequence[tuple[str, _Placed]], turns: Sequence[Turn]
) -> list[tuple[str, tuple[Source, ...], _Placed]]:
    """The parts of a passage as one sentence, or each by itself where together they would not pass the gate."""
    if len(parts) > 1:
        sources = sorted(
            {source for _, one in parts for source in one.statement.sources}, key=lambda s: (s.turn, s.start)
        )
        text = as_one_sentence([text for text, _ in parts])
        if _why_refused(text, sources, turns) is None:
            return [(text, tuple(sources), parts[0][1])]
    return [(text, one.statement.sources, one) for text, one in parts]


def _told(one: _Placed) -> bool:
    """Whether a statement of a visit is the patient's own account, and not an answer to yes or no."""
    return one.section == _HISTORY and one.statement.role is Role.PATIENT and len(one.statement.sources) == 1


_HISTORY = "History of present illness"
_NAMES_THE_PATIENT = re.compile(r"^(?:The patient\b|Asked, )|(?:clinician|I) (?:\w+ ){1,3}(?:that )?the patient\b")


def _place(one: _Placed) -> tuple[int, int, int]:
    last = one.statement.sources[-1]
    system = SYSTEMS.index(one.label) if one.section in _BY_SYSTEM else 0
    return system, last.turn, last.start
