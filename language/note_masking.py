"""Third parties' names out of a draft: whom the patient speaks of is kept as who they are to the patient.

A name is known by what stands beside it (a relation, a title, "called"), by a list of common first names, or because the
practice knows it. A name that none of these tells stays; the clinician who reads the draft is the second check.
"""

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from language.note_names import is_name
from language.note_values import Turn

MASK = "[name]"
ALIKE = 0.85

RELATION = (
    r"(?:ex-?)?(?:husband|wife|boyfriend|girlfriend|partner|fianc[eé]e?|spouse|brother|sister|mother|father|mom|mum|dad|son|daughter"
    r"|cousin|uncle|aunt|grandmother|grandfather|grandma|grandpa|nephew|niece|stepmother|stepfather|stepson|stepdaughter|friend|best friend"
    r"|boss|manager|supervisor|colleague|co-?worker|roommate|flatmate|housemate|neighbou?r|teacher|professor|sponsor|landlord|ex|baby"
    r"|dog|cat|coach|pastor|doctor|therapist|mother-in-law|father-in-law|brother-in-law|sister-in-law)"
)
_NAME = r"(?P<name>[A-Z][a-z]+(?:[ -][A-Z][a-z]+)?)"
_NEVER = {
    "I", "The", "He", "She", "They", "It", "We", "You", "But", "And", "So", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
    "Saturday", "Sunday", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December", "Christmas", "Thanksgiving", "Easter", "English", "Spanish", "God",
}  # fmt: skip
_OF_A_RELATION = re.compile(rf"\b[Mm]y (?P<relation>{RELATION}),? {_NAME}\b(?!')")
_IS_A_RELATION = re.compile(rf"\b{_NAME},? (?:who is |is )?my (?P<relation>{RELATION})\b")
_CALLED = re.compile(rf"\b(?:called|named|name is|name's|name was) {_NAME}\b")
_TITLED = re.compile(
    rf"\b(?P<title>Dr\.?|Mr\.?|Mrs\.?|Ms\.?|Miss|Doctor|Professor|Pastor|Aunt|Uncle|Nurse|Coach) {_NAME}\b"
)
# Only beside a verb of speaking or coming, or joined to the patient, is an unknown capital taken for a person.
_DOES = re.compile(rf"(?<![.!?] )(?<!^)\b{_NAME} (?:and I\b|said\b|says\b|told\b|called\b|calls\b|came\b|asked\b|wants\b|thinks\b|hit\b|hits\b|left\b|yelled\b)")  # fmt: skip


def names_in(turns: Sequence[Turn], known: Iterable[str] = ()) -> dict[str, str]:
    """Every name found in a session, with what a draft writes in its place where it stands alone."""
    text = "\n".join(turn.text for turn in turns)
    found: dict[str, str] = {}
    for pattern in (_OF_A_RELATION, _IS_A_RELATION):
        for match in pattern.finditer(text):
            _add(found, match["name"], f"the patient's {match['relation']}")
    for pattern in (_CALLED, _TITLED, _DOES):
        for match in pattern.finditer(text):
            _add(found, match["name"], MASK)
    for match in re.finditer(r"\b[A-Z][a-z]+\b", text):
        if is_name(match.group()) or _is_known(match.group(), known):
            _add(found, match.group(), MASK)
    return found


def _add(found: dict[str, str], name: str, written: str) -> None:
    if not set(name.split()) & _NEVER:
        found.setdefault(name, written)


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
