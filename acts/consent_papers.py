"""What a patient agreed to in writing about recordings and AI: put on record, taken back, and what that allows."""

from datetime import date

from sqlmodel import Session, col, select

from adapters import therapy_store_sessions
from adapters.operational_store import audit, move_case, one, writing
from models.codes import NoteStatus, Role, TranscriptState
from models.columns import new_id, utc_now
from models.consents import Consent
from models.errors import MovedOn, NotAllowed
from models.note_codes import ConsentKind, ConsentPurpose
from models.operational import Patient, PatientConsent, SessionNote, Staff
from rules.jurisdiction import NotePermission, note_drafting_may_run

RECORDERS = (Role.COORDINATOR, Role.CLINICIAN, Role.COMPLIANCE)
LONGEST_DOCUMENT_ID = 80


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
        db.add(paper)
        audit(db, staff_id, "consent.recorded", paper, kind=paper.kind, purpose=paper.purpose, patient=patient_id)
        _read_again(db, patient_id, staff_id)
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
            _read_again(db, patient_id, staff_id)
        return len(papers)


def _may_record(db: Session, staff_id: str) -> None:
    staff = one(db, Staff, staff_id)
    if not staff.active or staff.role not in RECORDERS:
        raise NotAllowed("a coordinator, a clinician or compliance records this")


def _read_again(db: Session, patient_id: str, staff_id: str) -> None:
    """Every session of the patient that is not closed begins again: the gate asks what holds now."""
    open_ones = select(SessionNote).where(SessionNote.patient_id == patient_id, col(SessionNote.closed_at).is_(None))
    for session in db.exec(open_ones.with_for_update()).all():
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
    return note_drafting_may_run(
        session.patient_state or patient.state,
        _in_force(papers, ConsentKind.RECORDING_AND_TRANSCRIPTION, session),
        _in_force(papers, ConsentKind.AI_NOTE_DRAFTING, session),
        utc_now().date(),
        session_on=session.started_at.date(),
    )


def _in_force(papers: list[PatientConsent], kind: ConsentKind, session: SessionNote) -> Consent | None:
    """The paper that speaks for a session: one that holds, else the newest, so that the reason against is true."""
    of_kind = [paper for paper in papers if paper.kind == kind]
    held = session.started_at.date()
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


def purge(case_number: str, staff_id: str, *, transcript_too: bool) -> int:
    """Destroy what was derived from a session that is not signed; returns how many texts were overwritten.

    An open draft goes with it: the session begins again with what its patient allows now. Raises NotAllowed or MovedOn.
    """
    purge_unsigned(case_number, staff_id)
    blanked = therapy_store_sessions.purge(case_number, staff_id, transcript_too=transcript_too)
    with writing() as db:
        session = db.get_one(SessionNote, case_number, with_for_update=True)
        if transcript_too and session.transcript == TranscriptState.KEPT:
            session.transcript = TranscriptState.PURGED
            db.add(session)
        audit(db, staff_id, "session.purged", session, case_number, transcript=transcript_too, texts=blanked)
        if not session.status.is_closed and session.status != NoteStatus.RECEIVED:
            move_case(db, session, NoteStatus.RECEIVED, actor=staff_id, why="purged")
    return blanked


def purge_unsigned(case_number: str, staff_id: str) -> None:
    """Check that derived text of a session may be purged: nothing of it is signed. Raises NotAllowed or MovedOn."""
    with writing() as db:
        _may_record(db, staff_id)
        session = one(db, SessionNote, case_number)
        if session.signed_decision_id is not None:
            raise MovedOn(f"the note of {case_number} is signed: it is part of the record and stays")
