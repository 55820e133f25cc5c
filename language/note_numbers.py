"""Numbers that speech says in several words: a blood pressure, a decimal, a year, a grade."""

import re

from language import note_words as words

_UNIT = "|".join(words.NUMBERS_TO_19[1:10])
_TEEN = "|".join(words.NUMBERS_TO_19[10:])
_TENS = "|".join(words.TENS)
_TO_99 = rf"(?:(?:{_TENS})(?:[ -](?:{_UNIT}))?|{_TEEN}|\d\d)"
_SMALL = rf"(?:{'|'.join(words.NUMBERS_TO_19)}|\d+)"
_PRESSURE = re.compile(
    rf"\b(?P<hundred>one|two|1|2)(?: hundred(?: and)?)?[ -](?P<rest>{_TO_99}) over (?P<low>(?:one[ -](?:hundred(?: and)?[ -])?)?{_TO_99})\b(?! (?:minutes|hours|days|weeks|months|years))", re.I
)  # fmt: skip
# "Eight point two five" is 8.25, "six point five three months ago" is 6.5 and then a count.
_ONE_DIGIT = rf"(?:zero|oh|{_UNIT}|\d)"
_NO_COUNT = r"(?! (?:times|minutes?|hours?|days?|weeks?|months?|years?)\b)"
_POINT = re.compile(
    rf"(?<!\bat )\b(?P<whole>(?:{_TENS})(?:[ -](?:{_UNIT}))?|{_SMALL}) point (?P<part>(?:{_ONE_DIGIT} )+{_SMALL}\b{_NO_COUNT}|{_SMALL}\b)",
    re.I,
)
_DIGIT = rf"(?:oh|o) (?:{_UNIT})"
# "Twenty fifteen" may be a count and a count without "in" or "since" before it; "nineteen two" is no year.
_NO_YEAR = r"(?![ -](?:(?:minute|hour|day|week|month|year|time|milligram|mg|dollar|percent|pound|people)s?|of|hundred|thousand)\b)"
_YEAR = re.compile(
    rf"\b(?:(?:(?P<century>nineteen)(?:(?<=\bin nineteen)|(?<=\bof nineteen)|(?<=\bsince nineteen)|(?=[ -](?:(?:{_TENS})|oh|o)\b))|(?<=\bin )twenty|(?<=\bof )twenty|(?<=\bsince )twenty)[ -](?P<year>(?:{_TENS})(?:[ -](?:{_UNIT}))?|{_TEEN}|{_DIGIT})"
    rf"|two thousand(?: and)?[ -](?P<of_two_thousand>(?:{_TENS})(?:[ -](?:{_UNIT}))?|{_TEEN}|(?:{_UNIT})))\b{_NO_YEAR}",
    re.I,
)
_GRADE = re.compile(r"\b(?P<grade>one|two|three|four|[1-4]) plus\b(?! (?:\d|one|two|three))", re.I)


def in_digits(text: str) -> str:
    """The same text with such numbers as digits: "one twenty eight over eighty" → "128/80", "eight point two" → "8.2"."""
    text = _PRESSURE.sub(
        lambda found: f"{value(found['hundred']) * 100 + value(found['rest'])}/{_low(found['low'])}", text
    )
    text = _POINT.sub(lambda found: f"{value(found['whole'])}.{_digits(found['part'])}", text)
    text = _YEAR.sub(lambda found: str(_year(found)), text)
    return _GRADE.sub(lambda found: f"{value(found['grade'])}+", text)


def _year(found: re.Match[str]) -> int:
    if found["of_two_thousand"]:
        return 2000 + value(found["of_two_thousand"])
    return (1900 if found["century"] else 2000) + value(re.sub(r"^oh? ", "", found["year"], flags=re.I))


def _digits(said: str) -> str:
    return "".join("0" if part.lower() == "oh" else str(value(part)) for part in said.split())


def _low(said: str) -> int:
    over_a_hundred = re.match(r"one[ -](?:hundred(?: and)?[ -])?", said, re.I)
    return 100 + value(said[over_a_hundred.end() :]) if over_a_hundred else value(said)


def value(said: str) -> int:
    """A number up to 99 in words ("twenty-five") or in digits."""
    if said.isdigit():
        return int(said)
    return sum(words.VALUE_OF[part] for part in re.split(r"[ -]", said.lower()))
