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
    uncapitalised,
)
from language.note_open_questions import about_patient, composed, has_verb, is_fragment, is_phrase, past
from language.note_utterances import Utterance, is_question
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
    r"^(?:(?:um|uh|oh|well|okay|hm+|mm+|i mean|honestly|so|gosh)[\s,.]+)*(?:yes|yeah|yep|yup|yah|uh-huh|mm-hmm|mhm|correct|right(?!\s+\w)|that(?:['\u2019]?s| is) (?:right|correct|true)|you are (?:right|correct)"
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
    r"[,\s]+(?:(?:or |and )?(?:anything|something|stuff|things?) (?:else )?(?:like that|of that sort|of that nature)|or anything(?: else)?|at all|(?:that |which )?(?:i|we) (?:should|need to|ought to) (?:know|be aware|hear)(?: of| about)?|(?:that )?you (?:know of|know about|can think of|are aware of|may have|can recall)|in your life|for me|with that|right now|or no|or not|or something|and all that|with you)\s*$",
    re.I,
)  # fmt: skip
_CLAUSAL = re.compile(
    r"\b(?:you|i|that you|since|if|when|tell|about it|what|how)\b|^(?:of|it|that|this|them|one|some|questions?|idea|reason)\b",
    re.I,
)


def statement_from(question: Utterance, answers: Sequence[Utterance], pronouns: Pronouns = THEY) -> Answered:
    """The statement that a question and the clauses of its answer make; nothing where they make none for certain."""
    first = answers[0]
    says = polarity(first.raw)
    rest = _rest(first)
    asked = _asked(question)
    if says and _NOW.match(asked) and _ONCE.match(first.said):
        return Answered(None, 0)  # "Are you married?" "I was."
    if says is None:
        return _of_open_question(question, asked, answers, pronouns)
    sentence = _by_polarity(asked, says, pronouns)
    if not says and any(_TAKEN_BACK.match(one.raw) for one in (first, *answers[1:2])):
        sentence = None  # "No. Well, sometimes at night": the words themselves must be read
    if sentence and sentence.startswith("Denies ") and not _is_asked(question, asked):
        sentence = _contradicted(question, asked)
    if sentence is None:
        return Answered(None, 0)
    fragment = is_fragment(rest)
    if says and rest and re.search(r"\bor\b", asked):
        return Answered(None, 0)  # of several things asked for, the answer names its own
    if says and sentence.startswith("Reports ") and _GENERAL.fullmatch(sentence) and (rest or answers[1:]):
        return Answered(None, 0)  # "Any surgeries?" "Yes, a vasectomy": only the answer tells something
    if rest and fragment:
        rest = uncapitalised(rest)
        sentence = f"{sentence} {rest}" if says else f'{sentence} ("{rest}")' if len(rest.split()) > 1 else sentence
    used = 1 if not rest or fragment else 0
    answer = first.source if used else _first_word(first)
    return Answered(Statement(written(sentence), (_where(question, asked), answer), Role.PATIENT, asked), used)


def _is_asked(question: Utterance, asked: str) -> bool:
    """Whether it is a question by its own form: "no fever" in speech recognised without punctuation is one too."""
    return is_question(question.raw, question.said) or bool(re.match(r"no\s+\w", asked, re.I))


def _contradicted(question: Utterance, asked: str) -> str | None:
    """ "You look thin." "No, I'm fine.": nothing was asked, and nothing is denied."""
    said = question.raw[_start(question, asked) :].strip(" ,.").replace('"', "'")
    return f'The patient said no to "{uncapitalised(said)}"' if len(asked.split()) > 1 else None


def _where(question: Utterance, asked: str) -> Source:
    """The place of what is asked alone, without what leads to it."""
    return Source(question.source.turn, question.source.start + _start(question, asked), question.source.end)


def _start(question: Utterance, asked: str) -> int:
    """Where in its own words what is asked begins, behind what was only said to lead to it ("okay so then …")."""
    if _WOULD_SAY.search(question.said):
        return 0  # asked in other words than these
    opening = r"\W+".join(map(re.escape, asked.split()[:2]))
    found = re.search(rf"\b{opening}\b", question.raw, re.I)
    return found.start() if found else 0


_GENERAL = re.compile(
    r"Reports (?:(?:a|the|your|their|his|her|past|previous|prior|other|major|serious|known|new|recent|current|ongoing|medical|health|surgical|family|drug|food|in|of|or|and|to|with|medicines?|medications?"
    r"|surger(?:y|ies)|surgical|operations?|procedures?|allergies|allergy|allergic|reactions?|problems?|conditions?|issues?|history|symptoms?|concerns?|changes?|diagnos[ei]s|illness(?:es)?|complaints?)\b[ ,]*)+",
    re.I,
)  # fmt: skip


_NOW = re.compile(r"(?:are|is|do|does) ", re.I)
_ONCE = re.compile(r"i (?:was|did|used to)\b", re.I)


def _asked(question: Utterance) -> str:
    """What is asked, without what leads to it ("Before we begin, …", "How about alcohol, …") and the tag behind it."""
    asked = _TAG.sub("", question.said).strip(" ,.?")
    asked = _WOULD_SAY.sub("do ", asked)
    return _LEADS_IN.sub("", asked)


_WOULD_SAY = re.compile(r"\bwould you say (?:that )?(?=you\b)", re.I)
_LEADS_IN = re.compile(
    r"^(?:(?:hi|hello|good (?:morning|afternoon|evening)|and|so|now|tell me|first|next|lastly|finally|also|(?:how|what) about (?:your |the |any )?[\w ]{2,30}"
    r"|(?:let us|lets|let me) (?:talk|ask) [^,]{3,40}|before we [^,]{3,30}|(?:i|we) (?:have|am|are|need|want|would)\b[^,]{3,40})[,\s]+)+"
    r"(?=(?:do|did|are|were|have|has|is|was|does|can|any|how|what|when|where|who) (?:you|your|there|the|any|old|long|many|much|often|anyone|is|are|do|did|\w+)\b)(?<!\bif )(?<!\bhow )",
    re.I,
)  # fmt: skip
_TAG = re.compile(
    r"[,\s]+(?:right|correct|yeah|huh|is that (?:right|correct|true)|am i right|or|no|though|then)\s*\??\s*$", re.I
)


_TAKEN_BACK = re.compile(
    r"^(?:(?:no|nope|nah|not really|never)[\s,.…-]+)?(?:i mean[\s,]+)?(?:well|but|maybe|sometimes|except|although|though|unless|only|once|at times|not (?:lately|anymore|right now|today))\b",
    re.I,
)  # fmt: skip


def _first_word(answer: Utterance) -> Source:
    """Only the "yes" of an answer that goes on with a clause of its own."""
    found = _NO.match(answer.raw) or _YES.match(answer.raw)
    length = found.end() if found else len(answer.raw)
    return Source(answer.source.turn, answer.source.start, answer.source.start + length)


def _of_open_question(question: Utterance, asked: str, answers: Sequence[Utterance], pronouns: Pronouns) -> Answered:
    """The answer's first clause, and the bare words behind it, with what was asked: "Six." "And nine." """
    many = 1 + next(
        (at for at, one in enumerate(answers[1:]) if one.asks or has_verb(one.said) or not is_phrase(_bare(one))),
        len(answers) - 1,
    )
    while many:
        text = composed(asked, _joined([_bare(one) for one in answers[:many]]), pronouns)
        if text is not None:
            sources = (question.source, *(one.source for one in answers[:many]))
            heard = " ".join(one.said for one in answers[:many])
            return Answered(Statement(written(text), sources, Role.PATIENT, f"{asked} {heard}"), many)
        many = min(many - 1, 1)
    return Answered(None, 0)


def _bare(answer: Utterance) -> str:
    return uncapitalised(answer.said.rstrip(" .?!"))


def _joined(phrases: Sequence[str]) -> str:
    """Phrases as one: "Claritin." "For my hay fever." → "Claritin for my hay fever"; what does not lean on gets a comma."""
    text = phrases[0]
    for phrase in phrases[1:]:
        leans = re.match(r"(?:for|in|at|on|with|since|from|to|by|and|or|about)\b", phrase, re.I)
        text += f" {phrase}" if leans else f", {phrase}"
    return text


def _rest(answer: Utterance) -> str:
    """What an answer says beyond yes or no."""
    if _HEDGE.match(answer.said):
        return ""
    rest = re.sub(
        r"^(?:no|nope|nah|not really|not at all|none|never|nothing like that)\b[\s,.]*", "", answer.said, flags=re.I
    )
    rest = re.sub(r",? (?:yes|yeah)$", "", tidy(rest).rstrip(".?! "), flags=re.I)
    empty = re.fullmatch(r"(?:i (?:do|did|have|am|was|will)(?: not)?|it (?:is|does|has)(?: not)?|not (?:really|at all|that i .*|yet)|just|that is right|nothing like that|\W*)", rest, re.I)  # fmt: skip
    return "" if empty else rest


_POSSESSED = re.compile(
    r"^do you have (?:any )?(?P<what>(?:kids|children|siblings|brothers|sisters|sons|daughters|grandchildren|grandkids|pets)(?: (?:or|and) (?:kids|children|siblings|brothers|sisters|sons|daughters|grandchildren|grandkids|pets))?)$",
    re.I,
)
# Of risk nothing is taken from so short a question: it is quoted with its answer.
_WHAT_ABOUT = re.compile(
    r"^(?:how|what) about (?:any )?(?P<what>(?!(?:you|your|his|her|the|this|that|these|those|a|an|it|we|if|now|when|at|in|on|with|for|some)\b)(?!.*(?:suicid|kill|hurt|harm|sel(?:f|ves)\b|\bd(?:ie|ying|eath)\b|weapon|gun|overdos))[\w ]{3,40})$",
    re.I,
)  # fmt: skip


def _by_polarity(asked: str, says: bool, pronouns: Pronouns) -> str | None:
    if says and re.match(r"no\b|you (?:are|have|do) not\b", asked, re.I):
        return None  # "So no pain?" "Right." may confirm either
    own = _POSSESSED.match(asked)
    if own:
        return f"The patient has {'' if says else 'no '}{own['what']}"
    about = None if says else _WHAT_ABOUT.match(asked)
    if about and not _CLAUSAL.search(about["what"]):
        return f"Denies {about_patient(about['what'], pronouns)}"
    if _OPENS_SYMPTOM.match(asked):
        found = _SYMPTOM.match(asked)
        what = _VAGUE_TAIL.sub("", found["what"]).strip(" ,") if found else ""
        what = _VAGUE_TAIL.sub("", what).strip(" ,")
        if what and not _CLAUSAL.search(what) and len(what.split()) <= 18:
            return f"{'Reports' if says else 'Denies'} {about_patient(what, pronouns)}"
    return _inverted(asked, says, pronouns) or _of_statement(asked, says, pronouns)


_FRAMED = re.compile(
    r"^(?:(?:i|we) (?:can )?(?:see|understand|hear|heard|read|believe|gather|remember)(?: here| in your \w+| from your \w+)?(?: that)?|(?:it )?(?:looks|sounds|seems) (?:to me )?(?:like|as if|that)|(?:it|your chart|my chart|the chart) (?:says|shows)(?: here)?(?: that)?) ",
    re.I,
)


def _of_statement(asked: str, says: bool, pronouns: Pronouns) -> str | None:
    """What a clinician said in the form of a statement and the patient confirmed: "You had asthma, correct?" "Yes." """
    stated = _FRAMED.sub("", asked)
    plain = re.match(r"you (?P<verb>\w+)\b", stated, re.I)
    if not says:
        present = plain is not None and plain["verb"].lower() in words.BASES - {"have", "be", "know"}
        return _of_patient("do", stated[4:], False, pronouns) if present else None
    if words.NEGATIONS.search(stated) or re.search(r"\bor\b", stated):
        return None
    if not (_PERSON_DOES.match(stated) or _THING_DOES.match(stated)):
        return None
    spoken = to_third_person(stated, Role.CLINICIAN, pronouns)
    return None if spoken is None else re.sub(r"\b(?:any|ever)\s+", "", spoken.rstrip("."))


_SURELY = (
    rf"(?:is|are|was|were|has|have|had|do|does|did|will|can|could|would|{'|'.join(sorted(words.PAST))}|\w{{2,}}ed)"
)
_PERSON_DOES = re.compile(
    rf"(?:you|he|she|they|it|there|this)\b(?! (?:mean|know|said|sure)\b).*\b(?:{_SURELY}|(?:{'|'.join(sorted(words.BASES))})s?)\b",
    re.I,
)
# After a noun only what can be nothing but a verb: "the cough" is none.
_THING_DOES = re.compile(rf"(?:your|his|her|their|both|all|the) \w+\b.*\b{_SURELY}\b", re.I)


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
    if person is None or not verb.isalpha() or verb == "not" or (re.search(r"\bor\b", tail) and says):
        return None
    tail = person.rstrip(".").split(" ", 3)[3] if tail else ""
    if says:
        lead = re.sub(r"\bever\s*", "", lead)
        tail = re.sub(r"\bany\s+", "", tail)
        tail = re.sub(r"\banything\b", "something", tail)
    predicate = _predicate(aux, lead, verb.lower(), says)
    if predicate and predicate.startswith("Denies ") and verb.lower() in _DONE:
        tail = re.sub(r"\b(or|and) (\w+?)s?\b(?! of\b)", _also_done, tail)
    return f"{predicate} {tail}" if predicate else None


# "Do you smoke or drink?": both are verbs.
_DONE = {"smoke", "drink", "vape", "use", "take", "eat", "exercise", "work"}


def _also_done(found: re.Match[str]) -> str:
    return f"{found[1]} {gerund(found[2])}" if found[2] in _DONE else found.group()


def _predicate(aux: str, lead: str, verb: str, says: bool) -> str | None:
    never = "" if says else "not "
    if aux in ("are", "were", "have"):
        if verb in ("sure", "okay", "guys", "all"):
            return None
        if not says and aux == "are" and verb.endswith("ing") and verb != "going":
            return f"Denies {lead.replace('ever ', '')}{verb}"
        if not says and aux == "have" and verb not in words.PARTICIPLES | words.PAST and not verb.endswith("ed"):
            return f"The patient does not have {lead}{verb}"
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
    return f"The patient {lead}{past(verb) if aux == 'did' else third_singular(verb)}"


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
        plain = past(verb) if aux == "did" else third_singular(verb) if aux == "does" else verb
        return f"{subject} {plain} {tail}"
    return f"{subject} {aux} {'' if says else 'not '}{rest}"
