"""Starting a case, and asking for the questionnaires it still needs."""

from adapters import operational_store as store
from adapters import therapy_store
from models.codes import ReferralStatus
from models.operational import Referral
from rules import intake
from tasks.cases import Case
from tasks.steps import step

R = ReferralStatus


def begin(case: Case) -> None:
    """Send a received case on: to a coordinator when it may be a known patient, else to its first screening."""
    with store.writing() as db:
        referral = store.one(db, Referral, case.number)
        undecided = bool(referral.possible_patient_ids) and referral.came_from is None
        to = R.POSSIBLE_DUPLICATE if undecided else R.READY_TO_SCREEN
        store.move_case(db, referral, to, actor="system", fence=case.fence)


@step("ask for missing questionnaires")
def ask_for_missing(case: Case) -> bool:
    """Whether questionnaires are missing; if so the case now waits for the patient."""
    missing = intake.missing_measures(therapy_store.measures_complete(case.number))
    if not missing:
        return False
    with store.writing() as db:
        referral = store.one(db, Referral, case.number)
        store.move_case(
            db, referral, R.QUESTIONNAIRES_REQUESTED, actor="system", fence=case.fence, missing=len(missing)
        )
    return True
