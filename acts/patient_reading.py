"""What a patient opens to read: a message exactly as a clinician signed it."""

from sqlmodel import col, select

from acts.patient_visit import must_be_open, visit
from adapters.operational_store import audit, one, reading, writing
from adapters.signed_letters import signed_letter
from models.codes import SIGNED, FollowUpStatus, LinkPurpose
from models.errors import MovedOn
from models.operational import Approval, Decision, FollowUp
from models.therapy_text import TherapyText


def message(token: str, proof: str | None) -> TherapyText:
    """The words behind this link; each opening is on record.

    Raises NotAllowed, LinkClosed, MovedOn for what was not sent, NotSignedOff or SignatureMismatch.
    """
    with reading() as db:
        visitor = visit(db, token, proof)
        must_be_open(visitor, LinkPurpose.MESSAGE)
        follow_up = one(db, FollowUp, visitor.link.subject_id or "")
        if follow_up.status != FollowUpStatus.CLOSED_SENT or follow_up.patient_id != visitor.patient.id:
            raise MovedOn(f"message {follow_up.case_number} was not sent")
        approval_id = db.exec(
            select(Approval.id)
            .join(Decision, col(Decision.approval_id) == col(Approval.id))
            .where(
                Approval.case_number == follow_up.case_number,
                col(Decision.verdict).in_(SIGNED),
            )
            .order_by(col(Decision.at).desc())
        ).first()
        words = signed_letter(db, approval_id or "", actor=visitor.actor, where="portal")
    with writing() as db:
        audit(db, visitor.actor, "message.opened", follow_up, follow_up.case_number)
    return TherapyText(words)
