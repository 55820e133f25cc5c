"""Between two sessions: when a patient is asked, until when they may answer, which answers need a clinician before the
next session.

Every level here orders a clinician's reading; none is a diagnosis, and no escalation is never an all-clear.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.codes import RiskLevel
from models.errors import ContractBroken
from models.measures import Measure
from models.scheduling_codes import CheckInKind, FollowUpReason
from rules.measures import PHQ9_SELF_HARM_ITEM, ReliableChange, change, check_answers, questions_to_ask, score
from rules.triage import DEFAULT_LEVELS, RANK, Flag, FlagKind, TriageLevels, flags_from_measures

MEASURES: Mapping[CheckInKind, Measure] = {CheckInKind.PHQ9: Measure.PHQ9, CheckInKind.GAD7: Measure.GAD7}
"""The questionnaires among the check-ins; the other kinds are one question of our own."""
ONE_QUESTION_VERSION = "1"
MOOD_SCALE = range(0, 11)
"""How has your mood been since we last asked, from 0 (the worst) to 10 (the best)."""
HOMEWORK_SCALE = range(0, 3)
"""Whether the homework was done: 0 no, 1 in part, 2 yes."""
LONGEST_EVERY_DAYS = 90
ASK_FROM = time(9, 0)
"""On the patient's clock: a check-in is sent no earlier on its day."""


BOUNDS = (("answer_days", 1, 14), ("unanswered_in_a_row", 1, 6), ("low_mood", 0, MOOD_SCALE[-1] // 2))
"""Between which figures a practice chooses: silence is noticed within weeks, and a good mood asks nobody."""


@dataclass(frozen=True)
class CheckInPolicy:
    """The practice's figures for check-ins; the defaults are ours and a practice may set its own (``CHECK_INS``).

    ``low_mood``: this and everything below asks for a clinician; ours, because one question has no published cut.
    That PHQ-9 item 9 of 1 or more asks for a clinician is fixed, and so are the levels it has (``triage``).
    """

    answer_days: int = 3
    unanswered_in_a_row: int = 2
    low_mood: int = 1
    low_mood_level: RiskLevel = RiskLevel.MODERATE
    worsening_level: RiskLevel = RiskLevel.MODERATE
    unanswered_level: RiskLevel = RiskLevel.LOW
    triage: TriageLevels = field(default_factory=lambda: DEFAULT_LEVELS, metadata={"fixed": True})

    def __post_init__(self) -> None:
        for name, least, most in BOUNDS:
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                raise ValueError(f"{name} is a whole number from {least} to {most}")


DEFAULT_POLICY = CheckInPolicy()


@dataclass(frozen=True)
class Escalation:
    """Why a clinician must look before the next session, and how soon; ``why`` in words, for the clinician alone."""

    level: RiskLevel
    reasons: tuple[FollowUpReason, ...]
    why: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class Due:
    """One check-in that is due: its date, the date of the one after it, ``None`` where the plan is over."""

    due_on: date
    next_on: date | None


def due_on(next_on: date, every_days: int, until_on: date | None, today: date) -> Due | None:
    """Which check-in of a plan is due by ``today``, a date on the patient's calendar; ``None``: none yet.

    After an outage the latest is asked, not all that were missed; nothing is asked after the plan's last date.
    """
    last = today if until_on is None else min(today, until_on)
    if next_on > last:
        return None
    day = next_on + timedelta(days=(last - next_on).days // every_days * every_days)
    following = day + timedelta(days=every_days)
    return Due(day, following if until_on is None or following <= until_on else None)


def asked_at(day: date, zone: str) -> datetime:
    """When a check-in of this date is sent, UTC: in the morning on the patient's clock, whatever the clocks do."""
    return datetime.combine(day, ASK_FROM, ZoneInfo(zone)).astimezone(UTC)


def answer_by(day: date, every_days: int, zone: str, policy: CheckInPolicy = DEFAULT_POLICY) -> datetime:
    """Until when an answer is in time, UTC: the end of the patient's third day, and before the next is asked."""
    end = day + timedelta(days=min(policy.answer_days, every_days))
    return datetime.combine(end, time(0), ZoneInfo(zone)).astimezone(UTC)


def check_plan(kind: CheckInKind, every_days: int, starts_on: date, until_on: date | None, words: str) -> None:
    """Refuse a plan that asks nobody anything; raises ValueError saying what to change."""
    if not 1 <= every_days <= LONGEST_EVERY_DAYS:
        raise ValueError(f"every_days must be from 1 to {LONGEST_EVERY_DAYS}")
    if until_on is not None and until_on < starts_on:
        raise ValueError("the last date lies before the first")
    if kind == CheckInKind.HOMEWORK and not words.strip():
        raise ValueError("say what the homework is")


def check_answered(kind: CheckInKind, answers: Mapping[int, int]) -> None:
    """Refuse an answer that the question does not offer; raises ContractBroken naming kind and item."""
    if kind in MEASURES:
        check_answers(MEASURES[kind], answers)
        return
    scale = MOOD_SCALE if kind == CheckInKind.MOOD else HOMEWORK_SCALE
    for item, value in answers.items():
        if item != 1 or isinstance(value, bool) or value not in scale:
            raise ContractBroken(f"{kind} takes one answer from {scale[0]} to {scale[-1]}", field=f"{kind}_{item}")


def still_to_answer(kind: CheckInKind, answers: Mapping[int, int]) -> tuple[int, ...]:
    """Which questions of a check-in have no answer yet."""
    if kind in MEASURES:
        return questions_to_ask(MEASURES[kind], answers)
    return () if 1 in answers else (1,)


def from_answers(
    kind: CheckInKind,
    answers: Mapping[int, int],
    earlier: Sequence[Mapping[int, int]] = (),
    policy: CheckInPolicy = DEFAULT_POLICY,
) -> Escalation | None:
    """Whether these answers ask for a clinician before the next session, and why.

    PHQ-9 item 9 of 1 or more, complete or not, whatever the total. Reliable worsening: PHQ-9 by 6 points, GAD-7 by 4
    (``rules.measures.RELIABLE_POINTS``, NHS England), since the last time, or since the first time unless the last
    time said so already. A mood at or below the practice's figure. ``earlier``: the same questions, oldest first.
    """
    found: list[tuple[RiskLevel, FollowUpReason, str]] = []
    if kind in MEASURES:
        measure = MEASURES[kind]
        for flag in flags_from_measures({measure: answers}, policy.triage):
            if flag.kind is FlagKind.SUICIDAL_IDEATION:
                found.append((flag.level, FollowUpReason.SELF_HARM_ITEM, flag.reason))
        worse = _worsened(measure, answers, earlier)
        if worse:
            found.append((policy.worsening_level, FollowUpReason.RELIABLE_WORSENING, worse))
    elif kind == CheckInKind.MOOD and answers.get(1, MOOD_SCALE[-1]) <= policy.low_mood:
        said = f"mood {answers[1]} of {MOOD_SCALE[-1]}, low from {policy.low_mood} down"
        found.append((policy.low_mood_level, FollowUpReason.LOW_MOOD, said))
    return _escalation(found)


def _worsened(measure: Measure, answers: Mapping[int, int], earlier: Sequence[Mapping[int, int]]) -> str:
    """In words, how much worse than before by the published number of points; "" where it is not, or nobody can say."""
    now = score(measure, answers)
    complete = [each for each in (score(measure, one) for one in earlier) if each.total is not None]
    if now.total is None or not complete:
        return ""
    first, last = complete[0], complete[-1]
    step = change(measure, last, now)
    if step.verdict is ReliableChange.DETERIORATED:
        return f"{measure.value} {last.total} → {now.total} since the last time; {'; '.join(step.reasons)}"
    whole = change(measure, first, now)
    known = change(measure, first, last).verdict is ReliableChange.DETERIORATED
    if whole.verdict is ReliableChange.DETERIORATED and not known:
        return f"{measure.value} {first.total} → {now.total} since the first time; {'; '.join(whole.reasons)}"
    return ""


def from_words(flags: Iterable[Flag]) -> Escalation | None:
    """Whether what was found in a patient's own words asks for a clinician; words nobody could read do too."""
    return _escalation(
        (
            flag.level,
            FollowUpReason.WORDS_UNREAD if flag.kind is FlagKind.UNREAD_TEXT else FollowUpReason.WORRYING_WORDS,
            flag.reason,
        )
        for flag in flags
    )


def together(*found: Escalation | None) -> Escalation | None:
    """Several reasons about one check-in as one: the most urgent level, every reason once."""
    there = [each for each in found if each is not None]
    if not there:
        return None
    return Escalation(
        max((each.level for each in there), key=RANK.__getitem__),
        tuple(dict.fromkeys(reason for each in there for reason in each.reasons)),
        tuple(why for each in there for why in each.why),
    )


def _escalation(found: Iterable[tuple[RiskLevel, FollowUpReason, str]]) -> Escalation | None:
    return together(*(Escalation(level, (reason,), (why,)) for level, reason, why in found))


def from_silence(in_a_row: int, policy: CheckInPolicy = DEFAULT_POLICY) -> Escalation | None:
    """Whether so many check-ins without an answer ask for a clinician: after two, and after every two more."""
    if in_a_row < policy.unanswered_in_a_row or in_a_row % policy.unanswered_in_a_row:
        return None
    why = f"{in_a_row} check-ins in a row without an answer"
    return Escalation(policy.unanswered_level, (FollowUpReason.TWO_UNANSWERED,), (why,))


def shows_crisis_text(kind: CheckInKind, answers: Mapping[int, int], policy: CheckInPolicy = DEFAULT_POLICY) -> bool:
    """Whether the patient is shown the clinic's static crisis text large, at once."""
    if kind == CheckInKind.PHQ9:
        return answers.get(PHQ9_SELF_HARM_ITEM, 0) >= 1
    return kind == CheckInKind.MOOD and answers.get(1, MOOD_SCALE[-1]) <= policy.low_mood
