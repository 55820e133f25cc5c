"""What says nothing in the note of a visit: clinicians of themselves, words cut off, answers to the examining hand."""

import re

from language.note_grammar import finished
from language.note_values import Role

# What a clinician says with "I" belongs into a note where it is of the patient or does something for them.
_OF_THE_PATIENT = re.compile(r"\b(?:patient\w*|he|she|they|him|her|his|them|their)\b", re.I)
_DOES = re.compile(
    r"\b(?:recommend\w*|order\w*|prescrib\w*|appreciat\w*|hear|heard|see|saw|seen|feel|felt|not(?:e|ed|ice|iced)|think|believe|suspect|palpat\w*|discuss\w*"
    r"|review\w*|refer\w*|start\w*|increas\w*|decreas\w*|want|would like|give|concern\w*|worr\w+|send|check\w*|examin\w*|counsel\w*|advis\w*|found|find|obtain\w*"
    r"|explain\w*|encourag\w*|suggest\w*|do not have|listen\w*|add\w*|continu\w*|repeat\w*|talk\w*|call\w*|put|get|schedul\w*|perform\w*|consider\w*|agree\w*"
    r"|reassur\w*|looked at|read|document\w*|chang\w*|stop\w*|monitor\w*|follow\w*|reassess\w*|hold\w*|keep|write|suspicion|us(?:e|ed|ing)|inject\w*|would(?: not)? do)\b",
    re.I,
)
_I = re.compile(r"^I\b", re.I)
# What ends before it has said anything, however few its words.
_CUT_OFF = re.compile(
    r"^(?!.*\bfe(?:els?|lt) (?:\w+ )*good\b)(?:(?:and|so|but|that|which|it|this|there|he|she|they|I|we|everything|the patient|looks?)\s+)*(?:also |just |will |would |did |does |do |can |could |have |has |had |not )*"
    r"(?:seems?|seemed|looks?|looked|sounds?|sounded|feels?|felt|think|thinks|thought|wants?|wanted|needs?|tries|tried|had|have|has|got|went|go|goes|know|knows|say|says|said|be|is|are|was|were|do|does|did"
    r"|try|make sense|makes sense|guess|mean|mention|mentioned)(?: (?:that|like|to|to be|to try|too|either|so|no|not|good|it|actually|about it|of it))*\.$",
    re.I,
)
_FROM_THE_ROOM = re.compile(
    r"^(?:do|did|have|had) (?:anything|any|you|him|her|them)\b|\b(?:get|help) (?:the patient|him|her|them) (?:get )?(?:checked out|discharged)\b|^(?:let me|lem me)\b(?! know)|^(?:they|he|she|the patient) can (?:tell|show) (?:the clinician|I|me)\b|^my (?:\w+ ){0,2}plan for (?:the patient|him|her|them)\b.{0,3}$"
    r"|^plan for the patient\.$|^(?:I|we) (?:will|want to|am going to|would like to) (?:talk (?:a little )?about|go over|call out|be calling out)\b|^We will talk (?:a little )?about (?:my|the patient's)\b"
    r"|^We are recording\b|^Denies (?:\w+ )*(?:here|right there|this|that|about (?:that|it|this))\.$|^(?:it|that|this) (?:hurts?|is sore|is tender)?\s*when (?:I|the clinician) (?:push|press|touch|bend|move|squeeze)\w*\b",
    re.I,
)  # fmt: skip


MOST_WORDS = 14
_DO_IS = re.compile(
    r"^what (?:i|we) (?:am |are |would |will |want |like |can |do |going |gonna |to )*do (?:today |first |now |here |for you |then )*is,? (?=(?P<next>\w+))",
    re.I,
)


def straight(said: str) -> str:
    """ "What we're going to do is order an MRI" said straight: "we will order an MRI"."""
    found = _DO_IS.match(said)
    if found is None:
        return said
    rest = said[found.end() :]
    if re.match(r"(?:i|we|you|let)\b", rest, re.I):
        return rest
    return f"we will {rest}" if _PLANS.match(rest) else said


_PLANS = re.compile(
    r"(?:(?:also|just|first|go ahead and|potentially|tentatively) )*(?:add|apply|arrange|ask|bring|call|change|check|continue|decrease|do|draw|follow|get|give|have|hold|increase|inject"
    r"|keep|look|make|monitor|obtain|order|perform|place|prescribe|put|recheck|refer|repeat|run|schedule|see|send|set|start|stop|switch|take|treat|try|use|watch|write)\b",
    re.I,
)


def says_nothing(text: str, role: Role) -> bool:
    """Whether a finished sentence carries nothing that a visit's note would hold."""
    if _CUT_OFF.match(text):
        return True
    if len(text.split()) > MOST_WORDS:
        return False  # where nothing is punctuated a finding may follow
    if _FROM_THE_ROOM.search(text):
        return True
    return role is Role.CLINICIAN and bool(_I.match(text)) and not (_OF_THE_PATIENT.search(text) or _DOES.search(text))


_WRITTEN = [
    (re.compile(r"(?<=\w),? (?:and |so )*(?:I|we) (?:will|want to|would|am|are|am just|am going to)\.$"), "."),
    (re.compile(r"^We will go and (?=\w)"), "We will "),
    (re.compile(r"\bexam\b(?! room| table)", re.I), "examination"),
    (re.compile(r"\b(?:some|a) nice (?=\w)", re.I), ""),
    (
        re.compile(r",? (?:which is|so that is|so that'?s|and that is) (?:good|great|fine|okay|nice|perfect)\.$", re.I),
        ".",
    ),
]


def as_written(text: str) -> str:
    """A statement in the words that clinicians write in notes, where speech has shorter or kinder ones."""
    for pattern, written in _WRITTEN:
        text = pattern.sub(written, text)
    return finished(text)
