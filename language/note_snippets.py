"""One section of a visit's note from the piece of talk that it is about, and which section that is."""

import re
from collections.abc import Sequence

from language import note_scores
from language.note_answers import Statement, polarity
from language.note_drafting import heard, stated_pronouns
from language.note_grammar import THEY, finished
from language.note_statements import Style, statements
from language.note_support import supported
from language.note_utterances import utterances, why_empty
from language.note_values import Role, Turn
from language.note_wording import by_pronoun, written

# Sections of at most this many words are written as items, the way such sections are.
WORDS_OF_A_LIST = 14
_FRAME = re.compile(
    r"^(?:The patient |Reports |They |She |He |I )?(?:(?:also |still |currently |does )*(?:has|have|had|takes|take|is taking|was taking|is allergic to|is on|reports|uses)\s+)?(?:(?:a|an|the|some|their|her|his)\s+)?(?=\w)",
    re.I,
)  # fmt: skip


# What such a section says when everything that was asked for was answered with no.
_NOTHING = {
    "ALLERGY": "No known drug allergies.",
    "MEDICATIONS": "None.",
    "PASTSURGICAL": "None.",
    "PROCEDURES": "None.",
    "FAM/SOCHX": "Noncontributory.",
}
_FAMILY = re.compile(r"\b(?:famil\w+|relatives?|runs?|running|genetic|hereditary|anyone|anybody)\b", re.I)
_NEGATED = re.compile(r"^(?:The patient (?:is|does|has|did|was) not\b|No\b|Not\b|None\b)", re.I)


def draft_section(turns: Sequence[Turn], header: str) -> list[str]:
    """The sentences of one section, most salient first until it is as long as such sections are, in the order said."""
    style = Style(stated_pronouns(turns), visit=True)
    made = [one for one in statements(turns, style).kept if not supported(one.text, heard(one.sources, turns))]
    if not made:
        return _of_fragments(turns, header)
    budget = note_scores.settings().header_words.get(header, WORDS_OF_A_LIST)
    texts = [_of_anyone(one) for one in _most_salient(made, budget, OVER_OF.get(header, OVER))]
    nothing = _NOTHING.get(header)
    denied = all(text.startswith("Denies ") or _NEGATED.search(text) for text in texts)
    if nothing and denied and (header != "FAM/SOCHX" or all(_FAMILY.search(text) for text in texts)):
        return [nothing]
    if budget <= WORDS_OF_A_LIST:
        return [_item(text) for text in texts]
    if style.pronouns == THEY:
        return texts
    return texts[:1] + [by_pronoun(text, style.pronouns) for text in texts[1:]]


def _of_fragments(turns: Sequence[Turn], header: str) -> list[str]:
    """Where nobody said a whole clause: that all was answered with no, or the bare words of the answers."""
    answers = [one for one in utterances(turns) if one.role is not Role.CLINICIAN and not one.asks]
    nothing = _NOTHING.get(header, _NOTHING_ELSE.get(header))
    if nothing and any(polarity(one.raw) is False for one in answers):
        return [nothing]
    said = [_BARE.sub("", one.said) for one in answers if why_empty(one) is None or _NAMES.fullmatch(one.said)]
    return [finished(text) for text in said if text]


# A word or two that only name something: "Claritin."
_NAMES = re.compile(r"[A-Z][a-z]{3,}(?: [a-z]+)?[.]?")
_BARE = re.compile(
    r"^(?:(?:only|just|i|we|he|she|they|use|uses|take|takes|have|has|my|his|her|their|a|an|the)\s+)+", re.I
)
_NOTHING_ELSE = {"PASTMEDICALHX": "None."}


def _of_anyone(one: Statement) -> str:
    """What somebody in the room said of the patient, without saying who: a section is about the patient alone."""
    found = _QUOTES.match(one.text)
    if found is None or _FIRST_PERSON.search(found["said"]):
        return one.text
    return written(one.said)


_QUOTES = re.compile(r'Another person present said, "(?P<said>.*)"\Z')
_FIRST_PERSON = re.compile(r"\b(?:i|me|my|mine|we|us|our|you|your)\b", re.I)


def _most_salient(made: Sequence[Statement], budget: int, over: float) -> list[Statement]:
    from language.encoder import load_encoder

    scores = note_scores.salience(
        note_scores.features(made, load_encoder().encode([one.said for one in made])), snippet=True
    )
    chosen: list[int] = []
    words = 0
    for index in sorted(range(len(made)), key=lambda i: (-scores[i], i)):
        if chosen and words + len(made[index].text.split()) > budget * over:
            continue
        chosen.append(index)
        words += len(made[index].text.split())
    return [made[index] for index in sorted(chosen)]


# Snippets are short and their sections about as long as what was said in them: cutting harder lost more than it saved
# on MTS-Dialog train.
OVER = 6
OVER_OF = {"CC": 2.5}


def _item(text: str) -> str:
    bare = _FRAME.sub("", text)
    return bare[:1].upper() + bare[1:] if bare else text
