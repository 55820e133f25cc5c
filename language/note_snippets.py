"""One section of a visit's note from the piece of talk that it is about, and which section that is."""

import re
from collections.abc import Sequence

from language import note_scores
from language.note_answers import Statement
from language.note_drafting import heard, stated_pronouns
from language.note_grammar import THEY
from language.note_statements import Style, statements
from language.note_support import supported
from language.note_values import Turn
from language.note_wording import by_pronoun

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
}
_NEGATED = re.compile(r"^(?:The patient (?:is|does|has|did|was) not\b|No\b|Not\b|None\b)", re.I)


def draft_section(turns: Sequence[Turn], header: str) -> list[str]:
    """The sentences of one section, most salient first until it is as long as such sections are, in the order said."""
    style = Style(stated_pronouns(turns), visit=True)
    made = [one for one in statements(turns, style).kept if not supported(one.text, heard(one.sources, turns))]
    if not made:
        return []
    budget = note_scores.settings().header_words.get(header, WORDS_OF_A_LIST)
    texts = [one.text for one in _most_salient(made, budget)]
    nothing = _NOTHING.get(header)
    if nothing and all(text.startswith("Denies ") or _NEGATED.search(text) for text in texts):
        return [nothing]
    if budget <= WORDS_OF_A_LIST:
        return [_item(text) for text in texts]
    if style.pronouns == THEY:
        return texts
    return texts[:1] + [by_pronoun(text, style.pronouns) for text in texts[1:]]


def _most_salient(made: Sequence[Statement], budget: int) -> list[Statement]:
    from language.encoder import load_encoder

    scores = note_scores.salience(
        note_scores.features(made, load_encoder().encode([one.said for one in made])), snippet=True
    )
    chosen: list[int] = []
    words = 0
    for index in sorted(range(len(made)), key=lambda i: (-scores[i], i)):
        if chosen and words + len(made[index].text.split()) > budget * OVER:
            continue
        chosen.append(index)
        words += len(made[index].text.split())
    return [made[index] for index in sorted(chosen)]


# Snippets are short and their sections about as long as what was said in them: cutting harder lost more than it saved
# on MTS-Dialog train.
OVER = 6


def _item(text: str) -> str:
    bare = _FRAME.sub("", text)
    return bare[:1].upper() + bare[1:] if bare else text
