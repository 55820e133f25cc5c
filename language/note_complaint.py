"""Why did the patient come? In the words of the first turn that says so."""

import re
from collections.abc import Iterator, Sequence

from language.note_answers import Statement
from language.note_grammar import finished
from language.note_names import is_name
from language.note_support import supported
from language.note_values import Role, Source, Turn

OPENING_TURNS = 12
"""Within so many turns it is said why the patient came."""

# Where a complaint ends: at the next clause, or before what only says since when.
_END = (
    r"(?=\s*(?:[.,?!;]|$|\b(?:that|which|who|since|when|while|because|so|but|if|tell|can|could|what|how|is|are|was|today|now|then"
    r"|over|lately|recently|currently|here|before|after i|did|do|and (?:i|you|we|he|she|it|they|so|then|also|like|tell|what|how|has|is|was)|for (?:about|the|a|an|several"
    r"|\d|one|two|three|four|five|six|years|months|weeks|days)|i|you|we|he|she|they|it|i'm|i've|you're|you've|yes|yeah|okay|in both)\b))"
)
_WHAT = rf"(?P<what>[a-z0-9][\w'/ -]{{2,90}}?){_END}"
_ARTICLES = r"(?:(?:an?|some kind of|some|more|this|the|these|your|her|his|their|my|little|bit of|bunch of|lot of|a bit of|evaluation (?:of|for)|complaints? of|complaining of)\s+)*"
_CAME = r"(?:presents?|presenting|came in|coming in|comes in|come in|here|in(?=\s+for)|called in|referred)"
_BY_WHOM = [
    # what is dictated, or said outright
    (None, rf"\bchief complaint (?:is|of|today is)\s+{_ARTICLES}{_WHAT}"),
    (None, rf"\b{_CAME}\s+(?:and\s+)?(?:to the \w+ |today |in |back |with \w+ )*(?:,? ?\b(?:uh|um)\b ?,? ?)?(?:for|with|because of|complaining of|to discuss|to establish care for|regarding)\s+{_ARTICLES}{_WHAT}"),
    # what the clinician read before
    (Role.CLINICIAN, rf"\byou(?: are|'re| were|'ve| have)?(?: been| still)?(?: having)? (?:having|experiencing|had|got|been suffering from|dealing with|suffering from)\s+{_ARTICLES}{_WHAT}"),
    (Role.CLINICIAN, rf"\byou(?: have|'ve)? (?=(?:hurt|injured|broke|sprained|twisted|fractured|cut|burned)\b){_WHAT}"),
    # what the patient says first
    (Role.PATIENT, rf"\b(?:other than|aside from|besides|because of|except for)\s+{_ARTICLES}{_WHAT}"),
    (Role.PATIENT, rf"\bi(?: am|'m| have|'ve)?(?: been| still)? (?:having|experiencing|dealing with|have|had|got)\s+{_ARTICLES}{_WHAT}"),
    (Role.PATIENT, rf"\bmy (?P<what>(?:\w+ ){{1,4}}?(?:(?:has|have) been )?(?:hurts?|hurting|aches?|aching|is (?:really |very |extremely )?(?:sore|swollen|painful))){_END}"),
]  # fmt: skip
_SAID = [(role, re.compile(pattern, re.I)) for role, pattern in _BY_WHOM]
_STATED_OUTRIGHT = 2
# Without one of these, what somebody "has" or "had" may be a dog or a good week.
_AILS = re.compile(
    r"\b(?:\w*pain\w*|\w*aches?|aching|sore\w*|hurt\w*|injur\w+|broke|sprain\w*|twist\w*|fracture\w*|cut|burn\w*|swell\w*|swollen|numb\w*|tingling|weak\w*"
    r"|dizz\w+|rash\w*|itch\w*|cough\w*|fever\w*|nausea|vomit\w*|diarrhea|constipat\w+|bleed\w*|blood|difficulty|trouble|problems?|issues?"
    r"|infections?|ulcers?|lumps?|stones?|short\w* of breath|breathing|headaches?|migraines?|twitch\w*|spasms?|anxi\w+|depress\w+|insomnia|panic|seizures?"
    r"|fatigue\w*|tired\w*|palpitations|stiff\w*|wounds?|cysts?|pressure|sugars?|cancer|diabetes|asthma|allerg\w+|hypertension|reflux|heartburn)\b",
    re.I,
)
_NO_COMPLAINT = re.compile(
    r"\b(?:you|me|him|them|it|this|that|while|bit|minute|office|questions?|recording|note|fun|no|not|any)\b", re.I
)
_OWN = re.compile(r"\b(?:my|your|her|his|their)\b", re.I)
# A part of the body by itself is no complaint; what is wrong with it is said later.
_PART = re.compile(
    r"(?:(?:the|right|left|both) )*(?:hips?|elbows?|knees?|shoulders?|back|neck|legs?|arms?|ankles?|feet|foot|hands?|wrists?|fingers?|toes?|eyes?|ears?"
    r"|heads?|throat|chest|stomach|skin|hair|heart)\.",
    re.I,
)
FEWEST_WORDS = 2
MOST_WORDS = 14


def complaint(turns: Sequence[Turn]) -> Statement | None:
    """The chief complaint, from what is said outright, else from what the clinician was told, else from the patient."""
    opening = list(enumerate(turns))[:OPENING_TURNS]
    for place, (role, pattern) in enumerate(_SAID):
        for index, turn in opening:
            if role is None or turn.role is role:
                for found in pattern.finditer(turn.text):
                    if _ASKED.search(turn.text[: found.start()]) or _of_another(turn, found):
                        continue
                    made = _made(found, index, turn, outright=place < _STATED_OUTRIGHT)
                    if made is not None:
                        return made
    return None


# "Have you had chest pain?" asks.
_ASKED = re.compile(r"\b(?:have|are|were|had|did|do|if|when|whether|any time|ever)\s+\Z", re.I)
_RELATIVE = re.compile(r"\bmy \w+(?:\s+\w+){0,2}\s*\Z", re.I)


def _of_another(turn: Turn, found: re.Match[str]) -> bool:
    """Whether a patient tells why somebody else came: "My brother came in for chest pain." """
    before = turn.text[: found.start()]
    own = re.match(r"(?:i|my)\b", found.group(), re.I)
    return turn.role is Role.PATIENT and own is None and bool(_RELATIVE.search(before))


def _made(found: re.Match[str], index: int, turn: Turn, outright: bool) -> Statement | None:
    what = _trimmed(found["what"])
    text = finished(_OWN.sub("the", what))
    if _NO_COMPLAINT.search(text) or not FEWEST_WORDS <= len(text.split()) + outright <= MOST_WORDS:
        return None
    if not _AILS.search(text) and (not outright or _PART.fullmatch(text)):
        return None
    if _other_side(text, turn.text[found.end() :]) or supported(text, [turn.text[found.start() : found.end()]]):
        return None
    return Statement(text, (Source(index, found.start(), found.end()),), turn.role, what)


def _other_side(text: str, goes_on: str) -> bool:
    """Whether the next few words name the other side: "here for left leg pain. Right leg pain?" is not for certain."""
    side = re.search(r"\b(left|right)\b", text, re.I)
    next_words = " ".join(goes_on.split()[:WORDS_OF_A_CORRECTION]).lower()
    return side is not None and {"left": "right", "right": "left"}[side[1].lower()] in re.findall(r"\w+", next_words)


WORDS_OF_A_CORRECTION = 8


def _trimmed(what: str) -> str:
    """Up to the first name: where nothing is punctuated the next sentence begins with one."""
    return re.sub(r"\s+(?:and|or|with|in|on|of|the|to)\Z", "", " ".join(_until_a_name(what.strip().split())))


def _until_a_name(said: Sequence[str]) -> Iterator[str]:
    for word in said:
        if is_name(word.capitalize()):
            return
        yield word
