"""What must never happen in a draft, and what must happen when a subject was not spoken of: counts over many drafts."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from benchmarks.own_sessions import OWN, Session
from language.note_drafting import DraftSentence, NoteDraft, Role, Turn, heard
from language.note_masking import MASK, names_in
from language.note_support import MOST_FOREIGN_WORDS, supported
from language.note_templates import NEEDED, uncovered
from language.note_utterances import utterances, why_empty
from language.note_values import Dropped

Drafted = tuple[Sequence[Turn], NoteDraft]
Key = Mapping[str, Mapping[str, Sequence[int]]]

# -- sentences


def checks(drafts: Sequence[Drafted]) -> dict[str, object]:
    """Asked of every sentence of every draft; support by the drafter's own rules, a denial by rules of its own."""
    sentences = [(turns, sentence) for turns, draft in drafts for sentence in draft.sentences]
    refused = foreign = 0
    for turns, draft in drafts:
        names = names_in(turns)
        refused += sum(_unsupported(sentence, turns, names) for sentence in draft.sentences)
        foreign += sum(_unsupported(sentence, turns, names, foreign=0.0) for sentence in draft.sentences)
    kept = [dropped for _, s in sentences for dropped in _why_empty(s.text)]
    return {
        "sentences": len(sentences),
        "sentences_supported": f"{len(sentences) - refused}/{len(sentences)}",
        "sentences_without_a_foreign_word": f"{len(sentences) - foreign}/{len(sentences)}",
        "denials": sum(says_denies(s.text) for _, s in sentences),
        "denials_without_question_and_answer": sum(
            says_denies(s.text) and not asked_and_denied(s, turns) for turns, s in sentences
        ),
        "said_by_somebody_else": sum(_said_by_somebody_else(s, turns) for turns, s in sentences),
        "commands_kept": kept.count(Dropped.COMMAND),
        "greetings_kept": kept.count(Dropped.SMALL_TALK),
    }


def _unsupported(
    sentence: DraftSentence, turns: Sequence[Turn], names: Mapping[str, str], foreign: float = MOST_FOREIGN_WORDS
) -> bool:
    """Whether the sources lack something of a sentence; what stands for a name is read as that name again."""
    said = heard(sentence.sources, turns)
    text = sentence.text
    for name, written in names.items():
        if any(re.search(rf"\b{re.escape(name)}\b", words) for words in said):
            text = re.sub(re.escape(written), name, text, flags=re.I)
    return bool(supported(text.replace(MASK, " "), said, foreign=foreign))


_THE_PATIENT_SAID = re.compile(r'^The patient said, "')


def _said_by_somebody_else(sentence: DraftSentence, turns: Sequence[Turn]) -> bool:
    """Whether words are quoted as the patient's that nobody but another person said."""
    roles = {turns[source.turn].role for source in sentence.sources}
    return bool(_THE_PATIENT_SAID.search(sentence.text)) and Role.PATIENT not in roles


def _why_empty(text: str) -> Iterable[Dropped | None]:
    """Why a sentence of a draft would be dropped if somebody said it."""
    return (why_empty(one) for one in utterances([Turn("note", Role.CLINICIAN, text)]))


_DENIES = re.compile(r"\bden(?:y|ies|ied|ying)\b", re.I)
# Speech recognised without punctuation has no question mark.
_ASKS = re.compile(
    r"^(?:(?:and|so|or|but|now|then|okay|ok|alright|all right|right|yeah|yes|well|good|great|um|uh|hmm?)[\s,]+)*"
    r"(?:any|no|do|does|did|are|is|were|was|have|has|had|can|could|would|will|what about|how about)\b",
    re.I,
)
_ANSWERS_NO = re.compile(r"\b(?:no|nope|nah|not|never|none|nothing|neither|nobody)\b|n['\u2019]t\b", re.I)


def says_denies(text: str) -> bool:
    """Whether a sentence says "denies" in its own words, not in a quotation."""
    return bool(_DENIES.search(re.sub(r'"[^"]*"', " ", text)))


def asked_and_denied(sentence: DraftSentence, turns: Sequence[Turn]) -> bool:
    """Whether a clinician's question and the no of a patient's turn right behind it are among the sources.

    Nobody's own "denied", said aloud, needs a question.
    """
    said = heard(sentence.sources, turns)
    if any(_DENIES.search(words) for words in said):
        return True
    for question in sentence.sources:
        words = turns[question.turn].text[question.start :]
        asks = "?" in words or _ASKS.match(words)
        if (
            turns[question.turn].role is Role.CLINICIAN
            and asks
            and any(
                answer.turn == question.turn + 1
                and turns[answer.turn].role is Role.PATIENT
                and _ANSWERS_NO.search(turns[answer.turn].text[answer.start : answer.end])
                for answer in sentence.sources
            )
        ):
            return True
    return False


def names_kept(sessions: Sequence[Session], drafts: Sequence[NoteDraft]) -> str:
    """Of the third parties' names said in each session, by hand, how many stand in its draft unmasked."""
    names = json.loads((OWN / "third_parties.json").read_text(encoding="utf-8"))
    kept = said = 0
    for session, draft in zip(sessions, drafts, strict=True):
        text = "\n".join(sentence.text for sentence in draft.sentences)
        for name in names[session.number]:
            said += 1
            kept += bool(re.search(rf"\b{re.escape(name)}\b", text))
    return f"{kept}/{said}"


# -- not assessed


def key() -> Key:
    """By session and subject the turns, counted from 0, in which the subject was covered; made by hand."""
    stored: Key = json.loads((OWN / "covered.json").read_text(encoding="utf-8"))
    return stored


def not_assessed_right(sessions: Sequence[Session], covered: Key) -> dict[str, object]:
    """Of the subjects listed as not assessed how many really were not, and of those how many are listed."""
    listed = right = absent = 0
    by_need = {need: [0, 0, 0] for need in NEEDED}
    for session in sessions:
        missing = set(uncovered(tuple(NEEDED), session.turns, set()))
        truly = {need for need in NEEDED if not covered[session.number][need]}
        listed, absent, right = listed + len(missing), absent + len(truly), right + len(missing & truly)
        for need, counts in by_need.items():
            counts[0] += need in missing & truly
            counts[1] += need in missing - truly
            counts[2] += need in truly - missing
    return {
        "listed_rightly": f"{right}/{listed}",
        "absent_and_listed": f"{right}/{absent}",
        "by_subject_right_wrong_lacking": by_need,
    }


_HEADINGS = {
    "OBJECTIVE": "mental status as observed",
    "INTERVENTION": "interventions",
    "RESPONSE": "response to interventions",
    "GOAL": "goals",
    "PLAN": "plan",
}


def parts_of_the_note(sessions: Sequence[Session], drafts: Sequence[NoteDraft]) -> dict[str, str]:
    """Of the sections that a clinician's note of the same session and format has, how many a draft calls missing."""
    counts: dict[str, list[int]] = {part: [0, 0] for part in _HEADINGS.values()}
    for session, draft in zip(sessions, drafts, strict=True):
        for heading in session.notes.get(session.format, "").splitlines():
            part = _HEADINGS.get(heading)
            if part is not None:
                counts[part][0] += part in draft.not_assessed
                counts[part][1] += 1
    return {part: f"{listed}/{all_}" for part, (listed, all_) in counts.items()}


REMOVABLE = tuple(need for need in NEEDED if need != "mood")
"""Feelings are spoken of all through a session: no list of turns takes the mood out of it."""


def removed(sessions: Sequence[Session], covered: Key) -> dict[str, object]:
    """After the turns that cover one subject, by hand, are taken out: is it listed, and are the others still not?"""
    asked = listed = others = kept = 0
    by_need = {need: [0, 0] for need in REMOVABLE}
    for session in sessions:
        hand = {need: turns for need, turns in covered[session.number].items() if need in REMOVABLE}
        before = set(uncovered(tuple(NEEDED), session.turns, set()))
        for need in REMOVABLE:
            if not hand[need] or need in before:
                continue
            out = without(session.turns, hand[need])
            after = set(uncovered(tuple(NEEDED), out, set()))
            asked, listed = asked + 1, listed + (need in after)
            by_need[need][0] += need in after
            by_need[need][1] += 1
            # A subject whose own turns all stand must not be listed; where turns speak of both, both may go.
            gone = _gone(session.turns, hand[need])
            staying = [o for o in REMOVABLE if o != need and o not in before and set(hand[o]) - gone]
            others += len(staying)
            kept += sum(other not in after for other in staying)
    return {
        "removed_and_listed": f"{listed}/{asked}",
        "others_still_covered": f"{kept}/{others}",
        "by_subject": {need: f"{hits}/{all_}" for need, (hits, all_) in by_need.items()},
    }


def without(turns: Sequence[Turn], gone: Sequence[int]) -> list[Turn]:
    """The transcript without these turns, the question before a patient's and the answer after a clinician's."""
    out = _gone(turns, gone)
    return [turn for index, turn in enumerate(turns) if index not in out]


def _gone(turns: Sequence[Turn], chosen: Sequence[int]) -> set[int]:
    gone = set(chosen)
    for index in chosen:
        if turns[index].role is Role.PATIENT and index and turns[index - 1].role is Role.CLINICIAN:
            gone.add(index - 1)
        if turns[index].role is Role.CLINICIAN and index + 1 < len(turns):
            gone.add(index + 1)
    return gone
