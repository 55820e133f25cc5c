"""What a claim needs before it waits: a biller's to-do, the patient's link, a statement; and who notices silence."""

from datetime import datetime

from sqlmodel import Session, col, select

from acts.case_to_dos import open_for_case
from acts.claim_money import statement_facts
from acts.patient_messages import tell_patient
from adapters import operational_store as store
from adapters.portal_links import LINK_DAYS, make_link
from models.claim_codes import ExceptionQueue
from models.claim_findings import blocking
from models.codes import ClaimStatus, LinkPurpose, Role, ToDoKind
from models.columns import utc_now
from models.operational import Claim, OutboxMessage
from tasks.claim_building import to_correction
from tasks.steps import step

C = ClaimStatus
TO_DO_AT: dict[ClaimStatus, ToDoKind] = {
    C.CORRECTION: ToDoKind.CORRECT_CLAIM,
    C.REMITTANCE_REVIEW: ToDoKind.REVIEW_REMITTANCE,
    C.DENIED: ToDoKind.ANSWER_DENIAL,
}
AWAITED = {
    C.MISSING_INFORMATION: "what the patient was asked",
    C.SENT: "a receipt (999) of its file",
    C.ACKNOWLEDGED: "the claim's own receipt (277CA)",
    C.ACCEPTED: "the payer's decision (835)",
    C.APPEALED: "the answer to the appeal",
}
SILENT_IN = {C.MISSING_INFORMATION: ExceptionQueue.MISSING_INFORMATION, C.APPEALED: ExceptionQueue.APPEAL}
"""The queue of a silence that is nothing about how a claim's file travels."""
ASK_THE_PAYER = "Ask the clearinghouse or the payer; wait on if it is under way, send it again if it never came."
CALL_THE_PATIENT = "Call the patient, put what they say on record, and have the claim built again."
CHOOSE_FOR_PATIENT = "billing_details"
STATEMENT = "patient_statement"


def prepare(db: Session, claim: Claim) -> None:
    """Make what the wait needs, once per visit to the status, in the caller's transaction."""
    if claim.status in TO_DO_AT:
        open_to_do(db, claim, TO_DO_AT[claim.status])
    elif claim.status == C.MISSING_INFORMATION:
        _ask_patient(db, claim)
    elif claim.status == C.PATIENT_BALANCE:
        _send_statement(db, claim)


def open_to_do(db: Session, claim: Claim, kind: ToDoKind) -> bool:
    """Open a biller's to-do once per visit of the claim to its status; says whether it was new."""
    return open_for_case(db, claim, kind, f"{kind.value}:{claim.case_number}:{claim.version}", role=Role.BILLER)


def _told(db: Session, key: str) -> bool:
    return db.exec(select(OutboxMessage.id).where(OutboxMessage.unique_key == key)).first() is not None


def _ask_patient(db: Session, claim: Claim) -> None:
    """Write to the patient with a link that asks for what is missing; a biller calls who cannot be written to."""
    key = f"{CHOOSE_FOR_PATIENT}:{claim.case_number}:{claim.version}"
    if _told(db, key):
        return
    made = make_link(db, claim.case_number, LinkPurpose.BILLING_DETAILS, claim.version, LINK_DAYS).record
    if tell_patient(db, claim, CHOOSE_FOR_PATIENT, unique_key=key, facts={"link_id": made.id}) is None:
        to_correction(db, claim, ExceptionQueue.MISSING_INFORMATION, claim.findings)
        return
    claim.answer_by = made.expires_at
    db.add(claim)


def _send_statement(db: Session, claim: Claim) -> None:
    """Tell the patient once what is left to pay; one who cannot be written to gets a letter from a biller."""
    key = f"{STATEMENT}:{claim.case_number}:{claim.version}"
    if _told(db, key):
        return
    facts = statement_facts(db, [claim])[claim.case_number]
    if tell_patient(db, claim, STATEMENT, unique_key=key, facts=facts) is None:
        open_to_do(db, claim, ToDoKind.POST_STATEMENT)


@step("look for answers that do not come")
def find_silence(now: datetime | None = None) -> int:
    """Put every claim whose answer is overdue before a biller, with what is missing; returns how many."""
    moment = now or utc_now()
    with store.writing() as db:
        late = db.exec(
            select(Claim)
            .where(
                col(Claim.status).in_(tuple(AWAITED)),
                col(Claim.answer_by).is_not(None),
                col(Claim.answer_by) < moment,
            )
            .order_by(col(Claim.case_number))
            .with_for_update()
        ).all()
        for claim in late:
            to_correction(db, claim, SILENT_IN.get(claim.status, ExceptionQueue.NO_ANSWER), [_silence(claim)])
    return len(late)


def _silence(claim: Claim) -> dict[str, str]:
    theirs = claim.status == C.MISSING_INFORMATION
    overdue = f"Nothing has come in time: {AWAITED[claim.status]} is overdue."
    return blocking("no_answer", overdue, CALL_THE_PATIENT if theirs else ASK_THE_PAYER)
