"""How urgent a risk review is: from answers to questionnaires and from signals read in free text.

Every level here orders a clinician's review; none is a diagnosis, and no flag is never an all-clear.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from models.codes import RiskLevel
from models.measures import Measure
from rules.measures import (
    CSSRS_BEHAVIOUR,
    CSSRS_BEHAVIOUR_RECENT,
    PHQ9_SELF_HARM_ITEM,
    check_answers,
    questions_to_ask,
    score,
)

RANK: Mapping[RiskLevel, int] = MappingProxyType({RiskLevel.LOW: 1, RiskLevel.MODERATE: 2, RiskLevel.HIGH: 3})


class FlagKind(StrEnum):
    """What a flag is about; the seven signals of the risk reader, and what the rules add."""

    SUICIDAL_IDEATION = "suicidal_ideation"
    SUICIDE_PLAN_INTENT_OR_BEHAVIOUR = "suicide_plan_intent_or_behaviour"
    SELF_HARM = "self_harm"
    HARM_TO_OTHERS = "harm_to_others"
    PSYCHOSIS_OR_MANIA = "psychosis_or_mania"
    ABUSE_OR_SAFEGUARDING = "abuse_or_safeguarding"
    SUBSTANCE_CRISIS = "substance_crisis"
    SEVERE_SYMPTOMS = "severe_symptoms"
    UNREAD_TEXT = "unread_text"
    UNKNOWN_SIGNAL = "unknown_signal"


NOT_READ = "unread-text"
"""The rule that asks a person to read what the reader could not."""
NOT_BY_THE_CLASSIFIER = "classifier-off"
"""The rule that asks a person to read what the classifier may not."""


class CssrsLevel(StrEnum):
    NONE = "none"
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True)
class Flag:
    """One reason for a clinician's review; ``source`` names the answer or text, ``rule_id`` the rule."""

    kind: FlagKind
    level: RiskLevel
    source: str
    rule_id: str
    reason: str = field(repr=False)


@dataclass(frozen=True)
class CssrsTriage:
    """The screener's level; ``at_least`` by the answers so far, ``to_ask`` the questions still open."""

    level: CssrsLevel
    at_least: CssrsLevel
    to_ask: tuple[int, ...]
    reasons: tuple[str, ...] = field(repr=False)


class Signal(NamedTuple):
    """One signal of the risk reader, as the values it stores."""

    kind: str
    status: str


@dataclass(frozen=True)
class TriageLevels:
    """The practice's table of levels; the defaults are ours and a practice may set its own.

    That PHQ-9 item 9 of 1 or more opens a review is fixed; which level it opens at is this table.
    A signal or status that is not in the table is never dropped: it takes ``unknown``.
    """

    phq9_item_9: Mapping[int, RiskLevel] = field(
        default_factory=lambda: MappingProxyType({1: RiskLevel.MODERATE, 2: RiskLevel.HIGH, 3: RiskLevel.HIGH})
    )
    phq9_severe_from: int = 20
    phq9_severe: RiskLevel = RiskLevel.MODERATE
    cssrs_yes_but_incomplete: RiskLevel = RiskLevel.MODERATE
    cssrs_behaviour_of_unknown_date: RiskLevel = RiskLevel.HIGH
    present: Mapping[str, RiskLevel] = field(
        default_factory=lambda: MappingProxyType(
            {
                FlagKind.SUICIDAL_IDEATION: RiskLevel.MODERATE,
                FlagKind.SUICIDE_PLAN_INTENT_OR_BEHAVIOUR: RiskLevel.HIGH,
                FlagKind.SELF_HARM: RiskLevel.MODERATE,
                FlagKind.HARM_TO_OTHERS: RiskLevel.HIGH,
                FlagKind.PSYCHOSIS_OR_MANIA: RiskLevel.MODERATE,
                FlagKind.ABUSE_OR_SAFEGUARDING: RiskLevel.MODERATE,
                FlagKind.SUBSTANCE_CRISIS: RiskLevel.MODERATE,
            }
        )
    )
    historical: RiskLevel = RiskLevel.LOW
    doubted: RiskLevel = RiskLevel.LOW
    safeguarding_of_another: RiskLevel = RiskLevel.MODERATE
    unreadable_text: RiskLevel = RiskLevel.MODERATE
    classifier_off: RiskLevel = RiskLevel.LOW
    unknown: RiskLevel = RiskLevel.MODERATE


DEFAULT_LEVELS = TriageLevels()
PRESENT, HISTORICAL, SOMEONE_ELSE, DOUBTED = "present", "historical", "someone_else", "doubted"
NOT_A_FLAG = frozenset({"negated", "hypothetical", "idiom", "quoted"})

CSSRS_KIND: Mapping[int, FlagKind] = MappingProxyType(
    {
        1: FlagKind.SUICIDAL_IDEATION,
        2: FlagKind.SUICIDAL_IDEATION,
        3: FlagKind.SUICIDAL_IDEATION,
        4: FlagKind.SUICIDE_PLAN_INTENT_OR_BEHAVIOUR,
        5: FlagKind.SUICIDE_PLAN_INTENT_OR_BEHAVIOUR,
        6: FlagKind.SUICIDE_PLAN_INTENT_OR_BEHAVIOUR,
        7: FlagKind.SUICIDE_PLAN_INTENT_OR_BEHAVIOUR,
    }
)


def cssrs_level(answers: Mapping[int, int]) -> CssrsTriage:
    """Which triage level the screener's answers give; the highest answer wins, nothing is summed.

    High: 4, 5, or 6 within 3 months (answer 7). Moderate: 3, or 6 in a lifetime. Low: 1 or 2. A yes counts
    even where the branching would not have asked. High needs no further answer; below it, an open question
    leaves the level incomplete. Source: The Columbia Lighthouse Project, C-SSRS Screener - Recent, triage
    colours.
    """
    check_answers(Measure.CSSRS_SCREENER, answers)
    at_least, reasons = _cssrs_so_far(answers)
    to_ask = questions_to_ask(Measure.CSSRS_SCREENER, answers)
    if at_least is CssrsLevel.HIGH or not to_ask:
        return CssrsTriage(at_least, at_least, to_ask, reasons)
    open_questions = ", ".join(str(number) for number in to_ask)
    return CssrsTriage(CssrsLevel.INCOMPLETE, at_least, to_ask, (*reasons, f"questions still to ask: {open_questions}"))


def _cssrs_so_far(answers: Mapping[int, int]) -> tuple[CssrsLevel, tuple[str, ...]]:
    yes = {number for number, value in answers.items() if value}
    high = [f"yes to question {number}" for number in (4, 5) if number in yes]
    if CSSRS_BEHAVIOUR_RECENT in yes:
        high.append("yes to question 6, within the past 3 months")
    if high:
        return CssrsLevel.HIGH, tuple(high)
    moderate = ["yes to question 3"] if 3 in yes else []
    if CSSRS_BEHAVIOUR in yes:
        dated = CSSRS_BEHAVIOUR_RECENT in answers
        moderate.append("yes to question 6, " + ("longer ago than 3 months" if dated else "when is not known"))
    if moderate:
        return CssrsLevel.MODERATE, tuple(moderate)
    low = tuple(f"yes to question {number}" for number in (1, 2) if number in yes)
    return (CssrsLevel.LOW, low) if low else (CssrsLevel.NONE, ("no question answered yes",))


def flags_from_measures(
    forms: Mapping[Measure, Mapping[int, int]], levels: TriageLevels = DEFAULT_LEVELS
) -> tuple[Flag, ...]:
    """Which flags the answers raise, whether or not the forms are complete.

    PHQ-9 item 9: 1 is moderate, 2 or more high by default (see ``TriageLevels``). A C-SSRS screener with a
    yes and questions left open is flagged too: what was not asked is not assumed to be no.
    """
    flags: tuple[Flag, ...] = ()
    if Measure.PHQ9 in forms:
        flags += _phq9_flags(forms[Measure.PHQ9], levels)
    if Measure.CSSRS_SCREENER in forms:
        flags += _cssrs_flags(forms[Measure.CSSRS_SCREENER], levels)
    return flags


def _phq9_flags(answers: Mapping[int, int], levels: TriageLevels) -> tuple[Flag, ...]:
    scored = score(Measure.PHQ9, answers)
    flags: tuple[Flag, ...] = ()
    thoughts = answers.get(PHQ9_SELF_HARM_ITEM, 0)
    if thoughts >= 1:
        flags += (
            Flag(
                FlagKind.SUICIDAL_IDEATION,
                levels.phq9_item_9[thoughts],
                "phq9 item 9",
                "phq9-item-9",
                f"thoughts of being better off dead or of self-harm: answer {thoughts} of 3",
            ),
        )
    if scored.total is not None and scored.total >= levels.phq9_severe_from:
        flags += (
            Flag(
                FlagKind.SEVERE_SYMPTOMS,
                levels.phq9_severe,
                "phq9 total",
                "phq9-severe",
                f"total {scored.total} of 27, severe from {levels.phq9_severe_from}",
            ),
        )
    return flags


def _cssrs_flags(answers: Mapping[int, int], levels: TriageLevels) -> tuple[Flag, ...]:
    triage = cssrs_level(answers)
    if triage.at_least is CssrsLevel.NONE:
        return ()
    level = RiskLevel(triage.at_least.value)
    if triage.level is CssrsLevel.INCOMPLETE:
        level = max(level, levels.cssrs_yes_but_incomplete, key=RANK.__getitem__)
        if answers.get(CSSRS_BEHAVIOUR) and CSSRS_BEHAVIOUR_RECENT not in answers:
            level = max(level, levels.cssrs_behaviour_of_unknown_date, key=RANK.__getitem__)
    highest = max(number for number in CSSRS_KIND if answers.get(number))
    return (
        Flag(
            CSSRS_KIND[highest],
            level,
            "cssrs_screener",
            "cssrs-incomplete" if triage.level is CssrsLevel.INCOMPLETE else "cssrs-triage",
            "; ".join(triage.reasons),
        ),
    )


def flags_from_signals(
    signals: Iterable[Signal], *, readable: bool, levels: TriageLevels = DEFAULT_LEVELS
) -> tuple[Flag, ...]:
    """Which flags the risk reader's signals raise; a text it could not read is one: a person must read it."""
    flags = tuple(flag for signal in signals if (flag := _flag_from_signal(signal, levels)) is not None)
    if readable:
        return flags
    unread = Flag(FlagKind.UNREAD_TEXT, levels.unreadable_text, "free text", NOT_READ, "a person must read it")
    return (*flags, unread)


def flag_where_classifier_is_off(reason: str, levels: TriageLevels = DEFAULT_LEVELS) -> Flag:
    """A free text that the classifier may not read, by law or by the patient's wish, is a clinician's to read.

    The word rules have read it, and what they raised stands beside this; the rest of it nobody has read yet.
    """
    why = f"{reason}: a person reads the text"
    return Flag(FlagKind.UNREAD_TEXT, levels.classifier_off, "free text", NOT_BY_THE_CLASSIFIER, why)


def _flag_from_signal(signal: Signal, levels: TriageLevels) -> Flag | None:
    level = level_of_signal(signal.kind, signal.status, levels)
    if level is None:
        return None
    known = signal.kind in levels.present
    kind = FlagKind(signal.kind) if known else FlagKind.UNKNOWN_SIGNAL
    said = f"{signal.kind.replace('_', ' ')}, {signal.status.replace('_', ' ')}"
    return Flag(kind, level, "free text", f"text-{signal.kind}-{signal.status}", said)


def level_of_signal(kind: str, status: str, levels: TriageLevels = DEFAULT_LEVELS) -> RiskLevel | None:
    """Which level one signal of the risk reader opens a review at; ``None`` if its status says it is none.

    Somebody else's risk raises no flag, except abuse or safeguarding: another person, often a child, may be
    in danger.
    """
    if status in NOT_A_FLAG:
        return None
    if status == SOMEONE_ELSE:
        return levels.safeguarding_of_another if kind == FlagKind.ABUSE_OR_SAFEGUARDING else None
    if status == HISTORICAL:
        return levels.historical
    if status == DOUBTED:
        return levels.doubted
    return levels.present.get(kind, levels.unknown) if status == PRESENT else levels.unknown


def level_from_signals(
    signals: Iterable[Signal], *, readable: bool, levels: TriageLevels = DEFAULT_LEVELS
) -> RiskLevel | None:
    """How urgent a text is by its signals alone; ``None`` where nothing was raised, which claims nothing."""
    return urgency(flags_from_signals(signals, readable=readable, levels=levels))


def urgency(flags: Iterable[Flag]) -> RiskLevel | None:
    """The highest level among flags, or ``None`` if there is none."""
    return max((flag.level for flag in flags), key=RANK.__getitem__, default=None)
