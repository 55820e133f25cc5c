"""What the desk's lists show of session notes: which wait, which are signed, what one patient has."""

from bisect import bisect
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import false, func, or_
from sqlmodel import Session, col, select

from adapters.desk_views import URGENCY, case_facts, places
from adapters.operational_store import one, reading
from models.case_facts import CaseFacts
from models.codes import ApprovalKind, ApprovalStatus, DraftKind, NoteStatus
from models.operational import (
    Approval,
    Decision,
    Location,
    Patient,
    PatientConsent,
    Referral,
    SessionNote,
)

NOTES_SHOWN = 300


@dataclass(frozen=True)
class NoteRow:
    """One session note in a list; ``due_at`` and ``assigned_to`` are its open sign-off's, None where none is open."""

    session: SessionNote
    facts: CaseFacts
    patient_name: str = field(repr=False)
    due_at: datetime | None = None
    assigned_to: str | None = None

    @property
    def waits(self) -> bool:
        return self.session.status == NoteStatus.NOTE_SIGNATURE

    @property
    def order(self) -> tuple[int, int, float]:
        """What waits to be signed first, the highest risk and then the earliest due before the others; then what is on
        its way; then what is closed, newest first."""
        if self.waits:
            return 0, URGENCY[self.session.risk_level], self.due_at.timestamp() if self.due_at else 0.0
        return 2 if self.session.status.is_closed else 1, 0, -self.session.started_at.timestamp()


def rows(
    location_ids: Collection[str],
    *,
    clinician_id: str | None = None,
    status: str = "",
    search: str = "",
    names: Sequence[str] = (),
    after: date | None = None,
    before: date | None = None,
    limit: int = NOTES_SHOWN,
) -> list[NoteRow]:
    """The notes at these locations, and those of this clinician anywhere (held by them, or given to them to sign).

    ``search`` is part of a note's number or a patient's whole id; ``names`` are parts of the patient's name as
    plain_name writes them, in any order; ``after`` and ``before`` bound the session's day where it was held, both
    included; ``status`` "" = any.
    """
    query = select(SessionNote, Patient).join(Patient, col(Patient.id) == col(SessionNote.patient_id))
    wanted_ones: Any = col(SessionNote.location_id).in_(location_ids)
    if clinician_id is not None:
        given = select(Approval.case_number).where(
            Approval.kind == ApprovalKind.SESSION_NOTE, Approval.assigned_to == clinician_id
        )
        wanted_ones |= (col(SessionNote.clinician_id) == clinician_id) | col(SessionNote.case_number).in_(given)
    query = query.where(wanted_ones)
    if status:
        query = query.where(SessionNote.status == NoteStatus(status))
    if wanted := search.strip().upper():
        query = query.where(
            col(SessionNote.case_number).contains(wanted, autoescape=True)
            | (func.upper(col(SessionNote.patient_id)) == wanted)
        )
    for part in names:
        query = query.where(col(Patient.match_name).contains(part, autoescape=True))
    if after or before:
        query = query.where(or_(false(), *(_held_between(place, after, before) for place in places().values())))
    # what is open first, so that a long past never pushes it off the list
    query = query.order_by(col(SessionNote.closed_at).is_not(None), col(SessionNote.started_at).desc()).limit(limit)
    with reading() as db:
        return sorted(_rows(db, db.exec(query).all()), key=lambda row: row.order)


def _held_between(place: Location, after: date | None, before: date | None) -> Any:
    """That a session is of this place and fell on these days there."""
    zone = ZoneInfo(place.time_zone)
    held = col(SessionNote.location_id) == place.id
    if after is not None and after.year > 1:  # what lies before all time bounds nothing
        held &= col(SessionNote.started_at) >= datetime.combine(after, time.min, zone)
    if before is not None and before.year < date.max.year:
        held &= col(SessionNote.started_at) < datetime.combine(before + timedelta(days=1), time.min, zone)
    return held


def _rows(db: Session, found: Sequence[tuple[SessionNote, Patient]]) -> list[NoteRow]:
    sessions = [session for session, _ in found]
    facts = case_facts(db, sessions)
    open_ones = {
        approval.case_number: approval
        for approval in db.exec(
            select(Approval).where(
                col(Approval.case_number).in_([session.case_number for session in sessions]),
                Approval.status == ApprovalStatus.OPEN,
            )
        ).all()
    }
    return [_row(session, patient, facts[session.case_number], open_ones) for session, patient in found]


def _row(session: SessionNote, patient: Patient, facts: CaseFacts, open_ones: dict[str, Approval]) -> NoteRow:
    approval = open_ones.get(session.case_number)
    return NoteRow(
        session=session,
        facts=facts,
        patient_name=f"{patient.given_name} {patient.family_name}",
        due_at=approval.due_at if approval else None,
        assigned_to=approval.assigned_to if approval else None,
    )


@dataclass(frozen=True)
class NoteCounts:
    """How many notes stand where, and of which kind their drafts are."""

    by_status: dict[NoteStatus, int]
    by_draft: dict[DraftKind, int]


def counts(location_ids: Collection[str]) -> NoteCounts:
    """All notes at these locations in counts."""
    here = col(SessionNote.location_id).in_(location_ids)
    by_status: Any = select(SessionNote.status, func.count()).where(here).group_by(SessionNote.status)
    by_draft: Any = (
        select(SessionNote.draft, func.count())
        .where(here, col(SessionNote.draft).is_not(None))
        .group_by(SessionNote.draft)
    )
    with reading() as db:
        return NoteCounts(
            {NoteStatus(status): count for status, count in db.exec(by_status).all()},
            {DraftKind(draft): count for draft, count in db.exec(by_draft).all()},
        )


def to_sign(staff_id: str, but_not: str) -> list[str]:
    """The numbers of the other notes that wait for this person's signature, as their list has them: the highest risk,
    then the first due.

    What comes behind ``but_not`` comes first, so that nobody is led back to a note that they left for later.
    """
    query = (
        select(Approval, SessionNote)
        .join(SessionNote, col(SessionNote.case_number) == col(Approval.case_number))
        .where(Approval.kind == ApprovalKind.SESSION_NOTE)
    )
    mine = query.where(
        Approval.status == ApprovalStatus.OPEN, Approval.assigned_to == staff_id, Approval.case_number != but_not
    )
    with reading() as db:
        others = sorted(_place(*each) for each in db.exec(mine).all())
        of_this = query.where(Approval.case_number == but_not).order_by(col(Approval.round).desc())
        here = db.exec(of_this).first()
    at = bisect(others, _place(*here)) if here is not None else 0
    return [number for _, _, number in (*others[at:], *others[:at])]


def _place(approval: Approval, session: SessionNote) -> tuple[int, datetime, str]:
    return URGENCY[session.risk_level], approval.due_at, approval.case_number


def codes_of_the_day(session: SessionNote, zone: str) -> list[str]:
    """The procedure codes that other signed notes of this patient carry on the day of this session."""
    day = session.started_at.astimezone(ZoneInfo(zone)).date()
    query = select(SessionNote).where(
        SessionNote.patient_id == session.patient_id,
        SessionNote.case_number != session.case_number,
        col(SessionNote.procedure_code).is_not(None),
    )
    with reading() as db:
        return [
            other.procedure_code
            for other in db.exec(query).all()
            if other.procedure_code and other.started_at.astimezone(ZoneInfo(zone)).date() == day
        ]


def signing_decision(session: SessionNote) -> tuple[Decision, Approval] | None:
    """The decision that signed this note and the sign-off it decided; None while nothing is signed."""
    if session.signed_decision_id is None:
        return None
    with reading() as db:
        decision = one(db, Decision, session.signed_decision_id)
        return decision, one(db, Approval, decision.approval_id)


@dataclass(frozen=True)
class PatientView:
    """A patient with what is on paper about them and the sessions that it bears on."""

    patient: Patient
    papers: tuple[PatientConsent, ...]
    sessions: tuple[SessionNote, ...]
    facts: tuple[CaseFacts, ...]
    places: dict[str, Location]


def patient(patient_id: str) -> PatientView:
    """A patient's consents and sessions, newest first; ``facts`` of each case they have. Raises MovedOn."""
    with reading() as db:
        found = one(db, Patient, patient_id)
        sessions = db.exec(
            select(SessionNote).where(SessionNote.patient_id == patient_id).order_by(col(SessionNote.started_at).desc())
        ).all()
        referrals = db.exec(select(Referral).where(Referral.patient_id == patient_id)).all()
        papers = db.exec(
            select(PatientConsent)
            .where(PatientConsent.patient_id == patient_id)
            .order_by(col(PatientConsent.given_on).desc(), col(PatientConsent.recorded_at).desc())
        ).all()
        facts = case_facts(db, [*sessions, *referrals])
    return PatientView(found, tuple(papers), tuple(sessions), tuple(facts.values()), places())
