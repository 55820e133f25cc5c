"""From what somebody said to what a note says of them: person, tense, agreement, contractions, disfluencies.

There is no parser here. Closed lists and the words beside a pronoun decide; what they cannot decide is returned as
None, and the caller leaves it out or quotes it.
"""

import re
from dataclasses import dataclass

from language import note_words as words
from language.note_names import is_name
from language.note_values import Role


@dataclass(frozen=True)
class Pronouns:
    """How a note speaks of the patient after naming them: subject, object, possessive, reflexive."""

    subject: str = "they"
    object: str = "them"
    possessive: str = "their"
    reflexive: str = "themselves"

    @property
    def plural(self) -> bool:
        return self.subject == "they"


THEY = Pronouns()
SHE = Pronouns("she", "her", "her", "herself")
HE = Pronouns("he", "him", "his", "himself")

PATIENT = "the patient"
CLINICIAN = "the clinician"


def tidy(text: str) -> str:
    """The words without fillers, stutters, repeated starts and tags; contractions written out."""
    text = re.sub(r"\s+([.,;:!?%])", r"\1", text.replace("\u2019", "'"))
    text = re.sub(r"\b(\w{1,4})-\s+(?=\1)", "", text, flags=re.I)  # "y- you", "ho- home"
    text = re.sub(r"(?<=\w)-(?=\s|$)", " ", text)
    for pattern, written in [*words.SPOKEN, *words.CONTRACTIONS]:
        text = pattern.sub(written, text)
    text = words.HAS.sub(r"\1 has", text)
    text = words.IS.sub(r"\1 is", text)
    text = words.HAD.sub(r"\1 had", text)
    text = words.WOULD.sub(r"\1 would", text)
    text = words.LIKE.sub(" ", text)
    text = words.FILLERS.sub(" ", text)
    return _FALSE_START.sub("", _trimmed(_without_repeats(text)))


# "I you have an ulcer", "it it stays": the first pronoun was given up; in "she, I think, was depressed" it was not.
_FALSE_START = re.compile(
    r"^(?:i|we|it|you|he|she|they) (?=(?:i|we|it|you|he|she|they) "
    r"(?:am|are|is|was|were|have|has|had|do|did|will|would|can|could|need|want)\b)",
    re.I,
)


def _without_repeats(text: str) -> str:
    """ "I, I think" and "it was, it was bad" said once; a repeated number stays, it may be meant."""
    before = ""
    while before != text:
        before = text
        text = re.sub(r"\b((?:[a-z']+\s+){0,2}[a-z']+)[\s,]+\1\b(?!-)", r"\1", text, flags=re.I)
    return text


def _trimmed(text: str) -> str:
    before = ""
    text = _spaced(text)
    while before != text:
        before = text
        text = re.sub(
            r"^that (?=(?:you|i|we|he|she|it|they)\b)", "", words.TAGS.sub("", words.OPENERS.sub("", text)), flags=re.I
        )
        text = text.strip(" ,;:-")
    return text


def _spaced(text: str) -> str:
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"\s+([.,;:!?%])", r"\1", text)
    text = re.sub(r"([.,;:])(?:\s*[,;:])+", r"\1", text)
    text = re.sub(r",(?=\s+(?:that|to|of|for|with)\b)", "", text)
    return re.sub(r"^[\s,.;:!?-]+|[\s,;:-]+$", "", text)


def uncapitalised(text: str) -> str:
    """A clause as it stands inside a sentence: its first letter small, unless the word is always written large."""
    first = re.match(r"[A-Za-z']+", text)
    if first is None or first.group() == "I" or first.group()[1:] != first.group()[1:].lower():
        return text
    small = first.group().lower()
    if _DAYS.fullmatch(small) or re.match(r"(?:Dr|Mr|Mrs|Ms|Miss)\b", text) or is_name(first.group()):
        return text
    return text[0].lower() + text[1:]


TOKEN = re.compile(r"[A-Za-z0-9]+(?:['./-][A-Za-z0-9]+)*|[^\sA-Za-z0-9]")


@dataclass
class _Reading:
    """The state of one walk over a sentence's tokens."""

    tokens: list[str]
    speaker: Role
    pronouns: Pronouns
    writer: str
    named: bool = False
    singular: bool | None = None  # the number of the subject whose verb is still to come
    conjoined: bool | None = None  # the number that a verb after "and" agrees with

    @property
    def unclear(self) -> bool:
        """Whether the patient's pronoun already stands for somebody else in this sentence."""
        mine = {self.pronouns.subject, self.pronouns.object, self.pronouns.possessive}
        if self.speaker is not Role.CLINICIAN and self.pronouns.plural:
            mine = mine | {"we", "us", "our"}
        return any(token.lower() in mine for token in self.tokens)


def to_third_person(
    text: str, speaker: Role, pronouns: Pronouns = THEY, writer: str = CLINICIAN, named: bool = False
) -> str | None:
    """The tidy sentence with the patient as "the patient", then by pronoun; None where a person stays unclear.

    `writer` is how the clinician is called ("I" in a note that its author signs in the first person). `named`: the
    patient has been named already, so that a pronoun is enough.
    """
    reading = _Reading(TOKEN.findall(text), speaker, pronouns, writer, named)
    out: list[str] = []
    for at in range(len(reading.tokens)):
        written = _token(reading, at, out)
        if written is None:
            return None
        if written:
            out.append(written)
    return joined(out)


def joined(tokens: list[str]) -> str:
    """Tokens as text, with a capital and a full stop."""
    text = re.sub(r"\s+([.,;:!?%)])", r"\1", " ".join(tokens))
    text = re.sub(r"([$(])\s+", r"\1", text)
    text = re.sub(r'" ([^"]*?) "', r'"\1"', text)
    text = re.sub(r"(?<=s) ' (?=\w)", "' ", text)
    return finished(text)


def finished(text: str) -> str:
    """A sentence's outer form: a capital first, one full stop at the end."""
    if text.count('"') % 2:
        text = text.replace('"', "")  # of a quotation that began or ended in another breath
    text = _spaced(text).rstrip(" ,;:-?!.")
    if not text:
        return ""
    text = _DAYS.sub(lambda day: day.group().capitalize(), text)
    text = re.sub(r"\bi\b", "I", text)
    closing = "" if text.endswith(('."', '?"', '!"')) else "."
    return text[0].upper() + text[1:] + closing


_DAYS = re.compile(
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(?:january|february|april|june|july|august|september|october"
    r"|november|december)\b"
)


def _token(reading: _Reading, at: int, out: list[str]) -> str | None:
    word = reading.tokens[at].lower()
    if word in ("i", "me", "my", "mine", "myself") or (word == "am" and reading.singular is None):
        return _first_person(reading, at, word)
    if word in ("you", "your", "yours", "yourself", "yourselves"):
        return _second_person(reading, at, word)
    if reading.speaker is not Role.CLINICIAN and word in ("we", "us", "our", "ours", "ourselves"):
        return {"we": "they", "us": "them", "our": "their", "ours": "theirs", "ourselves": "themselves"}[word]
    return _other(reading, at, word)


def _first_person(reading: _Reading, at: int, word: str) -> str | None:
    if reading.speaker is Role.CLINICIAN:
        if reading.writer.lower() == "i":
            reading.singular = reading.conjoined = None
            return {"i": "I"}.get(word, word)
        forms = {"i": reading.writer, "me": reading.writer, "my": f"{reading.writer}'s", "mine": f"{reading.writer}'s"}
        if word == "i":
            reading.singular = reading.conjoined = True
        return forms.get(word, "is" if word == "am" else "themselves")
    return _patient(reading, {"i": "subject", "me": "object", "my": "possessive", "mine": "own"}.get(word, "reflexive"))


def _second_person(reading: _Reading, at: int, word: str) -> str | None:
    if reading.speaker is Role.PATIENT:
        return None  # "you" is the clinician or everyone; which, the words do not say
    if word == "you" and _is_subject(reading.tokens, at):
        return _patient(reading, "subject")
    case = {"you": "object", "your": "possessive", "yours": "own"}.get(word, "reflexive")
    return _patient(reading, case)


def _patient(reading: _Reading, case: str) -> str:
    named, reading.named = reading.named and not reading.unclear, True
    if case == "reflexive":
        return reading.pronouns.reflexive
    if case == "subject":
        reading.singular = reading.conjoined = not named or not reading.pronouns.plural
        return reading.pronouns.subject if named else PATIENT
    if case == "object":
        return reading.pronouns.object if named else PATIENT
    if case == "own" and named:
        return reading.pronouns.possessive + ("" if reading.pronouns.possessive.endswith("s") else "s")
    return reading.pronouns.possessive if named else f"{PATIENT}'s"


def _is_subject(tokens: list[str], at: int) -> bool:
    """Whether "you" at this position has its own verb that must agree."""
    before = tokens[at - 1].lower() if at else ""
    after = next((t.lower() for t in tokens[at + 1 :] if t.lower() not in words.ADVERBS or t.lower() == "have"), "")
    finite = after in words.MODALS or after in ("are", "were", "have", "had", "do", "did", "was")
    if before in _BEFORE_A_SUBJECT or (finite and before in words.PARTICLES):
        return True
    if before in ("before", "after", "until") and (after in words.BASES or after in words.PAST):
        return True
    if before in words.PREPOSITIONS | words.TAKES_AN_OBJECT and not (
        finite and before in ("than", "like", "after", "before")
    ):
        return finite and before in ("feel", "told", "like", "than", "after", "before", "until")
    return finite or after in words.BASES or after in words.PAST or after.endswith("ed")


# A clause of its own begins after these: "you said you lift weights".
_BEFORE_A_SUBJECT = {"said", "say", "if", "when", "whenever", "while", "because", "whether", "unless", "think", "hope"}


def _other(reading: _Reading, at: int, word: str) -> str:
    said = reading.tokens[at]
    if reading.singular is not None:
        if word in words.ADVERBS or word.endswith("ly"):
            return said
        singular, reading.singular = reading.singular, None
        written = agreeing(word, singular)
        reading.conjoined = singular if written != word or not singular else None
        return written if written != word else said
    if reading.conjoined and _follows_and(reading.tokens, at) and word in words.BASES:
        return agreeing(word, True)
    if word in words.MODALS | {
        "to",
        "he",
        "she",
        "it",
        "they",
        "we",
        "that",
        "who",
        "if",
        "because",
        "do",
        "does",
        "not",
    }:
        reading.conjoined = None
    return said


def _follows_and(tokens: list[str], at: int) -> bool:
    before = [t.lower() for t in tokens[max(0, at - 2) : at]]
    adverb = bool(before) and before[-1] in words.ADVERBS - {"so", "first", "last", "kind", "both", "all"}
    if not (before[-1:] == ["and"] or before[-1:] == ["or"] or (adverb and before[:1] == ["and"])):
        return False
    # A noun of the same spelling ("work and sleep") stands at the end or before a comma.
    return at + 1 < len(tokens) and tokens[at + 1] not in ",.;"


_AGREEMENT = {
    "am": ("is", "are"), "are": ("is", "are"), "was": ("was", "were"), "were": ("was", "were"), "have": ("has", "have"),
    "do": ("does", "do"), "go": ("goes", "go"), "has": ("has", "have"), "does": ("does", "do"), "be": ("is", "are"),
}  # fmt: skip


def agreeing(verb: str, singular: bool) -> str:
    """A verb said of "I" or "you", as it is said of one or of several others; pasts and modals stay as they are."""
    if verb in _AGREEMENT:
        return _AGREEMENT[verb][0 if singular else 1]
    if not singular or verb in words.MODALS | words.PAST | words.SAME_IN_THE_PAST or not verb.isalpha():
        return verb
    if verb not in words.BASES and (verb.endswith(("ed", "ing", "s")) or verb in words.PARTICIPLES or len(verb) < 3):
        return verb
    return third_singular(verb)


def third_singular(verb: str) -> str:
    """The -s form of a base verb."""
    if verb in ("have", "do", "go", "be"):
        return {"have": "has", "do": "does", "go": "goes", "be": "is"}[verb]
    if re.search(r"(?:s|x|z|ch|sh|o)$", verb):
        return verb + "es"
    if re.search(r"[^aeiou]y$", verb):
        return verb[:-1] + "ies"
    return verb + "s"


def gerund(verb: str) -> str:
    """The -ing form of a base verb."""
    if verb in ("be", "see", "agree"):
        return verb + "ing"
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e"):
        return verb[:-1] + "ing"
    if re.fullmatch(r"[^aeiou]*[aeiou][^aeiouwxy]", verb) or verb in ("begin", "forget", "admit", "prefer", "regret"):
        return verb + verb[-1] + "ing"
    return verb + "ing"
