"""The pieces of a transcript that a note can use: one clause each, tidied, with its place in the turn."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from language.note_corrections import corrected
from language.note_grammar import tidy
from language.note_values import Dropped, Role, Source, Turn
from language.note_words import IS_OKAY
from language.sentences import sentence_spans

_SUBJECT = (
    r"(?:i|you|he|she|it|we|they|there|that|this|my|your|the|let's|let|i'm|i've|i'll|i'd|you're|you've|we're|we'll|it's|that's"
    r"|there's|he's|she's|they're|gonna|did|do|does|are|have|has|is|any|how|what|when|where)\b"
)
# Speech recognised without punctuation runs on; it is cut where a new clause takes its subject.
_JOINT = re.compile(
    rf"\s+(?=(?:and|but|so(?!\s+that)|or)\s+(?:then\s+|now\s+|also\s+|so\s+)?{_SUBJECT})|{IS_OKAY}\s+(?=okay\b|alright\b|all right\b)"
    rf"|(?<=\bokay)\s+|(?<=\balright)\s+|(?<=\ball right)\s+|\s*;\s+|\s+-+\s+|(?<=\bno)\s?,\s+(?=(?:\S+\s+){{2}})|(?<=\bno)\s+(?=(?:i|it|they|he|she|the|that|there|please|my)\s+\S)|(?<=\bnope)\s?,\s+",
    re.I,
)
# In a long stretch without a comma or full stop these open a clause even without a joining word.
_OPENS = re.compile(
    r"\s+(?=(?:i would like|i'd like|i'm gon ?na|i am going to|i'm going to|i want|i wan ?na|we'll|we're gon ?na|we are going to|let's|do you"
    r"|have you|are you|did you|does that|does this|is there|are there|can you|would you|any other|what i(?:'d| would)|and then|now (?:i|you|we|the|let)"
    r"|so (?:the|what|here|as far)|as far as|so far|(?:and |so |now )*(?:then )?(?:on|for) (?:your|his|her|the) (?:\w+ ){0,2}(?:exam\w*|problem)|(?:and )?so for your |(?:and )?for your (?:first|second|third|fourth|next|last) )\b)",
    re.I,
)  # fmt: skip
WORDS_WITHOUT_A_STOP = 16
WORDS_WITHOUT_ANY_STOP = 10
"""The same in a turn that has no comma or full stop at all."""
_DEPENDS = re.compile(r"\b(?:if|when|whether|because|since|that|who|which|while|until|after|before)\b[^,]*$", re.I)
FEWEST_WORDS = 5


@dataclass(frozen=True)
class Utterance:
    """One clause: where it stands, what was said, what is left when it is tidy, and whether it asks.

    `problem`: in a visit, the problem that the clinician had turned to.
    """

    source: Source
    role: Role
    raw: str
    said: str
    asks: bool
    problem: str = ""


def utterances(turns: Sequence[Turn]) -> list[Utterance]:
    """Every clause of every turn, in order."""
    return [one for index, turn in enumerate(turns) for one in _of_turn(index, turn)]


def _of_turn(index: int, turn: Turn) -> Iterator[Utterance]:
    for start, end in sentence_spans(turn.text):
        for first, last in _clauses(turn.text, start, end):
            raw = turn.text[first:last]
            said = corrected(tidy(raw))
            yield Utterance(Source(index, first, last), turn.role, raw, said, is_question(raw, said))


def _clauses(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    cut = start
    joints = list(_JOINT.finditer(text, start, end))
    many = WORDS_WITHOUT_A_STOP if re.search(r"[.?!,;]", text) else WORDS_WITHOUT_ANY_STOP
    if not re.search(r"[,;]", text[start:end]) and len(text[start:end].split()) > many:
        joints = sorted([*joints, *_OPENS.finditer(text, start, end)], key=lambda joint: joint.start())
    for joint in joints:
        if joint.start() < cut:
            continue
        before, after = text[cut : joint.start()], text[joint.end() : end]
        okay = re.search(r"(?:okay|alright|all right)$", before, re.I) or re.match(
            r"okay|alright|all right", after, re.I
        )
        no = re.fullmatch(r"(?:(?:um|uh|oh|well)[\s,]+)*(?:no|nope)\s?,?", before, re.I)
        if (
            not okay
            and not no
            and (min(len(before.split()), len(after.split())) < FEWEST_WORDS or _DEPENDS.search(before))
        ):
            continue
        yield from _piece(text, cut, joint.start())
        cut = joint.end()
    yield from _piece(text, cut, end)


def _piece(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    if any(char.isalnum() for char in text[start:end]):
        yield start, end


_AUXILIARY = r"(?:do|does|did|are|is|am|was|were|have|has|had|can|could|would|will|should|any)"
_ASKS = re.compile(
    rf"(?!(?:what|when|where|why|who|how) (?:i|we|he|she|it|they|you)\b)(?:{_AUXILIARY}(?:\s+not)?\s+(?:you|your|there|it|that|this|he|she|they|we|anyone|anybody|the|any|i)\b|any\s+\w+|no\s+\w+(?:\s+\w+)?\?"
    r"|(?:what|when|where|why|who|which|how)\b(?:\s+\w+){0,3}?\s+(?:is|are|was|were|do|does|did|have|has|can|would|could|will|"
    r"about|long|many|much|often)\b|(?:what|how) about\b|(?:so )?tell me\b)",
    re.I,
)
_TAGGED = re.compile(r"[,\s](?:right|correct|yeah|huh|is that right|is that correct|or|no)\s*\?\s*$", re.I)


def is_question(raw: str, said: str) -> bool:
    """Whether a clause asks; ", okay?" asks nothing."""
    ends = raw.rstrip(" \"'").endswith("?") and not re.search(
        r"(?:okay|ok|alright|all right)\s*\?$", raw.rstrip(), re.I
    )
    return ends or bool(_TAGGED.search(raw)) or bool(_ASKS.match(said))


# -- what carries no content

_COMMAND = re.compile(
    r"\bhey,? (?:dragon|dax|siri|alexa|google)\b|^(?:dragon|dax)\b"
    r"|^(?:please )?(?:show me|pull up|bring up|order (?:a|an|the)\b|finalize|stop recording|pause|close the note)"
    r"|^(?:go ahead(?: and)?|just|now|please|can you|could you|would you|will you|i want you to|i would like you to|let me have you|i am going to have you|if you (?:can|could|would|will)|you can)\s*,?\s*(?:just\s+|go ahead and\s+|please\s+)?"
    r"(?:lift|raise|bend|turn|tilt|squeeze|push|pull|open your|close your|take a (?:deep )?breath|breathe|lie|lay|sit|stand|hop|look (?:up|down|at|over)|follow my|hold (?:out|up|still)|touch|relax|lean|walk|step|have a seat|grab|scoot)\b"
    r"|^(?:lift|raise|bend|tilt|squeeze|push|pull|open your|close your|take a (?:deep )?breath|deep breath|breathe in|lie|lay|hop|look (?:up|down|at|over)|follow my|hold (?:out|up|still)|have a seat|come (?:on )?in|scoot|stick out)\b"
    r"|\b(?:lift up|raise|pull up) your (?:shirt|arms?|legs?|sleeve)\b",
    re.I,
)  # fmt: skip
_LOOKING = re.compile(
    r"^(?:(?:i am |we are |we will )?(?:just )?(?:going to |want to |i would like to |would like to )?|let us |let's |let me |i will |i want to |i would like to |can i |may i )*(?:just |quickly |go ahead and |do |go ahead |real quick )*"
    r"(?:take a (?:quick )?(?:look|listen|peek)|look at|have a look|examine|check (?:you )?out|do (?:a|your|my) (?:quick )?(?:physical )?exam\w*|(?:a )?(?:quick )?physical exam\w*|listen to|go over|talk about|review|see what|get started|dive in|move on|check (?:you|your|on)|feel your|press|tap|touch|ask you|go through|pull|look over|look through)\b",
    re.I,
)  # fmt: skip
_SMALL_TALK = re.compile(
    r"^(?:(?:hi|hello|hey)\b|good (?:morning|afternoon|evening|day|to see)|nice to (?:see|meet)|it is (?:good|nice|great) (?:to|seeing)|pleased to"
    r"|how are you(?: doing)?(?: today| this morning| this afternoon)?\W*$|how is it going|how have you been\W*$|thank|thanks|you are welcome|bye|goodbye|see you|take care|have a (?:good|great|nice|safe)|my pleasure"
    r"|come on in|have a seat|welcome|what brings you|what can i (?:do|help)|how can i help|any (?:other )?questions|do you have any (?:other |more )?questions|i do not have any (?:other |more )?questions|no questions|appreciate (?:it|you)|i appreciate|congratulations|happy (?:birthday|new year)"
    r"|i will be (?:right )?back|be right back|the nurse will|i will (?:get|have|send) (?:my|the) (?:nurse|assistant|medical)|let me (?:get|grab|call|go|just)|(?:hold|hang) on\W*$|give me (?:a|one) (?:second|minute|moment|sec)|just a (?:second|moment|minute)|one (?:second|moment|sec\b)"
    r"|(?:i am |that is |that is so |that sounds )?(?:so )?(?:glad|happy|sorry|great|good|awesome|excellent|wonderful|fantastic|perfect|cool|funny|nice|exciting|understandable|fair|terrible|awful|too bad|amazing)(?: to hear(?: that| it)?| to see you| for you| enough| news| that| work| job| question| idea)?\W*$"
    r"|i am (?:so |really |very )?(?:glad|happy|sorry) (?:to|for|you|that)|sounds (?:good|great|like a plan)|you (?:bet|got it)|no worries|that (?:makes|made) sense\W*$|me too|same here|i hear you|what else(?! (?:could|might|did|would)\b)|anything else|tell me (?:more|about it)|go (?:on|ahead)\W*$|i (?:do not know|know|see|understand|agree|bet|got it)\W*$|not that i (?:know|can think|am aware)\b|is that (?:okay|all right)"
    r"|(?:does|how does|do) (?:that|this|it) (?:sound|make sense|work)|are you okay with|i think (?:so|that is (?:it|all|everything))\W*$|that is (?:it|all|right|correct|true|fine|okay|everything)\b.{0,12}$|i (?:love|like|saw|watched) (?:this weather|the movie|the game)|let (?:me|us) (?:know|see|start)\W*$|please do\W*$|i will\W*$|i do\W*$|i am\W*$|i did\W*$|i have\W*$|it (?:is|does|was|did|has)(?: not)?\W*$|you (?:do|are|did|have|can)\W*$|(?:we|they|he|she) (?:do|are|did|is|does|will|can)\W*$)"
    r"|\b(?:the nurse told you|(?:i will )?see you\b(?!.*(?:day\b|\d|\b(?:two|three|four|six) (?:weeks|months)))|nice (?:weather|to see you)|good to see you|nice meeting you|(?:thank you|thanks)(?! for)(?!(?:\W+\w+){5})|your (?:nurse|chart) (?:told|says|said)|dax|the recording|super bowl|football game|off the record)\b",
    re.I,
)  # fmt: skip
# What is dictated for the typist, or stands in the record anyway.
_DICTATED = re.compile(
    r"^(?:end of (?:dictation|recording|note)|(?:new )?paragraph\W*$|next patient\b|(?:the )?(?:patient's )?(?:date of birth|medical record number|mrn)\b.{0,40}$)",
    re.I,
)
_SYMPATHY = re.compile(
    r"^(?:(?:that|this|it) (?:sounds|must (?:be|have been)|is|was|took|feels)(?: like)? (?:so |really |very |quite |a |an |pretty |been )*(?:frightening|hard|difficult|scary|tough|rough|big step|good start|great start|painful|courage|lot|brave|great|good|nice|wonderful|impressive|frustrating|exhausting)"
    r"|to (?:know|hear)\b|good to know|(?:\w+ ){1,3}is a (?:good|great|big) (?:start|step)|(?:did you find|was|how was|how is)(?: the)? (?:parking|traffic|drive|weather)|(?:it is |bit )?(?:rainy|sunny|cold|hot) out|i like your|can i get you|where would you like to start|what is on your mind|i am a few minutes late|fine, no traffic|my daughter made it\W*$|that works\W*$|works for me\W*$|same time\b.{0,30}\?|(?:it|he|she|they) will like that)",
    re.I,
)  # fmt: skip
# "No, I do not": nothing is left beside the answer itself.
_ANSWER_ONLY = re.compile(
    r"^(?:(?:yes|yeah|no|nope|well|sure)[,. ]*)*(?:(?:i|it|they|we|he|she|that) (?:do|does|did|have|has|am|is|was|are|can|could|would|will)(?: not)?|nothing like that|not really|not at all|of course not|exactly|never)?\W*$",
    re.I,
)
_CONTENT = re.compile(r"[a-z]{3,}", re.I)


def why_empty(utterance: Utterance) -> Dropped | None:
    """Why a clause carries nothing for a note, or None where it may."""
    said = utterance.said
    if _COMMAND.search(said) or _DICTATED.match(said) or re.search(r"\bhey,? (?:dragon|dax)", utterance.raw, re.I):
        return Dropped.COMMAND
    if _SMALL_TALK.search(said) or _SYMPATHY.match(said):
        return Dropped.SMALL_TALK
    if utterance.role is Role.CLINICIAN and _LOOKING.match(said) and len(said.split()) < 14:
        return Dropped.COMMAND
    if len(said.split()) < 2 or not _CONTENT.search(said) or _ANSWER_ONLY.match(said):
        return Dropped.EMPTY
    return None
