"""Telling people about waits: whoever is on call is paged, whoever owns overdue work is told; each once per key."""

from sqlmodel import Session

from acts.staff import clinicians_on_call
from adapters import operational_store as store
from models.codes import MessageChannel
from models.operational import Referral


def page_clinicians(db: Session, referral: Referral, key: str) -> bool:
    """Page whoever is on call, once per key; says whether anybody was paged anew."""
    return any(
        [
            store.queue_message(
                db,
                unique_key=f"{key}:{person.id}",
                channel=MessageChannel.PAGE,
                template="page_risk_review",
                case_number=referral.case_number,
                to_staff_id=person.id,
                urgent=True,
            )
            for person in clinicians_on_call(db, referral.location_id)
        ]
    )


def tell_of_overdue(db: Session, unique_key: str, staff_id: str, case_number: str, subject_id: str) -> None:
    """Tell one member of staff, once per key, that the subject is overdue."""
    store.queue_message(
        db,
        unique_key=unique_key,
        channel=MessageChannel.PAGE,
        template="overdue_sign_off",
        case_number=case_number,
        to_staff_id=staff_id,
        facts={"approval_id": subject_id, "why": "overdue"},
    )
