"""Telling people about waits: whoever is on call is paged, whoever owns overdue work is told; each once per key."""

from datetime import datetime

from sqlmodel import Session

from acts.staff import clinicians_on_call
from adapters import operational_store as store
from models.codes import MessageChannel, RiskLevel
from models.operational import FollowUp, Referral, SessionNote


def page_clinicians(db: Session, referral: Referral | FollowUp, key: str) -> bool:
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


def page_about_session(db: Session, session: SessionNote, *, now: datetime) -> None:
    """Alarm whoever held the session, and for a high risk whoever is on call; the message holds the number only."""
    session.risk_pages_sent += 1
    session.risk_last_paged_at = now
    db.add(session)
    people = {session.clinician_id}
    if session.risk_level == RiskLevel.HIGH:
        people |= {person.id for person in clinicians_on_call(db, session.location_id)}
    for staff_id in sorted(people):
        store.queue_message(
            db,
            unique_key=f"session-risk:{session.case_number}:{session.risk_pages_sent}:{staff_id}",
            channel=MessageChannel.PAGE,
            template="page_session_risk",
            case_number=session.case_number,
            to_staff_id=staff_id,
            urgent=True,
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
