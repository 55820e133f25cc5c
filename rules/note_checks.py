"""What a note still lacks: elements of medical necessity, to be weighed, and what keeps it from being signed.

Medical necessity, in our own words, after: Novitas Solutions (Medicare contractor), checklist for psychotherapy records
(techniques used; summary of diagnosis, symptoms, functional status, treatment plan; prognosis and progress); CMS,
Medicare Benefit Policy Manual, Pub. 100-02, chapter 6, section 70.1, cited in NGS's LCD L33632 (diagnosis and goals in
a plan; improvement of symptoms, level of functioning improved or kept); CGS (Medicare contractor), "Targeted Probe and
Educate Program to Focus on Psychotherapy Service Claims", 28 October 2021 (what was done to bring a change about);
45 CFR 164.501 (what belongs in the record and not in psychotherapy notes). Commercial payers have their own lists.

The word rules read English sentences as clinicians and the drafter write them. They prompt; they never sign or refuse.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from models.note_codes import FlagAction, NoteTopic
from models.note_content import FlagAnswer, NoteSentence
from rules.necessity_words import (
    CLINICIAN_ACTED,
    DIFFICULTY,
    DOMAIN,
    IMPAIRED_BY_ITSELF,
    NEGATED_BEFORE,
    NOT_SAID,
    PLAN,
    PROGRESS,
    RESPONSE,
    SYMPTOM,
    TECHNIQUE,
)

LONGEST_SENTENCE = 2_000
"""Characters. Longer is no sentence: something was pasted, and a reader cannot hold its sources against it."""
NEGATION_REACH = 200
"""Characters before a word in which a "denies" can stand that is about it."""


class NecessityElement(StrEnum):
    DIAGNOSIS = "diagnosis"
    SYMPTOMS = "symptoms"
    IMPAIRMENT = "impairment"
    INTERVENTION = "intervention"
    RESPONSE = "response"
    PROGRESS = "progress"
    PLAN = "plan"


@dataclass(frozen=True)
class NecessityFinding:
    """Whether one element is there: the sentences that show it, or what is lacking, with the source asking for it."""

    element: NecessityElement
    met: bool
    reason: str
    source: str
    sentence_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class SignatureBlock:
    """One thing to do before the note may be signed.

    ``field`` is ``note``, ``flag:ID``, ``section:NAME`` or ``sentence:ID``, for the page to show it in place.
    """

    field: str
    reason: str


NOVITAS = "Novitas Solutions, checklist for psychotherapy records"
PLAN_OF_CARE = "CMS, Medicare Benefit Policy Manual (Pub. 100-02), chapter 6, section 70.1"
CGS = "CGS Medicare, review of psychotherapy claims, 28 October 2021"
SOURCES = {
    NecessityElement.DIAGNOSIS: PLAN_OF_CARE,
    NecessityElement.SYMPTOMS: NOVITAS,
    NecessityElement.IMPAIRMENT: NOVITAS,
    NecessityElement.INTERVENTION: CGS,
    NecessityElement.RESPONSE: CGS,
    NecessityElement.PROGRESS: NOVITAS,
    NecessityElement.PLAN: PLAN_OF_CARE,
}

LACKING = {
    NecessityElement.DIAGNOSIS: "No diagnosis is on the note; carry it from the treatment plan or add one.",
    NecessityElement.SYMPTOMS: "No sentence says which symptoms or concerns were treated.",
    NecessityElement.IMPAIRMENT: (
        "No sentence says what is harder in daily life because of them: work, school, sleep, relationships, self-care "
        "or the like."
    ),
    NecessityElement.INTERVENTION: "No sentence names what you did: the method or technique.",
    NecessityElement.RESPONSE: "No sentence says how the patient responded to it.",
    NecessityElement.PROGRESS: "No sentence says how far the patient is with a goal: better, worse or unchanged.",
    NecessityElement.PLAN: "No sentence says what happens next.",
}
UNNAMED_INTERVENTION = "An intervention is described, but not named: say which method or technique it was."
UNMEASURED_GOAL = "A goal is named, but not how far the patient is with it: better, worse or unchanged."


_SAYS_STATE = frozenset(
    {NoteTopic.CONCERN, NoteTopic.HISTORY, NoteTopic.RISK, NoteTopic.MENTAL_STATUS, NoteTopic.FINDING}
)
_SAYS_CHANGE = frozenset(
    {
        NoteTopic.GOAL,
        NoteTopic.ASSESSMENT,
        NoteTopic.RESPONSE,
        NoteTopic.FINDING,
        NoteTopic.CONCERN,
        NoteTopic.MENTAL_STATUS,
    }
)


def necessity(sentences: Sequence[NoteSentence], diagnoses: Collection[str]) -> tuple[NecessityFinding, ...]:
    """Which elements of medical necessity a note shows and which it lacks, each with its reason; in a fixed order.

    ``diagnoses`` are the codes on the note. Response and plan count by a sentence's topic, everything else by its words
    where the topic fits; a sentence without a topic counts by its words alone. One that says that something was not
    assessed shows nothing.
    """
    said = [sentence for sentence in sentences if sentence.text.strip() and not NOT_SAID.search(sentence.text)]
    diagnosis = NecessityFinding(
        NecessityElement.DIAGNOSIS,
        bool(diagnoses),
        "A diagnosis is on the note." if diagnoses else LACKING[NecessityElement.DIAGNOSIS],
        SOURCES[NecessityElement.DIAGNOSIS],
    )
    described = [sentence for sentence in said if sentence.topic == NoteTopic.INTERVENTION]
    goals = [sentence for sentence in said if sentence.topic == NoteTopic.GOAL]
    return (
        diagnosis,
        _shown(NecessityElement.SYMPTOMS, (each for each in said if _tells_symptom(each))),
        _shown(NecessityElement.IMPAIRMENT, (each for each in said if _tells_impairment(each))),
        _shown(
            NecessityElement.INTERVENTION,
            (each for each in said if _names_intervention(each)),
            UNNAMED_INTERVENTION if described else None,
        ),
        _shown(NecessityElement.RESPONSE, (each for each in said if _tells(each, NoteTopic.RESPONSE, RESPONSE))),
        _shown(
            NecessityElement.PROGRESS,
            (each for each in said if _is_about(each, *_SAYS_CHANGE) and PROGRESS.search(each.text)),
            UNMEASURED_GOAL if goals else None,
        ),
        _shown(NecessityElement.PLAN, (each for each in said if _tells(each, NoteTopic.PLAN, PLAN))),
    )


def lacking(findings: Iterable[NecessityFinding]) -> tuple[NecessityFinding, ...]:
    """The elements that a note does not show."""
    return tuple(finding for finding in findings if not finding.met)


def tells_impairment(text: str) -> bool:
    """Whether one sentence says that something of daily life is harder: a field of life with a difficulty, not negated.

    Whose life it is, is not read: "her mother cannot work" counts too.
    """
    if any(not _is_negated(text, found.start()) for found in IMPAIRED_BY_ITSELF.finditer(text)):
        return True
    if not DOMAIN.search(text):
        return False
    return any(not _is_negated(text, found.start()) for found in DIFFICULTY.finditer(text))


def blocks_signature(
    sentences: Sequence[NoteSentence],
    sections: Sequence[str],
    *,
    nothing_to_add: Collection[str] = (),
    flags: Sequence[FlagAnswer] = (),
) -> tuple[SignatureBlock, ...]:
    """What must be done before a note may be signed; nothing where it may be.

    ``sections`` are the headings that the note's format requires, ``nothing_to_add`` those that the clinician marked
    so. ``flags`` are all risk flags of the session, answered or not.
    """
    written = [sentence for sentence in sentences if sentence.text.strip()]
    filled = {sentence.section for sentence in written}
    blocks = [
        SignatureBlock(f"flag:{flag.flag_id}", "This risk flag is not addressed: choose what was done about it.")
        for flag in flags
        if flag.action not in tuple(FlagAction)
    ]
    if not written:
        blocks.append(SignatureBlock("note", "The note is empty."))
    blocks += [
        SignatureBlock(f"section:{section}", 'Write a sentence here, or mark it "nothing to add".')
        for section in sections
        if section not in filled and section not in nothing_to_add
    ]
    for sentence in sentences:
        where = f"sentence:{sentence.id}"
        if not sentence.text.strip():
            blocks.append(SignatureBlock(where, "This sentence is empty: write it or drop it."))
        elif len(sentence.text) > LONGEST_SENTENCE:
            blocks.append(
                SignatureBlock(where, f"This sentence is longer than {LONGEST_SENTENCE:,} characters: split it.")
            )
        if sentence.section not in sections:
            blocks.append(SignatureBlock(where, "This sentence stands under no heading of this format: move it."))
    return tuple(blocks)


def _shown(element: NecessityElement, sentences: Iterable[NoteSentence], nearly: str | None = None) -> NecessityFinding:
    ids = tuple(sentence.id for sentence in sentences)
    if ids:
        return NecessityFinding(element, True, f"The note shows it ({element.value}).", SOURCES[element], ids)
    return NecessityFinding(element, False, nearly or LACKING[element], SOURCES[element])


def _is_about(sentence: NoteSentence, *topics: NoteTopic) -> bool:
    return not sentence.topic or sentence.topic in topics


def _tells(sentence: NoteSentence, topic: NoteTopic, words: re.Pattern[str]) -> bool:
    return sentence.topic == topic or (not sentence.topic and words.search(sentence.text) is not None)


def _names_intervention(sentence: NoteSentence) -> bool:
    by_clinician = sentence.topic == NoteTopic.INTERVENTION or (
        not sentence.topic and CLINICIAN_ACTED.search(sentence.text) is not None
    )
    return by_clinician and TECHNIQUE.search(sentence.text) is not None


def _tells_symptom(sentence: NoteSentence) -> bool:
    if not _is_about(sentence, *_SAYS_STATE, NoteTopic.ASSESSMENT):
        return False
    return any(not _is_negated(sentence.text, found.start()) for found in SYMPTOM.finditer(sentence.text))


def _tells_impairment(sentence: NoteSentence) -> bool:
    return _is_about(sentence, *_SAYS_STATE, NoteTopic.ASSESSMENT) and tells_impairment(sentence.text)


def _is_negated(text: str, start: int) -> bool:
    """Whether the words right before a place say no: "does not have any trouble"."""
    return NEGATED_BEFORE.search(text[max(0, start - NEGATION_REACH) : start]) is not None
