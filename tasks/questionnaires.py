"""Starting a case, and asking for the questionnaires it still needs."""

from sqlmodel import Session, col, select

from acts.alarms import alarm_if_worrying
from adapters import operational_store as store
from adapters import therapy_store
from models.codes import ReferralStatus
from models.operational import AuditEvent, Referral
from rules import intake
from tasks.cases import Case
from tasks.steps import in_its_name, step

R = ReferralStatus


@in_its_name("begin the case")
def begin(case: Case) -> None:
    """Send a received case on: to a coordinator when it may be a known patient, else to its first screening.

    What worries in a case that waits for the coordinator pages the clinicians first: no screening reads it yet.
    """
    with store.reading() as db:
        referral = store.one(db, Referral, case.number)
        store.check_fence(referral, case.fence)
    undecided = bool(referral.possible_patient_ids) and referral.came_from is None
    if undecided and referral.status == R.RECEIVED:
        alarm_if_worrying(case.number, where="possible duplicate")
    with store.writing() as db:
        referral = store.one(db, Referral, case.number)
        to = R.POSSIBLE_DUPLICATE if undecided else R.READY_TO_SCREEN
        store.move_case(db, referral, to, actor="system", fence=case.fence)


@step("ask for missing questionnaires")
def ask_for_missing(case: Case) -> bool:
    """Whether questionnaires are missing; if so the case now waits for the patient, or for the call that was due."""
    missing = intake.missing_measures(therapy_store.measures_complete(case.number))
    if not missing:
        return False
    with store.writing() as db:
        referral = store.one(db, Referral, case.number)
        to = intake.who_is_asked(_screened_after(db, case.number))
        store.move_case(db, referral, to, actor="system", fence=case.fence, missing=len(missing))
    return True


def _screened_after(db: Session, case_number: str) -> ReferralStatus | None:
    """The status out of which this case last went to its screening."""
    moves = db.exec(
        select(AuditEvent.details)
        .where(AuditEvent.case_number == case_number, AuditEvent.action == "case.moved")
        .order_by(col(AuditEvent.id).desc())
    ).all()
    return next((R(move["old"]) for move in moves if move["new"] == R.READY_TO_SCREEN), None)
