"""Screening a case for risk: item rules on the answers, the reader on the free text; people decide."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from sqlmodel import Session

from acts.risk_reading import read_risk
from adapters import operational_store as store
from adapters import therapy_store
from language.risk_values import RiskReading
from models.codes import ReferralStatus
from models.columns import new_id, utc_now
from models.errors import MovedOn
from models.measures import Measure
from models.operational import Patient, Referral
from rules import jurisdiction, triage
from rules.triage import Flag
from tasks.cases import Case
from tasks.steps import step

logger = logging.getLogger(__name__)

RULES_VERSION = "item-rules-1"
WHERE = "screen for risk"


@step("score and screen for risk")
def screen(case: Case, read: Callable[..., RiskReading] = read_risk) -> str:
    """Raise the flags of everything the case holds now; any flag no clinician has reviewed opens a risk review.

    Returns the level, or ``none raised`` (which claims nothing). Screening again raises nothing twice.
    """
    with store.reading() as db:
        referral = store.one(db, Referral, case.number)
        store.check_fence(referral, case.fence)
        patient = store.one(db, Patient, referral.patient_id)
    _must_stand(referral, referral.version)
    permission = jurisdiction.classifier_may_run(
        patient.state, jurisdiction.ConsentFacts(patient.consent_ai, patient.consent_ai_on), utc_now().date()
    )
    while True:
        _read_everything(case.number, permission, read)
        open_levels = therapy_store.open_levels(case.number)
        level = max(map(triage.RiskLevel, open_levels), key=triage.RANK.__getitem__, default=None)
        with store.writing() as db:
            present = store.one(db, Referral, case.number)
            store.check_fence(present, case.fence)
            _must_stand(present, referral.version)
            # asked in this transaction, so that words kept after this look meet a case whose screening is over
            if therapy_store.unread(case.number):
                continue
            _save(db, case, present, level, flags=len(open_levels), classifier_ran=permission.allowed)
        return level.value if level else "none raised"


def _must_stand(referral: Referral, version: int) -> None:
    """Raises MovedOn when a person stopped or rerouted the case while it was read."""
    if referral.status != ReferralStatus.READY_TO_SCREEN or referral.version != version:
        raise MovedOn(f"case {referral.case_number} has moved on")


def _read_everything(case_number: str, permission: jurisdiction.Permission, read: Callable[..., RiskReading]) -> None:
    """Keep the flags of every text and every set of answers, and mark these as read, in one transaction."""
    answers = therapy_store.answers(case_number, actor="system", where=WHERE)
    texts = therapy_store.texts(case_number, actor="system", where=WHERE)
    found = _from_answers(case_number, answers)
    for text in texts:
        found += _from_text(case_number, text, permission=permission, read=read)
    sources: list[therapy_store.IntakeText | therapy_store.QuestionnaireAnswers] = [*answers, *texts]
    covered = [(source.id, therapy_store.state_of(source)) for source in sources]
    therapy_store.raise_flags(case_number, found, covered)


def _save(
    db: Session, case: Case, referral: Referral, level: triage.RiskLevel | None, *, flags: int, classifier_ran: bool
) -> None:
    referral.risk_cleared = level is None
    referral.risk_level = level or referral.risk_level
    db.add(referral)
    store.audit(
        db,
        "system",
        "risk.screened",
        referral,
        case.number,
        flags=flags,
        level=level.value if level else None,
        classifier_ran=classifier_ran,
    )
    to = ReferralStatus.READY_TO_MATCH if level is None else ReferralStatus.RISK_REVIEW
    store.move_case(db, referral, to, actor="system", fence=case.fence)


def _from_answers(
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


def _from_text(
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


def review_content(case_number: str, level: str) -> dict[str, Any]:
    """Exactly what a clinician signs in a risk review; texts by their digests, and whether the classifier ran."""
    with store.reading() as db:
        referral = store.one(db, Referral, case_number)
        patient = store.one(db, Patient, referral.patient_id)
    permission = jurisdiction.classifier_may_run(
        patient.state, jurisdiction.ConsentFacts(patient.consent_ai, patient.consent_ai_on), utc_now().date()
    )
    where = "open risk review"
    return {
        "kind": "risk_review",
        "case": case_number,
        "level": level,
        "disposition": "continue_intake",
        "safety_note": "",
        "classifier": asdict(permission),
        "flags": [flag.as_shown() for flag in therapy_store.flags(case_number, actor="system", where=where)],
        "measures": [
            {
                "measure": record.measure,
                "version": record.instrument_version,
                "total": record.total,
                "band": record.band,
                "complete": record.complete,
                "answers": {str(k): v for k, v in therapy_store.answers_of(record).items()},
                "source_key": record.source_key,
            }
            for record in therapy_store.answers(case_number, actor="system", where=where)
        ],
        "texts": [
            {
                "id": text.id,
                "kind": text.kind,
                "edition": text.edition,
                "sha256": hashlib.sha256(text.text.unwrap().encode()).hexdigest(),
            }
            for text in therapy_store.texts(case_number, actor="system", where=where)
        ],
    }
