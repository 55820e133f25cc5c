"""The closed word lists that the note grammar works with: verbs, fillers, cues."""

import re

# base past participle; where past and participle are one word, once.
_VERBS = """
be was been|bend bent|bleed bled|become became become|begin began begun|bite bit bitten|blow blew blown|break broke broken|bring brought|
build built|burn burned|buy bought|catch caught|choose chose chosen|come came come|cost cost|cry cried|cut cut|deal dealt|die died|
do did done|draw drew drawn|drink drank drunk|drive drove driven|eat ate eaten|fall fell fallen|feed fed|feel felt|
fight fought|find found|fly flew flown|forget forgot forgotten|forgive forgave forgiven|freeze froze frozen|
get got gotten|give gave given|go went gone|grow grew grown|hang hung|have had|hear heard|hide hid hidden|hit hit|
hold held|hurt hurt|keep kept|know knew known|lay laid|lead led|leave left|lend lent|let let|lie lay lain|lose lost|
make made|mean meant|meet met|pay paid|put put|quit quit|read read|ride rode ridden|rise rose risen|run ran run|
say said|see saw seen|sell sold|send sent|set set|shake shook shaken|shut shut|sing sang sung|sit sat|sleep slept|
speak spoke spoken|spend spent|stand stood|steal stole stolen|stick stuck|swear swore sworn|swim swam swum|
take took taken|swell swelled swollen|teach taught|tear tore torn|tell told|think thought|throw threw thrown|undergo underwent undergone|understand understood|
wake woke woken|wear wore worn|weep wept|win won|write wrote written
"""
_REGULAR = """
accept agree aim allow apologize argue ask attend avoid believe blame bother breathe call calm care change check clean clear complain confess dismiss
consider consume continue cook cope cough count cover dance decide describe develop drop dread encourage end enjoy exercise expect experience explain fail finish
focus follow freak guess handle happen hate help hope identify imagine improve jog join jump kiss laugh learn lift like listen live look love
manage miss move need notice obsess occur open order overthink own panic pass pick plan play practice pray prefer prepare
prescribe press pretend promise push quit rate react realize recall recommend refill rehearse reject relax remember
repeat report rest return scan scream search seem share shop shout show shower skip smell smile smoke snap sound
start stay stop struggle study suffer suggest suppose suspect survive swallow talk taste tend text touch travel treat trust try turn urinate use vape visit
vomit wait walk want wash watch wish wonder work worry yell
"""

PAST: set[str] = {"was", "were"}
PAST_OF: dict[str, str] = {}
BASE_OF: dict[str, str] = {"am": "be", "are": "be", "is": "be", "were": "be", "has": "have", "does": "do"}
PARTICIPLES: set[str] = set()
BASES: set[str] = set(_REGULAR.split())
for _row in _VERBS.replace("\n", "").split("|"):
    _forms = _row.split()
    BASES.add(_forms[0])
    PAST.add(_forms[1])
    PARTICIPLES.add(_forms[-1])
    PAST_OF[_forms[0]] = _forms[1]
    BASE_OF |= dict.fromkeys(_forms[1:], _forms[0])
# The past is the base itself: "I put" may be either; it is read as past, which needs no ending.
SAME_IN_THE_PAST = {"cost", "cut", "hit", "hurt", "let", "put", "quit", "read", "set", "shut"}
PRESENT_ALL_THE_SAME = {"hurt", "let", "read"}

_NUMBERS_TO_19 = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen
"""
NUMBERS_TO_19: list[str] = _NUMBERS_TO_19.split()
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
VALUE_OF = {word: i for i, word in enumerate(NUMBERS_TO_19)} | {word: 20 + 10 * i for i, word in enumerate(TENS)}

MODALS = {"can", "could", "will", "would", "shall", "should", "may", "might", "must", "cannot"}
ADVERBS = {
    "also", "always", "almost", "actually", "already", "barely", "certainly", "constantly", "currently", "definitely",
    "either", "even", "ever", "finally", "first", "generally", "hardly", "honestly", "initially", "just", "kind", "last",
    "mostly", "mainly", "maybe", "never", "nevertheless", "nonetheless", "normally", "not", "now", "occasionally", "often",
    "only", "probably", "quite", "rarely", "really", "recently", "regularly", "seldom", "simply", "sometimes", "somehow",
    "still", "suddenly", "then", "too", "truly", "typically", "usually", "both", "all", "so",
}  # fmt: skip
PREPOSITIONS = {
    "about", "after", "against", "around", "at", "before", "behind", "between", "by", "for", "from", "in", "into", "like",
    "near", "of", "off", "on", "over", "past", "than", "through", "to", "toward", "towards", "under", "until", "upon",
    "with", "within", "without",
}  # fmt: skip
# Where nothing is punctuated a clause may end with one of these: "you are coming in you had some pain".
PARTICLES = {"in", "on", "up", "off", "out", "over", "down", "back", "around"}
# After these a pronoun is their object, and a verb behind it stays bare: "it helps you sleep", "let me see".
TAKES_AN_OBJECT = {
    "ask", "asked", "bother", "bothers", "bothering", "call", "feel", "gave", "get", "give", "gives", "giving", "got",
    "had", "have", "having", "hear", "heard", "help", "helped", "helping", "helps", "keep", "keeps", "let", "lets",
    "made", "make", "makes", "making", "need", "saw", "see", "seeing", "send", "show", "start", "tell", "telling", "thank",
    "told", "want", "wanted", "watch",
}  # fmt: skip

CONTRACTIONS = [
    (re.compile(r"\b(ca)n['\u2019]?t\b|\bcan n['\u2019]t\b", re.I), "cannot"),
    (re.compile(r"\bwo ?n['\u2019]t\b", re.I), "will not"),
    (re.compile(r"\bshan['\u2019]t\b", re.I), "shall not"),
    (re.compile(r"\bain['\u2019]t\b", re.I), "is not"),
    (re.compile(r" ?\bn['\u2019]t\b|(?<=[a-z])n['\u2019]t\b", re.I), " not"),
    (re.compile(r"\b(can|could) not\b", re.I), r"\1 not"),
    (re.compile(r"\bgon ?na\b", re.I), "going to"),
    (re.compile(r"\bwan ?na\b", re.I), "want to"),
    (re.compile(r"\bgot ?ta\b", re.I), "have to"),
    (re.compile(r"\b(?:have|'ve) have to\b", re.I), "have to"),
    (re.compile(r"\bhad ?ta\b", re.I), "had to"),
    (re.compile(r"(?<!\bwhat )(?<!\bwhich )(?<!\bsame )(?<!\bother )\b(?:kinda|sorta|kind of like|sort of like|kind of|sort of)\b", re.I), ""),
    (re.compile(r"(?<!\w)['\u2019]cause\b", re.I), "because"),
    (re.compile(r"(?<!\w)['\u2019]?\b(?:cause|cuz|cos|coz)\b(?! of)(?=\s+(?:i|you|he|she|it|we|they|my|the|that)\b)", re.I), "because"),
    (re.compile(r"['\u2019]em\b", re.I), "them"),
    (re.compile(r"\bgimme\b", re.I), "give me"),
    (re.compile(r"\blemme\b", re.I), "let me"),
    (re.compile(r"\bdunno\b", re.I), "do not know"),
    (re.compile(r"\by['\u2019]all\b", re.I), "you"),
    (re.compile(r"\b(i)['\u2019]?m\b", re.I), r"\1 am"),
    (re.compile(r"\b(we|you|they|who|what|there) ?['\u2019]re\b", re.I), r"\1 are"),
    (re.compile(r"\b(i|we|you|they|who|could|would|should|might|must) ?['\u2019]ve\b", re.I), r"\1 have"),
    (re.compile(r"\b(\w+) ?['\u2019]ll\b", re.I), r"\1 will"),
]  # fmt: skip
# Words that transcripts write as they are spoken, and whom the speaker turns to; neither is a word of the note's.
SPOKEN = [
    (re.compile(r"\b(?:i (?:can )?see|it says) here,? (?:that )?(?=(?:you|your|he|she|his|her)\b)", re.I), ""),
    # "U T I" is one word, "vitamin D I take" and "at 8 A M I wake" are not; nor is "A C-section".
    (re.compile(r"(?<=\b[B-HJ-Z]) (?=[A-HJ-Z]s?\b)|(?<=\bA) (?=[A-Z] [A-Z]s?\b)|(?<=\bI) (?=[A-HJ-Z]s?\b)|(?<=\b[B-HJ-Z]) (?=I [A-HJ-Z]s?\b)|(?<=\b[A-Z] [A-Z])(?<!\b[AP] M) (?=I\b)"), ""),
    (re.compile(r"(?:^|,)\s*(?:sir|ma['\u2019]?am|madam|miss|doctor|doc|dear|man|buddy)\s*(?=[.?!]|,(?! (?:and|or)\b)|$)", re.I), ""),
    (re.compile(r"\b(yes|no|yeah|nope) (?:sir|ma['\u2019]?am|doctor|doc)\b", re.I), r"\1"),
]  # fmt: skip
_HAS_BEFORE = (
    r"(?:(?:not|just|really|always|never|also|only|already|actually|definitely|still)\s+)*"
    r"(?:been|got|gotten|gone|had|become|started|stopped|happened|changed|improved|helped|worked|bothered|come|taken|made"
    r"|begun|done (?=it|that|this|so|well|the|a|an|my|his|her|them|nothing|everything)|(?:told|asked|shown|promised) (?=me|us|you|him|her|them)|seemed|lasted|had|grown|given|noticed|increased|decreased|worsened)\b"
)
HAS = re.compile(
    rf"\b(it|that|he|she|there|what|who|this|everything|nothing|one|\w+)['\u2019]s(?=\s+{_HAS_BEFORE})", re.I
)
IS = re.compile(
    r"\b(it|that|he|she|there|here|what|who|how|where|this|everything|nothing|when|why) ?['\u2019]s\b", re.I
)
_DONE = "|".join(sorted(PARTICIPLES - BASES | {"been", "got", "better"}))
HAD = re.compile(
    rf"\b(i|you|he|she|it|we|they|that|there) ?['\u2019]d(?=\s+(?:(?:never|already|just|not|only|always|all|even)\s+)*"
    rf"(?:{_DONE}|(?!need|feed|bleed|speed|exceed|proceed|embed|succeed|heed|wed\b|shed)\w+ed)\b)",
    re.I,
)
WOULD = re.compile(r"\b(i|you|he|she|it|we|they|that|there|who) ?['\u2019]d\b", re.I)

FILLERS = re.compile(
    r"(?:,\s*(?=[a-z' -]{2,24},))?(?<![\w'-])(?:um+|uh+|uhm|er+m?|ah+|hmm+|hm+|mm+|mhm|mm-hmm|uh-huh|you know what i mean|if that makes sense"
    r"|you know|i mean|i guess|like i said|as i said|or something like that|or whatever|and stuff|to be honest(?: with you)?"
    r"|honestly|basically|literally|obviously|oh|gosh|wow|believe it or not|if you will|let us see|let me see|let's see)"
    r"(?![\w'-]),?(?!\s+(?:that|about|how|what|when|why|if|where)\b)",
    re.I,
)  # fmt: skip
LIKE = re.compile(r",\s*like\s*,|\blike,\s", re.I)
OPENERS = re.compile(
    r"^(?:(?:okay|ok|all\s?right|alright|right(?! (?:knee|hip|shoulder|elbow|wrist|hand|foot|ankle|leg|arm|ear|eye|side|index|middle|ring|great|big|upper|lower|lung|breast|thumb|toe|finger|kidney|flank)s?\b)|so|well|yeah|yes|yep|yup|no problem|and|but|now|then|also|again|anyway|anyways"
    r"|sure|great|good(?! (?:morning|afternoon|evening|day))|perfect|awesome|excellent|nice|fine|absolutely|exactly|of course|i see|gotcha|got it|let's see|oh"
    r"|like|actually|plus|or|cause|as well|very good|sounds good|that's good|that is good|that's great|that is great|i know"
    r"|i understand|huh|ha|ugh|ah|sorry|wonderful|fantastic|um|uh|hey|listen|look|you see|correct|true|definitely|you know)\b[\s,.;:!-]*)+",
    re.I,
)
# "Okay" after one of these is what somebody said of themselves, not a tag.
IS_OKAY = r"(?<!['\u2019]s)(?<!['\u2019]m)(?<!['\u2019]re)" + "".join(
    rf"(?<!\b{verb})"
    for verb in ("been", "is", "was", "am", "are", "doing", "feel", "going", "pretty", "were", "feels", "not")
)
# "It hurts on the right" names a side.
NO_SIDE = "".join(
    rf"(?<!\b{word} )" for word in ("the", "my", "your", "his", "her", "left or", "and", "not", "to", "all")
)
TAGS = re.compile(
    rf"{IS_OKAY}[\s,;]+(?:okay|ok|all right|alright|{NO_SIDE}right|correct|you know|you see|huh|yeah|is that correct|is that right|is that okay"
    r"|does that sound (?:good|okay|right)|if that's okay|if that is okay|so|and|but|or|though|i think|as well|that is all|that is it)"
    r"[\s,?.!-]*$",
    re.I,
)
NEGATIONS = re.compile(
    r"\b(?:not|no|never|none|nothing|nobody|neither|nor|without|cannot|denies|denied|deny|negative|nope|nah|no one|isn'?t"
    r"|hardly)\b|n['\u2019]t\b",
    re.I,
)
