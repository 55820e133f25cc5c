"""Numbers that speech says in several words: a blood pressure, a decimal, a year, a grade."""

import re

from language import note_words as words

_UNIT = "|".join(words.NUMBERS_TO_19[1:10])
_TEEN = "|".join(words.NUMBERS_TO_19[10:])
_TENS = "|".join(words.TENS)
_TO_99 = rf"(?:(?:{_TENS})(?:[ -](?:{_UNIT}))?|{_TEEN}|\d\d)"
_SMALL = rf"(?:{'|'.join(words.NUMBERS_TO_19)}|\d+)"
_PRESSURE = re.compile(
    rf"\b(?P<hundred>one|two|1|2)(?: hundred(?: and)?)?[ -](?P<rest>{_TO_99}) over (?P<low>(?:one[ -](?:hundred(?: and)?[ -])?)?{_TO_99})\b(?! (?:weeks|months|years))", re.I
)  # fmt: skip
_POINT = re.compile(
    rf"(?<!\bat )\b(?P<whole>(?:{_TENS})(?:[ -](?:{_UNIT}))?|{_SMALL}) point (?P<part>{_SMALL})\b", re.I
)
_YEAR = re.compile(
    rf"(?<=\b(?:in|of) )(?P<century>nineteen|twenty) (?P<year>(?:{_TENS})(?:[ -](?:{_UNIT}))?|{_TEEN})\b"
    r"(?! (?:minutes|hours|days|weeks|months|years|percent))",
    re.I,
)
_GRADE = re.compile(r"\b(?P<grade>one|two|three|four|[1-4]) plus\b(?! (?:\d|one|two|three))", re.I)


def in_digits(text: str) -> str:
    """The same text with such numbers as digits: "one twenty eight over eighty" → "128/80", "eight point two" → "8.2"."""
    text = _PRESSURE.sub(
        lambda found: f"{_value(found['hundred']) * 100 + _value(found['rest'])}/{_low(found['low'])}", text
    )
    text = _POINT.sub(lambda found: f"{_value(found['whole'])}.{_value(found['part'])}", text)
    text = _YEAR.sub(lambda found: str(100 * _value(found["century"]) + _value(found["year"])), text)
    return _GRADE.sub(lambda found: f"{_value(found['grade'])}+", text)


def _low(said: str) -> int:
    over_a_hundred = re.match(r"one[ -](?:hundred(?: and)?[ -])?", said, re.I)
    return 100 + _value(said[over_a_hundred.end() :]) if over_a_hundred else _value(said)


def _value(said: str) -> int:
    if said.isdigit():
        return int(said)
    return sum(words.VALUE_OF[part] for part in re.split(r"[ -]", said.lower()))
