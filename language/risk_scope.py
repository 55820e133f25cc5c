"""Of whom and of when a found phrase speaks: present, past, denied, someone else's, quoted, supposed, or a figure of speech.

Every question here falls towards "present": a cue that is not understood never lowers a flag. A denial or a condition
reaches a find only inside its own clause and only when it stands close; see `_reaches` and `_is_hypothetical`.
"""

import re
from dataclasses import dataclass

from language.risk_answers import asked_and_denied
from language.risk_lexicon import IDIOMS, Rule
from language.risk_past import is_history
from language.risk_people import PERSON, is_someone_else, person_is_someone_else
from language.risk_place import Place
from language.risk_values import SignalKind, SignalStatus


@dataclass(frozen=True)
class Scope:
    """A status with the reason for it; `distant` means that its cue stands far from the find and may be mistaken."""

    status: SignalStatus
    why: str
    distant: bool = False


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
    if is_someone_else(rule, place):
        return Scope(SignalStatus.SOMEONE_ELSE, "said of another person")
    condition = 0 if _is_for_later(place) else _words_from_condition(place)
    if condition is not None:
        return Scope(SignalStatus.HYPOTHETICAL, "supposed, inside a condition", condition > DISTANT_WORDS)
    denial = 0 if _is_negated_itself(rule, place) else _words_from_denial(place)
    if denial is not None:
        return Scope(SignalStatus.NEGATED, "denied or negated", denial > DISTANT_WORDS)
    if asked_and_denied(place.text, place.sentence) or _is_denied_next(place):
        return Scope(SignalStatus.NEGATED, "asked, and denied in the answer")
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

_WORK = (
    r"songs?|lyrics?|chorus|verse|poems?|ballad|novels?|books?|comic|stor(?:y|ies)|films?|movies?|series|episodes?|shows?|anime|cartoon|soap|"
    r"plays?|musical|opera|podcasts?|documentary|articles?|headlines?|newspaper|posters?|leaflets?|flyers?|brochures?|banners?|"
    r"graffiti|adverts?|ads?|memes?|tweets?|games?|signs?|t-?shirts?|mugs?|cards?|slides?|handouts?|textbooks?|lines?|news|tv|"
    r"characters?|narrator|actors?|villain|protagonist|heroine|karaoke|monologue|drama|sermon|parable|proverb|coroner|caption"
)
_FORM = r"forms?|questionnaires?|screening|survey|checklist|page|worksheet|audit|item|tick ?box"
_TEACHING = (
    r"training|trainer|instructor|lecture\w*|seminar|workshop|module|refresher|(?<!of )course(?! of)|class|talk|curriculum|speaker|webinar|"
    r"first[- ]aid|psycho-?education|pamphlet|booklet|continuing-ed|cpd|notes|psych(?:ology)? (?:paper|class)|essay|exam|quiz|unit"
)
_SOURCE = re.compile(rf"\b(?:(?P<work>{_WORK})|(?P<form>{_FORM})|(?P<teaching>{_TEACHING}))\b")
# "this shows that she", "he plays": a work is a noun with something before it.
_AS_A_NOUN = re.compile(
    r"(?:\b(?:the|a|an|this|that|these|those|some|another|every|each|our|old|new|favou?rite|tv|netflix|in|from|on|of)|'s)"
    r" (?:[\w-]+ ){0,2}$"
)
# What a patient writes may well be meant.
_OWN_WRITING = re.compile(
    r"\b(?:my|his|her|their|i|he|she|they) (?:\w+ )?(?:(?:wrote|writes?|posted|made|sent|left|drew) (?:an? |the )?)?(?:\w+ )?$"
)
_OF_ONES_OWN = re.compile(r"stor|poem|songs?$|lyric|tweet|page|lines?$|meme|notes|card")
_SAYS = re.compile(
    r"[^;]{0,60}?(?:\b(?:goes|go|says?|said|asks?|asked|asking|reads?|read|called|titled|entitled|about|where|whose|who|"
    r"in which|describ\w+|mention\w*|explain\w*|cover\w*|warn\w*|lists?|listed|taught|shouts?|sings?)\b|:|, )"
)
_ASKS = re.compile(r"[^;]{0,40}?\b(?:asks?|asked|asking|says?|question|about|whether)\b")
_TEACHES = re.compile(
    r"[^;]{0,60}?(?:\b(?:on|about|of|called|titled|said|says?|reads?|explain\w*|taught|lists?|listed|covers?|covered|like)\b|:)"
)
_ANSWERED = re.compile(r"\b(?:positive|endors\w+|scor\w+|tick\w*|circl\w+|present|yes|disclos\w+|admit\w*|reveal\w*)\b")
_MADE_HIM = re.compile(r"\b(?:because|made|makes)\b")
_IN_THE_WORK = re.compile(
    r"\b(?:in|from|of|watch\w*|saw|read|reading|heard|there'?s|there is) (?:the|a|an|this|that|our|some) (?:[\w-]+ ){0,2}$"
)
_THE_WORK_TELLS = re.compile(
    r"(?: (?:host|hero|director|author))? (?:ended|ends|opens|opened|begins|began|is about|was about|tells of|told the|tells the)\b"
)
_NO_STORY = re.compile(r"signs?|lines?|news|cards?|tv|coroner|caption|mugs?|slides?|headlines?|ads?|adverts?|posters?")
_PATIENT = re.compile(r"\b(?:i|i'm|i've|me|my(?! (?:character|villain|heroine|hero|novel))|we|patient|pt|client)\b")
_THIRD_PERSON = re.compile(r"\b(?:he|she|they|his|her|their|husband|wife|son|daughter)\b")
_AND_DOES = re.compile(
    r"\b(?:and|but|so) (?:\w+ly )?(?:wants?|is|was|wanted|now|feels?|felt|has|had|cuts?|hears?|thinks?|tried|i|he|she|they|patient|pt)\b|"
    r"\b(?:before|after|when|because|since|until|while) (?:i|he|she|they)\b"
)
_QUOTED = re.compile(r"\"[^\"]*\"|(?<!\w)'(?:[^']|'(?=\w))*'(?!\w)")
_SOURCE_AFTER = re.compile(
    rf"[\w ,.!?']{{0,30}}[\"'][,.]? ?(?:is|was|are|were|goes|(?:[a-z]+ ){{0,3}}(?:in|from|on)|,) (?:[\w'-]+ ){{0,6}}?(?:{_WORK}|{_FORM}|item \d+)\b"
    rf"|[\w ,.!?']{{0,30}}[\"'][^;]{{0,50}}\b(?:karaoke|(?:from|in) (?:that|the|a|his|her) (?:\w+ )?(?:{_WORK}))\b"
)


def _is_quoted(place: Place) -> bool:
    """What a patient is quoted as saying is the patient's own; only words of a work, a form or a lesson are quotation."""
    if _is_in_quotes(place):
        return _SOURCE_AFTER.match(place.after) is not None or any(
            not _is_own(source, place) for source in _SOURCE.finditer(place.before)
        )
    return any(_is_told_by(source, place) for source in _SOURCE.finditer(place.before))


def _is_in_quotes(place: Place) -> bool:
    return any(
        quote.start() < place.find[0] and place.find[1] <= quote.end()
        for quote in _QUOTED.finditer(place.text, *place.sentence)
    )


def _is_own(source: re.Match[str], place: Place) -> bool:
    return (
        _OF_ONES_OWN.match(source.group()) is not None
        and _OWN_WRITING.search(place.before[: source.start()]) is not None
    )


def _is_told_by(source: re.Match[str], place: Place) -> bool:
    """Whether words without quotation marks are those of a work, a form or a lesson named before them."""
    lead, between = place.before[: source.start()], place.before[source.end() :]
    if _PATIENT.search(between) or _AND_DOES.search(between) or _ANSWERED.search(between + place.after):
        return False
    if _MADE_HIM.search(between):
        return False
    if source["form"]:
        return _ASKS.match(between) is not None and not _THIRD_PERSON.search(between)
    if _AS_A_NOUN.search(lead) is None and lead.strip() != "":
        return False
    if source["teaching"]:
        return _TEACHES.match(between) is not None and not _THIRD_PERSON.search(between)
    if _is_own(source, place):
        return False
    if _THIRD_PERSON.search(between):
        in_a_story = _IN_THE_WORK.search(lead) is not None and _NO_STORY.match(source.group()) is None
        return in_a_story or _THE_WORK_TELLS.match(between) is not None
    return _SAYS.match(between) is not None or _THE_WORK_TELLS.match(between) is not None


# -- condition

_CONDITION = re.compile(
    r"\b(?:if|in case|in the event (?:that|of)|suppos(?:e|ing)(?: that)?|should (?=(?:i|he|she|they|we|you|your|the|a|any\w*|thoughts?)\b)|^say (?=(?:somebody|someone|a \w+|i|he|she)\b)|"
    r"should (?=(?:[\w-]+ ){1,7}(?:emerge|arise|return|recur|reappear|occur|appear|come (?:up|back)|get to|worsen|escalate|get worse)\b)|"
    r"were (?=(?:i|he|she|they|it|the urge|thoughts|urges) (?:[\w-]+ ){0,5}?(?:ever )?to (?:come|return|be|do|get|happen|feel|think|hurt|have|want)\b)|whenever someone)\b"
)
# A plan, a card or a rule for a day that has not come: "Crisis card: when I feel that …, I will ring Ben."
_MADE_FOR_LATER = re.compile(
    r"\b(?:crisis|safety|relapse|wellness|coping|contingency|response) (?:plan|card|signature|kit|sheet)\b|\badvance (?:directive|statement)\b|"
    r"\b(?:dbt|cbt|coping) (?:handout|card|sheet)\b|\b(?:our|the|clinic|school|house) (?:policy|protocol|rule)\b|\bmandated report\w*"
)
_ON_THAT_DAY = re.compile(r"\b(?:when(?:ever)?|if|should|where|any|in the event|who|whoever)\b")
_EARLY_SIGNS = re.compile(
    r"\b(?:warning|early|relapse) signs?(?: \w+){0,6}$|\b(?:boxed|black box) warning (?:about|of|for) (?:\w+ ){0,3}$|"
    r"\b(?:side effects?|label|leaflet|package insert) (?:\w+ ){0,3}?(?:includ\w+|like|such as|can|may|might|could|to (?:watch|monitor|look)|"
    r"says?|about|warns?|mentions?)(?:[,:]? [\w-]+){0,5}[,:]? $|"
    r"\b(?:to|must|should|will|please|family to) report (?:any |emerging |new ){1,3}(?:\w+ ){0,4}$|"
    r"\bwhat (?:an? |the )?(?:\w+ ){0,5}(?:could|would|might) look like\b|\bhow would (?:i|we|you) (?:even )?(?:know|tell|notice)\b(?!.*\b(?:i want|i am|i'm|i have)\b).*$|"
    r"\bwhat (?:do|does|should|would) (?:you|we|one|a \w+) do (?:when|if) (?:a |an |your |the |some\w* |any\w* )(?!(?:patient|boss|man|voice))(?:\w+ ){0,4}$|"
    r"\b(?:would|does) (?:my|our|the) (?:insurance|policy|plan|benefits) cover (?:\w+ ){0,3}$|\bwould (?:it|that) count as (?:\w+ ){0,2}$"
)
# Said in the same sentence of what was feared or supposed.
_NEVER_CAME = re.compile(
    r"\b(?:it|that|this)(?: has|'s|s| had)?(?:n'?t| not| never) (?:ever |yet )?(?:come|came|got(?:ten)?|happened|been)(?: to that| that far| like that| so far)?\b|"
    r"\b(?:knock on|touch) wood\b|\bif it ever (?:came|comes|got|gets) to that\b|\bif i ever have any\b|\bnone (?:present|so far|to date)\b"
)
_IS_NOT_SO = re.compile(
    r"(?:it|that|this)(?:'s| is| has)?(?:n't| not| never) (?:how i feel|ever happened|happened|come to that|ever come to that)\b|"
    r"none (?:present|so far)\b"
)
_SUPPOSED = re.compile(
    r"\b(?:if|what if|worr(?:y|ies|ied)|afraid|scared|fears?|suppose|should|might|could|would|in case)\b"
)
_OPEN_QUESTION = re.compile(
    r"\b(?:wonder\w*|thinking|imagin\w*|know|sure|what|as|even|unsure|see|decide|care|asks?|asked me) $"
)
_CONSEQUENCE = re.compile(
    r"[,;:()\u2013\u2014]| - | then | but | (?:i|he|she|they)(?: \w+ly| just)?(?:'ll| will| am going to| would|'d|'m going to|'m gonna|m going to|m gonna|ll| might| could)(?:n'?t)? |"
    r" (?:i'?m|he'?s|she'?s|i am|he is|she is) \w+ing "
)
_CONSEQUENCE_OF_ONES_OWN = re.compile(
    r"\b(?:but|still|now|and (?:he|she|i|they)|currently|today|tonight|(?:i|he|she|they) (?:has|have|had|does|did|already))\b"
)
_OWN_DEATH = re.compile(
    r"i (?:just |simply |actually |really )?(?:(?:did|was to|were to) )?(?:kill\w*|hang\w*|hung|shot|shoot|drown\w*|took|take|swallow\w*|end|ended|die|died|"
    r"jump\w*|overdose\w*|did it)\b"
)
_WOULD_GET_HELP = re.compile(
    r"\bever\b|\b(?:call|ring|tell|phone|contact|text|talk|speak|reach|go to|ask|come to you|let you know|get help)\b"
)
_POLICY = re.compile(
    r"\bwhat (?:\w+ ){1,5}$|\b(?:would do|to do|to report|must report|we report|happens|do we|policy)\b.*$"
)
_PRONE = re.compile(r"\bif (?:i|we) (?:do(?:n'?t| not)|can(?:'?t|not)|stop|have(?:n'?t| not)|skip|go without)\b")


def _is_for_later(place: Place) -> bool:
    """Whether the find stands in a plan or a warning for what may come, or in a fear that has not come true."""
    following = place.following
    if (_NEVER_CAME.search(place.after) or _IS_NOT_SO.match(following)) and _SUPPOSED.search(place.before):
        return True
    if _CONSEQUENCE_OF_ONES_OWN.search(place.before):
        return False
    if _EARLY_SIGNS.search(place.before):
        return True
    plan = _MADE_FOR_LATER.search(place.before)
    return plan is not None and _ON_THAT_DAY.search(place.before, plan.start()) is not None


def _words_from_condition(place: Place) -> int | None:
    """How many words before the find the condition stands that it lies in, or None."""
    conditions = [cue for cue in _CONDITION.finditer(place.whole) if cue.end() <= len(place.before)]
    if not conditions or _weighs_ones_own_death(place, conditions[-1]):
        return None
    condition = conditions[-1]
    words = _words(place.before[condition.end() :])
    return words if words <= WORDS_A_CONDITION_REACHES and _is_hypothetical(place, condition) else None


def _weighs_ones_own_death(place: Place, condition: re.Match[str]) -> bool:
    """ "Should I kill myself?", "if I killed myself nobody would notice": supposed, and yet a thought of now."""
    return (
        _OWN_DEATH.match((place.before[condition.end() :] + place.found).lstrip()) is not None
        and _WOULD_GET_HELP.search(place.whole) is None
    )


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
    r"rules? out|ruled out|lack of|nil|(?:do|does|did)(?:n'?t| not) (?:endorse|report|exhibit|display|express|voice|describe)|"
    r"not once (?:have|has|had|did) (?:i|he|she|they)|nope to)|"
    r"not|never|nobody|no one|cannot|dont|doesnt|didnt|isnt|wasnt|havent|hasnt|wouldnt|wont|cant|"
    r"aint)\b|n't\b"
)
_NOT_A_NEGATION = re.compile(
    r"\b(?:can'?t|cannot|can not|couldn'?t|could not|unable to|never|not a|n't|hardly) (?:[\w']+ ){0,8}without\b|"
    r"\bnot only\b|\bno doubt\b|\b(?:not|n't) (?:going to|gonna) (?:lie|pretend)\b|\b(?:can't|cant|cannot|"
    r"can not|couldn't|could not|unable to|"
    r"don't|doesn't|did not|didn't|won't|never|not) (?:\w+ )?(?:stops?|help|control|resist|quit|shake|"
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
_ANSWERED_NO = re.compile(
    r"^(?:[^.!?;]{0,50}\b(?:i|he|she|they|my answer|her answer|his answer|the answer|my answer there|pt|patient|and|it) (?:has |have |was |"
    r"were |is )?(?:answer\w*|said|says|put|ticked|circled|marked|wrote|scored?|is|was|replied) (?:a |an |that |with )?[\"']?"
    r"(?:firm |clear |flat |definite |quick )?(?:no|never|nope|not at all|none|0|zero)\b(?! (?:idea|one|plan|reason|more|longer|way|"
    r"point|matter|doubt|better))|\W*(?:all )?answered in the negative|:? 0 of \d+|\W*(?:has|have|had)(?:n't| not| never) (?:ever |even |once )?crossed (?:my|his|her|their) mind)"
)
_OTHERS_BELIEVE = re.compile(
    r"\b(?:asked|asks|ask|check|checks|wonders?|thinks?|thought|decided|believes?|assumes?|convinced|worried|worries)(?: \w+){0,4} "
    r"(?:that|whether|if|i|i'm|i'd|i've|we)\b"
)
_IS_SHORTLY_DENIED = re.compile(
    r"(?:i|he|she|they|we|it)(?:'m not| am not|'s not| is not|n'?t|(?: do| does| did| had| have| has| is| was| are)(?:n'?t| not)|"
    r" never (?:have|has|did|had))(?=[.,!;]|$)(?!.*\b(?:but|sometimes|any ?more|lie|lied|lying)\b)"
)
_DENIED_AFTER = re.compile(
    r"^(?: (?:ideation|thoughts?|intent|plans?|risk|behaviou?r|attempts?|symptoms?|and|or|/|"
    r"[a-z-]+))*?[^\w;.!?]{0,3}"
    r"(?:(?:was|were|is|are|has been|have been)? ?(?:denied|none|nil|absent|negative|not (?:present|"
    r"reported|endorsed|evident|disclosed|identified))(?! (?!(?:by|at|on|in|today|this|and|or|any|all|both|it|them|these|currently|when|throughout|since)\b)\w)|"
    r"no(?=\W*$|,|;)|none(?! (?:acted|of)))\b"
)
_END_OF_ANSWER = re.compile(r"\b(?:but|however|although|though|except|lied|lying|lie|untrue|truth)\b")
_NEGATED_VERB = re.compile(r"\w+ (?:never|not)\b")
_NEVER_HITS = re.compile(
    r"\w+ (?:never|(?:does|did|do|has|have)(?: not|n'?t)|not) (?:hit|hits|beat|beats|beaten|hurt|hurts) "
)
# "Dad never hits me where it shows"
_HITS_ELSEWHERE = re.compile(
    r"\W*(?:where|in front|when|unless|except|on the|again|since|but|so|in public|if|hard|with|any ?more|sober|outside|he|she)\b"
)
_NOT_QUITE = re.compile(r"\W*(?:yet|unless|except|apart from|other than)\b")
_STRONGER = re.compile(r"\b(?:so (?:much|badly|strongly|intensely)|as (?:much|badly|strongly)|more than)\b")


_DENIES_THAT = re.compile(r"^ (?:(?:indication|evidence|sign|suggestion|record|report) )?that (?:i|he|she|they)\b")
_NEW_SUBJECT = re.compile(r"(?<!think)(?<!believe)(?<!feel)(?<!like) (?:i|i'm|im|he|she|they)\b")
# What may follow "not … and" and still be denied with it: a thing, never a verb of what was done.
_NAMED_THING = re.compile(r"(?:thought|self|suicid|homicid|ideation|voice|hallucin|delusion|paranoi|psycho|mani|abus)")


def _is_negated_itself(rule: Rule, place: Place) -> bool:
    """Whether the words found deny what they name: "will never hurt him", "dad never hits me"."""
    if rule.kind is SignalKind.HARM_TO_OTHERS:
        return _NEGATED_VERB.match(place.found) is not None
    return (
        rule.kind is SignalKind.ABUSE_OR_SAFEGUARDING
        and _NEVER_HITS.match(place.found) is not None
        and _HITS_ELSEWHERE.match(place.after) is None
    )


def _words_from_denial(place: Place) -> int | None:
    """How many words before the find the nearest denial stands that reaches it (0 for one after it), or None."""
    if _DENIED_AFTER.match(place.after) or (_ANSWERED_NO.match(place.after) and not _END_OF_ANSWER.search(place.after)):
        return 0
    if _NOT_QUITE.match(place.after):
        return None  # "He has not hurt me yet"
    if re.search(r"\bnever\b", place.before) and _STRONGER.search(place.after):
        return None  # "I have never wanted to die so much"
    before = _NOT_A_NEGATION.sub(lambda cue: " " * len(cue.group()), place.before)
    reaching = [cue for cue in _DENIAL_CUE.finditer(before) if _reaches(cue, before[cue.end() :], place.found)]
    # A list is denied as a whole, so its last item is as surely denied as its first.
    return min((0 if cue["list"] else _words(before[cue.end() :]) for cue in reaching), default=None)


def _is_denied_next(place: Place) -> bool:
    """Whether what others ask or believe is denied in the next words: "They think I'm on drugs. I'm not." """
    return _OTHERS_BELIEVE.search(place.before) is not None and _IS_SHORTLY_DENIED.match(place.following) is not None


def _reaches(cue: re.Match[str], between: str, found: str) -> bool:
    """Whether a denial reaches the find: the same clause, and close.

    A clause ends at "but", "that I", "is that", "when she", a semicolon, a bracket, or a comma or "and" before a new
    subject or verb. "No", "denies" and "without" open a list and reach over its commas; "not" and "never" deny one
    verb: "and" ends them, and so does a comma unless "or" goes on with the same verb ("never cut, burnt or hit").
    """
    if cue.group().startswith("den") or cue.group() == "no":
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


# -- a whole sentence, for the classifier

_DENIAL = re.compile(
    r"\b(?:den(?:y|ies|ied)|no (?:\w+ ){0,2}(?:thoughts?|signs?|evidence|history|plans?|concerns?|"
    r"intent\w*|symptoms?)|"
    r"never (?:had|felt|wanted|hurt|tried|thought|been|hear\w*)|not (?:suicidal|at risk)|safe (?:at home|"
    r"now|here))\b"
)
# The few that a sentence nobody's words were found in is trusted with.
_OWNED = re.compile(r"(?:(?:the )?(?:patient|pt)'s|my|our|his|her|their|an?|the|one of my|another|that) ")
_PLAIN_SOURCE = re.compile(
    r"\b(?:songs?|lyrics?|chorus|verse|poems?|novel|books?|story|films?|movies?|series|episode|shows?|plays?|musical|opera|podcast|"
    r"documentary|article|headline|newspaper|news|posters?|leaflet|flyer|brochure|sign|graffiti|advert\w*|ads?|character|narrator|"
    r"actor|form|questionnaire|screening|survey|checklist|page|line \"|tweet|meme|game)\b"
)
_EVER = re.compile(
    r"^\W*(?:if|should|suppose|in case|what if)\b.*\bever\b|\bin case\b|\b(?:if|should) (?:a|any\w*|some\w*) "
)


def scope_of_sentence(place: Place) -> Scope:
    """The status of a sentence that no rule found, for a classifier that says it sounds like risk."""
    if _words(place.whole) <= WORDS_AN_IDIOM_EXPLAINS and _is_idiom(place):
        return Scope(SignalStatus.IDIOM, "a figure of speech or an everyday mishap")
    if _PLAIN_SOURCE.search(place.whole) and _QUOTED.search(place.whole):
        return Scope(SignalStatus.QUOTED, "quoted from a work, a form or a sign")
    people = [
        person
        for person in PERSON.finditer(place.whole)
        if person["self"] or person["pronoun"] or (not person["role"] and _OWNED.match(person.group()))
    ]
    if people and person_is_someone_else(people[0], place) and not any(person["self"] for person in people):
        return Scope(SignalStatus.SOMEONE_ELSE, "said of another person")
    if _EVER.search(place.whole):
        return Scope(SignalStatus.HYPOTHETICAL, "supposed, inside a condition")
    if _DENIAL.search(place.whole) and not _END_OF_DENIAL.search(place.whole):
        return Scope(SignalStatus.NEGATED, "denied or negated")
    if is_history(place):
        return Scope(SignalStatus.HISTORICAL, "placed in the past, with nothing recent beside it")
    return PRESENT
