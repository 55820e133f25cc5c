"""Third parties' names out of a draft: whom the patient speaks of is kept as who they are to the patient.

A name is known by what stands beside it (a relation, a title, "called", a verb of which people are the subject or the
object), by a list of common first names, or because the practice knows it. A name that none of these tells stays; the
clinician who reads the draft is the second check.
"""

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from language.note_names import is_name, is_nobody
from language.note_support import medications
from language.note_values import Turn
from language.note_words import ADVERBS, MODALS, PREPOSITIONS

MASK = "[name]"
ALIKE = 0.85

RELATION = (
    r"(?:ex-?)?(?:husband|wife|boyfriend|girlfriend|partner|fianc[eé]e?|spouse|brother|sister|mother|father|mom|mum|dad|son|daughter|grandson|granddaughter"
    r"|cousin|uncle|aunt|grandmother|grandfather|grandma|grandpa|nephew|niece|stepmother|stepfather|stepson|stepdaughter|friend|best friend"
    r"|boss|manager|supervisor|colleague|co-?worker|roommate|flatmate|housemate|neighbou?r|teacher|professor|sponsor|landlord|ex|baby"
    r"|dog|cat|coach|pastor|doctor|therapist|mother-in-law|father-in-law|brother-in-law|sister-in-law)"
)
# Letters with accents too: "Zoë", "José", "Łukasz".
_LARGE, _SMALL = "A-Z\u00c0-\u00de\u0141", "a-z\u00df-\u00ff\u0142"
_WORD = rf"(?<!\w)[{_LARGE}][{_SMALL}]+(?!\w)"
_NAME = rf"(?P<name>{_WORD}(?:[ -]{_WORD})?)"
_NEVER = {
    "I", "The", "He", "She", "They", "It", "We", "You", "But", "And", "So", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
    "Saturday", "Sunday", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December", "Christmas", "Thanksgiving", "Easter", "English", "Spanish", "God", "Mom", "Mum", "Mommy", "Mummy", "Mama", "Dad",
    "Daddy", "Grandma", "Grandpa", "Granny", "Lord", "Jesus", "Dr", "Doctor", "Mr", "Mrs", "Ms", "Miss", "Aunt", "Uncle",
}  # fmt: skip
_DAYS = re.compile(r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days")
# Words of every text that open a sentence and are then written large.
_OPENERS = """
a an the this that these those my your his her its our their some any every each no one nobody everybody somebody anybody
everyone someone anyone nothing something everything what whatever who whoever which when where why how if or nor and but
so because since while until unless though although as than not yes yeah okay ok well oh is are was were am be been do does
did has have had there here then now today tomorrow yesterday tonight thank thanks please sorry let
"""
_OPENS_A_SENTENCE = frozenset(_OPENERS.split()) | ADVERBS | MODALS | PREPOSITIONS
_OF_A_RELATION = re.compile(rf"\b[Mm]y (?P<relation>{RELATION}),? {_NAME}\b(?!')")
_IS_A_RELATION = re.compile(rf"\b{_NAME},? (?:who is |is )?my (?P<relation>{RELATION})\b")
_CALLED = re.compile(rf"\b(?:called|named|name is|name's|name was) {_NAME}\b")
_TITLED = re.compile(
    rf"\b(?P<title>Dr\.?|Mr\.?|Mrs\.?|Ms\.?|Miss|Doctor|Professor|Pastor|Aunt|Uncle|Nurse|Coach) {_NAME}\b"
)
# An unknown capital is taken for a person only as the subject of one of these, as their object, or joined to the patient.
# Only people do the first; "Sleep comes" and "Work hits me" also open sentences, so the second count inside one alone.
_SPEAKS = (
    "said|says|told|tells|called|calls|asked|asks|wants|wanted|thinks|thought|knows|knew|yelled|yells|cried|cries|laughed|laughs"
    "|smiled|smiles|texted|texts|wrote|writes|hates|hated|loves|loved"
)
_MOVES = (
    "came|comes|hit|hits|left|leaves|goes|went|brought|brings|drove|drives|sat|sits|stood|stands|gave|gives|lives|lived|died|likes|liked"
    "|feels|felt|sleeps|slept|moved"
)
_NO_ARTICLE = r"(?<!\b[Aa] )(?<!\b[Aa]n )(?<!\b[Tt]he )(?<!\b[Tt]his )(?<!\b[Tt]hat )"
_SAYS = re.compile(rf"{_NO_ARTICLE}{_NAME} (?:and I|{_SPEAKS})\b")
_DOES = re.compile(rf"{_NO_ARTICLE}{_NAME} (?:{_MOVES})\b")
_DONE_TO = re.compile(
    rf"\b(?:told|tells?|telling|asked|asks?|asking|texted|texts?|texting|phoned|married|hugged|hugs?|called|calls?|calling|met) {_NAME}"
)


def names_in(turns: Sequence[Turn], known: Iterable[str] = (), *, every_capital: bool = False) -> dict[str, str]:
    """Every name found in a session, with what a draft writes in its place where it stands alone.

    ``every_capital``: a word written large inside a sentence is taken for somebody's name unless it is known to be
    nobody's. A draft of therapy talk masks a town too many rather than leave a sister's name in.
    """
    text = "\n".join(turn.text for turn in turns)
    found: dict[str, str] = {}
    for pattern in (_OF_A_RELATION, _IS_A_RELATION):
        for match in pattern.finditer(text):
            _add(found, match, text, f"the patient's {match['relation']}")
    for pattern in (_CALLED, _TITLED, _SAYS, _DONE_TO, _DOES):
        for match in pattern.finditer(text):
            if pattern is not _DOES or not _opens_a_sentence(text, match.start("name")):
                _add(found, match, text, MASK)
    for match in re.finditer(_WORD, text):
        if is_name(match.group()) or _is_known(match.group(), known):
            found.setdefault(match.group(), MASK)
    if every_capital:
        for match in re.finditer(_WORD, text):
            if _is_somebody(match.group(), text, match.start()):
                found.setdefault(match.group(), MASK)
    return found


def _is_somebody(word: str, text: str, at: int) -> bool:
    if len(word) < 3 or _is_no_name(word) or is_nobody(word) or _opens_a_sentence(text, at):
        return False
    # a title in front was handled with its name; what opens a quotation is large for that alone
    return not re.search(r"[\"\u201c\u2018:]\s?\Z", text[:at]) and not _stands_small(word, text)


def _add(found: dict[str, str], match: re.Match[str], text: str, written: str) -> None:
    """The name, and each word of it alone, unless it is no name: a common word, a day, a medicine."""
    first, *more = re.split(r"[ -]", match["name"])
    opens = _opens_a_sentence(text, match.start("name"))
    if _is_no_name(first) or (opens and _stands_small(first, text)):
        return
    if more and not _is_no_name(more[0]):
        found.setdefault(match["name"], written)
        if len(more[0]) > 2 and not _stands_small(more[0], text):
            found.setdefault(more[0], written)
    if not more or (len(first) > 2 and not _stands_small(first, text)):
        found.setdefault(first, written)


def _is_no_name(word: str) -> bool:
    return word in _NEVER or bool(_DAYS.fullmatch(word)) or word.lower() in _OPENS_A_SENTENCE or bool(medications(word))


def _opens_a_sentence(text: str, at: int) -> bool:
    return not re.search(r"[^\W\d_][^.!?\n]*\Z", text[max(0, at - 80) : at])


def _stands_small(word: str, text: str) -> bool:
    """Whether the session also writes a word small: then it is large only where it opens a sentence.

    Taken for a name it would be replaced wherever it opens one.
    """
    return bool(re.search(rf"(?<!\w){word.lower()}(?!\w)", text))


def _is_known(word: str, known: Iterable[str]) -> bool:
    """Whether a word is, or nearly is, a part of a name the practice knows."""
    if len(word) < 3 or word in _NEVER:
        return False
    parts = [part for name in known for part in name.split() if len(part) > 2]
    return any(SequenceMatcher(None, word.lower(), part.lower()).ratio() >= ALIKE for part in parts)


def masked(text: str, names: dict[str, str]) -> str:
    """A sentence of a draft without the names: "their boss, Karen, was" → "their boss was", "Megan" → "the patient's sister"."""
    for name, written in sorted(names.items(), key=lambda item: -len(item[0])):
        text = re.sub(rf"\b({RELATION}),? {name}\b(?!'),?", r"\1", text)
        text = re.sub(rf"\b{name},? (?=(?:who is |is )?(?:their|her|his|the patient's) {RELATION}\b)", "", text)
        text = re.sub(rf"\b{name}\b", written, text)
    return text[:1].upper() + text[1:]
