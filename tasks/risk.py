"""Screening a case for risk: item rules on the answers, the reader on the free text; people decide."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from sqlmodel import Session

from acts import pilot_reading
from acts.risk_flags import flags_of_answers, flags_of_text
from acts.risk_reading import read_risk
from adapters import operational_store as store
from adapters import therapy_store
from language.risk_values import RiskReading
from models.codes import ReferralStatus
from models.columns import utc_now
from models.errors import MovedOn
from models.operational import Patient, Referral
from rules import jurisdiction, triage
from tasks.cases import Case
from tasks.steps import step

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
    found = flags_of_answers(case_number, answers)
    tried = pilot_reading.trial_of(case_number)
    in_force = [flag for text in texts for flag in flags_of_text(case_number, text, permission=permission, read=read)]
    new = tried.flags_of(case_number, texts, permission) if tried is not None else []
    found += tried.counting(in_force, new) if tried is not None else in_force
    sources: list[therapy_store.IntakeText | therapy_store.QuestionnaireAnswers] = [*answers, *texts]
    covered = [(source.id, therapy_store.state_of(source)) for source in sources]
    therapy_store.raise_flags(case_number, found, covered)
    if tried is not None:
        tried.keep(case_number, covered, in_force, new)


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
