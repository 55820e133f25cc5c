"""How soon a clinician sees what was flagged, by what raised the flag, and how often later than the clocks allow."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from rules.intervals import Estimate, share, wait_quantile
from rules.triage import NOT_BY_THE_CLASSIFIER, NOT_READ

HALF, NINE_IN_TEN = float(Fraction(1, 2)), float(Fraction(9, 10))


class FlagSource(StrEnum):
    """What raised a flag, as a safety officer asks for it."""

    PHQ9_ITEM_9 = "phq9_item_9"
    PHQ9_TOTAL = "phq9_total"
    CSSRS = "cssrs"
    TEXT_RULES = "text_rules"
    CLASSIFIER = "classifier"
    UNREAD_TEXT = "unread_text"
    MISSED_RISK_SAMPLE = "missed_risk_sample"
    OTHER = "other"

    @property
    def label(self) -> str:
        return LABELS[self]


LABELS: Mapping[FlagSource, str] = {
    FlagSource.PHQ9_ITEM_9: "PHQ-9, item 9",
    FlagSource.PHQ9_TOTAL: "PHQ-9, total",
    FlagSource.CSSRS: "C-SSRS screener",
    FlagSource.TEXT_RULES: "Text rules",
    FlagSource.CLASSIFIER: "Classifier",
    FlagSource.UNREAD_TEXT: "Text that no reader read",
    FlagSource.MISSED_RISK_SAMPLE: "Missed-risk sample",
    FlagSource.OTHER: "Something else",
}
ANSWERS = (FlagSource.PHQ9_ITEM_9, FlagSource.CSSRS)
"""An answer that asks for review says what it says: such a flag needs nobody to confirm it."""
READ = (FlagSource.TEXT_RULES, FlagSource.CLASSIFIER)
"""What is read out of words may be read wrongly: a clinician confirms it or calls it an error."""


def source_of(raised_by: str, rule_id: str) -> FlagSource:
    """The source of a flag by who raised it and by its rule."""
    if rule_id in (NOT_READ, NOT_BY_THE_CLASSIFIER):
        return FlagSource.UNREAD_TEXT
    if raised_by == "clinician":
        return FlagSource.MISSED_RISK_SAMPLE
    if raised_by in ("rule", "classifier"):
        return FlagSource.TEXT_RULES if raised_by == "rule" else FlagSource.CLASSIFIER
    if rule_id == "phq9-item-9":
        return FlagSource.PHQ9_ITEM_9
    if rule_id == "phq9-severe":
        return FlagSource.PHQ9_TOTAL
    return FlagSource.CSSRS if rule_id.startswith("cssrs") else FlagSource.OTHER


@dataclass(frozen=True)
class Looked:
    """One flag: when it was raised, until when somebody had to look, when a clinician first did (None: not yet)."""

    source: FlagSource
    raised_at: datetime
    due_at: datetime
    seen_at: datetime | None


@dataclass(frozen=True)
class TimeToSeen:
    """Minutes from raised to first seen, those not yet seen counted as still waiting (Kaplan-Meier).

    ``late``: the share seen after its due time, or not seen though that is past, of all whose time is up or who were
    seen.
    """

    source: FlagSource | None
    flags: int
    not_yet: int
    median: Estimate
    nine_in_ten: Estimate
    late_count: int
    late: Estimate


def time_to_seen(flags: Sequence[Looked], now: datetime) -> list[TimeToSeen]:
    """One row for all flags, then one for each source that raised any. ValueError for one seen before it was raised."""
    if any(each.seen_at is not None and each.seen_at < each.raised_at for each in flags):
        raise ValueError("a flag cannot be seen before it was raised")
    of = {source: [each for each in flags if each.source == source] for source in FlagSource}
    return [_row(None, flags, now)] + [_row(source, some, now) for source, some in of.items() if some]


def _row(source: FlagSource | None, flags: Sequence[Looked], now: datetime) -> TimeToSeen:
    waits = [_minutes(each.raised_at, each.seen_at, now) for each in flags]
    settled = [each for each in flags if each.seen_at is not None or each.due_at < now]
    late = sum((each.seen_at or now) > each.due_at for each in settled)
    return TimeToSeen(
        source,
        flags=len(flags),
        not_yet=sum(each.seen_at is None for each in flags),
        median=wait_quantile(waits, HALF),
        nine_in_ten=wait_quantile(waits, NINE_IN_TEN),
        late_count=late,
        late=share(late, len(settled)),
    )


def _minutes(begun: datetime, ended: datetime | None, now: datetime) -> tuple[int, bool]:
    """Whole minutes waited, and whether the wait has ended; what rules.intervals counts in days is counted so here."""
    return int(((ended or max(now, begun)) - begun).total_seconds() // 60), ended is not None


def minutes_until(waits: Iterable[tuple[datetime, datetime | None]], now: datetime) -> tuple[Estimate, Estimate]:
    """Median and nine in ten of some waits in minutes, those that have not ended counted as still waiting."""
    observed = [_minutes(begun, ended, now) for begun, ended in waits]
    return wait_quantile(observed, HALF), wait_quantile(observed, NINE_IN_TEN)


class Truth(StrEnum):
    """What is known of an intake that the screening flagged."""

    RISK = "risk"
    NO_RISK = "no_risk"
    UNDECIDED = "undecided"
    NOT_DETECTED = "not_detected"


def truth_of(flags: Iterable[tuple[FlagSource, bool | None]]) -> Truth:
    """Whether a flagged intake holds a risk: each flag by its source and label (None: none was given).

    An answer says what it says, and one confirmed passage is enough. Words that no reader read, a high total alone and
    what a clinician found in the sample are no detections of the screening.
    """
    detected = [(source, said) for source, said in flags if source in (*ANSWERS, *READ)]
    if not detected:
        return Truth.NOT_DETECTED
    if any(source in ANSWERS or said for source, said in detected):
        return Truth.RISK
    return Truth.NO_RISK if all(said is False for _, said in detected) else Truth.UNDECIDED
