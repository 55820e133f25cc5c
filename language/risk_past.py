"""Is what was found placed in the past, with nothing recent beside it?

A cue of time counts as history only where the words themselves are not said of now ("as a child I was hit and I want to
die"), and where nothing in the sentence is recent.
"""

import re

from language.risk_place import Place

# The C-SSRS screener (Columbia Lighthouse Project, "Screener with triage points") counts behaviour of the last three
# months as high risk, so nothing that recent is filed as history.
_RECENT_MONTHS = frozenset({"one", "two", "three", "a few", "a couple of", "some", "several", "1", "2", "3"})
# There is no clock here: a year after this one may be recent and so is no sign of history.
LAST_YEAR_THAT_IS_HISTORY = 2024

_NUMBER = (
    r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|several|many|some|a few|a couple of|"
    r"thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty)"
)
_UNIT = r"(?:one|two|three|four|five|six|seven|eight|nine)"
_TEEN = r"(?:1[3-9]|(?:thir|four|fif|six|seven|eigh|nine)teen)"
_TENS = r"(?:[2-9]\d|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty)(?:[- ]" + _UNIT + r")?)"
_AGE = rf"(?:{_TEEN}|{_TENS}|\d|1[0-2]|{_UNIT}|ten|eleven|twelve)"
# "at 3" is an hour as soon as it is an age.
_NO_HOUR = r"(?! ?(?:[ap]\.?m\b|:|\.\d|o'?clock|%|mg|percent|in the|at night|tonight|every|on (?:mon|tues|wed|thur|fri|sat|sun)))"
_OWN = r"(?:my|his|her|their)"
_WHO = r"(?:i|he|she|they|we)"
_YOUTH = (
    r"(?:child|kid|teen\w*|adolescent|student|boy|girl|youth|undergraduate|lad|lass|toddler|pre-?teen|school ?(?:boy|girl)|"
    r"freshman|sophomore|cadet|recruit|young \w+|little (?:boy|girl|one))"
)
_SCHOOL = (
    r"(?:high school|middle school|grade school|primary school|secondary school|(?:grad(?:uate)?|boarding|law|"
    r"med(?:ical)?) school|sixth form|college|university)"
)
_PAST = re.compile(
    rf"\b(?:(?:{_NUMBER} (?:\w+ )?)?(?:years?|decades?|yrs?|summers|winters) (?:ago|back|earlier|before|prior)|"
    r"a (?:year|decade|long time|lifetime) ago|long ago|years ago|"
    rf"(?P<months>{_NUMBER}) (?:months?|mos?) (?:ago|back)|"
    rf"(?:when|while) {_WHO} (?:was|were|went) (?:\w+ ){{0,3}}?(?:\d{{1,2}}|\w+teen|seven|eight|"
    rf"nine|ten|eleven|twelve|six|five|{_TENS}(?! (?:miles|minutes|pounds|people|days|hours|mg))|young\w*|little|small|"
    rf"an? {_YOUTH}|in (?:\w+ )?(?:school|college|university|the army|"
    rf"(?:his|her|my) (?:\w+ )?(?:teens|twenties|thirties|forties))|at (?:school|college|university))|"
    rf"as an? (?:\w+ )?{_YOUTH}|being an? (?:\w+ )?(?:child|kid|teen\w*|adolescent|student|boy|girl|young \w+|youth)|(?:lad|lass|boy|girl) of {_AGE}|"
    rf"(?:in|through|during|throughout|(?:most|all|much|part) of) {_OWN} (?:early |late |mid[ -]?)?"
    r"(?:teens|twenties|thirties|forties|youth|childhood|adolescence|college (?:days|years)|school ?days|"
    r"first (?:marriage|pregnancy))|"
    rf"(?:in|at|that was|back in) {_SCHOOL}|in (?:childhood|adolescence)|from adolescence|"
    rf"(?:{_OWN}|in|during) (?:freshman|sophomore|junior|senior) year|"
    r"in (?:the )?(?:[1-9]\d?(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|"
    r"twelfth) grade|"
    rf"at (?:{_TEEN}|{_TENS}){_NO_HOUR}(?= |[.,;:)]|$)|(?:aged|at the age of|age|ages) {_AGE}|"
    rf"from (?:about )?{_TEEN} (?:to|until|till) {_AGE}{_NO_HOUR}|"
    rf"from {_AGE} (?:to|until|till) {_AGE}{_NO_HOUR}(?=.*\b(?:'?m|am|is|'?s) (?:now )?{_TENS})|"
    rf"(?:stopped|ended|over|finished) (?:by the time|when|before) {_WHO} (?:was|were|turned) {_AGE}|"
    rf"back (?:then|when {_WHO}|in (?:the )?(?:days?\b|(?:19|20)\d\d|'\d\d|\w+ties|school|{_SCHOOL}|{_OWN} (?:\w+ )?"
    r"(?:teens|twenties|thirties|forties|youth|days|years))|in (?:the )?\w+ grade)|(?<!am )(?<!is )(?<!are )(?<!'m )(?<!get )(?<!got )(?<!'s )used to|(?:past |"
    r"previous |prior |remote |distant |documented |childhood )*history of|h/o|\bpmh\b|"
    r"in the (?:\w+ )?past|previously|formerly|in (?:full |sustained )?remission|fully resolved|resolved|"
    r"(?:remote|past|previous|prior) (?=(?:\w+ ){0,2}(?:break|episode|admission|attempt|inpatient|hospital))|"
    r"childhood|last year|outgrown|outgrew|grew out of (?:it|that)|"
    r"during (?:her|his|my) (?:teens|childhood|adolescence|first pregnancy|twenties)|"
    rf"(?:long )?before (?:{_WHO} (?:met {_OWN} \w+|was married|got married|had (?:kids|children|a family|"
    rf"{_OWN} (?:kids|children|son|daughter)))|meeting {_OWN} (?:wife|husband|partner)|"
    rf"{_OWN} (?:kids?|children|son|daughter) (?:was|were) born)|"
    r"(?:the )?last (?:episode|one|attempt|time) (?:was )?(?:\w+ )?years|"
    r"(?:years?|months) (?:clean|sober)(?! (?:and )?(?:then|until|till|before)\b)|"
    rf"(?:clean|sober|dry|abstinent|safe) (?:for )?{_NUMBER} (?:\w+ )?(?:years|decades)|"
    rf"it'?s been (?:over |about |nearly )?{_NUMBER} (?:\w+ )?(?:years|decades)|"
    rf"(?:no symptoms|nothing(?: like it)?|none|not (?:one|once|a drop)) (?:for|in) (?:a decade|{_NUMBER} years)|"
    r"stopped (?:\w+ )?(?:when|years|in|at)|have not (?:done|had) (?:it|"
    r"any|one) (?:for|in) (?:a decade|years|\w+ years)|"
    r"(?:it|they|that|those|the (?:thoughts?|voices?|urges?|feelings?)) (?:never|has not|hasn't|have not|haven't|did not|didn't) "
    r"(?:came|come) back|"
    r"(?:in|back in|since|during|from|of) the (?:early |mid |late |early-|mid-|late-)?"
    r"(?:(?:19\d|200|201)0s|'?[5-9]0s|fifties|sixties|seventies|eighties|nineties|noughties)|"
    r"(?:clean|sober|free of (?:it|si)|stable|well|safe|none|nothing) since (?P<since>(?:19|20)\d\d)|"
    r"(?:in|at|until|from|of|around|before|that was|by) (?P<year>(?:19|20)\d\d)(?! on\b| onwards)|"
    r"(?:admission|admitted|hospitali[sz]ed|hospitali[sz]ation|episode|attempt|overdose) (?P<stay>(?:19|20)\d\d)|"
    r"(?:in|back in|since|was|of) (?P<short>'\d\d))\b"
    r"|\((?:\w+ ){0,3}(?P<bracketed>(?:19|20)\d\d)\b"
)
_SINCE_THEN = re.compile(
    r"\b(?:ever )?since (?:i|he|she|they) (?:was|were)\b|\bsince (?:my |his |her )?(?:childhood|"
    r"adolescence|teens|high school|college)\b"
)
_RECENT = re.compile(
    r"\b(?:again|now|currently|current|lately|recently|recent|still|these days|nowadays|today|tonight|"
    r"yesterday|ongoing|continues?|continuing|persist\w*|"
    r"are back|is back|came back|come back|coming back|returned|returning|worse|"
    r"this (?:week|month|morning|weekend|year|afternoon|evening)|last (?:night|week|weekend|month|monday|"
    r"tuesday|wednesday|thursday|friday|saturday|sunday)|"
    r"(?:days?|weeks?|hours?) ago|past (?:week|month|fortnight|few (?:days|weeks))|at the moment|"
    r"at present)\b"
)
# How often says nothing of when: it is recent only where the verb does not say that it is over.
_OFTEN = re.compile(r"\b(?:every (?:day|night|week|morning|evening)|most (?:days|nights|mornings)|daily|weekly)\b")
_RECENTLY_WELL = re.compile(
    r"\b(?:now|currently|these days|today|still) (?:\w+ )?(?:sober|clean|well|fine|stable|recovered|over|"
    r"okay|ok|in remission|abstinent|free|better)\b|"
    r"\b(?:sober|clean|well|fine|stable|abstinent|recovered|free|better) (?:now|today|currently|"
    r"these days)\b|"
    r"\b(?:no|not|denies|denied|never|without|nothing|none|n't)(?: [\w-]+){0,2} (?:currently|current|now|"
    r"recently|recent|lately|again|today|ongoing|at present|at the moment)\b|"
    r"\b(?:not|never|n't) (?:returned|came back|come back|recurred|persisted|continued)\b|\bnever again\b|"
    r"\bback then\b|\bnow (?:my|his|her) (?:ex|late)\b|"
    # What is said of now is an age, a trade, a place, the reason of the visit, or that there is nothing.
    rf"\b(?:'?m|am|is|'?s) (?:now )?{_AGE}(?: years old)? now\b|\bnow {_AGE}\b|\b(?:'?m|am|is|'?s) now an? \w+|"
    r"\bnow (?:lives?|works?|runs?|teach\w*|studies|married|plays|retired)\b|"
    rf"\b(?:he|she|they)(?:'?s|'?re| is| are) (?:in|at|dead|behind|married|gone) (?:\w+ ){{0,3}}?now\b|"
    r"\bcurrently (?:no|denies|without|not|none|lives|works|sober|stable|well|in (?:college|work|training)|married|"
    r"studying|employed)\b|\btoday's (?:visit|session|appointment)\b|\b(?:came (?:by|in|here)|here) today\b|"
    r"\band now (?:i|he|she) (?:runs?|teach\w*|works?|volunteers?|coach\w*|stud\w+)\b|"
    r"\bago this (?:week|month|year)\b|\bcurrent (?:partner|husband|wife|relationship|marriage|job|home)\b"
)
_TURN = re.compile(r"\b(?:but|however|although|though|whereas)\b|;")
LONGEST_VERB = len("threatens ")
_SOBRIETY = re.compile(r"clean|sober|dry|abstinent")
_LAPSE = re.compile(r"relaps|us(?:ed|ing) again|(?:back|started) (?:to|on|using|drinking)|drank|drunk|fell off|overdos")
_SOBER = re.compile(r"been (?:sober|clean)\b")
# After "when I was ten" a new clause is told of now only when its verb says so.
_NEW_CLAUSE = re.compile(
    r"\b(?:but|however|although|though|whereas|yet)\b|;|(?:\band|,) (?:(?:i|he|she|they|patient|pt) )?(?:has|have|is|am|wants?|says|feels?|"
    r"thinks?|hears|believes|hopes|wishes|plans|cuts|drinks|takes|threatens|i'm|he's|she's)\b"
)
_NOW = (
    r"(?:want|wish|hope|hear|think|feel|keep|need|plan|believe|see|drink|take|use|threaten|intend|fear|consider|starve|"
    r"burn|scratch|punch|bang|slap|kick|beat|choke|dream|wonder|imagine|picture)(?:s|es)?|cuts|hits|hurts|wishes|am|'m"
)
_SAID_OF_NOW = re.compile(
    rf"\b(?:i|he|she|they|who|pt|patient|and|but)(?: (?:\w+ly|still|just|also|often|sometimes|always|now))?(?: (?:{_NOW})|'m)"
    r"(?: \w+){0,2}$"
)
_FOUND_NOW = re.compile(rf"(?:{_NOW})\b")
_CAN_SAY_NOW = re.compile(
    r"\b(?:i|he|she|they|who|pt|patient|and|but)(?: (?:\w+ly|still|just|also|often|sometimes|always|now))? $"
)
_OVER = re.compile(
    r"\b(?:\w{2,}ed|used to|was|were|had|thought|wanted|took|drank|felt|heard|saw|did|would|kept|got|told|made|threw|broke|"
    r"held|hid|woke|wrote|went|sat|stood|burnt|shot|hung|bit|beat)\b"
)
_TELLS_WHEN = re.compile(
    r"(?:it|that|this|they|those|all that|all of that)(?:'s)?,? (?:all )?(?:was|were|is|what|stopped|ended|faded|lasted|passed|happened|went "
    r"away|started|been)\b(?! (?:that|when) (?:my|i|he|she|the)\b)"
)
_IS_GONE = re.compile(
    r"(?:i|we|he|she|they) (?:left|divorced|died|split|separated|got out|moved out|broke up|got away)\b(?=.{0,30}$|.{0,30}\band\b)"
)
_THAT_IS_WHEN = re.compile(r"\W*that(?:'s| was| is) when\b")


def is_history(place: Place) -> bool:
    """Whether the sentence, or the one after it ("That was 1998."), places the find in the past and nothing is recent."""
    sentence = _SINCE_THEN.sub(lambda cue: " " * len(cue.group()), place.whole)
    found = place.find[0] - place.sentence[0] if place.find != place.sentence else -1
    if found >= 0 and _said_of_now(place):
        return False
    if not any(_is_far_back(cue) and _dates(cue, sentence, found) for cue in _PAST.finditer(sentence)):
        dated = found >= 0 and (_is_dated_by_the_next(place) or _is_dated_by_the_last(place))
        return dated and not _is_recent(sentence, place)
    return not _is_recent(sentence, place)


def _said_of_now(place: Place) -> bool:
    if _SAID_OF_NOW.search(place.before.rstrip()):
        return True
    return _FOUND_NOW.match(place.found) is not None and _CAN_SAY_NOW.search(place.before) is not None


def _is_recent(sentence: str, place: Place) -> bool:
    well = _RECENTLY_WELL.sub(" ", sentence)
    return _RECENT.search(well) is not None or (_OFTEN.search(well) is not None and not _is_over(place))


def _is_over(place: Place) -> bool:
    """Whether the find's own verb is of the past, where a verb shows it ("cut" and "hit" do not)."""
    if place.find == place.sentence:
        return False
    before = " ".join(place.before.split()[-3:])
    return _OVER.search(f"{before} {place.found}") is not None


def _is_dated_by_the_next(place: Place) -> bool:
    """Whether the sentence after it says when it was ("It was in 2010."), or that who did it is long gone."""
    following = re.split(r"(?<=[.!?;])\s", place.following, maxsplit=1)[0]
    if not (_TELLS_WHEN.match(following) and _is_over(place)) and not _IS_GONE.match(following):
        return False
    far = any(_is_far_back(cue) for cue in _PAST.finditer(following))
    return far and _RECENT.search(_RECENTLY_WELL.sub(" ", following)) is None


def _is_dated_by_the_last(place: Place) -> bool:
    """Whether "That's when I …" takes up a date of the sentence before."""
    if _THAT_IS_WHEN.match(place.whole) is None:
        return False
    before = re.split(r"[.!?\n]\s*", place.text[: place.sentence[0]].rstrip(" .!?\n"))[-1]
    return any(_is_far_back(cue) for cue in _PAST.finditer(before)) and _RECENT.search(before) is None


def _dates(cue: re.Match[str], sentence: str, found: int) -> bool:
    """Whether a past cue speaks of the find at `found` (-1: of the sentence as a whole), and not of another clause."""
    if cue.end() <= found and _SOBRIETY.search(cue.group()) and _LAPSE.match(sentence, found):
        return False
    if found < cue.end():
        return found < 0 or _TURN.search(sentence, found, cue.start()) is None
    # The verb of the new clause may be the find's own first word ("beaten as a child and wants to die").
    return (
        _NEW_CLAUSE.search(sentence, cue.end(), found + LONGEST_VERB) is None
        or _SOBER.match(sentence, found) is not None
    )


def _is_far_back(cue: re.Match[str]) -> bool:
    year = cue["year"] or cue["since"] or cue["stay"] or cue["bracketed"]
    if year:
        return int(year) <= LAST_YEAR_THAT_IS_HISTORY
    if cue["short"]:
        return not LAST_YEAR_THAT_IS_HISTORY - 2000 < int(cue["short"][1:]) < 50
    if cue["months"]:
        return cue["months"] not in _RECENT_MONTHS
    return True
