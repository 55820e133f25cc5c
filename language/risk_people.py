"""Whose risk is it: the patient's, or somebody else's?"""

import re

from language.risk_lexicon import Rule, Whose
from language.risk_place import Place

_HE = (
    r"husband|ex-husband|boyfriend|brother|father|dad|grandfather|grandpa|grandad|granddad|uncle|nephew|stepfather|"
    r"stepdad|stepbrother|father-in-law|brother-in-law|man|guy|landlord|lad|bloke|chap|fella|priest|godfather|godson|"
    r"policeman|fireman"
)
_SHE = (
    r"wife|ex-wife|girlfriend|sister|mother|mom|mum|grandmother|grandma|gran|nan|aunt|auntie|niece|stepmother|"
    r"stepmom|stepsister|mother-in-law|sister-in-law|woman|lady|lass|landlady|godmother|goddaughter"
)
_EITHER = (
    r"partner|ex|fianc[eé]e?|cousin|friends?|best friend|roommate|room-mate|flatmate|housemate|"
    r"neighbou?rs?|co-?workers?|"
    r"colleagues?|classmates?|boss|manager|supervisor|teacher|sponsor|parents?|grandparents?|sibling|twin|"
    r"in-laws|relative|"
    r"students?|somebody|someone|acquaintance|schoolmate|teammate|family member"
)
_ROLE = (
    r"mates?|pals?|buddy|bandmate|workmate|bunkmate|comrade|pupils?|apprentice|trainee|intern|tenants?|lodger|resident|residents|"
    r"callers?|customers?|passengers?|strangers?|vicar|pastor|rabbi|imam|coach|director|tutor|professor|lecturer|"
    r"principal|headteacher|sergeant|captain|soldier|bus driver|train driver|babysitter|childminder|nanny|singer|drummer|guitarist|"
    r"bassist|actor|celebrity|influencer|footballer|politician|protagonist|hero|villain|character|detective|narrator|"
    r"nun|heroine|actress|inmate|cellmate|petitioner|defendant|witness|volunteer|hairdresser|barber"
)
_CHILD = (
    r"son|daughter|child|kid|kids|children|boy|girl|stepson|stepdaughter|grandson|granddaughter|"
    r"foster child|teenager|teen|year[- ]old"
)
# "Dad drinks"; but whoever reports ("Mum says she wants to die") reports of the patient.
_KIN = (
    r"(?:(?:great[- ])?(?:mum|mom|mam|dad|gran|granny|nan|nana|grandma|grandpa|grandad|granddad)|"
    r"(?:aunt|auntie|uncle) (?!who|that|is|was|has|had|and)[a-z]+)"
    r"(?!'s|s\b)(?! (?:says?|said|reports?|states?|thinks?|feels?|wor\w+|is (?:worried|concerned)|told|tells|adds?|"
    r"believes?|knows?|found|rang|called|noticed|noted|describes?|brought|to|and i)\b)"
)
_NO_OWNER = r"(?!(?:he|she|it|that|there|what|who|here|let|one|where|how|everyone|everybody|today|tonight)'s\b)"
_OWNER = (
    r"(?:(?:the )?(?:patient|pt)'s|(?:(?:one|two|three|some|several|many|most) of )?(?:my|our|his|her|their)|a|an|the|another|that|"
    rf"{_NO_OWNER}[a-z]+'s|two|three|several|maternal|paternal)"
)
PERSON = re.compile(
    rf"\b(?<!\bas ){_OWNER} (?:(?!(?:my|his|her|their|our|i|he|she|they|we|who|that|is|was|has|had)\b)[\w'-]+ ){{0,2}}?"
    rf"(?:(?P<he>{_HE})|(?P<she>{_SHE})|(?P<either>{_EITHER})|(?P<role>{_ROLE})|"
    r"(?P<child>" + _CHILD + r"))\b(?!'s \S)"
    rf"|(?:(?<=reports )|(?<=states )|(?<=discloses )|(?<=mentions ))(?P<reported>{_HE}|{_SHE}|{_EITHER})(?= (?:was|is|has|had|died|"
    r"attempted|overdosed|took)\b)"
    rf"|(?P<of_patient>{_HE}|{_SHE}|{_EITHER}) of (?:the )?(?:pt|patient)\b|\b(?:there (?:was|is|were)|knew|know) (?P<unnamed>someone|somebody)(?= who)"
    r"|\b(?P<self>i|i'm|i've|i'd|i'll|im|ive|me|myself|we|patient|pt|this (?:\w+ ){0,3}?(?:patient|man|"
    r"woman|boy|girl|person)|"
    r"the (?:patient|young person))\b|\b(?P<pronoun>he|she|they|he's|she's|they're|him|her(?= to| that|"
    rf" thinking)|who)\b|(?<!my )(?<!your )(?<!his )(?<!her )\b(?P<kin>{_KIN})\b"
)
# Who is described is who the text is about: "He is a man who …", "a 40-year-old teacher with …", "I'm a coach and …".
_DESCRIBED = re.compile(
    r"(?:^\W*|(?<!there )\b(?:is|was|am|as|being|refer\w*|see|seeing|assess\w*|referral of|for|this)(?: still| now)? |\b(?:he|she|i|im|patient)(?:'[sm])? )$"
)
_DESCRIPTION = re.compile(
    r"(?:a|an|the) .*\b(?:man|woman|lady|guy|boy|girl|lad|person|teen\w*|year[- ]old|child|student|pupil|teacher|manager|"
    r"supervisor|mother|father|mum|mom|dad|parent|grand\w+|coach|director|tutor|professor|lecturer|soldier|driver|"
    r"singer|actor|nanny|apprentice|trainee|volunteer|resident|principal|vicar|pastor|priest|nun|captain|sergeant|"
    r"footballer|hairdresser|barber|wife|husband|widow\w*)"
)
_ELSEWHERE = re.compile(r" (?:in|at|from|on|down) (?:another|the next|a different|the other|the news|the road|next)\b")
_FIRST_PERSON = re.compile(r"\b(?:i|i'm|i've|i'd|im|ive|me|my|we|our|us)\b")
_ADDRESSED = re.compile(r"\b(?:told|tells|telling|asked|asks) $")
_PATIENT_FIRST = re.compile(r"\W*(?:he|she|they|the patient|patient|pt)\b(?!'s)")
WORDS_FROM_OBJECT_TO_FIND = 4
_COMPLETED = re.compile(r"died|killed|hanged|hung|took|taken|drowned|shot")
_SELF_WORDS = re.compile(r"\b(?:myself|my own|my life|my arms?|my wrists?|my legs?|i'?m)\b|^(?:i(?:'\w+)?|me)\b")
_PEOPLE_IN_GENERAL = re.compile(
    r"\b(?:women|men|people|patients|victims|families|teens|teenagers|veterans|students|pupils|kids|clients|callers) (?:who|whose|that)\b|"
    r"\b(?:somebody|anyone|anybody) (?:who|whose)\b|"
    r"\b(?:many|most|some|lots of|plenty of|other) (?:people|men|women|teens|teenagers|patients|kids|parents|students)\b(?! (?:think|say|tell|"
    r"believe|know|hate|want|are|look|watch|follow|talk))(?!.*\b(?:i|me|my)\b)|"
    r"\bany (?:client|student|pupil|patient|person|child|one|staff)\b(?!.*\b(?:i|me|my|he|she)\b)|"
    r"\b(?:when|if|once) (?:an?|any|your) (?:client|student|pupil|patient|caller|person|child)s? (?:tells?|says?|discloses?|reports?|states?|admits?)\b(?!.*\b(?:i|me|my)\b)|"
    r"\bwhen (?:a|your) (?:client|student|pupil|patient|caller)s?\b(?!.*\b(?:i|me|my)\b)|\bpeople's\b(?!.*\b(?:i|me|my)\b)"
)
_FAMILY_HISTORY = re.compile(r"\b(?:fhx?|fam(?:ily)? hx|family history)\b(?!.*\b(?:patient|pt|client|self|personal)\b)")
_OF_A_RELATION = re.compile(rf"\W*(?:of|in|by) {_OWNER} (?:{_HE}|{_SHE}|{_EITHER})\b")
_DONE_TO_ME = re.compile(
    r"\b(?:ma[dk]es?|making|let|lets|found|finds|left|leaves|caught|stopped|drives?|drove|got) me (?:\w+ ){0,3}$"
)
_HEARS_OF_IT = re.compile(
    r"\b(?:told|tell|telling|texted|(?:talk|talked|talking|spoke|speak|speaking) (?:to|with)|confided in) $"
)
_IS_SUBJECT_AGAIN = re.compile(r",? who\b|'s ")
# "Her sister found a rope": the sister's is the finding.
_COMES_UPON = re.compile(
    r" (?:\w+ )?(?:found|finds|saw|sees|noticed|notices|discovered|caught|walked in on|came home to)\b"
)


def is_someone_else(rule: Rule, place: Place) -> bool:
    """Whether the nearest person who can be the subject of a find is somebody else than the patient."""
    if rule.whose is Whose.WRITER or _SELF_WORDS.search(place.found):
        return False
    if _PEOPLE_IN_GENERAL.search(place.before):
        return True
    if rule.whose is Whose.VICTIM:
        return _victim_is_someone_else(place)
    if _FAMILY_HISTORY.search(place.before) or _OF_A_RELATION.match(place.after):
        return True
    if rule.whose is Whose.BELIEVER and re.search(r"\b(?:me|my)\b", place.found):
        return False  # "my neighbour controls my thoughts" is the writer's belief
    if rule.whose is Whose.BELIEVER:
        return person_is_someone_else(PERSON.search(place.before), place)
    return person_is_someone_else(_governing_person(place), place)


def _victim_is_someone_else(place: Place) -> bool:
    if re.search(r"\b(?:me|us|my|i)\b", place.found) or re.match(r" (?:me|us)\b", place.after):
        return False
    names_victim = re.search(r"\b(?:her|him|his|she|he)\b", place.found) is not None
    people = [p for p in PERSON.finditer(place.before) if not p["pronoun"] and not p["kin"]]
    first = next((p for p in people if _is_relation(p)), None)
    if first is None or any(p["self"] and p.group() != "me" for p in people if p.start() > first.start()):
        return False
    # "my friend's boyfriend hits her" is the friend's; "her husband hits her" in a letter is the patient's.
    written_of_patient = first.group().startswith(("her ", "his ", "their "))
    return not written_of_patient if names_victim else person_is_someone_else(first, place)


def _governing_person(place: Place) -> re.Match[str] | None:
    """The nearest person named before the find that can be its subject; pronouns lead back to whom they stand for."""
    if _DONE_TO_ME.search(place.before):
        return None  # "My boss makes me want to die"
    people = [p for p in PERSON.finditer(place.before) if not _hears_of_it(p, place)]
    pronoun: str | None = None
    for person in reversed(people):
        if person["self"]:
            if pronoun is None and person.group() not in ("me", "myself"):
                return person
            continue
        if person["pronoun"]:
            pronoun = pronoun or person.group()
            continue
        if person["kin"] and pronoun not in (None, "who"):
            continue
        if pronoun is None and _is_object_in_letter(person, place):
            continue
        if pronoun is None or (_agrees(person, pronoun) and not _is_beside_patient(person, pronoun, place)):
            return person
    return _person_of_sentence_before(place, pronoun) if pronoun else None


def _hears_of_it(person: re.Match[str], place: Place) -> bool:
    """Whether a person only hears or finds: "I told my friend about wanting to die"."""
    return (
        _HEARS_OF_IT.search(place.before[: person.start()]) is not None
        and _IS_SUBJECT_AGAIN.match(place.before[person.end() :]) is None
    ) or (_is_relation(person) and _COMES_UPON.match(place.before[person.end() :]) is not None)


def _person_of_sentence_before(place: Place, pronoun: str) -> re.Match[str] | None:
    # Only a first-person writer's "My brother … . He …": in a letter about a patient the pronoun is the patient.
    start = max(place.text.rfind(mark, 0, max(place.sentence[0] - 2, 0)) for mark in ".!?\n") + 1
    earlier = place.text[start : place.sentence[0]].strip()
    person = PERSON.match(earlier)
    if (
        person
        and _is_relation(person)
        and person.group().startswith(("my ", "a ", "our "))
        and _agrees(person, pronoun)
    ):
        return person
    return None


def _is_object_in_letter(person: re.Match[str], place: Place) -> bool:
    # "He grabbed a colleague by the collar and says that he …" goes on about him, not about the colleague.
    return (
        _PATIENT_FIRST.match(place.whole) is not None
        and not person.group().startswith(("my ", "our "))
        and len(place.before[person.end() :].split()) >= WORDS_FROM_OBJECT_TO_FIND
    )


def _is_beside_patient(person: re.Match[str], pronoun: str, place: Place) -> bool:
    # In "he will burn his ex's house" and "she told a friend that she" the pronoun is not the person just named.
    own = {"he": "his ", "she": "her ", "they": "their "}.get(pronoun.removesuffix("'s").removesuffix("'re"))
    return (own is not None and person.group().startswith(own)) or bool(
        _ADDRESSED.search(place.before[: person.start()])
    )


def _agrees(person: re.Match[str], pronoun: str) -> bool:
    if pronoun.startswith(("he", "him")) and not pronoun.startswith("her"):
        return not person["she"]
    if pronoun.startswith(("she", "her")):
        return not person["he"]
    return True


def _is_relation(person: re.Match[str]) -> bool:
    return any(
        person[name] for name in ("he", "she", "either", "role", "child", "reported", "of_patient", "unnamed", "kin")
    )


def person_is_someone_else(person: re.Match[str] | None, place: Place) -> bool:
    """Whether a named person, the subject of what was found, is not the patient."""
    if person is None or not _is_relation(person):
        return False
    if person["child"] and person.group().startswith(("my ", "our ")):
        # A parent may be writing about the patient: only a death is surely another's.
        return _COMPLETED.match(place.found) is not None and "tried" not in place.before
    if _is_description(person, place):
        return False
    if person["child"]:
        return person.group().startswith(("a ", "another ", "that "))
    return not re.search(r"\bthis\b|\bthe patient(?!')\b", person.group())


def _is_description(person: re.Match[str], place: Place) -> bool:
    lead = place.text[place.sentence[0] : place.sentence[0] + person.start()]
    if "'s " in person.group() or _DESCRIPTION.fullmatch(person.group()) is None or _DESCRIBED.search(lead) is None:
        return False
    if _ELSEWHERE.match(place.text[place.sentence[0] + person.end() : place.sentence[1]]):
        return False
    # At the beginning of a sentence it is a letter's "A 40-year-old man"; who writes "my" writes about somebody.
    return lead.strip(" \"'") != "" or _FIRST_PERSON.search(place.whole) is None
