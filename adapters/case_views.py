"""What the desk shows of one case, one sign-off or one to-do."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from adapters.desk_views import WAITING_TO_DO, case_facts
from adapters.operational_store import one, one_case, reading
from models.case_facts import CaseFacts
from models.codes import AppointmentStatus, ApprovalKind, ApprovalStatus, Role, SlotStatus
from models.columns import utc_now
from models.operational import (
    Appointment,
    Approval,
    AuditEvent,
    Clinician,
    Decision,
    Location,
    OutboxMessage,
    Patient,
    Referral,
    Slot,
    Staff,
    ToDo,
    UnsignedAssignment,
)

SLOT_DAYS = 21
SLOTS_SHOWN = 60


@dataclass(frozen=True)
class CaseView:
    """One case with whom it is about, where it is treated, and who may see it.

    ``referral`` is the case's record: a session note's where the number is one.
    """

    referral: Any
    patient: Patient
    location: Location
    facts: CaseFacts


@dataclass(frozen=True)
class ClinicianView:
    """One clinician as a choice in an assignment."""

    id: str
    name: str
    credential: str
    location_ids: tuple[str, ...]


def case(case_number: str) -> CaseView:
    with reading() as db:
        return _case(db, case_number)


def _case(db: Session, case_number: str) -> CaseView:
    referral = one_case(db, case_number)
    return CaseView(
        referral=referral,
        patient=one(db, Patient, referral.patient_id),
        location=one(db, Location, referral.location_id),
        facts=case_facts(db, [referral])[case_number],
    )


def sign_off(approval_id: str) -> tuple[Approval, CaseView, Decision | None]:
    """An approval, its case, and its decision once there is one."""
    with reading() as db:
        approval = one(db, Approval, approval_id)
        decision = db.exec(select(Decision).where(Decision.approval_id == approval_id)).first()
        return approval, _case(db, approval.case_number), decision


def to_do(to_do_id: str) -> tuple[ToDo, CaseView]:
    with reading() as db:
        found = one(db, ToDo, to_do_id)
        return found, _case(db, found.case_number)


def earlier_sign_offs(case_number: str) -> list[tuple[Approval, Decision | None]]:
    """Every sign-off of a case, oldest first, with its decision."""
    with reading() as db:
        return [
            (approval, decision)
            for approval, decision in db.exec(
                select(Approval, Decision)
                .join(Decision, col(Decision.approval_id) == col(Approval.id), isouter=True)
                .where(Approval.case_number == case_number)
                .order_by(col(Approval.opened_at))
            ).all()
        ]


def open_sign_off(case_number: str) -> Approval | None:
    with reading() as db:
        return db.exec(
            select(Approval).where(Approval.case_number == case_number, Approval.status == ApprovalStatus.OPEN)
        ).first()


def unsigned_assignment(referral: Referral) -> UnsignedAssignment | None:
    """The assignment that holds now and that nobody signed, if this one is it."""
    with reading() as db:
        newest = db.exec(
            select(UnsignedAssignment)
            .where(UnsignedAssignment.case_number == referral.case_number)
            .order_by(col(UnsignedAssignment.at).desc())
        ).first()
        if newest is None or newest.clinician_id != referral.clinician_id:
            return None
        signed = (
            select(Decision.id)
            .join(Approval, col(Approval.id) == col(Decision.approval_id))
            .where(
                Approval.case_number == referral.case_number,
                Approval.kind == ApprovalKind.ASSIGNMENT,
                col(Decision.at) > newest.at,
            )
        )
        return None if db.exec(signed).first() is not None else newest


def open_to_dos_of(case_number: str) -> list[ToDo]:
    with reading() as db:
        return list(
            db.exec(
                select(ToDo)
                .where(ToDo.case_number == case_number, col(ToDo.status).in_(WAITING_TO_DO))
                .order_by(col(ToDo.due_at))
            ).all()
        )


def to_dos_of(case_number: str) -> list[ToDo]:
    """Every to-do of a case, open or not, oldest first."""
    with reading() as db:
        return list(db.exec(select(ToDo).where(ToDo.case_number == case_number).order_by(col(ToDo.opened_at))).all())


def timeline(case_number: str) -> list[AuditEvent]:
    """Every event of a case, oldest first."""
    with reading() as db:
        return list(
            db.exec(select(AuditEvent).where(AuditEvent.case_number == case_number).order_by(col(AuditEvent.id))).all()
        )


def moves_since(case_number: str, since: datetime) -> list[AuditEvent]:
    """The case's moves from one status to the next since that moment."""
    with reading() as db:
        return list(
            db.exec(
                select(AuditEvent)
                .where(
                    AuditEvent.case_number == case_number,
                    AuditEvent.action == "case.moved",
                    col(AuditEvent.at) >= since,
                )
                .order_by(col(AuditEvent.id))
            ).all()
        )


def messages(case_number: str) -> list[OutboxMessage]:
    with reading() as db:
        return list(
            db.exec(
                select(OutboxMessage)
                .where(OutboxMessage.case_number == case_number)
                .order_by(col(OutboxMessage.created_at))
            ).all()
        )


def appointments(case_number: str) -> list[Appointment]:
    with reading() as db:
        return list(
            db.exec(
                select(Appointment).where(Appointment.case_number == case_number).order_by(col(Appointment.booked_at))
            ).all()
        )


def standing_appointment(case_number: str) -> Appointment | None:
    standing = (AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED)
    return next((each for each in reversed(appointments(case_number)) if each.status in standing), None)


def patients(patient_ids: list[str]) -> list[Patient]:
    """These patients in this order; those that are gone are left out."""
    with reading() as db:
        return [found for each in patient_ids if (found := db.get(Patient, each)) is not None]


def clinicians() -> list[ClinicianView]:
    """Every active clinician, by name."""
    with reading() as db:
        found = db.exec(
            select(Clinician, Staff)
            .where(col(Clinician.id) == col(Staff.id), col(Staff.active).is_(True))
            .order_by(col(Staff.name))
        ).all()
    return [ClinicianView(who.id, staff.name, who.credential, tuple(staff.location_ids)) for who, staff in found]


def colleagues(role: Role, location_id: str, but_not: str | None) -> list[Staff]:
    """The active staff of a role at a location, by name, without one of them."""
    with reading() as db:
        found = db.exec(
            select(Staff).where(Staff.role == role, col(Staff.active).is_(True)).order_by(col(Staff.name))
        ).all()
    return [person for person in found if location_id in person.location_ids and person.id != but_not]


def open_slots_of(clinician_id: str) -> list[Slot]:
    """The clinician's next free times."""
    now = utc_now()
    with reading() as db:
        return list(
            db.exec(
                select(Slot)
                .where(
                    Slot.clinician_id == clinician_id,
                    Slot.status == SlotStatus.OPEN,
                    col(Slot.starts_at) > now,
                    col(Slot.starts_at) < now + timedelta(days=SLOT_DAYS),
                )
                .order_by(col(Slot.starts_at))
                .limit(SLOTS_SHOWN)
            ).all()
        )
