"""Checking a case's coverage; until eligibility answers are read, it is unknown and shown as unknown."""

from adapters import operational_store as store
from models.operational import Patient, Referral
from rules import coverage
from tasks.cases import Case
from tasks.steps import step


@step("check coverage")
def check_coverage(case: Case) -> str:
    """The coverage status now on record for the case; never assumed active."""
    with store.writing() as db:
        referral = store.one(db, Referral, case.number)
        store.check_fence(referral, case.fence)
        patient = store.one(db, Patient, referral.patient_id)
        answer = coverage.unknown(
            "the patient pays without insurance" if patient.self_pay else "no eligibility answer has been read yet"
        )
        referral.coverage_status, referral.coverage_reason = answer.status.value, answer.reason
        db.add(referral)
        store.audit(db, "system", "coverage.checked", referral, case.number, status=answer.status.value)
    return answer.status.value
