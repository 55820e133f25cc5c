"""What a patient agreed to in writing about recordings and AI: put on record, taken back, and what that allows."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from adapters import therapy_store_keys, therapy_store_sessions
from adapters.operational_store import audit, move_case, one, reading, writing
from models.codes import NoteStatus, Role
from models.columns import new_id, utc_now
from models.consents import Consent
from models.errors import MovedOn, NotAllowed
from models.note_codes import ConsentKind, ConsentPurpose
from models.operational import AuditEvent, Location, Patient, PatientConsent, SessionNote, Staff
from rules.jurisdiction import NotePermission, note_drafting_may_run

RECORDERS = (Role.COORDINATOR, Role.CLINICIAN, Role.COMPLIANCE)
LONGEST_DOCUMENT_ID = 80
WHERE = "purge note drafts"
STILL_MADE = (NoteStatus.RECEIVED, NoteStatus.READY_TO_SCREEN, NoteStatus.READY_TO_DRAFT)


def record(
    patient_id: str, purpose: ConsentPurpose, *, given_on: date, document_id: str, staff_id: str
) -> PatientConsent:
    """Put a signed paper on record; sessions that waited for it are read again. Raises NotAllowed or ValueError."""
    if given_on > utc_now().date():
        raise ValueError("given_on lies in the future")
    if not document_id.strip() or len(document_id) > LONGEST_DOCUMENT_ID:
        raise ValueError("document_id must say where the signed paper is kept")
    with writing() as db:
        _may_record(db, staff_id)
        one(db, Patient, patient_id)
        paper = PatientConsent(
            id=new_id("CO"),
            patient_id=patient_id,
            kind=purpose.kind.value,
            purpose=purpose.value,
            given_on=given_on,
            written=True,
            document_id=document_id.strip(),
            recorded_by=staff_id,
        )
        sessions = _open_sessions(db, patient_id)
        before = [_allowed(permission_for(db, session)) for session in sessions]
        db.add(paper)
        db.flush()
        audit(db, staff_id, "consent.recorded", paper, kind=paper.kind, purpose=paper.purpose, patient=patient_id)
        # a note that somebody is writing is left to them where the paper changes nothing for it
        changed = [
            each for each, was in zip(sessions, before, strict=True) if _allowed(permission_for(db, each)) != was
        ]
        _read_again(db, changed, staff_id)
        return paper


def revoke(patient_id: str, kind: ConsentKind, staff_id: str) -> int:
    """Take a consent back from today on; whatever is not signed yet is stopped and begins again without it.

    Returns how many papers were in force. Raises NotAllowed.
    """
    now = utc_now()
    with writing() as db:
        _may_record(db, staff_id)
        papers = [paper for paper in papers_of(db, patient_id) if paper.kind == kind and paper.revoked_on is None]
        for paper in papers:
            paper.revoked_on, paper.revoked_at, paper.revoked_by = now.date(), now, staff_id
            db.add(paper)
            audit(db, staff_id, "consent.revoked", paper, kind=paper.kind, patient=patient_id)
        if papers:
            _read_again(db, _open_sessions(db, patient_id), staff_id)
        return len(papers)


def _may_record(db: Session, staff_id: str) -> None:
    staff = one(db, Staff, staff_id)
    if not staff.active or staff.role not in RECORDERS:
        raise NotAllowed("a coordinator, a clinician or compliance records this")


def _open_sessions(db: Session, patient_id: str) -> list[SessionNote]:
    open_ones = select(SessionNote).where(SessionNote.patient_id == patient_id, col(SessionNote.closed_at).is_(None))
    return list(db.exec(open_ones.order_by(col(SessionNote.case_number)).with_for_update()).all())


def _allowed(permission: NotePermission) -> tuple[bool, bool, bool]:
    return permission.transcript_may_be_kept, permission.ai_may_draft, permission.classifier_may_read


def _read_again(db: Session, sessions: list[SessionNote], staff_id: str) -> None:
    """These sessions begin again: the gate asks what holds now."""
    for session in sessions:
        if session.status != NoteStatus.RECEIVED:
            move_case(db, session, NoteStatus.RECEIVED, actor=staff_id, why="consent")


def papers_of(db: Session, patient_id: str) -> list[PatientConsent]:
    """Every paper of a patient, the newest first."""
    query = select(PatientConsent).where(PatientConsent.patient_id == patient_id)
    found = db.exec(query.order_by(col(PatientConsent.given_on).desc(), col(PatientConsent.recorded_at).desc()))
    return list(found.all())


def permission_for(db: Session, session: SessionNote) -> NotePermission:
    """What may be done today with the transcript of this session, and why."""
    patient = one(db, Patient, session.patient_id)
    papers = papers_of(db, session.patient_id)
    held = session.started_at.astimezone(ZoneInfo(one(db, Location, session.location_id).time_zone)).date()
    return note_drafting_may_run(
        session.patient_state or patient.state,
        _in_force(papers, ConsentKind.RECORDING_AND_TRANSCRIPTION, held),
        _in_force(papers, ConsentKind.AI_NOTE_DRAFTING, held),
        utc_now().date(),
        session_on=held,
    )


def _in_force(papers: list[PatientConsent], kind: ConsentKind, held: date) -> Consent | None:
    """The paper that speaks for a session of this day: one that holds, else the newest, so that the reason is true."""
    of_kind = [paper for paper in papers if paper.kind == kind]
    holding = [paper for paper in of_kind if paper.revoked_on is None and paper.given_on <= held]
    paper = next(iter([*holding, *of_kind]), None)
    return None if paper is None else value_of(paper)


def value_of(paper: PatientConsent) -> Consent:
    """The paper as the rules read it."""
    return Consent(
        kind=ConsentKind(paper.kind),
        purpose=ConsentPurpose(paper.purpose),
        given_on=paper.given_on,
        written=paper.written,
        revoked_on=paper.revoked_on,
        document_id=paper.document_id or None,
    )


def purge_unsigned(case_number: str, staff_id: str) -> int:
    """Overwrite what was made of a session's transcript once no consent allows it; returns how many fields.

    Without consent to recording, the transcript goes too: the keys of its files are destroyed. The empty template that
    waits to be signed, and what its clinician has written there, stays. Raises NotAllowed, or MovedOn while a consent
    allows drafting, or when the note is signed: it is part of the record.
    """
    with reading() as db:
        _may_record(db, staff_id)
        session = one(db, SessionNote, case_number)
        if session.signed_decision_id is not None:
            raise MovedOn(f"the note of {case_number} is signed: it is part of the record and stays")
        permission = permission_for(db, session)
        if permission.ai_may_draft:
            raise MovedOn(f"consent allows the draft of {case_number}: record first that it was taken back")
        if session.status in STILL_MADE:
            raise MovedOn(f"{case_number} is just being taken through the gate: ask again in a moment")
    transcript_too = not permission.transcript_may_be_kept
    if transcript_too:
        therapy_store_keys.destroy_keys(transcript_files_of([case_number]), staff_id, WHERE)
    return therapy_store_sessions.purge(case_number, staff_id, transcript_too=transcript_too)


def transcript_files_of(case_numbers: Sequence[str]) -> list[str]:
    """The ids of every transcript that was received for these sessions, of those that another one replaced too."""
    with reading() as db:
        events = db.exec(
            select(AuditEvent).where(
                AuditEvent.action == "session.transcript_received", col(AuditEvent.case_number).in_(case_numbers)
            )
        ).all()
    return sorted({event.details["file"] for event in events})
