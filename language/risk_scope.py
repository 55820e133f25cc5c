"""Of whom and of when a found phrase speaks: present, past, denied, someone else's, quoted, supposed, or a figure of speech.

Every question here falls towards "present": a cue that is not understood never lowers a flag. A denial or a condition
reaches a find only inside its own clause and only when it stands close; see `_reaches` and `_is_hypothetical`.
"""

import re
from dataclasses import dataclass

from language.risk_lexicon import IDIOMS, Rule, Whose
from language.risk_values import SignalKind, SignalStatus

# The C-SSRS screener (Columbia Lighthouse Project, "Screener with triage points") counts behaviour of the last three
# months as high risk, so nothing that recent is filed as history.
RECENT_MONTHS = 3
# There is no clock here: a year after this one may be recent and so is no sign of history.
LAST_YEAR_THAT_IS_HISTORY = 2024


@dataclass(frozen=True)
class Scope:
    """A status with the reason for it; `distant` means that its cue stands far from the find and may be mistaken."""

    status: SignalStatus
    why: str
    distant: bool = False


@dataclass(frozen=True)
class Place:
    """Where a find is: the lower-cased text, its sentence, and the find itself, as offsets into the text."""

    text: str
    sentence: tuple[int, int]
    find: tuple[int, int]

    @property
    def before(self) -> str:
        return self.text[self.sentence[0] : self.find[0]]

    @property
    def after(self) -> str:
        return self.text[self.find[1] : self.sentence[1]]

    @property
    def found(self) -> str:
        return self.text[self.find[0] : self.find[1]]

    @property
    def whole(self) -> str:
        return self.text[self.sentence[0] : self.sentence[1]]


# How many words may stand between a cue and the find that it speaks of, and from where on the cue may be mistaken.
WORDS_A_VERB_DENIES = 7
WORDS_A_LIST_DENIES = 16
WORDS_A_CONDITION_REACHES = 10
DISTANT_WORDS = 5
# An idiom explains why a short sentence sounds like risk; a long one may say more.
WORDS_AN_IDIOM_EXPLAINS = 20

PRESENT = Scope(SignalStatus.PRESENT, "said of now, or nothing says otherwise")


def scope_of(rule: Rule, place: Place) -> Scope:
    """The status of one find, with the first reason that decides it."""
    if _is_idiom(place):
        return Scope(SignalStatus.IDIOM, "a figure of speech or an everyday mishap")
    if _is_quoted(place):
        return Scope(SignalStatus.QUOTED, "quoted from a work, a form or a sign")
    if _is_someone_else(rule, place):
        return Scope(SignalStatus.SOMEONE_ELSE, "said of another person")
    condition = _words_from_condition(place)
    if condition is not None:
        return Scope(SignalStatus.HYPOTHETICAL, "supposed, inside a condition", condition > DISTANT_WORDS)
    denial = 0 if _is_negated_verb(rule, place) else _words_from_denial(place)
    if denial is not None:
        return Scope(SignalStatus.NEGATED, "denied or negated", denial > DISTANT_WORDS)
    if is_history(place):
        return Scope(SignalStatus.HISTORICAL, "placed in the past, with nothing recent beside it")
    return PRESENT


def _words(text: str) -> int:
    return len(text.split())


def _is_idiom(place: Place) -> bool:
    start, end = place.find
    return any(
        idiom.start() < end and start < idiom.end()
        for pattern in IDIOMS
        for idiom in pattern.finditer(place.text, *place.sentence)
    )


# -- quotation

_SOURCE = re.compile(
    r"\b(?:songs?|lyrics?|chorus|verse|poems?|novel|books?|story|films?|movies?|series|episode|shows?|"
    r"plays?|musical|opera|"
    r"podcast|documentary|article|headline|newspaper|news|posters?|leaflet|flyer|brochure|sign|graffiti|"
    r"advert\w*|ads?|"
    r"character|narrator|actor|form|questionnaire|screening|survey|checklist|page|line \"|tweet|meme|game)\b"
)
_FORM = re.compile(r"form|questionnaire|screening|survey|checklist|page")
_THIRD_PERSON = re.compile(r"\b(?:he|she|they)\b")
_QUOTED = re.compile(r"\"[^\"]*\"|(?<!\w)'(?:[^']|'(?=\w))*'(?!\w)")


def _is_quoted(place: Place) -> bool:
    # What a patient is quoted as saying is the patient's own; only words of a work, a form or a sign are quotation.
    source = _SOURCE.search(place.before)
    if source is None:
        return False
    in_quotes = any(
        quote.start() < place.find[0] and place.find[1] <= quote.end()
        for quote in _QUOTED.finditer(place.text, *place.sentence)
    )
    between = place.text[place.sentence[0] + source.end() : place.find[1]]
    if _FORM.fullmatch(source.group()) and _THIRD_PERSON.search(between):
        return in_quotes  # "She did not put on the form that she wants to die"
    return in_quotes or not re.search(r"\b(?:i|me|my|patient|pt)\b", between)


# -- someone else

_HE = (
    r"husband|ex-husband|boyfriend|brother|father|dad|grandfather|grandpa|uncle|nephew|stepfather|"
    r"stepdad|stepbrother|father-in-law|brother-in-law|man|guy|landlord"
)
_SHE = (
    r"wife|ex-wife|girlfriend|sister|mother|mom|mum|grandmother|grandma|gran|aunt|niece|stepmother|"
    r"stepmom|stepsister|mother-in-law|sister-in-law|woman|lady"
)
_EITHER = (
    r"partner|ex|fianc[eé]e?|cousin|friends?|best friend|roommate|room-mate|flatmate|housemate|"
    r"neighbou?rs?|co-?workers?|"
    r"colleagues?|classmates?|boss|manager|supervisor|teacher|sponsor|parents?|grandparents?|sibling|twin|"
    r"in-laws|relative|"
    r"student|somebody|someone|acquaintance|schoolmate|teammate|family member"
)
_CHILD = (
    r"son|daughter|child|kid|kids|children|boy|girl|stepson|stepdaughter|grandson|granddaughter|"
    r"foster child|teenager|teen|year[- ]old"
)
_OWNER = r"(?:(?:the )?(?:patient|pt)'s|my|our|his|her|their|a|an|the|one of my|another|that)"
_PERSON = re.compile(
    rf"\b(?<!\bas ){_OWNER} (?:(?!(?:my|his|her|their|our)\b)[\w']+ ){{0,2}}?(?:(?P<he>{_HE})|(?P<she>{_SHE})|"
    rf"(?P<either>{_EITHER})|(?P<child>{_CHILD}))\b(?!'s \w+ (?:says|thinks))"
    r"|\b(?P<self>i|i'm|i've|i'd|i'll|im|ive|me|myself|we|patient|pt|this (?:\w+ ){0,3}?(?:patient|man|"
    r"woman|boy|girl|person)|"
    r"the (?:patient|young person))\b|\b(?P<pronoun>he|she|they|he's|she's|they're|him|her(?= to| that|"
    r" thinking)|who)\b"
)
_ADDRESSED = re.compile(r"\b(?:told|tells|telling|asked|asks) $")
_PATIENT_FIRST = re.compile(r"\W*(?:he|she|they|the patient|patient|pt)\b(?!'s)")
WORDS_FROM_OBJECT_TO_FIND = 4
_COMPLETED = re.compile(r"died|killed|hanged|hung|took|taken|drowned|shot")
_SELF_WORDS = re.compile(r"\b(?:myself|my own|my life|my arms?|my wrists?|my legs?|i'?m)\b|^(?:i(?:'\w+)?|me)\b")
_PEOPLE_IN_GENERAL = re.compile(
    r"\b(?:women|men|people|patients|victims|families|teens|veterans|students) (?:who|whose|that)\b"
)


def _is_someone_else(rule: Rule, place: Place) -> bool:
    if rule.whose is Whose.WRITER or _SELF_WORDS.search(place.found):
        return False
    if _PEOPLE_IN_GENERAL.search(place.before):
        return True
    if rule.whose is Whose.VICTIM:
        return _victim_is_someone_else(place)
    if re.search(r"\bfamily history of (?:\w+ ){0,3}$", place.before) or re.search(
        rf"^\W*(?:of|in|by) {_OWNER} (?:{_HE}|{_SHE}|{_EITHER})\b", place.after
    ):
        return True
    if rule.whose is Whose.BELIEVER and re.search(r"\b(?:me|my)\b", place.found):
        return False  # "my neighbour controls my thoughts" is the writer's belief
    if rule.whose is Whose.BELIEVER:
        return _person_is_someone_else(_PERSON.search(place.before), place)
    return _person_is_someone_else(_governing_person(place), place)


def _victim_is_someone_else(place: Place) -> bool:
    if re.search(r"\b(?:me|us|my)\b", place.found):
        return False
    names_victim = re.search(r"\b(?:her|him|his)\b", place.found) is not None
    people = [p for p in _PERSON.finditer(place.before) if not p["pronoun"]]
    first = next((p for p in people if _is_relation(p)), None)
    if first is None or any(p["self"] and p.group() != "me" for p in people if p.start() > first.start()):
        return False
    # "my friend's boyfriend hits her" is the friend's; "her husband hits her" in a letter is the patient's.
    written_of_patient = first.group().startswith(("her ", "his ", "their "))
    return not written_of_patient if names_victim else _person_is_someone_else(first, place)


def _governing_person(place: Place) -> re.Match[str] | None:
    """The nearest person named before the find that can be its subject; pronouns lead back to whom they stand for."""
    people = list(_PERSON.finditer(place.before))
    pronoun: str | None = None
    for person in reversed(people):
        if person["self"]:
            if pronoun is None and person.group() not in ("me", "myself"):
                return person
            continue
        if person["pronoun"]:
            pronoun = pronoun or person.group()
            continue
        if pronoun is None and _is_object_in_letter(person, place):
            continue
        if pronoun is None or (_agrees(person, pronoun) and not _is_beside_patient(person, pronoun, place)):
            return person
    return _person_of_sentence_before(place, pronoun) if pronoun else None


def _person_of_sentence_before(place: Place, pronoun: str) -> re.Match[str] | None:
    # Only a first-person writer's "My brother … . He …": in a letter about a patient the pronoun is the patient.
    start = max(place.text.rfind(mark, 0, max(place.sentence[0] - 2, 0)) for mark in ".!?\n") + 1
    earlier = place.text[start : place.sentence[0]].strip()
    person = _PERSON.match(earlier)
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
        and _words(place.before[person.end() :]) >= WORDS_FROM_OBJECT_TO_FIND
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
    return bool(person["he"] or person["she"] or person["either"] or person["child"])


def _person_is_someone_else(person: re.Match[str] | None, place: Place) -> bool:
    if person is None or not _is_relation(person):
        return False
    if person["child"] and person.group().startswith(("my ", "our ")):
        # A parent may be writing about the patient: only a death is surely another's.
        return _COMPLETED.match(place.found) is not None and "tried" not in place.before
    if person["child"]:
        return person.group().startswith(("a ", "another ", "that "))
    return not re.search(r"\bthis\b|\bthe patient(?!')\b", person.group())


# -- condition

_CONDITION = re.compile(
    r"\b(?:if|in case|suppose|supposing|should (?=(?:i|he|she|they|we|the|a|any\w*|thoughts?)\b)|"
    r"were (?=(?:i|he|she|they) to\b)|whenever someone)\b"
)
_OPEN_QUESTION = re.compile(
    r"\b(?:wonder\w*|thinking|imagin\w*|know|sure|what|as|even|unsure|see|decide|care|asks?|asked me) $"
)
_CONSEQUENCE = re.compile(
    r"[,;:()\u2013\u2014]| - | then | but | (?:i|he|she|they)(?: \w+ly| just)?(?:'ll| will| am going to| would|'d|'m going to|'m gonna|m going to|m gonna|ll| might| could)(?:n'?t)? "
)
_POLICY = re.compile(
    r"\bwhat (?:\w+ ){1,5}$|\b(?:would do|to do|to report|must report|we report|happens|do we|policy)\b.*$"
)
_PRONE = re.compile(r"\bif (?:i|we) (?:do(?:n'?t| not)|can(?:'?t|not)|stop|have(?:n'?t| not)|skip|go without)\b")


def _words_from_condition(place: Place) -> int | None:
    """How many words before the find the condition stands that it lies in, or None."""
    conditions = list(_CONDITION.finditer(place.before))
    if not conditions:
        return None
    condition = conditions[-1]
    words = _words(place.before[condition.end() :])
    return words if words <= WORDS_A_CONDITION_REACHES and _is_hypothetical(place, condition) else None


def _is_hypothetical(place: Place, condition: re.Match[str]) -> bool:
    """Whether the find lies in the condition itself: a consequence, a "but" or an open question ends it."""
    up_to_find = place.before + place.found
    if _CONSEQUENCE.search(up_to_find, condition.end()) or _PRONE.search(place.before):
        return False
    lead = place.before[: condition.start()]
    if re.search(r"\bwonder|\bimagin", lead):
        return False
    return not _OPEN_QUESTION.search(lead) or _POLICY.search(lead) is not None


# -- negation

_DENIAL_CUE = re.compile(
    r"\b(?:(?P<list>no|none|without|den(?:y|ies|ied|ying)|nor|neither|absence of|negative for|free of|"
    r"rules? out|ruled out|lack of|nil)|"
    r"not|never|nobody|no one|cannot|dont|doesnt|didnt|isnt|wasnt|havent|hasnt|wouldnt|wont|cant|"
    r"aint)\b|n't\b"
)
_NOT_A_NEGATION = re.compile(
    r"\b(?:can'?t|cannot|can not|couldn'?t|could not|unable to|never|not a|n't|hardly) (?:[\w']+ ){0,8}without\b|"
    r"\bnot only\b|\bno doubt\b|\b(?:not|n't) (?:going to|gonna) (?:lie|pretend)\b|\b(?:can't|cant|cannot|"
    r"can not|couldn't|could not|unable to|"
    r"don't|doesn't|did not|didn't|won't|never|not) (?:\w+ )?(?:stop|help|control|resist|quit|shake|"
    r"get rid of|escape|avoid|deny|denies|hide|stopped)\b|"
    r"\b(?:not|n't|never) (?:\w+ )?(?:sure|certain|know|care|mind|tell|told|say|admit|share|rule out|"
    r"exclude|excluded)\b|\bno ?(?:body|one) (?:knows?|cares?|believes?|understands?|listens?|sees?)\b|"
    r"\b(?:not|never) (?:\w+ ){0,3}(?:a day|a night|an hour|a week) (?:goes|passes)\b|\bno longer\b|"
    r"\b(?:not a|never a|no|hardly a) (?:day|night|hour|week|morning) (?:\w+ ){0,4}?(?:not|\w+n'?t)\b|"
    r"\bwhy not\b|\bif not\b|\bnot (?:long|just|simply|merely|joking|kidding)\b|"
    r"\bcan(?:'?t|not) (?:sleep|cope|work|eat|breathe|focus|function|go on|do this|take|see|think|live|"
    r"afford|bear|stand|wait)\b|\bnot (?:sleeping|eating|coping|well|okay|ok|good|working)\b|"
    r"\bno (?:sleep|energy|hope|money|job|way|friends|help|support|reason|idea|appetite|matter)\b|"
    r"\bnothing\b|\bhave(?:n't| not) slept\b|\bdo(?:n't| not) (?:need|feel well|feel safe|feel good)\b|"
    r"\bwithout (?:telling|anyone|help|warning|food|sleep|my|him|her|them)\b|\bnever (?:felt|been) (?:so|"
    r"this|more)\b|\bno longer (?:wants?|wish\w*)\b"
)
_END_OF_DENIAL = re.compile(
    r"\b(?:but|however|although|though|except|yet|because|apart from|instead|until|unless|so|still|which|"
    r"since)\b|[;:]|"
    r"[()\u2013\u2014]|[,.] (?:and )?(?:i|he|she|they|we|it|there|my|his|her|our|the|this|patient|pt|reports?|"
    r"endorses?|admits?|has|is|was|states?|says|said|told|believes?|thinks?|hears?|lately|now|just)\b|"
    r"\b(?:is|was|it's) (?:that|how)\b|\b(?:when|while|if|after|before|once|where|what|how much|how often) "
    r"(?:i|he|she|they|we|it|my|his|her|the|a)\b|"
    r"\bthat (?:i|he|she|they)\b|\band (?:i|he|she|they|then|reports?|endorses?|admits?|lately|now|have|"
    r"has|had|is|was|want|wants|am|feel|feels|keep|keeps|that|says|said|told|takes?|took|believes?|thinks?|"
    r"hears?|drinks?|cuts?|wishes|hopes|plans|will|would|did|does) |"
    r" - |\b(?:and|that) (?:\w+ )?(?:i|he|she|they) (?:want|wants|am|think|thinks|feel|feels|plan|plans)\b"
)
_DENIED_AFTER = re.compile(
    r"^(?: (?:ideation|thoughts?|intent|plans?|risk|behaviou?r|attempts?|symptoms?|and|or|/|"
    r"[a-z-]+))*?\W{0,3}"
    r"(?:(?:was|were|is|are|has been|have been)? ?(?:denied|none|nil|absent|negative|not (?:present|"
    r"reported|endorsed|evident|disclosed|identified))|no(?=\W*$|,|;)|none)\b"
)
_NEGATED_VERB = re.compile(r"\w+ (?:never|not)\b")
_STRONGER = re.compile(r"\b(?:so (?:much|badly|strongly|intensely)|as (?:much|badly|strongly)|more than)\b")


_DENIES_THAT = re.compile(r"^ that (?:i|he|she|they)\b")
_NEW_SUBJECT = re.compile(r"(?<!think)(?<!believe)(?<!feel)(?<!like) (?:i|i'm|im|he|she|they)\b")
# What may follow "not … and" and still be denied with it: a thing, never a verb of what was done.
_NAMED_THING = re.compile(r"(?:thought|self|suicid|homicid|ideation|voice|hallucin|delusion|paranoi|psycho|mani|abus)")


def _is_negated_verb(rule: Rule, place: Place) -> bool:
    return rule.kind is SignalKind.HARM_TO_OTHERS and _NEGATED_VERB.match(place.found) is not None


def _words_from_denial(place: Place) -> int | None:
    """How many words before the find the nearest denial stands that reaches it (0 for one after it), or None."""
    if _DENIED_AFTER.match(place.after):
        return 0
    if re.search(r"\bnever\b", place.before) and _STRONGER.search(place.after):
        return None  # "I have never wanted to die so much"
    before = _NOT_A_NEGATION.sub(lambda cue: " " * len(cue.group()), place.before)
    reaching = [cue for cue in _DENIAL_CUE.finditer(before) if _reaches(cue, before[cue.end() :], place.found)]
    # A list is denied as a whole, so its last item is as surely denied as its first.
    return min((0 if cue["list"] else _words(before[cue.end() :]) for cue in reaching), default=None)


def _reaches(cue: re.Match[str], between: str, found: str) -> bool:
    """Whether a denial reaches the find: the same clause, and close.

    A clause ends at "but", "that I", "is that", "when she", a semicolon, a bracket, or a comma or "and" before a new
    subject or verb. "No", "denies" and "without" open a list and reach over its commas; "not" and "never" deny one
    verb: "and" ends them, and so does a comma unless "or" goes on with the same verb ("never cut, burnt or hit").
    """
    if cue.group().startswith("den"):
        between = _DENIES_THAT.sub("", between)
    if _END_OF_DENIAL.search(between):
        return False
    if cue["list"]:
        return _words(between) <= WORDS_A_LIST_DENIES
    if re.search(r",(?!.*\b(?:n?or)\b)", between) or _words(between) > WORDS_A_VERB_DENIES:
        return False
    if _NEW_SUBJECT.search(between):
        return False
    joined = re.search(r"\band\b", between)
    return joined is None or (between[joined.end() :].strip() == "" and _NAMED_THING.match(found) is not None)


_GOES_ON = re.compile(r"\b(?:but|however|although|though|yet)\b|[;:]|, (?:and )?(?:i|he|she|they|my|his|her)\b")


def goes_on(place: Place) -> bool:
    """Whether the sentence turns to something else after the find, which the status of the find does not cover."""
    return _GOES_ON.search(place.after) is not None


# -- history

_NUMBER = (
    r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|several|many|some|a few|"
    r"fifteen|twenty|thirty)"
)
_PAST = re.compile(
    rf"\b(?:(?:{_NUMBER} )?(?:years?|decades?|yrs?) (?:ago|back|earlier|before|prior)|a (?:year|decade|"
    rf"long time) ago|long ago|years ago|"
    rf"(?P<months>{_NUMBER}) (?:months?|mos?) (?:ago|back)|"
    r"(?:when|while) (?:i|he|she|they) (?:was|were|went) (?:\w+ ){0,3}?(?:\d{1,2}|\w+teen|seven|eight|"
    r"nine|ten|eleven|twelve|six|five|young\w*|little|small|"
    r"a (?:child|kid|teen\w*|student|boy|girl|toddler)|in (?:\w+ )?(?:school|college|university|the army|"
    r"his teens|her teens|my teens)|at (?:school|college|university))|"
    r"(?:as|being) an? (?:\w+ )?(?:child|kid|teen\w*|adolescent|student|boy|girl|young \w+|youth|"
    r"undergraduate)|in (?:my|his|her|their) (?:early |late |mid )?(?:teens|twenties|thirties|youth|"
    r"childhood|adolescence)|"
    r"in (?:high school|middle school|grade school|primary school|secondary school|college|university|"
    r"childhood|adolescence)|(?:at|aged|at the age of|age) (?:\d{1,2}|\w+teen)\b|"
    r"back (?:then|in)|(?<!am )(?<!is )(?<!are )(?<!'m )(?<!get )(?<!got )(?<!'s )used to|(?:past |"
    r"previous |prior |remote |distant |documented |childhood )*history of|h/o|\bpmh\b|"
    r"in the (?:\w+ )?past|previously|formerly|in (?:full |sustained )?remission|fully resolved|resolved|"
    r"childhood|last year|"
    r"during (?:her|his|my) (?:teens|childhood|adolescence|first pregnancy|twenties)|"
    r"(?:the )?last (?:episode|one|attempt|time) (?:was )?(?:\w+ )?years|"
    r"(?:years?|months) (?:clean|sober)|stopped (?:\w+ )?(?:when|years|in|at)|have not (?:done|had) (?:it|"
    r"any|one) (?:for|in) (?:a decade|years|\w+ years)|"
    r"(?:in|since|from|until|of|around|before) (?P<year>(?:19|20)\d\d))"
)
_SINCE_THEN = re.compile(
    r"\b(?:ever )?since (?:i|he|she|they) (?:was|were)\b|\bsince (?:my |his |her )?(?:childhood|"
    r"adolescence|teens|high school|college)\b"
)
_RECENT = re.compile(
    r"\b(?:again|now|currently|current|lately|recently|recent|still|these days|nowadays|today|tonight|"
    r"yesterday|ongoing|continues?|continuing|persist\w*|"
    r"are back|is back|came back|come back|coming back|returned|returning|worse|every (?:day|night|week|"
    r"morning|evening)|most (?:days|nights|mornings)|daily|weekly|"
    r"this (?:week|month|morning|weekend|year|afternoon|evening)|last (?:night|week|weekend|month|monday|"
    r"tuesday|wednesday|thursday|friday|saturday|sunday)|"
    r"(?:days?|weeks?|hours?) ago|past (?:week|month|fortnight|few (?:days|weeks))|at the moment|"
    r"at present)\b"
)
_RECENTLY_WELL = re.compile(
    r"\b(?:now|currently|these days|today|still) (?:\w+ )?(?:sober|clean|well|fine|stable|recovered|over|"
    r"okay|ok|in remission|abstinent|free|better)\b|"
    r"\b(?:sober|clean|well|fine|stable|abstinent|recovered|free|better) (?:now|today|currently|"
    r"these days)\b|"
    r"\b(?:no|not|denies|denied|never|without|nothing|none|n't)(?: \w+){0,2} (?:currently|current|now|"
    r"recently|recent|lately|again|today|ongoing|at present|at the moment)\b|"
    r"\b(?:not|never|n't) (?:returned|come back|recurred|persisted|continued)\b|\bnever again\b|"
    r"\bback then\b|\bnow (?:my|his|her) (?:ex|late)\b"
)


_TURN = re.compile(r"\b(?:but|however|although|though|whereas)\b|;")
LONGEST_VERB = len("threatens ")
_SOBER = re.compile(r"been (?:sober|clean)\b")
# After "when I was ten" a new clause is told of now only when its verb says so.
_NEW_CLAUSE = re.compile(
    r"\b(?:but|however|although|though|whereas|yet)\b|;|(?:\band|,) (?:(?:i|he|she|they|patient|pt) )?(?:has|have|is|am|wants?|says|feels?|"
    r"thinks?|hears|believes|hopes|wishes|plans|cuts|drinks|takes|threatens|i'm|he's|she's)\b"
)


def is_history(place: Place) -> bool:
    """Whether the sentence places the find in the past and nothing in it is recent."""
    sentence = _SINCE_THEN.sub(lambda cue: " " * len(cue.group()), place.whole)
    found = place.find[0] - place.sentence[0] if place.find != place.sentence else -1
    if not any(_is_far_back(cue) and _dates(cue, sentence, found) for cue in _PAST.finditer(sentence)):
        return False
    return _RECENT.search(_RECENTLY_WELL.sub(" ", sentence)) is None


def _dates(cue: re.Match[str], sentence: str, found: int) -> bool:
    """Whether a past cue speaks of the find at `found` (-1: of the sentence as a whole), and not of another clause."""
    if found < cue.end():
        return found < 0 or _TURN.search(sentence, found, cue.start()) is None
    # The verb of the new clause may be the find's own first word ("beaten as a child and wants to die").
    return (
        _NEW_CLAUSE.search(sentence, cue.end(), found + LONGEST_VERB) is None
        or _SOBER.match(sentence, found) is not None
    )


def _is_far_back(cue: re.Match[str]) -> bool:
    if cue["year"]:
        return int(cue["year"]) <= LAST_YEAR_THAT_IS_HISTORY
    if cue["months"]:
        return cue["months"] not in ("one", "two", "three", "a few", "some", "several", "1", "2", "3")
    return True


# -- a whole sentence, for the classifier

_DENIAL = re.compile(
    r"\b(?:den(?:y|ies|ied)|no (?:\w+ ){0,2}(?:thoughts?|signs?|evidence|history|plans?|concerns?|"
    r"intent\w*|symptoms?)|"
    r"never (?:had|felt|wanted|hurt|tried|thought|been|hear\w*)|not (?:suicidal|at risk)|safe (?:at home|"
    r"now|here))\b"
)
_EVER = re.compile(
    r"^\W*(?:if|should|suppose|in case|what if)\b.*\bever\b|\bin case\b|\b(?:if|should) (?:a|any\w*|some\w*) "
)


def scope_of_sentence(place: Place) -> Scope:
    """The status of a sentence that no rule found, for a classifier that says it sounds like risk."""
    if _words(place.whole) <= WORDS_AN_IDIOM_EXPLAINS and _is_idiom(place):
        return Scope(SignalStatus.IDIOM, "a figure of speech or an everyday mishap")
    if _SOURCE.search(place.whole) and _QUOTED.search(place.whole):
        return Scope(SignalStatus.QUOTED, "quoted from a work, a form or a sign")
    people = list(_PERSON.finditer(place.whole))
    if people and _person_is_someone_else(people[0], place) and not any(person["self"] for person in people):
        return Scope(SignalStatus.SOMEONE_ELSE, "said of another person")
    if _EVER.search(place.whole):
        return Scope(SignalStatus.HYPOTHETICAL, "supposed, inside a condition")
    if _DENIAL.search(place.whole) and not _END_OF_DENIAL.search(place.whole):
        return Scope(SignalStatus.NEGATED, "denied or negated")
    if is_history(place):
        return Scope(SignalStatus.HISTORICAL, "placed in the past, with nothing recent beside it")
    return PRESENT
