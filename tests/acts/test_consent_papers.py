"""What a patient agreed to in writing: put on record, taken back, and what becomes of notes that are not signed."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from acts import consent_papers, note_editing
from acts.decisions import decide
from adapters import received_files, therapy_store, therapy_store_sessions
from adapters.operational_store import audit, one, reading, writing
from adapters.settings import settings
from models.codes import ApprovalStatus, AuthenticatedHow, NoteStatus, Role, Verdict
from models.columns import utc_now
from models.errors import Forgotten, MovedOn, NotAllowed
from models.note_codes import ConsentKind, ConsentPurpose
from models.operational import Approval, AuditEvent, IntakeFile, Patient, PatientConsent, SessionNote, Staff
from models.therapy_text import TherapyText
from rules.note_editing import add
from tests.factories import fresh_code, make_location, make_note, make_papers, make_patient, make_session, make_staff
from tests.notes import note_content

pytestmark = pytest.mark.usefixtures("home")

N = NoteStatus
TRANSCRIBE, DRAFT = ConsentPurpose.TRANSCRIBE_FOR_THE_RECORD, ConsentPurpose.DRAFT_NOTE_FOR_REVIEW
RECORDING, AI = ConsentKind.RECORDING_AND_TRANSCRIPTION, ConsentKind.AI_NOTE_DRAFTING
GIVEN = date(2026, 1, 2)
TURNS = [{"speaker": "P", "role": "patient", "text": "zibbertrance", "starts": None, "ends": None}]


def rows(record: type, **where: Any) -> list[Any]:
    with reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def now(session: SessionNote) -> SessionNote:
    with reading() as db:
        return one(db, SessionNote, session.case_number)


def record(patient: Patient, purpose: ConsentPurpose = DRAFT, staff: Staff | None = None, **given: Any) -> Any:
    facts: dict[str, Any] = {"given_on": GIVEN, "document_id": "D-7", **given}
    return consent_papers.record(patient.id, purpose, staff_id=(staff or make_staff()).id, **facts)


def revoke(patient: Patient, kind: ConsentKind) -> int:
    return consent_papers.revoke(patient.id, kind, make_staff().id)


def permission(session: SessionNote) -> Any:
    with reading() as db:
        return consent_papers.permission_for(db, one(db, SessionNote, session.case_number))


def test_paper_is_on_record_with_its_purpose_and_place() -> None:
    patient, staff = make_patient(), make_staff(role=Role.CLINICIAN)
    record(patient, TRANSCRIBE, staff, document_id="  D-7 ")
    [paper] = rows(PatientConsent)
    assert (paper.patient_id, paper.kind, paper.purpose, paper.given_on) == (patient.id, RECORDING, TRANSCRIBE, GIVEN)
    assert (paper.written, paper.document_id, paper.recorded_by, paper.revoked_on) == (True, "D-7", staff.id, None)
    [event] = rows(AuditEvent, action="consent.recorded")
    assert (event.actor, event.details["patient"]) == (staff.id, patient.id)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"given_on": utc_now().date() + timedelta(days=1)}, "given_on"),
        ({"document_id": "  "}, "document_id"),
        ({"document_id": "x" * 81}, "document_id"),
    ],
)
def test_paper_that_says_too_little_is_refused_by_its_field(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        record(make_patient(), **given)
    assert rows(PatientConsent) == []


def test_paper_of_today_with_the_longest_number_is_taken() -> None:
    record(make_patient(), given_on=utc_now().date(), document_id="x" * 80)
    assert len(rows(PatientConsent)) == 1


@pytest.mark.parametrize("role", sorted(set(Role) - set(consent_papers.RECORDERS)))
def test_other_roles_record_and_take_back_nothing(role: Role) -> None:
    patient, staff = make_patient(), make_staff(role=role)
    make_papers(patient)
    with pytest.raises(NotAllowed):
        record(patient, staff=staff)
    with pytest.raises(NotAllowed):
        consent_papers.revoke(patient.id, AI, staff.id)
    assert [paper.revoked_on for paper in rows(PatientConsent)] == [None, None]


def test_staff_who_have_left_record_nothing() -> None:
    with pytest.raises(NotAllowed):
        record(make_patient(), staff=make_staff(active=False))


def test_consent_that_was_taken_back_is_kept_with_who_and_when() -> None:
    patient, staff = make_patient(), make_staff()
    make_papers(patient)
    assert consent_papers.revoke(patient.id, AI, staff.id) == 1
    [paper] = rows(PatientConsent, kind=AI)
    assert (paper.revoked_on, paper.revoked_by) == (utc_now().date(), staff.id)
    assert rows(PatientConsent, kind=RECORDING)[0].revoked_on is None
    assert consent_papers.revoke(patient.id, AI, staff.id) == 0
    assert len(rows(AuditEvent, action="consent.revoked")) == 1


def test_consent_of_one_patient_says_nothing_of_another() -> None:
    patient, other = make_patient(), make_patient()
    make_papers(other)
    assert not permission(make_session(patient=patient)).transcript_may_be_kept
    assert permission(make_session(patient=other)).ai_may_draft
    assert revoke(patient, AI) == 0


@pytest.mark.parametrize(
    ("purposes", "kept", "drafted"),
    [((TRANSCRIBE, DRAFT), True, True), ((TRANSCRIBE,), True, False), ((DRAFT,), False, False)],
)
def test_each_consent_allows_what_it_names(purposes: tuple[ConsentPurpose, ...], kept: bool, drafted: bool) -> None:
    patient = make_patient()
    make_papers(patient, *purposes)
    found = permission(make_session(patient=patient))
    assert (found.transcript_may_be_kept, found.ai_may_draft) == (kept, drafted)


@pytest.mark.parametrize(("days", "allowed"), [(0, True), (1, False)])
def test_consent_holds_for_sessions_from_its_day_on_where_they_were_held(days: int, allowed: bool) -> None:
    """Ten in the evening in Oregon is the next day in UTC: the day of the session is the location's."""
    patient = make_patient()
    session = make_session(patient=patient, started_at=datetime(2026, 11, 21, 6, 0, tzinfo=UTC))
    make_papers(patient, given_on=date(2026, 11, 20) + timedelta(days=days))
    assert permission(session).ai_may_draft is allowed


def test_patient_who_agrees_again_has_agreed() -> None:
    patient = make_patient()
    make_papers(patient)
    revoke(patient, AI)
    session = make_session(patient=patient)
    assert not permission(session).ai_may_draft
    make_papers(patient, DRAFT)
    assert permission(session).ai_may_draft


def test_state_where_the_patient_was_decides_before_the_one_they_live_in() -> None:
    patient = make_patient(state="OR")
    make_papers(patient)
    assert permission(make_session(patient=patient, patient_state="IL")).classifier_may_read is False
    assert permission(make_session(patient=patient, patient_state=None)).classifier_may_read is True
    assert permission(make_session(patient=make_patient(state=None), patient_state=None)).ai_may_draft is False


# -- what becomes of notes that are not signed


def test_consent_taken_back_before_the_signature_stops_the_draft_and_refuses_the_stale_page() -> None:
    note = make_note()
    make_papers(note.patient)
    page = note_editing.on_screen(note.approval.id, actor=note.clinician.id, where="test")
    revoke(note.patient, AI)
    session = now(note.session)
    assert (session.status, session.wake_wanted) == (N.RECEIVED, True)
    assert rows(Approval)[0].status is ApprovalStatus.SUPERSEDED
    with pytest.raises(MovedOn, match="no longer open"):
        decide(
            note.approval.id,
            staff_id=note.clinician.id,
            verdict=Verdict.APPROVE,
            reason=TherapyText(""),
            seen_digest=page.pinned,
            how=AuthenticatedHow.PREFECT_CODE,
            code=fresh_code(note.clinician.id),
        )
    with pytest.raises(NotAllowed, match="no longer open"):
        note_editing.change(
            note.approval.id, add("Plan", "More.", "S9"), seen_edition=0, staff_id=note.clinician.id, where="test"
        )
    assert now(note.session).status is N.RECEIVED


@pytest.mark.parametrize("status", [N.READY_TO_SCREEN, N.READY_TO_DRAFT, N.NOTE_SIGNATURE, N.CHECK_TRANSCRIPT])
def test_every_open_session_begins_again_when_a_consent_is_taken_back(status: NoteStatus) -> None:
    patient = make_patient()
    make_papers(patient)
    session = make_session(status, patient=patient)
    revoke(patient, RECORDING)
    assert now(session).status is N.RECEIVED


@pytest.mark.parametrize("status", [N.RECEIVED, N.CLOSED_SIGNED, N.CLOSED_NO_NOTE])
def test_session_that_has_not_begun_or_is_closed_stays(status: NoteStatus) -> None:
    patient = make_patient()
    make_papers(patient)
    session = make_session(status, patient=patient)
    revoke(patient, RECORDING)
    assert (now(session).status, now(session).version) == (status, 0)


def test_session_that_waited_for_a_paper_begins_again_with_it() -> None:
    patient = make_patient()
    session = make_session(patient=patient)
    record(patient, TRANSCRIBE)
    assert now(session).status is N.RECEIVED


def test_paper_that_changes_nothing_leaves_a_note_to_whoever_writes_it() -> None:
    note = make_note()
    make_papers(note.patient)
    record(note.patient, DRAFT)
    record(note.patient, TRANSCRIBE)
    assert now(note.session).status is N.NOTE_SIGNATURE
    assert rows(Approval)[0].status is ApprovalStatus.OPEN


def test_paper_dated_after_the_session_leaves_its_note_alone() -> None:
    note = make_note()
    record(note.patient, TRANSCRIBE, given_on=utc_now().date())
    assert now(note.session).status is N.NOTE_SIGNATURE


# -- purged on request


def received_transcript(session: SessionNote, file_id: str) -> IntakeFile:
    """A transcript that came with the session and lies sealed."""
    file = IntakeFile(id=file_id, digest=file_id * 8, kind="transcript", finished_at=utc_now())
    with writing() as db:
        db.add(file)
        audit(db, "system", "session.transcript_received", session, session.case_number, file=file_id)
    (settings().received_folder / f"{file.digest[:32]}.csv").write_text("zibbertrance")
    received_files.put_away(file)
    return file


def texts_of(case_number: str) -> str:
    """Everything of a case that can still be read."""
    with therapy_store.writing() as db:
        return "\n".join(
            getattr(record, name).unwrap()
            for record_type in therapy_store.CASE_CONTENT
            for record in therapy_store.opened(
                db, db.exec(select(record_type).where(record_type.case_number == case_number)).all()
            )
            for name in ("content", "turns", "signed_content", "plan")
            if getattr(record, name, None) is not None
        )


def drafted_and_taken_back(kind: ConsentKind) -> Any:
    """A note drafted from a transcript, changed, returned once; then the consent was taken back and a plain template
    was proposed, on which the clinician has begun to write."""
    marked = note_content(sentences=[{**note_content()["sentences"][0], "text": "Reports the zibbertrance."}])
    note = make_note(marked)
    make_papers(note.patient)
    therapy_store_sessions.keep_transcript(note.number, TURNS)
    therapy_store_sessions.keep_draft(note.number, 0, marked)
    note_editing.change(
        note.approval.id,
        add("Plan", "The zibbertrance again.", "S9"),
        seen_edition=0,
        staff_id=note.clinician.id,
        where="test",
    )
    therapy_store.keep_decision_words(
        "DC-1", note.approval.id, note.number, TherapyText("unclear"), TherapyText(json.dumps(marked)), "test"
    )
    revoke(note.patient, kind)
    plain = note_content(drafted_by=None, transcript=None, sentences=[])
    therapy_store_sessions.keep_draft(note.number, 2, plain)
    therapy_store.keep_sign_off_content("AP-plain", note.number, TherapyText(json.dumps(plain)))
    therapy_store_sessions.keep_working_copy(
        "AP-plain", note.number, {"sentences": ["krindlespat"]}, seen_edition=0, actor="ST"
    )
    with writing() as db:
        session = one(db, SessionNote, note.number)
        session.status = N.NOTE_SIGNATURE
        db.add(session)
    return note


def test_purge_overwrites_the_draft_and_leaves_the_clinicians_own_words() -> None:
    note = drafted_and_taken_back(AI)
    assert consent_papers.purge_unsigned(note.number, make_staff().id) == 4
    left = texts_of(note.number)
    assert left.count("zibbertrance") == 1 and "krindlespat" in left
    assert therapy_store_sessions.transcript(note.number, actor="test", where="test") is not None
    assert therapy_store_sessions.newest_draft(note.number, actor="test", where="test") is not None
    assert consent_papers.purge_unsigned(note.number, make_staff().id) == 0
    assert len(audited("derived.purged")) == 1


def audited(action: str) -> list[Any]:
    with therapy_store.writing() as db:
        event = therapy_store.TherapyAuditEvent
        return list(db.exec(select(event).where(event.action == action)).all())


def test_purge_without_consent_to_recording_takes_the_transcript_and_its_files_too() -> None:
    note = drafted_and_taken_back(RECORDING)
    files = [received_transcript(note.session, name) for name in ("TF-1", "TF-2")]
    assert consent_papers.purge_unsigned(note.number, make_staff().id) == 5
    assert "zibbertrance" not in texts_of(note.number)
    assert therapy_store_sessions.transcript(note.number, actor="test", where="test") is None
    for file in files:
        with pytest.raises(Forgotten):
            received_files.content(file)


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ({"status": N.CLOSED_SIGNED, "signed_decision_id": "DC-1"}, AI, "part of the record"),
        ({}, None, "taken back"),
        ({"status": N.READY_TO_DRAFT}, AI, "in a moment"),
    ],
)
def test_purge_is_refused_while_it_is_not_due(given: dict[str, Any], kind: ConsentKind | None, said: str) -> None:
    patient = make_patient()
    make_papers(patient)
    if kind is not None:
        revoke(patient, kind)
    session = make_session(patient=patient, **given)
    therapy_store_sessions.keep_draft(session.case_number, 0, note_content())
    with pytest.raises(MovedOn, match=said):
        consent_papers.purge_unsigned(session.case_number, make_staff().id)
    assert therapy_store_sessions.newest_draft(session.case_number, actor="test", where="test") == note_content()


def test_purge_is_asked_for_by_whoever_records_consent() -> None:
    session = make_session(patient=make_patient())
    with pytest.raises(NotAllowed):
        consent_papers.purge_unsigned(session.case_number, make_staff(role=Role.BILLER).id)


def test_transcripts_of_a_session_are_all_that_were_received_for_it() -> None:
    session, other = make_session(location=make_location()), make_session()
    for name, of in (("TF-1", session), ("TF-2", session), ("TF-3", other)):
        received_transcript(of, name)
    assert consent_papers.transcript_files_of([session.case_number]) == ["TF-1", "TF-2"]
