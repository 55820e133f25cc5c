"""What a session's talk may say about risk: the patient's own words, and questions of risk they did not deny."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from language.note_values import Role, Turn
from language.risk_answers import denies
from language.risk_signals import CLASSIFIER
from language.risk_values import RiskReading, RiskSignal, SignalKind, SignalStatus

ASKED = "session.asked_and_not_denied"
ASKED_VERSION = "asked-1"

_ASKED_SUICIDE = re.compile(
    r"suicid|kill(?:ing)? yourself|end(?:ing)? your (?:own )?life|taking your (?:own )?life|better off dead"
    r"|(?:want|wish|wanting|wishing|thoughts? (?:of|about)|thinking (?:of|about)) "
    r"(?:to die|dying|you were dead|to be dead|being dead)"
    r"|not (?:wanting|want) to (?:live|be alive|be here|wake up)",
    re.I,
)
_ASKED_SELF_HARM = re.compile(r"(?:hurt|harm|cut|burn)(?:ing|t)? yourself|self-?harm", re.I)
_ASKED_OTHERS = re.compile(
    r"(?:hurt|harm|kill)(?:ing)? (?:\w+ or )?(?:anyone|anybody|someone|somebody|others?|other people|him|her|them)",
    re.I,
)
_QUESTIONS = (
    (_ASKED_SUICIDE, SignalKind.SUICIDAL_IDEATION),
    (_ASKED_SELF_HARM, SignalKind.SELF_HARM),
    (_ASKED_OTHERS, SignalKind.HARM_TO_OTHERS),
)


@dataclass(frozen=True)
class SessionSignal:
    """A signal with the turn it lies in; its start and end count characters of that turn's text."""

    turn: int
    signal: RiskSignal


@dataclass(frozen=True)
class SessionReading:
    """What was read in one session; unreadable means that a person must read it, no signal claims nothing."""

    readable: bool
    unreadable_reason: str
    signals: tuple[SessionSignal, ...]
    version: str


def read_session(
    turns: Sequence[Turn],
    read: Callable[..., RiskReading],
    *,
    rules_only: bool = False,
    least: Callable[[SignalKind], float] = lambda _: 0.0,
) -> SessionReading:
    """The signals of one session. ``read`` is the risk reader in force; it runs twice at most.

    ``least``: the probability from which the classifier's word counts in a whole session, by kind.

    The patient's turns are read as one text and anybody else's but the clinician's as another: what a relative says may
    be about the patient. What the clinician says is read only as a question whose answer does not deny it.
    """
    found: list[SessionSignal] = []
    reasons, version = [], ""
    for role in (Role.PATIENT, Role.OTHER):
        spoken = [(index, turn.text) for index, turn in enumerate(turns) if turn.role is role and turn.text.strip()]
        if not spoken:
            continue
        reading = read("\n".join(text for _, text in spoken), rules_only=rules_only)
        version = reading.version
        if not reading.readable:
            reasons.append(reading.unreadable_reason)
        heard = [
            each for each in reading.signals if each.raised_by != CLASSIFIER or each.probability >= least(each.kind)
        ]
        found += _in_turns(replace(reading, signals=tuple(heard)), spoken)
    found += _asked_and_not_denied(turns, found)
    found.sort(key=lambda one: (one.turn, one.signal.start, one.signal.end, one.signal.kind, one.signal.rule_id))
    return SessionReading(not reasons, "; ".join(reasons), tuple(found), version)


def _in_turns(reading: RiskReading, spoken: Sequence[tuple[int, str]]) -> list[SessionSignal]:
    """Each signal in the turn its evidence begins in, cut at that turn's end."""
    starts = [0, *accumulate(len(text) + 1 for _, text in spoken)]
    placed = []
    for signal in reading.signals:
        at = max(number for number in range(len(spoken)) if starts[number] <= signal.start)
        index, text = spoken[at]
        start = min(signal.start - starts[at], max(0, len(text) - 1))
        end = min(signal.end - starts[at], len(text))
        placed.append(SessionSignal(index, replace(signal, start=start, end=max(end, start + 1))))
    return placed


def _asked_and_not_denied(turns: Sequence[Turn], found: Sequence[SessionSignal]) -> list[SessionSignal]:
    """Answers to a question of risk that do not clearly deny it; one that carries its own flag is not told twice."""
    flagged = {one.turn for one in found if one.signal.status is SignalStatus.PRESENT}
    raised = []
    for index, turn in enumerate(turns[:-1]):
        if turn.role is not Role.CLINICIAN:
            continue
        answer = turns[index + 1]
        kinds = [kind for pattern, kind in _QUESTIONS if pattern.search(_last_question(turn.text))]
        if not kinds or answer.role is not Role.PATIENT or not re.search(r"\w", answer.text):
            continue
        if index + 1 in flagged or denies(answer.text):
            continue
        raised.append(SessionSignal(index + 1, _unclear(kinds[0], answer.text)))
    return raised


def _unclear(kind: SignalKind, answer: str) -> RiskSignal:
    return RiskSignal(
        kind,
        SignalStatus.PRESENT,
        0.5,
        0,
        len(answer),
        "rule",
        ASKED,
        f"asked about {kind.value.replace('_', ' ')}, and the answer does not clearly deny it",
        ASKED_VERSION,
    )


def _last_question(text: str) -> str:
    questions = re.findall(r"[^.!?]*\?", text)
    return str(questions[-1]) if questions else ""
