"""Who of the staff may sign, and who is on call."""

from sqlmodel import Session, select

from acts.signers import signer_facts
from acts.staff import staff_of
from adapters.operational_store import CaseRecord
from models.codes import ApprovalKind, ApprovalStatus, Role
from models.columns import utc_now
from models.operational import Approval, Patient, Staff
from rules import sign_off


def who_may_sign(
    db: Session, kind: ApprovalKind, case: CaseRecord, patient: Patient, *, but_not: frozenset[str] = frozenset()
) -> list[Staff]:
    """Who may sign, best first: the case's own clinician, then licensed, on call, with the fewest open.

    A session's note is signed by whoever held the session, and by nobody else unless a person passes it on.
    """
    if kind == ApprovalKind.SESSION_NOTE:
        held_by = db.get(Staff, case.clinician_id)
        return [held_by] if held_by is not None and held_by.active and held_by.id not in but_not else []
    today = utc_now().date()
    people = [
        person for person in staff_of(db, sign_off.SIGNING_ROLE[kind], case.location_id) if person.id not in but_not
    ]
    waiting = db.exec(select(Approval.assigned_to).where(Approval.status == ApprovalStatus.OPEN)).all()
    ranked = []
    for person in people:
        facts = signer_facts(person.id, today)
        if sign_off.SIGNING_ROLE[kind] is Role.CLINICIAN and not facts.licensed_states:
            continue
        licensed = patient.state in facts.licensed_states
        ranked.append(
            (
                person.id != case.clinician_id,
                not licensed,
                not person.on_call,
                waiting.count(person.id),
                person.id,
                person,
            )
        )
    return [person for *_, person in sorted(ranked, key=lambda row: row[:5])]
