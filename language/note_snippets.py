"""One section of a visit's note from the piece of talk that it is about, and which section that is."""

import re
from collections.abc import Sequence

from language import note_scores
from language.note_answers import Statement, polarity
from language.note_drafting import heard, stated_pronouns
from language.note_grammar import THEY, finished, to_third_person
from language.note_masking import RELATION
from language.note_passages import MOST_WORDS, as_one_sentence
from language.note_statements import Style, statements
from language.note_support import base, supported
from language.note_utterances import Utterance, utterances, why_empty
from language.note_values import Role, Turn
from language.note_wording import by_pronoun, clinical, written
from language.note_words import NEGATIONS

# Sections of at most this many words are written as items, the way such sections are.
WORDS_OF_A_LIST = 14
_IN_PROSE = ("FAM/SOCHX",)
_SUBJECT = re.compile(r"^(?:The patient |Reports |They |She |He |I )?(?=\w)", re.I)
_FRAME = re.compile(
    r"^(?:(?:also |still |currently |does |just )*(?:has|have|had|takes|take|is (?:currently |still |also )?taking|was taking|is allergic to|is on|reports|uses)\s+(?!been\b|never\b|not\b|it\b|that\b|them\b|this\b|those\b|to\b|\w+ed\b))?(?:(?:a|an|the|some|their|her|his)\s+)?(?=\w)",
    re.I,
)  # fmt: skip


# What such a section says when everything that was asked for was answered with no.
_NOTHING = {
    "ALLERGY": "No known drug allergies.",
    "MEDICATIONS": "None.",
    "PASTSURGICAL": "None.",
    "PROCEDURES": "None.",
    "PASTMEDICALHX": "None.",
    "FAM/SOCHX": "Noncontributory.",
}
# What a denial must be about before it speaks for the whole section: "Denies asthma." leaves the rest open.
_ABOUT = {
    "PASTMEDICALHX": re.compile(
        r"\b(?:medical|health|conditions?|problems?|issues?|illness(?:es)?|history|diagnos[ei]s|surger(?:y|ies))(?: (?:history|conditions?|problems?|issues?))?(?: in the past| before)?\.\Z",
        re.I,
    ),
    "FAM/SOCHX": re.compile(r"\b(?:famil\w+|relatives?|runs?|running|genetic|hereditary|anyone|anybody)\b", re.I),
}
_EXCEPT = re.compile(r"\b(?:besides|except|other than|apart from|aside from)\b", re.I)
_NEGATED = re.compile(
    r"^(?:(?:The patient|He|She|They) (?:is|are|does|do|has|have|did|was) not\b|No\b|Not\b|None\b)", re.I
)


def draft_section(turns: Sequence[Turn], header: str) -> list[str]:
    """The sentences of one section, most salient first until it is as long as such sections are, in the order said."""
    style = Style(stated_pronouns(turns), visit=True)
    made = [one for one in statements(turns, style).kept if not supported(one.text, heard(one.sources, turns))]
    made = _of_history(_told_once([one for one in made if _tells(one)]), header)
    if not made:
        return _of_fragments(turns, header)
    if header in _NOTHING and all(_is_denied(one.text, header) for one in made):
        return [_NOTHING[header]]
    budget = note_scores.settings().header_words.get(header, WORDS_OF_A_LIST)
    speaker = _who_speaks(turns)
    texts = [
        clinical(_of_anyone(one, speaker, style)) for one in _most_salient(made, budget, OVER_OF.get(header, OVER))
    ]
    if budget <= WORDS_OF_A_LIST and header not in _IN_PROSE:
        return [_item(text) for text in texts]
    return _as_prose(texts, style) if header in _IN_PROSE else _by_pronoun(texts, style)


def _is_denied(text: str, header: str) -> bool:
    """Whether a sentence denies all that its section is about, without an exception."""
    if _EXCEPT.search(text) or not (text.startswith("Denies ") or _NEGATED.search(text)):
        return False
    about = _ABOUT.get(header)
    return about is None or bool(about.search(text))


def _as_prose(texts: Sequence[str], style: Style) -> list[str]:
    """What is told of the patient in a row as one sentence: "The patient is married; has two sons; smokes." """
    sentences: list[list[str]] = []
    for text in texts:
        told = [*sentences[-1], text] if sentences else [text]
        of_patient = len(told) > 1 and all(_OF_PATIENT.match(each) for each in told[-2:])
        if of_patient and len(as_one_sentence(told).split()) <= MOST_WORDS:
            sentences[-1] = told
        else:
            sentences.append([text])
    return [_of_relative(text) for text in _by_pronoun([as_one_sentence(each) for each in sentences], style)]


_OF_PATIENT = re.compile(r"(?:The patient|Denies|Reports) ")


_OF_ANOTHER = re.compile(rf"^(?:He|She)\b|\b{RELATION}\b", re.I)


def _by_pronoun(texts: Sequence[str], style: Style) -> list[str]:
    """The patient by their pronoun once they are named; named again after a sentence about somebody else."""
    if style.pronouns == THEY:
        return list(texts)
    named = [False, *(not _OF_ANOTHER.search(text) for text in texts)]
    return [by_pronoun(text, style.pronouns) if before else text for text, before in zip(texts, named, strict=False)]


def _of_relative(text: str) -> str:
    """A relative's history without whose relative it is: "Mother had breast cancer." """
    found = _RELATIVE.match(text)
    return text[found.end() :][:1].upper() + text[found.end() + 1 :] if found else text


_RELATIVE = re.compile(
    r"(?:The patient's|Their|His|Her) (?=(?:(?:older|younger|oldest|youngest|elder|maternal|paternal|biological|great|half|step)[- ]?)*"
    r"(?:mother|father|parents|brothers?|sisters?|siblings|sons?|daughters?|children|aunts?|uncles?|cousins?|grandmother|grandfather|grandparents|husband|wife)\b)"
)


# Words that point, judge or hedge: a statement of these alone ("It is alright.", "She never has.") tells a reader nothing.
_SAY_NOTHING = """
the a an patient patient's reports denies that this these those it there here he she they him her his their them theirs himself herself
themselves i we me my our us you your another person present said and or but so if as than then because of to in on at for from with by about into
be is are was were been being am has have had having do does did done doing will would can could should may might must cannot
not no never nothing none always ever either too also just only really actually still even very quite pretty much more most many few some any
all both every everything everyone something anything someone one ones thing things stuff way lot bit little kind sort
good fine okay ok alright right sure true correct bad nice great well better same different possible normal lucky fortunate
think thinks thought know knows knew guess guesses hope hopes see sees remember remembers forget forgets forgot mean means sound sounds look looks
say says tell tells ask worry let go goes get gets got want wants need needs come comes came try tries like likes make makes take
now today yet again already back up down out over off when where why how what who which please yes yeah maybe probably however
"""
_SAYS_NOTHING = frozenset(_SAY_NOTHING.split())


def _tells(one: Statement) -> bool:
    if one.role is Role.OTHER and _IS.match(one.said):
        return False
    return _has_content(one.text)


def _has_content(text: str) -> bool:
    return any(word not in _SAYS_NOTHING for word in re.findall(r"[a-z0-9']+", text.lower()))


# What the patient tells of their life and body; in the other histories a clinician also reads from the record.
_TOLD_BY_PATIENTS = ("FAM/SOCHX", "MEDICATIONS")
_HISTORY = {
    *_TOLD_BY_PATIENTS,
    *["PASTMEDICALHX", "PASTSURGICAL", "ALLERGY", "GYNHX", "ROS", "OTHER_HISTORY", "IMMUNIZATIONS"],
}
_OF_THE_PATIENT = re.compile(r"\b(?:you|your|he|she|his|her|they|their)\b", re.I)
_OF_THE_TALK = re.compile(r"^(?:let\b|(?:i|we)\b(?! (?:did|performed|removed|started|gave|diagnosed|treated)\b))", re.I)


def _of_history(made: Sequence[Statement], header: str) -> list[Statement]:
    """Of a history what the patient tells; of a clinician's words at most what they know of the patient."""
    if header not in _HISTORY or all(one.role is not Role.PATIENT for one in made):
        return list(made)
    kept = [one for one in made if one.role is not Role.CLINICIAN or _tells_of_patient(one.said, header)]
    return kept or list(made)


def _tells_of_patient(said: str, header: str) -> bool:
    if header in _TOLD_BY_PATIENTS:
        return False
    return bool(_OF_THE_PATIENT.search(said)) and not _OF_THE_TALK.match(said)


def _told_once(made: Sequence[Statement]) -> list[Statement]:
    """Without what another statement says as well: "The patient smokes." beside "The patient smokes every day." """
    terms = [_terms(one.text) for one in made]
    return [
        one
        for at, one in enumerate(made)
        if not any(
            (terms[at] < other and _is_no(one.text) == _is_no(made[place].text)) or (terms[at] == other and place < at)
            for place, other in enumerate(terms)
            if place != at
        )
    ]


def _is_no(text: str) -> bool:
    return bool(NEGATIONS.search(text))


def _terms(text: str) -> set[str]:
    """What a statement tells, without who tells it and without endings."""
    said = NEGATIONS.sub(
        " not ", re.sub(r"^(?:The patient (?:also )?(?:does |is |has |had )?|Reports |She |He )", "", text)
    )
    return {base(word) for word in re.findall(r"[a-z0-9]+", said.lower())} - _OF_NO_WEIGHT


_OF_NO_WEIGHT = {base(word) for word in ("a", "an", "the", "any", "some", "patient")}


def _of_fragments(turns: Sequence[Turn], header: str) -> list[str]:
    """Where nobody said a whole clause: that all was answered with no, or the bare words of the answers."""
    spoken = utterances(turns)
    answers = [one for one in spoken if one.role is not Role.CLINICIAN and not one.asks]
    asked = " ".join(one.said for one in spoken if one.role is Role.CLINICIAN)
    if header in _NOTHING and _all_denied(answers) and (header != "FAM/SOCHX" or _ABOUT[header].search(asked)):
        return [_NOTHING[header]]
    said = [_BARE.sub("", one.said) for one in answers if why_empty(one) is None or _NAMES.fullmatch(one.said)]
    return [clinical(finished(text)) for text in said if _has_content(text)]


def _all_denied(answers: Sequence[Utterance]) -> bool:
    """Whether something was answered with no, and nothing told besides: "Not many, but a stent" tells."""
    told = (one.said for one in answers if why_empty(one) is None and polarity(one.raw) is not False)
    tells = any(re.search(r"\bbut\b", said) or not NEGATIONS.search(said) for said in told)
    return not tells and any(polarity(one.raw) is False for one in answers)


# A word or two that only name something: "Claritin."
_NAMES = re.compile(r"[A-Z][a-z]{3,}(?: [a-z]+)?[.]?")
_BARE = re.compile(
    r"^(?:(?:only|just|i|we|he|she|they|use|uses|take|takes|have|has|my|his|her|their|a|an|the)\s+)+", re.I
)


def _of_anyone(one: Statement, speaker: str, style: Style) -> str:
    """What somebody in the room said of the patient, without saying who: a section is about the patient alone.

    What they did or noticed themselves is theirs: "I took her to the allergist" → "The mother took her to the allergist."
    """
    found = _QUOTES.match(one.text)
    if found is None:
        return one.text
    if not _FIRST_PERSON.search(found["said"]):
        return written(one.said)
    if re.search(r"\b(?:you|your|yours)\b|^let me\b", one.said, re.I):
        return one.text
    said = re.sub(rf"\bmy (?:{_CHILDREN})\b", "the patient", one.said, flags=re.I)
    spoken = to_third_person(said, Role.CLINICIAN, style.pronouns, speaker)
    if spoken is None or spoken.lower().count(SOMEBODY) > 1 or f"{SOMEBODY}'s" in spoken.lower():
        return one.text
    spoken = re.sub(r"\bwe\b", "they", re.sub(r"\bwe are\b", "they are", spoken), flags=re.I)
    return written(re.sub(r"\bours?\b", "their", re.sub(r"\bus\b", "them", spoken, flags=re.I), flags=re.I))


_CHILDREN = "son|daughter|baby|child|kid|boy|girl|little one"
_FAMILY_MEMBERS = "mother|mom|mum|father|dad|grandmother|grandma|grandfather|grandpa|wife|husband|sister|brother|aunt|uncle|daughter|son|guardian|caregiver|nurse|assistant|interpreter"
_IS = re.compile(rf"\b(?:i am|i'm|this is) (?:his|her|their|the|your) (?P<who>{_FAMILY_MEMBERS})\b", re.I)
_MY_CHILD = re.compile(rf"\bmy (?:{_CHILDREN})\b", re.I)
SOMEBODY = "another person present"


def _who_speaks(turns: Sequence[Turn]) -> str:
    """What a note calls the other person in the room: what they say they are to the patient, where they say it."""
    others = [turn.text for turn in turns if turn.role is Role.OTHER]
    said = next((found for text in others if (found := _IS.search(text))), None)
    if said:
        return f"the {said['who'].lower()}"
    return "the parent" if any(_MY_CHILD.search(text) for text in others) else SOMEBODY


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
    bare = _FRAME.sub("", _SUBJECT.sub("", text))
    return bare[:1].upper() + bare[1:] if bare else text
