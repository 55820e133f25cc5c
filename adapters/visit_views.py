"""What the desk shows of one patient's ongoing care: its sessions, how they are reminded of, and who may see it."""

from dataclasses import dataclass
from typing import Any, TypeVar

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from adapters.desk_views import case_facts
from adapters.operational_store import one, reading
from models.case_facts import CaseFacts
from models.columns import utc_now
from models.operational import Appointment, AuditEvent, Episode, Patient, Referral, SessionNote

PAST_SHOWN = 20
Kind = TypeVar("Kind", Episode, Referral, SessionNote)
PLANNED = "appointment.reminders_planned"


@dataclass(frozen=True)
class VisitView:
    """One session with why it is reminded of as it is; ``why`` is empty while nothing is planned."""

    appointment: Appointment
    why: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class PatientCases:
    """A patient with who may see each of their cases; ``case_number`` is the newest one that is about their care."""

    patient: Patient
    facts: tuple[CaseFacts, ...]
    case_number: str | None


def visits(case_number: str) -> tuple[list[VisitView], list[VisitView]]:
    """The sessions of this care that are to come, soonest first, and the last ones, newest first."""
    now = utc_now()
    of_it = select(Appointment).where(Appointment.case_number == case_number)
    with reading() as db:
        coming = db.exec(of_it.where(col(Appointment.starts_at) > now).order_by(col(Appointment.starts_at))).all()
        past = db.exec(
            of_it.where(col(Appointment.starts_at) <= now).order_by(col(Appointment.starts_at).desc()).limit(PAST_SHOWN)
        ).all()
        planned = _planned(db, [each.id for each in coming])
    return [_view(each, planned) for each in coming], [_view(each, planned) for each in past]


def _planned(db: Session, ids: list[str]) -> dict[str, AuditEvent]:
    """The newest plan of each appointment."""
    found = db.exec(
        select(AuditEvent)
        .where(AuditEvent.action == PLANNED, col(AuditEvent.subject_id).in_(ids))
        .order_by(col(AuditEvent.id))
    ).all()
    return {event.subject_id: event for event in found}


def _view(appointment: Appointment, planned: dict[str, AuditEvent]) -> VisitView:
    details = planned[appointment.id].details if appointment.id in planned else {}
    return VisitView(appointment, tuple(details.get("reasons", ())), tuple(details.get("left_out", ())))


def patient_cases(patient_id: str) -> PatientCases:
    """A patient and the facts of each of their cases; raises MovedOn where there is no such patient."""
    with reading() as db:
        found = one(db, Patient, patient_id)
        care = db.exec(_of(Episode, patient_id)).all()
        referrals = db.exec(_of(Referral, patient_id)).all()
        sessions = db.exec(_of(SessionNote, patient_id)).all()
        facts = case_facts(db, [*care, *referrals, *sessions])
    numbers = [*(case.case_number for case in care), *(case.case_number for case in referrals)]
    return PatientCases(found, tuple(facts.values()), numbers[0] if numbers else None)


def _of(record: type[Kind], patient_id: str) -> SelectOfScalar[Kind]:
    """A patient's cases of one kind, newest first."""
    kind: Any = record
    return select(record).where(kind.patient_id == patient_id).order_by(kind.case_number.desc())
