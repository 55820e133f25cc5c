"""The flags that answers and free text raise, as they are kept: by the item rules, by the reader, or for a person."""

import hashlib
import logging
from collections.abc import Callable, Sequence

from adapters import therapy_store
from language.risk_values import RiskReading
from models.columns import new_id
from models.measures import Measure
from rules import jurisdiction, triage
from rules.triage import Flag

logger = logging.getLogger(__name__)

RULES_VERSION = "item-rules-1"


def flags_of_answers(
    case_number: str, answers: Sequence[therapy_store.QuestionnaireAnswers]
) -> list[therapy_store.RiskFlag]:
    """The flags of the item rules over every set of answers: a later zero does not take back an earlier three."""
    flags = []
    for record in answers:
        for flag in triage.flags_from_measures({Measure(record.measure): therapy_store.answers_of(record)}):
            # answers given anew are a new flag, even when they say the same as the reviewed ones
            key = f"{record.id}:{record.authored_at.isoformat()}:{flag.rule_id}:{flag.reason}"
            flags.append(_record(case_number, flag, "item", RULES_VERSION, key=key))
    return flags


def flags_of_text(
    case_number: str,
    text: therapy_store.IntakeText,
    *,
    permission: jurisdiction.Permission,
    read: Callable[..., RiskReading],
) -> list[therapy_store.RiskFlag]:
    """The flags of one free text; a reader that fails is a flag too: a person must read it."""
    text_id, words = text.id, text.text.unwrap()
    if not words.strip():
        return []
    try:
        reading = read(words, rules_only=not permission.allowed)
    except Exception as failure:  # the safety path: a broken reader becomes a person's work, never silence
        logger.error("case %s: the risk reader failed (%s)", case_number, type(failure).__name__)
        return [_unread(case_number, text_id, words, "the risk reader failed: a person must read it", "none")]
    flags = []
    if not permission.allowed:
        left = triage.flag_where_classifier_is_off("; ".join(permission.reasons))
        flags.append(
            _record(case_number, left, "rule", reading.version, key=f"{text_id}:{_short(words)}:classifier-off")
        )
    if not reading.readable:
        why = f"{reading.unreadable_reason}: a person must read it"
        flags.append(_unread(case_number, text_id, words, why, reading.version))
    for signal in reading.signals:
        for flag in triage.flags_from_signals([triage.Signal(signal.kind, signal.status)], readable=True):
            record = _record(
                case_number,
                flag,
                signal.raised_by,
                signal.version,
                key=f"{text_id}:{_short(words)}:{signal.rule_id}:{signal.kind}:{signal.start}:{signal.end}",
            )
            record.rule_id, record.why, record.status = signal.rule_id, signal.why, signal.status
            record.probability = signal.probability
            record.text_id, record.starts, record.ends = text_id, signal.start, signal.end
            record.edition = text.edition
            flags.append(record)
    return flags


def _unread(case_number: str, text_id: str, words: str, why: str, version: str) -> therapy_store.RiskFlag:
    flag = triage.flags_from_signals([], readable=False)[0]
    record = _record(case_number, flag, "rule", version, key=f"{text_id}:{_short(words)}:unread")
    record.text_id, record.starts, record.ends, record.why = text_id, 0, len(words), why
    return record


def _short(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def _record(case_number: str, flag: Flag, raised_by: str, version: str, *, key: str) -> therapy_store.RiskFlag:
    return therapy_store.RiskFlag(
        id=new_id("FL"),
        case_number=case_number,
        unique_key=key,
        kind=flag.kind.value,
        status="present",
        level=flag.level.value,
        raised_by=raised_by,
        rule_id=flag.rule_id,
        why=flag.reason,
        version=version,
    )
