"""The steps of one escalation or message between two sessions: to the gate, then out to the patient."""

from sqlmodel import Session, col, select

from acts.patient_messages import tell_patient
from adapters import operational_store as store
from adapters.portal_links import make_link
from adapters.undelivered import ask_for_a_call
from models.codes import SIGNED, FollowUpStatus, LinkPurpose
from models.errors import MovedOn, NotSignedOff
from models.operational import Approval, Decision, Episode, FollowUp
from models.scheduling_codes import FollowUpKind
from tasks.cases import Case
from tasks.steps import step

MESSAGE_DAYS = 30


@step("bring it to the gate")
def begin(case: Case) -> None:
    """Send a follow-up to its signature."""
    with store.writing() as db:
        follow_up = _standing(db, case, FollowUpStatus.RECEIVED)
        waits_for_what = follow_up.kind == FollowUpKind.ESCALATION
        to = FollowUpStatus.ESCALATION if waits_for_what else FollowUpStatus.MESSAGE_SIGNATURE
        store.move_case(db, follow_up, to, actor="system", fence=case.fence)


@step("send the signed message")
def send(case: Case) -> None:
    """Tell the patient that a message waits; its words stay behind their link, and are compared once more there.

    In one transaction with the case's end, so that it leaves once. After the care has ended it does not leave.
    """
    with store.writing() as db:
        follow_up = _standing(db, case, FollowUpStatus.READY_TO_SEND)
        signed = db.exec(
            select(Approval)
            .join(Decision, col(Decision.approval_id) == col(Approval.id))
            .where(
                Approval.case_number == case.number,
                col(Decision.verdict).in_(SIGNED),
            )
            .order_by(col(Decision.at).desc())
        ).first()
        if signed is None:
            raise NotSignedOff(f"message {case.number}: nobody has signed it")
        episode = store.one(db, Episode, follow_up.episode_number)
        to = FollowUpStatus.CLOSED_NOT_SENT
        if not episode.status.is_closed:
            to = FollowUpStatus.CLOSED_SENT
            link = make_link(
                db, episode.case_number, LinkPurpose.MESSAGE, episode.version, MESSAGE_DAYS, subject_id=case.number
            )
            channel = tell_patient(
                db,
                follow_up,
                "message_waits",
                unique_key=f"message-waits:{signed.id}",
                facts={"link_id": link.record.id},
                approval_id=signed.id,
            )
            if channel is None:
                ask_for_a_call(db, follow_up, "message_waits")
        store.move_case(db, follow_up, to, actor="system", fence=case.fence)


def _standing(db: Session, case: Case, status: FollowUpStatus) -> FollowUp:
    found = store.one(db, FollowUp, case.number)
    store.check_fence(found, case.fence)
    if found.status != status:
        raise MovedOn(f"case {case.number} has moved on")
    return found
