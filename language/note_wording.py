"""How a note writes what speech says at length: numbers as digits, units short, no padding, a pronoun the second time."""

import re

from language import note_words as words
from language.note_grammar import Pronouns, finished
from language.note_names import is_name
from language.note_numbers import in_digits, value

_SMALL = "|".join(words.NUMBERS_TO_19[1:10])
_NUMBER = rf"(?:(?:{'|'.join(words.TENS)})(?:[ -](?:{_SMALL}))?|{'|'.join(sorted(words.NUMBERS_TO_19, key=len, reverse=True))})"
_HUNDRED = re.compile(rf"\b(?P<many>{_SMALL}) hundred(?: (?:and )?(?P<rest>{_NUMBER}))?\b(?! and)", re.I)
_COUNTED = re.compile(
    rf"\b(?P<number>{_NUMBER})(?=[ -](?:\w+ )?(?:to|or|out|milligrams?|mg|percent|%|years?|months?|weeks?|days?|hours?|minutes?|nights?"
    rf"|times?|drinks?|beers?|glasses|packs?|pounds?|sessions?|children|kids|daughters?|sons?|brothers?|sisters?|steps?|miles?|puffs?|tablets?|capsules?|pills?|cigarettes?|cups?|bottles?|views?|degrees?|centimeters?|millimeters?|grams?|units?|inches|feet|episodes|doses|refills|cigars?|joints?|cans?|flights?|blocks?|siblings?|boys?|girls?|grandchildren|grandkids|surgeries|pregnancies|over)\b)"
    rf"|\b(?P<both>(?:{'|'.join(words.TENS)})[ -](?:{_SMALL}))\b"
    rf"|(?<=\bage )(?P<age>{_NUMBER})\b|(?<=\bout of )(?P<of>{_NUMBER})\b|(?<=\d or )(?P<alt>{_NUMBER})\b|(?<=\d to )(?P<upto>{_NUMBER})\b",
    re.I,
)  # fmt: skip
# "One" is more often a pronoun than a count.
_ONE = re.compile(r"^one$", re.I)

_SHORTER = [
    (re.compile(r"\b(?:just|really|actually|pretty much|definitely|certainly|obviously|very|super|right here)\s+", re.I), ""),
    (re.compile(r"\ba (?:little )?bit of (?=(?:an?|the|his|her|their)\b)", re.I), ""),
    (re.compile(r"\ba little bit(?: of(?! (?:it|that|this|them|my|what)\b))?(?!\w)", re.I), "a little"),
    (re.compile(r"\bgo ahead and\b", re.I), ""),
    (re.compile(r"\bgo ahead,?\s*", re.I), ""),
    (re.compile(r"\b(I|we|they) do (?=(?:have|think|feel|want|see|appreciate|need|believe|recommend|know|like|notice|get|take)\b)", re.I), r"\1 "),
    (re.compile(r"\bdoes have\b", re.I), "has"),
    (re.compile(r"\bdoes (feel|want|see|need|believe|notice|get|take|seem|look|eat|sleep|work|live|drink|help)\b(?= )", re.I), r"\1s"),
    (re.compile(r"\b(\d+(?:\.\d+)?) ?milligrams?\b", re.I), r"\1 mg"),
    (re.compile(r"\b(\d+(?:\.\d+)?) ?micrograms?\b", re.I), r"\1 mcg"),
    (re.compile(r"\b(\d+) ?(?:percent)\b", re.I), r"\1%"),
    (re.compile(r"(?<=mg )(?:once )?(?:a|per|every|each) day\b", re.I), "daily"),
    (re.compile(r"\bonce (?:a|per) day\b", re.I), "daily"),
    (re.compile(r"\b(twice|three times|\d times) (?:a|per) day\b", re.I), r"\1 daily"),
    (re.compile(r"\b(\d+) out of (\d+)\b(?! weeks| months)", re.I), r"\1/\2"),
    (re.compile(r"\b(\d+), (\d{3})\b"), r"\1,\2"),
    (re.compile(r"\b(has|have|had) got(?:ten)? (?=a|an|the|some|two|\d)", re.I), r"\1 "),
    (re.compile(r"\b(will|to) be (?:going to )(?=\w)", re.I), r"\1 "),
]  # fmt: skip


def written(text: str) -> str:
    """A statement in a note's wording; nothing is added, a number keeps its value, a quotation is not touched."""
    if '"' in text:
        return finished(text)  # a quotation stays as it was said
    text = in_digits(text)
    text = _HUNDRED.sub(_hundreds, text)
    text = _COUNTED.sub(_digits, text)
    for pattern, shorter in _SHORTER:
        text = pattern.sub(shorter, text)
    return finished(_SPLICED.sub("; ", text) if _MAIN_CLAUSE.match(text) else text)


# Two main clauses that speech joins with a comma; after "If …" or "When …" the comma belongs there.
_MAIN_CLAUSE = re.compile(r"(?:the patient(?! \w+ that)|they|he|she|I|we|it) ", re.I)
_SPLICED = re.compile(
    r",\s+(?=(?:they|he|she|it|(?:their|his|her) \w+) (?:is|are|was|were|has|have|had|do|does|did|would|will|can|could|cannot|thought|felt"
    r"|said|went|got|just|dropped|hurts?|helps?|feels?)\b)"
)


# What a patient calls it, and what a clinician writes for exactly the same.
_CLINICAL = [
    (re.compile(r"\b(?:mom|mum|mommy)\b(?!')", re.I), "mother"),
    (re.compile(r"\b(?:dad|daddy)\b(?!')", re.I), "father"),
    (re.compile(r"\b(?:mom|mum)'s\b", re.I), "mother's"),
    (re.compile(r"\bdad's\b", re.I), "father's"),
    (re.compile(r"\bgrandma\b", re.I), "grandmother"),
    (re.compile(r"\bgrandpa\b", re.I), "grandfather"),
    (re.compile(r"\bkids\b", re.I), "children"),
    (re.compile(r"\b(?:has |have )?passed away\b", re.I), "died"),
    (re.compile(r"\bhigh blood pressure\b", re.I), "hypertension"),
    (re.compile(r"\b(?:stomach|belly|tummy) pains?\b|\b(?:an? )?(?:bellyache|stomach ?ache)\b", re.I), "abdominal pain"),
    (re.compile(r"\bthrowing up\b", re.I), "vomiting"),
    (re.compile(r"\bthrew up\b", re.I), "vomited"),
    (re.compile(r"\b(?:(?:their|her|his|the|your|my) )?appendix (?:was |taken |been )*(?:removed|taken out|out)\b|\bappendix (?:removal|surgery)\b", re.I), "appendectomy"),
    (re.compile(r"\b(?:(?:their|her|his|the|your|my) )?gallbladder (?:was |taken |been )*(?:removed|taken out|out)\b|\bgallbladder (?:removal|surgery)\b", re.I), "cholecystectomy"),
    (re.compile(r"\bafib\b", re.I), "atrial fibrillation"),
]  # fmt: skip


def clinical(text: str) -> str:
    """The same in a clinician's words, where these mean exactly that: "high blood pressure" → "hypertension"."""
    if '"' in text:
        return text
    for pattern, term in _CLINICAL:
        text = pattern.sub(term, text)
    return text[:1].upper() + text[1:]


def _hundreds(found: re.Match[str]) -> str:
    rest = found["rest"]
    return str(100 * words.VALUE_OF[found["many"].lower()] + (value(rest) if rest else 0))


def _digits(found: re.Match[str]) -> str:
    number = next(each for each in found.groups() if each)
    return (
        number
        if _ONE.match(number) and not re.match(r"[ -](?:to|or) ", found.string[found.end() :])
        else str(value(number))
    )


_LEADING = re.compile(r"^The patient(?P<own>'s)? ")


def by_pronoun(text: str, pronouns: Pronouns) -> str:
    """A sentence that begins with "The patient", said of somebody just named."""
    found = _LEADING.match(text)
    if found is None:
        return text
    rest = text[found.end() :]
    if found["own"]:
        return finished(f"{pronouns.possessive} {rest}")
    if pronouns.plural:
        rest = _plural_verb(rest)
    return finished(f"{pronouns.subject} {rest}")


def reported(text: str, pronouns: Pronouns) -> str:
    """What a patient says of themselves, as reported: "The patient has pain." → "The patient reports she has pain." """
    found = _LEADING.match(text)
    if found is None or found["own"] or text.startswith("The patient reports"):
        return text
    account = by_pronoun(text, pronouns)
    return f"The patient reports {account[0].lower()}{account[1:]}"


_INSIDE = re.compile(
    r"\bthe patient(?P<own>'s)?(?= (?:(?:also|still|now|not|never|already|currently|\w+ly) )*(?P<next>[\w']+)|)"
)
_PERSON = (
    r"(?:step|grand)?(?:mother|father|mom|dad|sister|brother|daughter|son)|wife|husband|aunt|uncle|niece|nephew|cousin|friend|girlfriend|boyfriend|boss|partner"
    r"|nurse|doctor|therapist|surgeon|physician|specialist|(?<!old )(?:woman|man|girl|boy)"
)
_SOMEBODY_ELSE = re.compile(rf"\b(?:(?:dr|mr|mrs|ms)\b|(?:{_PERSON})s?\b)", re.I)
_HE_OR_SHE = re.compile(r"\b(?:he|she|him|her|his|hers|himself|herself|patients)\b", re.I)


def names_another(text: str) -> bool:
    """Whether somebody else is spoken of by relation, calling, title or name, so that a "she" may be that one."""
    return bool(_SOMEBODY_ELSE.search(text)) or any(map(is_name, re.findall(r"[A-Z][a-z]+", text)))


_BEFORE_A_CLAUSE = {"before", "after", "until", "than", "like"}
_OPENS_A_CLAUSE = {"if", "when", "because", "whether", "while", "unless"}


def inside_by_pronoun(text: str, pronouns: Pronouns) -> str:
    """A sentence that names the patient after its beginning, said of somebody named before.

    Where "he" or "she" stands first it may be anybody, and "they" may be always: there the patient stays named.
    """
    found = _INSIDE.search(text)
    if found is None or pronouns.plural or '"' in text:
        return text
    before = text[: found.start()]
    if _HE_OR_SHE.search(before) or names_another(before):
        return text
    case = pronouns.possessive if found["own"] else pronouns.subject if _is_subject(text, found) else pronouns.object
    return finished(f"{text[: found.start()]}{case}{text[found.end() :]}")


def _is_subject(text: str, found: re.Match[str]) -> bool:
    """Whether a finite verb follows, and nothing before takes the patient as its object ("get the patient started")."""
    before = (text[: found.start()].split() or [""])[-1].lower()
    verb = (found["next"] or "").lower()
    finite = (
        verb in words.MODALS | words.PAST | set(_PLURAL) or _bare(verb) in words.BASES - {verb} or verb.endswith("ed")
    )
    takes_it = before in words.PREPOSITIONS - _BEFORE_A_CLAUSE or (
        before in words.TAKES_AN_OBJECT and (verb.endswith("ed") or verb in words.PARTICIPLES)
    )
    return before in _OPENS_A_CLAUSE or (finite and not takes_it)


_PLURAL = {"is": "are", "was": "were", "has": "have", "does": "do", "goes": "go"}


def _plural_verb(rest: str) -> str:
    """The verb that agreed with "the patient" made to agree with "they"; adverbs before it stay."""
    parts = rest.split(" ")
    for at, part in enumerate(parts):
        word = part.rstrip(",.;").lower()
        if word in words.ADVERBS or word.endswith("ly"):
            continue
        parts[at] = (_PLURAL.get(word) or _bare(word)) + part[len(word) :]
        break
    return _AND_VERB.sub(lambda found: found[1] + _bare(found[2]), " ".join(parts))


# "They come home and lie down": the second verb agrees, too, as long as no other subject came between.
_AND_VERB = re.compile(r"(^[^,.]*?\b(?:and|or) (?:then )?)([a-z]+s)\b(?= \w)")


def _bare(verb: str) -> str:
    if verb in words.PAST | words.MODALS or not verb.endswith("s"):
        return verb
    for base in (verb[:-1], verb[:-2], verb[:-3] + "y"):
        if base in words.BASES:
            return base
    return verb[:-1] if not verb.endswith("ss") else verb
