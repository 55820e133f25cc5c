"""What somebody took back in the same breath: "penicillin or, I'm sorry, amoxicillin" says amoxicillin."""

import re

from language import note_words as words
from language.note_support import dates, medications

_BACK = r",?\s+(?:or|no|uh|wait|excuse me)?,?\s*(?:i am sorry|i'm sorry|sorry|i mean|excuse me|correction|rather),?\s+"
_COMPOUND = rf"(?:{'|'.join(words.TENS)})[ -](?:{'|'.join(words.NUMBERS_TO_19[1:10])})\b"
# "120/80, sorry, 130/80" and "1.5, I mean, 2" are no single words; of "all right, I mean left alone" neither is a side.
_TAKEN_BACK = re.compile(
    rf"(?<![\w./:,-])(?<!\ball )(?P<wrong>{_COMPOUND}|[\w-]+){_BACK}(?P<right>{_COMPOUND}|[\w-]+)\b(?![./:,-]\d)", re.I
)
_NUMBER = rf"(?:an?|a couple(?: of)?|a few|\d+|{'|'.join([*words.NUMBERS_TO_19, *words.TENS])})"
_MEASURE = rf"{_NUMBER} (?:milligrams?|mg|minutes?|hours?|days?|weeks?|months?|years?|times|tablets?|puffs?)"
_MEASURE_TAKEN_BACK = re.compile(rf"\b{_MEASURE}{_BACK}(?P<right>{_MEASURE})\b", re.I)
_SIDES = {"left", "right"}
_NUMBERS = {*words.NUMBERS_TO_19, *words.TENS}


def corrected(said: str) -> str:
    """The same words, of two of one kind (sides, medicines, numbers, measures, days) only the second."""
    return _TAKEN_BACK.sub(_what_stands, _MEASURE_TAKEN_BACK.sub(r"\g<right>", said))


def _what_stands(found: re.Match[str]) -> str:
    return found["right"] if _of_a_kind(found["wrong"], found["right"]) else found.group()


def _of_a_kind(wrong: str, right: str) -> bool:
    both = {wrong.lower(), right.lower()}
    return (
        both <= _SIDES
        or (_is_number(wrong) and _is_number(right) and not _only_the_unit(wrong, right))
        or (wrong.isdigit() and right.isdigit())
        or (bool(medications(wrong)) and bool(medications(right)))
        or (bool(dates(wrong)) and bool(dates(right)))
    )


def _is_number(said: str) -> bool:
    return set(re.split(r"[ -]", said.lower())) <= _NUMBERS


def _only_the_unit(wrong: str, right: str) -> bool:
    """Of "thirty five, I mean, six" nobody can say whether it is six or thirty-six."""
    return len(re.split(r"[ -]", wrong)) > len(re.split(r"[ -]", right)) and right.lower() in words.NUMBERS_TO_19[:10]
