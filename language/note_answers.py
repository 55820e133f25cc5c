"""What does a clinician's question say together with the patient's answer?

"Any trouble sleeping?" "Yeah, most nights." → "Reports trouble sleeping most nights."
"Denies" is written only of what was asked and answered with no.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from language import note_words as words
from language.note_grammar import (
    PATIENT,
    THEY,
    Pronouns,
    agreeing,
    gerund,
    third_singular,
    tidy,
    to_third_person,
)
from language.note_utterances import Utterance
from language.note_values import Role, Source
from language.note_wording import written


@dataclass(frozen=True)
class Statement:
    """A sentence of a note before it is chosen: its words, what it was made from, and who spoke last in that.

    `problem`: the problem that a clinician had turned to when they said it; "" where they named none.
    """

    text: str
    sources: tuple[Source, ...]
    role: Role
    said: str
    problem: str = ""


@dataclass(frozen=True)
class Answered:
    """What a question and its answer came to; the utterances used up by it, by their index in the answering turn."""

    statement: Statement | None
    used: int


_NO = re.compile(
    r"^(?:(?:um|uh|oh|well|okay|hm+|mm+|i mean|honestly|so|gosh)[\s,.]+)*(?:no\b|nope|nah|not really|not at all|not that|none\b|never\b"
    r"|nothing\b|not (?:yet|recently|lately|anymore|right now)|i (?:do|did|have|am|was|can|could|would) ?(?:n['\u2019]t|not)\b(?!\s+know)|i['\u2019]m not\b(?! sure))",
    re.I,
)  # fmt: skip
_YES = re.compile(
    r"^(?:(?:um|uh|oh|well|okay|hm+|mm+|i mean|honestly|so|gosh)[\s,.]+)*(?:yes|yeah|yep|yup|yah|uh-huh|mm-hmm|mhm|correct|right|that['\u2019]?s (?:right|correct)"
    r"|absolutely|definitely|of course|exactly|i (?:do|did|have|am|was)\s*(?:$|[,.]))",
    re.I,
)  # fmt: skip
_SOMETIMES = re.compile(
    r"^(?:a (?:little|bit|lot)|sometimes|occasionally|once in a while|every (?:now and then|night|day|morning|week)|most (?:nights|days|of the time)"
    r"|on and off|at times|now and then|here and there|all the time|some days|usually|pretty much)\b",
    re.I,
)  # fmt: skip
_HEDGE = re.compile(
    r"^(?:no|nope|nah|not really|not at all|none|never|nothing like that|not that i (?:know|can|have|am|\w+)\b.*)$",
    re.I,
)


def polarity(raw: str) -> bool | None:
    """Whether an answer says yes or no; None where it says neither."""
    if _NO.match(raw):
        return False
    if _YES.match(raw) or _SOMETIMES.match(tidy(raw)):
        return True
    return None


_SYMPTOM = re.compile(
    r"^(?:(?:and|or|so)\s+)?(?:(?:have|has) you (?:had|noticed|experienced|been having|been experiencing|been feeling|felt|got|gotten|ever had)|do you (?:have|get|feel|experience|notice|still have|still get|ever get|ever have|ever feel)"
    r"|did you (?:have|notice|feel|get|experience)|are you (?:having|experiencing|feeling|noticing|getting|still having)|are there|is there|(?:what|how) about|have there been|has there been|you (?:have|had)|you are not having|you have not had)?"
    r"\s*(?P<any>(?:any(?: of the)?|no|ever|some|other|recent|more|problems with any)\s+)*(?P<what>.+?)\s*\??$",
    re.I,
)  # fmt: skip
_OPENS_SYMPTOM = re.compile(
    r"^(?:any|no|(?:have|has) you (?:had|noticed|experienced|been having|been experiencing|been feeling|felt|ever had)|do you (?:have|get|experience|notice|still have|still get|ever get|ever have)"
    r"|did you (?:have|notice|get|experience)|are you (?:having|experiencing|noticing|getting|still having)|are there any|is there any|have there been any|has there been any|(?:what|how) about any)\b",
    re.I,
)  # fmt: skip
_VAGUE_TAIL = re.compile(
    r"[,\s]+(?:(?:or |and )?(?:anything|something|stuff|things?) (?:else )?(?:like that|of that sort|of that nature)|or anything(?: else)?|at all|for me|with that|right now|or no|or not|or something|and all that|with you)\s*$",
    re.I,
)  # fmt: skip
_CLAUSAL = re.compile(
    r"\b(?:you|i|that you|since|if|when|tell|about it|what|how)\b|^(?:it|that|this|them|one|some|questions?|idea|reason)\b",
    re.I,
)


def statement_from(question: Utterance, answers: Sequence[Utterance], pronouns: Pronouns = THEY) -> Answered:
    """The statement that a question and the clauses of its answer make; nothing where they make none for certain."""
    first = answers[0]
    says = polarity(first.raw)
    rest = _rest(first)
    asked = _TAG.sub("", question.said).strip(" ,.?")
    if says is None:
        return _of_wh(question, asked, first, pronouns)
    sentence = _by_polarity(asked, says, pronouns)
    if not says and any(_TAKEN_BACK.match(one.raw) for one in (first, *answers[1:2])):
        sentence = None  # "No. Well, sometimes at night": the words themselves must be read
    if sentence is None:
        return Answered(None, 0)
    fragment = _is_fragment(rest)
    if says and rest and re.search(r"\bor\b", asked):
        return Answered(None, 0)  # of several things asked for, the answer names its own
    if rest and fragment:
        sentence = f"{sentence} {rest}" if says else f'{sentence} ("{rest}")' if len(rest.split()) > 1 else sentence
    used = 1 if not rest or fragment else 0
    answer = first.source if used else _first_word(first)
    return Answered(Statement(written(sentence), (question.source, answer), Role.PATIENT, asked), used)


_TAG = re.compile(r"[,\s]+(?:right|correct|yeah|huh|is that right|is that correct|or|no|though|then)\s*\??\s*$", re.I)


_TAKEN_BACK = re.compile(
    r"^(?:(?:no|nope|nah|not really|never)[\s,.…-]+)?(?:i mean[\s,]+)?(?:well|but|maybe|sometimes|except|although|though|unless|only|once|at times|not (?:lately|anymore|right now|today))\b",
    re.I,
)  # fmt: skip


def _first_word(answer: Utterance) -> Source:
    """Only the "yes" of an answer that goes on with a clause of its own."""
    found = _NO.match(answer.raw) or _YES.match(answer.raw)
    length = found.end() if found else len(answer.raw)
    return Source(answer.source.turn, answer.source.start, answer.source.start + length)


def _rest(answer: Utterance) -> str:
    """What an answer says beyond yes or no."""
    if _HEDGE.match(answer.said):
        return ""
    rest = re.sub(
        r"^(?:no|nope|nah|not really|not at all|none|never|nothing like that)\b[\s,.]*", "", answer.said, flags=re.I
    )
    rest = tidy(rest).rstrip(".?! ")
    empty = re.fullmatch(r"(?:i (?:do|did|have|am|was|will)(?: not)?|it (?:is|does|has)(?: not)?|not (?:really|at all|that i .*|yet)|just|that is right|nothing like that|\W*)", rest, re.I)  # fmt: skip
    return "" if empty else rest


def _is_fragment(rest: str) -> bool:
    """Whether words are no clause of their own and may end another sentence."""
    if not rest:
        return False
    if re.search(
        r"\b(?:i|you|me|my|we|he|she|they|it|that|there|but|because|is|are|was|were|has|have|do|does|did)\b", rest, re.I
    ):
        return False
    return len(rest.split()) <= 8


def _by_polarity(asked: str, says: bool, pronouns: Pronouns) -> str | None:
    if says and re.match(r"no\b|you (?:are|have|do) not\b", asked, re.I):
        return None  # "So no pain?" "Right." may confirm either
    if _OPENS_SYMPTOM.match(asked):
        found = _SYMPTOM.match(asked)
        what = _VAGUE_TAIL.sub("", found["what"]).strip(" ,") if found else ""
        what = _VAGUE_TAIL.sub("", what).strip(" ,")
        if what and not _CLAUSAL.search(what) and len(what.split()) <= 18:
            return f"{'Reports' if says else 'Denies'} {_about_patient(what, pronouns)}"
    return _inverted(asked, says, pronouns)


def _about_patient(what: str, pronouns: Pronouns) -> str:
    what = re.sub(r"^(.+), (?!or |and )([^,]+)$", r"\1, or \2" if " and " not in what else r"\1, \2", what)
    what = re.sub(r"\byours?elf\b", pronouns.reflexive, what, flags=re.I)
    what = re.sub(r"\byour\b", pronouns.possessive, what, flags=re.I)
    return re.sub(r"\b(?:any|no)\s+", "", what, flags=re.I)


_INVERTED = re.compile(
    r"^(?P<aux>are|were|do|did|have|can|could|would|will|should)(?P<not> not)? you (?P<rest>.+)$|^you (?P<aux2>are|were|have|do|did|can)(?P<not2> not)? (?P<rest2>.+)$",
    re.I,
)  # fmt: skip
_THING = re.compile(
    r"^(?P<aux>is|are|was|were|does|did|has|have|do)(?: not)? (?P<subject>it|that|this|there|they|he|she|your \w+(?! ing)) (?P<rest>.+)$",
    re.I,
)
_ADVERB = r"(?:still |currently |usually |also |really |actually |just |always |often |ever |even )"


def _inverted(asked: str, says: bool, pronouns: Pronouns) -> str | None:
    found = _INVERTED.match(asked)
    if found:
        if found["not"] or found["not2"]:
            return None  # "You are not sleeping?" "No" may mean either
        aux, rest = (found["aux"] or found["aux2"]).lower(), found["rest"] or found["rest2"]
        return _of_patient(aux, rest, says, pronouns)
    found = _THING.match(asked)
    if found and not re.match(r"(?:okay|all right|correct|right|you|anything|something)\b", found["rest"], re.I):
        return _of_thing(found["aux"].lower(), found["subject"], found["rest"], says, pronouns)
    return None


def _of_patient(aux: str, rest: str, says: bool, pronouns: Pronouns) -> str | None:
    adverb = re.match(rf"{_ADVERB}*", rest, re.I)
    lead = adverb.group() if adverb else ""
    verb, _, tail = rest[len(lead) :].partition(" ")
    tail = _VAGUE_TAIL.sub("", tail)
    person = to_third_person(f"you are {tail}", Role.CLINICIAN, pronouns) if tail else "X X X ."
    if person is None or not verb.isalpha() or (re.search(r"\bor\b", tail) and says):
        return None
    tail = person.rstrip(".").split(" ", 3)[3] if tail else ""
    if says:
        lead = re.sub(r"\bever\s*", "", lead)
        tail = re.sub(r"\bany\s+", "", tail)
        tail = re.sub(r"\banything\b", "something", tail)
    predicate = _predicate(aux, lead, verb.lower(), says)
    return f"{predicate} {tail}" if predicate else None


def _predicate(aux: str, lead: str, verb: str, says: bool) -> str | None:
    never = "" if says else "not "
    if aux in ("are", "were", "have"):
        if verb in ("sure", "okay", "guys", "all"):
            return None
        if not says and aux == "are" and verb.endswith("ing") and verb != "going":
            return f"Denies {lead.replace('ever ', '')}{verb}"
        return f"The patient {agreeing(aux, True) if aux != 'were' else 'was'} {never}{lead}{verb}"
    if aux in ("can", "could", "would", "will", "should"):
        return f"The patient {aux} {never}{lead}{verb}"
    if verb not in words.BASES:
        return None
    if not says and verb in ("think", "know", "mean", "mind", "understand", "agree"):
        return None
    if not says and aux == "do":
        return f"Denies {lead.replace('ever ', '')}{gerund(verb)}"
    if not says:
        return f"The patient did not {lead}{verb}"
    return f"The patient {lead}{_past(verb) if aux == 'did' else third_singular(verb)}"


def _past(verb: str) -> str:
    if verb in words.PAST_OF:
        return words.PAST_OF[verb]
    if verb.endswith("e"):
        return verb + "d"
    if re.search(r"[^aeiou]y$", verb):
        return verb[:-1] + "ied"
    return verb + verb[-1] + "ed" if verb in ("stop", "drop", "plan", "snap", "skip", "shop") else verb + "ed"


def _of_thing(aux: str, subject: str, rest: str, says: bool, pronouns: Pronouns) -> str | None:
    subject = re.sub(r"^your\b", f"{PATIENT}'s", subject, flags=re.I)
    spoken = to_third_person(rest, Role.CLINICIAN, pronouns)
    if spoken is None or re.search(r"\bor\b", rest):
        return None
    rest = spoken.rstrip(".")
    rest = rest[0].lower() + rest[1:]
    if says:
        rest = re.sub(r"\b(?:any|ever)\s+", "", rest)
    if aux in ("does", "did", "do"):
        verb, _, tail = rest.partition(" ")
        if verb not in words.BASES:
            return None
        if not says:
            return f"{subject} {aux} not {verb} {tail}"
        plain = _past(verb) if aux == "did" else third_singular(verb) if aux == "does" else verb
        return f"{subject} {plain} {tail}"
    return f"{subject} {aux} {'' if says else 'not '}{rest}"


# -- questions for more than yes or no

_HOW_IS = re.compile(
    r"^(?:how|what) (?:is|are|has|have|was|were|about)(?: (?:things|everything) (?:with|been with))? (?P<np>(?:your|the|things (?:with|at)) [\w' ]+?)(?: (?:been|going|doing|feeling|looking))*(?: (?:been|going|doing|lately|this week|these days|since .*|today|recently|for you|otherwise|right now))*$",
    re.I,
)  # fmt: skip
_HOW_LONG = re.compile(r"^how long (?:have you) (?P<verb>been|had) (?P<rest>.+)$", re.I)
_HOW_OFTEN = re.compile(
    r"^how (?:often|much|many(?: (?P<unit>\w+))?)(?: \w+){0,3}? (?:do|did|are|have) you (?P<verb>\w+)(?P<tail>.*)$",
    re.I,
)
_WHEN = re.compile(
    r"^when (?:did|was) (?P<np>(?:the|your|this|that|it) ?[\w' ]*?) (?P<verb>start|begin|happen|end|stop)\b(?P<tail>.*)$",
    re.I,
)
_TIME = re.compile(
    r"^(?:for|since|about|around|maybe|probably|almost|over|like|at least|a|an|the|last|every|once|twice|one|two|three|four|five|six|seven|eight|nine|ten|\d+|several|few|most|nearly|just)\b",
    re.I,
)


def _of_wh(question: Utterance, asked: str, first: Utterance, pronouns: Pronouns) -> Answered:
    answer = first.said.rstrip(" .?!")
    if answer[:1].isupper() and not re.match(r"I\b", answer):
        answer = answer[0].lower() + answer[1:]
    text = _wh_text(asked, answer, pronouns)
    if text is None:
        return Answered(None, 0)
    return Answered(Statement(written(text), (question.source, first.source), Role.PATIENT, f"{asked} {first.said}"), 1)


def _wh_text(asked: str, answer: str, pronouns: Pronouns) -> str | None:
    how = _HOW_IS.match(asked)
    if how:
        return _about(how["np"], answer, pronouns)
    if not _TIME.match(answer) or not _is_fragment(answer):
        return None
    often = _HOW_OFTEN.match(asked)
    if often and often["verb"].lower() in words.BASES:
        tail = to_third_person(f"you are{often['tail']}", Role.CLINICIAN, pronouns)
        if tail is None:
            return None
        return (
            f"The patient {third_singular(often['verb'].lower())}{tail.rstrip('.')[len('The patient is') :]} {answer}"
        )
    when = _WHEN.match(asked)
    if when:
        return f"{_about_patient(when['np'], pronouns)} {_past(when['verb'].lower())} {answer}"
    long = _HOW_LONG.match(asked)
    if long and not re.search(r"\b(?:you|it|that)\b", long["rest"]):
        had = long["verb"].lower()
        link = "" if re.match(r"(?:for|since)\b", answer, re.I) else "for "
        return f"The patient has {had} {_about_patient(long['rest'], pronouns)} {link}{answer}"
    return None


def _about(np: str, answer: str, pronouns: Pronouns) -> str | None:
    """The answer to "How is your sleep?" with the sleep in the place of "it"."""
    np = re.sub(r"^(?:the|things (?:with|at)) ", "the ", np, flags=re.I)
    np = re.sub(r"^(?:the )?your\b", f"{PATIENT}'s", np, flags=re.I)
    found = re.match(
        r"^(?:it|that|they|things) (?P<verb>is|are|has|have|was|were|got|gets|comes|helps|feels|seems)\b(?P<rest>.*)$",
        answer,
        re.I,
    )
    if found:
        rest = to_third_person(f"x{found['rest']}", Role.PATIENT, pronouns, named=True)
        return None if rest is None else f"{np} {found['verb'].lower()}{rest.rstrip('.')[1:]}"
    if _is_fragment(answer) and re.match(r"(?:good|bad|better|worse|terrible|awful|fine|okay|great|horrible|rough|not (?:good|great|bad)|pretty|still|about the same|up and down|all over)\b", answer, re.I):  # fmt: skip
        return f'{np}: "{answer}"'
    return None
