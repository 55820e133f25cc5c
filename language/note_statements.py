"""From a transcript's turns to statements that a note could hold, each with its sources; what was dropped is counted."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from language import note_words as words
from language.note_answers import Statement, polarity, statement_from
from language.note_clauses import opens_as_clause
from language.note_grammar import CLINICIAN, Pronouns, finished, to_third_person, uncapitalised
from language.note_open_questions import has_verb
from language.note_problems import problem_and_rest
from language.note_utterances import Utterance, utterances, why_empty
from language.note_values import Dropped, Role, Turn
from language.note_visits import as_written, says_nothing, straight
from language.note_wording import written


@dataclass
class Statements:
    """What a session's words came to, in order, and how many clauses were dropped for which reason."""

    kept: list[Statement] = field(default_factory=list)
    dropped: Counter[Dropped] = field(default_factory=Counter)


@dataclass(frozen=True)
class Style:
    """How a note speaks. `visit`: the author writes "I" and states findings; else every claim says whose it is."""

    pronouns: Pronouns
    visit: bool

    @property
    def writer(self) -> str:
        return "I" if self.visit else CLINICIAN


def statements(turns: Sequence[Turn], style: Style) -> Statements:
    """Every statement that the turns support; salience is not looked at here."""
    result = Statements()
    by_turn: dict[int, list[Utterance]] = {}
    for one in utterances(turns):
        by_turn.setdefault(one.source.turn, []).append(one)
    open_question: Utterance | None = None
    for index, turn in enumerate(turns):
        said = by_turn.get(index, [])
        if turn.role is Role.CLINICIAN:
            if said and _is_answered(said[-1], by_turn.get(index + 1, []), style):
                said = [*said[:-1], replace(said[-1], asks=True)]
            open_question = _clinician(said, style, result)
        else:
            answered = turn.role is Role.PATIENT or (
                style.visit and open_question and not _OF_WHOM.search(open_question.said)
            )
            _answering(said, open_question if answered else None, style, result)
            open_question = None
    return result


def _is_answered(stated: Utterance, answer: Sequence[Utterance], style: Style) -> bool:
    """Whether what a clinician stated last was taken for a question: "You have asthma." "No, I don't."

    In a therapy session that is asked only of what was stated of risk.
    """
    of_risk = _ON_RISK.search(stated.said) is not None
    if not (style.visit or of_risk) or not answer or answer[0].role is Role.CLINICIAN:
        return False
    if re.match(r"no\b", stated.said, re.I):
        return polarity(answer[0].raw) is not None
    said = _I_KNOW.sub("", stated.said)
    supposed = _OF_YOU.match(said) or (of_risk and re.match(r"you\b", said, re.I))
    return bool(supposed and _FLAT_NO.match(answer[0].raw))


_OF_YOU = re.compile(r"you (?!should|need|must|can|could|will|may|might|ought|would|want)", re.I)
_FLAT_NO = re.compile(
    r"(?:no|nope|nah)(?:[,.\s]+(?:sir|ma'?am|doctor))?(?:\W*\Z|[,.\s]+(?:never\b|i (?:do|did|am|have|was|had|never|stopped|quit)\b|i(?:'m| ?[a-z]+n't)\b))",
    re.I,
)


def _clinician(said: Sequence[Utterance], style: Style, result: Statements) -> Utterance | None:
    """The statements of a clinician's turn; returns the question that it ends with, if it ends with one."""
    question = None
    for one in _under_problems(said) if style.visit else said:
        if not style.visit and one.asks and _suggests(one.said):
            _keep_or_drop(result, one, _of_clinician(one, style), style)
            continue
        if one.asks and not re.search(r"\b(?:dragon|dax)\b", one.raw, re.I):
            if question is not None:
                _unanswered(question, style, result)
            question = one
            continue
        if _keep_or_drop(result, one, _of_clinician(one, style), style):
            question = None
    return question


def _under_problems(said: Sequence[Utterance]) -> Iterator[Utterance]:
    """The clauses of a turn, each with the problem last turned to in it; words that only turn to one are left out."""
    problem = ""
    for one in said:
        turned_to, rest = problem_and_rest(straight(_I_KNOW.sub("", one.said)))
        problem = turned_to or problem
        yield replace(one, said=one.said if one.asks else rest, problem=problem)


# What a note's author knows of a patient it simply says.
_I_KNOW = re.compile(
    r"^i (?:do )?(?:remember|know|recall|understand|see(?: here)?)(?: that)? (?=you (?:are|were|have|had|do|did|also|said|told)\b)",
    re.I,
)


def _suggests(said: str) -> bool:
    """Whether a question asks for something to be done: "Could you write her a letter?" """
    return bool(_COULD_YOU.match(_LEAD.sub("", said)))


def _unanswered(question: Utterance, style: Style, result: Statements) -> None:
    """A question of its own weight ("What would you tell a friend?") is an intervention and is quoted."""
    if style.visit or why_empty(question) or not _EXPLORES.match(question.said):
        result.dropped[Dropped.QUESTION] += 1
        return
    text = f'{CLINICIAN} asked, "{quoted(question.raw)}?"'
    result.kept.append(Statement(finished(text), (question.source,), Role.CLINICIAN, question.said))


# Questions that do something in a therapy; "How was the week?" only opens it.
_EXPLORES = re.compile(
    r"^(?:(?:and|so) )?(?:what (?:is the evidence|else|would|could|might|do you (?:notice|make|think|believe)|does that|was different|went through|went differently|goes through|are you)|how (?:would|strongly|confident|might|could|likely)"
    r"|on a scale|whose|where (?:is|do you feel)|if you\b|is there another|which part|who would|when have you)\b",
    re.I,
)  # fmt: skip


def quoted(raw: str) -> str:
    """Words as they stand in quotation marks: as they were said, without what only opens or ends them."""
    said = words.OPENERS.sub("", raw.strip()).strip().rstrip(".?!, -").replace('"', "'")
    said = re.sub(r"[.,]'\Z", "'", said)
    return said[:1].upper() + said[1:]


def _answering(said: Sequence[Utterance], question: Utterance | None, style: Style, result: Statements) -> None:
    start = 0
    if question is not None and not style.visit and not quoted(question.raw):
        question = None  # "Yeah?"
    if question is not None and said and why_empty(question) is Dropped.SMALL_TALK:
        question = None
        result.dropped[Dropped.SMALL_TALK] += 1
    if question is not None and said:
        answered = statement_from(question, said, style.pronouns)
        if answered.statement is not None and not _RESTARTS.search(answered.statement.text):
            result.kept.append(_by(said[0].role, answered.statement))
            start = answered.used
        else:
            start = _fragment(said, question, style, result)
    elif question is not None:
        result.dropped[Dropped.QUESTION] += 1
    for one in said[start:]:
        text = _of_patient(one, style)
        asked, question = question if start == 0 else None, None
        if asked is not None and text is not None and not style.visit and _leans_on(one, asked):
            _keep_or_drop(result, one, text, style, asked)
        else:
            _keep_or_drop(result, one, text, style)


# What a relative is asked with one of these is asked of themselves, or of both.
_OF_WHOM = re.compile(r"\b(?:you|your|yours|yourself)\b", re.I)


def _by(role: Role, statement: Statement) -> Statement:
    """A statement as its speaker's: what a relative answers no to, the patient does not deny themselves."""
    if role is Role.PATIENT:
        return statement
    text = re.sub(r"^Denies ", "No ", re.sub(r"^Reports ", "", statement.text))
    return replace(statement, text=finished(text), role=role)


def _fragment(said: Sequence[Utterance], question: Utterance, style: Style, result: Statements) -> int:
    """An answer that is no clause, quoted with its question; the question alone where the answer stands for itself."""
    first = said[0]
    if style.visit:
        result.dropped[Dropped.QUESTION] += 1
        return 0
    many = _fragments(said)
    answer = ". ".join(each for each in (quoted(one.raw) for one in said[:many]) if each)
    on_risk = bool(_ON_RISK.search(question.said))
    short = bool(answer) and not has_verb(quoted(first.raw)) and len(answer.split()) <= FEW_WORDS
    if on_risk or (short and not why_empty(question)):
        answer = answer or quoted_whole(first.raw)
        text = f'Asked, "{quoted(question.raw)}?" the patient answered, "{answer}"'
        sources = (question.source, *(one.source for one in said[:many]))
        heard = " ".join(one.said for one in said[:many])
        result.kept.append(Statement(f'{text[:-1]}."', sources, Role.PATIENT, f"{question.said} {heard}"))
        return many
    if not _leans_on(first, question):
        _unanswered(question, style, result)
    return 0


# An answer that opens with one of these says little without its question.
_LEANS = re.compile(r"(?:it|that|this|those|these|they|there|he|she|because|if|when|about|only|both|some|one)\b", re.I)
MOST_WORDS_ASKED = 16
FEW_WORDS_ALONE = 6


def _leans_on(one: Utterance, question: Utterance) -> bool:
    """Whether an answer says little without its question, which is short enough to be quoted before it."""
    leans = bool(_LEANS.match(one.said)) or len(one.said.split()) <= FEW_WORDS_ALONE
    return leans and len(question.raw.split()) <= MOST_WORDS_ASKED


def _fragments(said: Sequence[Utterance]) -> int:
    """How many clauses of an answer belong to it because they say nothing alone: "Bad." "Since Monday." """
    many, length = 1, len(said[0].raw.split())
    for one in said[1:]:
        length += len(one.raw.split())
        if has_verb(one.said) or one.asks or length > FEW_WORDS:
            break
        many += 1
    return many


_RESTARTS = re.compile(
    r"\b(?:is|was|were|are|has|have|had|been) (?:and|but|so|she|he|they|the patient|I)\b(?! \w+ing)|\b(?:have|are|do|did|would|can) (?:him|her|them)\b(?! (?:\w+ )?(?:a|to|on|in|at|with|over))"
    r"|\b(?:did|does|do|was|is|has) not (?:she|he|they|the patient)\b(?! \w+ing)|(?<!\bof )\b(?:him|her|them) (?:is|are|was|has|have|do|does)\b|\bthe the\b|\b(?:how|what|why) (?:do|does|did|are|is|would) (?:the patient|she|he|they)\b",
    re.I,
)  # fmt: skip
_DANGLES = re.compile(
    r"(?:^|\s)(?:the|(?-i:a)|an|of|to|and|but|or|that|is|was|are|were|been|be|with|without|for|if|so|because|when|how|what|my|their|his|from|about|in|on|at|thinks|as|than|into|we|I)\W*$",
    re.I,
)
_STARTS_OVER = re.compile(r"\s-+\s(?=[^\"]*$)")
_OPENS_NOTHING = re.compile(r"^(?:of|than|by|to|or|which|who|whom|before what|was|were|been)\b", re.I)


def broken(text: str) -> bool:
    """Whether a sentence starts over, stops before its end or starts inside another; nobody should have to guess it."""
    return '"' not in text and any(pattern.search(text) for pattern in (_RESTARTS, _DANGLES, _OPENS_NOTHING))


# What a patient answers to these is never left out, however little it is.
_ON_RISK = re.compile(
    r"\bsuicid|\bkill|\b(?:hurt|harm|cut)(?:ing)?\b|\b(?:end|take|taking) your life|\bsafe\b|\bsafety\b|\bdie\b|\bdying\b|\bdead\b|\bweapons?\b|\bguns?\b"
    r"|\bworth living|\bwant(?:ing)? to live|\bhits? you|\bafraid of (?:him|her|them)|\bvoices\b|\boverdos",
    re.I,
)  # fmt: skip
FEW_WORDS = 12


def quoted_whole(raw: str) -> str:
    """Words as they were said, "yes" and "okay" included."""
    return raw.strip().rstrip(".?!, -").replace('"', "'")


def _keep_or_drop(
    result: Statements, one: Utterance, text: str | None, style: Style, asked: Utterance | None = None
) -> bool:
    reason = why_empty(one)
    if text is not None and (broken(text) or (not style.visit and _STARTS_OVER.search(text))):
        text = _as_said(one, style)
    if reason is None and text is None:
        reason = Dropped.QUESTION if one.asks else Dropped.UNCLEAR
    if reason is not None:
        result.dropped[reason] += 1
        return False
    text = written(text or "")
    if style.visit:
        text = as_written(text)
    if style.visit and says_nothing(text, one.role):
        result.dropped[Dropped.EMPTY] += 1
        return False
    if asked is None or not text.startswith("The patient "):
        result.kept.append(Statement(text, (one.source,), one.role, one.said, one.problem))
        return True
    text = f'Asked, "{quoted(asked.raw)}?" {uncapitalised(text)}'
    result.kept.append(Statement(text, (asked.source, one.source), one.role, f"{asked.said} {one.said}"))
    return True


def _as_said(one: Utterance, style: Style) -> str | None:
    """What cannot be rewritten, quoted where it ends as a sentence does: "That's the thing I'm most afraid of." """
    if style.visit or one.role is Role.OTHER or one.asks or len(one.said.split()) < FEWEST_WORDS_QUOTED:
        return None
    if one.role is Role.CLINICIAN:
        if len(one.said.split()) < FEWEST_WORDS_QUOTED_OF_CLINICIAN:
            return None
        return _quoted_clinician(one.raw) if _ENDS.search(one.raw) else None
    return _quoted_patient(one.raw) if _ENDS.search(one.raw) else None


_ENDS = re.compile(r"(?<![.-])[.!][\s\"')]*\Z")


# -- the patient, and others in the room

FEWEST_WORDS_QUOTED = 3
FEWEST_WORDS_QUOTED_OF_CLINICIAN = 6
_OWN = re.compile(
    r"^(?:(?:\w+ly|sometimes|now|then|today|yesterday|when|if|because|since|at first|last \w+)\s+)*i\b", re.I
)


# A clause that hangs on another one, which may have been said in another breath: "Because I have to sign it."
_HANGS = re.compile(r"(?:because|since|if|when)\b", re.I)


def _of_patient(one: Utterance, style: Style) -> str | None:
    if one.asks:
        return None
    if one.role is Role.OTHER:
        few = not has_verb(one.said) and (style.visit or len(one.said.split()) < FEWEST_WORDS_QUOTED)
        return None if few else finished(f'another person present said, "{quoted(one.raw)}."')
    if not has_verb(one.said):
        if style.visit:
            return _absent(one.said)
        return None if _says_little(one) else _quoted_patient(one.raw)
    text = to_third_person(one.said, Role.PATIENT, style.pronouns)
    if text is None:
        return None if style.visit else _quoted_patient(one.raw)
    if style.visit or (_OWN.match(one.said) and (not _HANGS.match(one.said) or opens_as_clause(one.said))):
        return text
    if not has_verb(_MAIN.split(one.said, maxsplit=1)[0]) or not opens_as_clause(one.said):
        return _quoted_patient(one.raw)
    text = to_third_person(f"x {uncapitalised(one.said)}", Role.PATIENT, style.pronouns, named=True)
    return None if text is None else finished(f"the patient reports that {text[2:]}")


def _absent(said: str) -> str | None:
    """What is said not to be there, as a prescriber's note writes it: "No swelling." """
    found = _NO_SUCH.fullmatch(said.rstrip(" .!"))
    return finished(found.group()) if found and len(said.split()) <= FEW_WORDS else None


_NO_SUCH = re.compile(
    r"no (?!idea|clue|problem\b|way|worr|doubt|thank|more\b|one\b|longer|rush|need|by\b|not\b|nothing|doctor|sir|I\b|of\b|that|this|it\b|clinician)"
    r"(?:(?!\b(?:you|i|me|my|your|we|us|that|this|those|them)\b)[\w' ,/-])+",
    re.I,
)


# What two words may say for themselves: "Not whisky." "Every time." "At six."
_TELLING = re.compile(
    rf"{words.NEGATIONS.pattern}|\d|\b(?:every|all|once|twice|always|{'|'.join([*words.NUMBERS_TO_19, *words.TENS])}|\w+day|second|third|fourth|fifth|sixth|seventh|eighth|ninth|\w+te?enth|tenth|\w+tieth)\b",
    re.I,
)
# Before one of these stands the main clause; where that has no verb, the words are quoted as they are.
_MAIN = re.compile(r"\b(?:when|because|but|if|that|which|who|and|since)\b", re.I)


def _says_little(one: Utterance) -> bool:
    return len(one.said.split()) < FEWEST_WORDS_QUOTED and not _TELLING.search(one.said)


def _quoted_patient(raw: str) -> str:
    return f'The patient said, "{quoted(raw)}."'


# -- the clinician


def _quoted_clinician(raw: str) -> str:
    return f'{CLINICIAN[0].upper()}{CLINICIAN[1:]} said, "{quoted(raw)}."'


_WILL = re.compile(
    r"^(?:what )?(?:(?:i am|we are) (?:just |also |probably )?(?:going to|gonna)|(?:i|we) (?:just |also |do |would |will )*(?:want to|would like to|like to|will)|let us|let's|(?:i|we) can)\s+(?:go ahead and |also |just |try to |start to )?(?=(?!have you|see how|see that|say|know|tell|ask|be\b)\w)",
    re.I,
)  # fmt: skip
_ADVISED = re.compile(
    r"^(?:(?:i|we) (?:just |also |really |do |would |will )*(?:want|need|like|encourage|recommend|suggest|ask|advise)(?:\s+that)? you(?: to)?|i am (?:also |just )?going to (?:have|ask) you(?: to)?|you (?:really |just |also )?(?:need to|should|have to|must|ought to)|make sure (?:that )?you|please)\s+(?:also |just |go ahead and |continue to (?=continue))?(?=\w)",
    re.I,
)  # fmt: skip
_SUGGESTED = re.compile(
    r"^(?:you (?:could|can|might|may want to)|maybe (?:you (?:could|can)|try)|what if you|how about (?:you )?|try to|i (?:would )?(?:suggest|invite you to))\s+(?:also |just |maybe )?(?=\w)",
    re.I,
)  # fmt: skip
_REFLECTED = re.compile(
    r"^(?:it (?:sounds|seems|looks) (?:to me )?(?:like|as if|as though|that)|(?:what )?i (?:am hearing|hear)(?: is)?(?: that)?|so what you are saying is(?: that)?|i am hearing(?: that)?|it seems)\s+",
    re.I,
)  # fmt: skip
_NOTICED = re.compile(r"^i (?:can )?(?:also |just )?(?P<verb>notice|see|noticed|can see)(?: that)? (?=you\b)", re.I)


_LEAD = re.compile(
    r"^(?P<lead>(?:so )?(?:for )?(?:this|next|the coming) week|for homework|before (?:our )?next (?:time|session)|if [^,]{3,80}|when [^,]{3,80}),?\s+(?=(?:i|we|you|let|could|please|try|maybe|keep|listen|write)\b)",
    re.I,
)  # fmt: skip


# "You" is not the patient alone.
_SEVERAL_OF_YOU = re.compile(
    r"\b(?:one|both|two|all|each|either|neither|none|some) of you\b|\byou (?:two|both|guys|all)\b|\byourselves\b", re.I
)


def _of_clinician(one: Utterance, style: Style) -> str | None:
    if not has_verb(one.said):
        if style.visit:
            return _absent(one.said)
        return None if _says_little(one) or one.asks else _quoted_clinician(one.raw)
    if not style.visit and not one.asks and _SEVERAL_OF_YOU.search(one.said):
        return _quoted_clinician(one.raw)
    lead = None if style.visit else _LEAD.match(one.said)
    if lead:
        framed = _by_frame(one.said[lead.end() :], style)
        when = re.sub(r"^(?:so )?(?:for (?!homework))?", "", lead["lead"], flags=re.I)
        after = to_third_person(f"x {uncapitalised(when)}", Role.CLINICIAN, style.pronouns, style.writer, named=True)
        if framed is not None and after is not None:
            return finished(f"{framed.rstrip('.')} {after[2:]}")
    framed = _by_frame(one.said, style)
    if framed is not None:
        return framed
    spoken = to_third_person(one.said, Role.CLINICIAN, style.pronouns, style.writer)
    if spoken is None or style.visit:
        return spoken
    return _reported(one, style)


def _by_frame(said: str, style: Style) -> str | None:
    for pattern, frame in _FRAMES if style.visit else _THERAPY_FRAMES:
        found = pattern.match(said)
        if found and "that {}" in frame and not style.visit and not opens_as_clause(said[found.end() :]):
            return None
        if found:
            alone = not style.visit and re.match(r"i\b", said, re.I)
            return _framed(frame, uncapitalised(said[found.end() :]), style, style.writer if alone else "we")
    if style.visit and _DOES_FOR.match(said):
        return _framed("we will {}", uncapitalised(said), style)
    first = said.split(" ", 1)[0].lower()
    if first in words.BASES - (_NO_ADVICE if style.visit else {"let", "thank", "look", "guess"}):
        return _framed("{writer} advised the patient to {}", uncapitalised(said), style)
    return None


_DOES_FOR = re.compile(r"^(?:continue|start|put|keep|get|send|give|refer|set|have) you\b(?! ever)", re.I)
# In a visit what begins like advice is as often a question or a finding cut from its subject.
_NO_ADVICE = words.BASES - {
    "ask", "attend", "avoid", "bring", "buy", "call", "change", "check", "clean", "continue", "cut", "drink", "eat", "exercise",
    "follow", "get", "keep", "limit", "practice", "quit", "rest", "return", "schedule", "sleep", "start", "stay", "stop",
    "take", "try", "use", "walk", "wash", "watch", "wear", "write",
}  # fmt: skip


_FRAMES = [
    (_WILL, "{we} will {}"),
    (_ADVISED, "{writer} advised the patient to {}"),
    (_SUGGESTED, "{writer} suggested that the patient {}"),
    (_REFLECTED, "{writer} reflected that {}"),
    (_NOTICED, "{writer} noticed that {}"),
]


_LET_US = re.compile(r"^(?:let us|let's)\s+(?:also |just |maybe )?(?=\w)", re.I)
_COULD_YOU = re.compile(r"^(?:could|can|would) you (?:like to |be willing to |please |try to (?=\w))?(?!tell|say|describe|explain|walk me|help me|give me)(?=\w)", re.I)  # fmt: skip
_THERAPY_FRAMES = [
    (_NOTICED, "{writer} noticed that {}"),
    (re.compile(r"^(?:i wonder (?:if|whether))\s+", re.I), "{writer} wondered whether {}"),
    (re.compile(r"^let(?:'s| us) (?:meet|see each other)\s+", re.I), "we will meet {}"),
    (_LET_US, "{writer} proposed to {}"),
    (_COULD_YOU, "{writer} suggested that the patient {}"),
    *_FRAMES,
]


def _framed(frame: str, rest: str, style: Style, we: str = "we") -> str | None:
    named = "the patient" in frame
    if style.visit and "reflected" in frame:
        return to_third_person(rest, Role.CLINICIAN, style.pronouns, style.writer)
    spoken = to_third_person(f"x {rest}", Role.CLINICIAN, style.pronouns, style.writer, named)
    if spoken is None:
        return None
    return finished(frame.format(spoken[2:].rstrip("."), we=we, writer=style.writer))


def _reported(one: Utterance, style: Style) -> str | None:
    if re.match(r"i\b", one.said, re.I):
        return to_third_person(one.said, Role.CLINICIAN, style.pronouns, style.writer)
    if not opens_as_clause(one.said):
        return _quoted_clinician(one.raw)
    spoken = to_third_person(f"x {uncapitalised(one.said)}", Role.CLINICIAN, style.pronouns, style.writer)
    return None if spoken is None else finished(f"{style.writer} said that {spoken[2:]}")
