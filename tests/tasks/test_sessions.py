"""Receiving session exports: one case for each session, once; what became of each row; where its files lie."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import select

from adapters import received_files, therapy_store_sessions
from adapters.operational_store import move_case, one, reading, writing
from adapters.settings import settings
from models.codes import DraftKind, NoteStatus, QuarantineStatus, TranscriptState
from models.columns import utc_now
from models.operational import AuditEvent, IntakeFile, IntakeRow, QuarantinedRow, SessionNote
from tasks import intake, runs, sessions
from tests.exports import TALK, People, drop, file_of, index_of, left_in_the_drop, lie_open, put, received, session_of
from tests.factories import make_location, make_session

pytestmark = pytest.mark.usefixtures("home")

N, T = NoteStatus, TranscriptState


def rows(record: type, **where: Any) -> list[Any]:
    with reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def outcomes() -> list[str]:
    return [row.outcome.value for row in rows(IntakeRow)]


def open_faults() -> list[tuple[int, str]]:
    return sorted((fault.row, fault.field) for fault in rows(QuarantinedRow, status=QuarantineStatus.OPEN))


def test_session_becomes_a_case_with_its_facts() -> None:
    people = People()
    row = people.row("K1", note_format="BIRP", patient_state="WA", modality="telehealth")
    drop(row)
    [result] = received()
    assert (result.counts, result.findings, result.refused) == ({"accepted": 1, "quarantined": 0}, (), None)
    case = session_of()
    assert (case.patient_id, case.clinician_id, case.location_id) == (
        people.patient.id,
        people.clinician.id,
        people.location.id,
    )
    assert (case.minutes, case.modality, case.service, case.note_format) == (53, "telehealth", "individual", "BIRP")
    assert (case.patient_state, case.status, case.transcript, case.source) == ("WA", N.RECEIVED, T.NONE, "sessions")
    assert case.started_at.isoformat() == row["started_at"]
    plan = therapy_store_sessions.plan(case.case_number, actor="test", where="test")
    assert plan == {"diagnoses": ["F41.1"], "dated": "2026-09-01", "goals": "less worry"}
    assert [event.action for event in rows(AuditEvent, case_number=case.case_number)] == [
        "case.opened",
        "session.transcript_received",
        "row.accepted",
    ]


def test_files_are_taken_out_of_the_drop_and_sealed() -> None:
    drop(People().row("K1"))
    received()
    assert (left_in_the_drop(), lie_open()) == ([], [])
    transcript = file_of(session_of())
    assert (transcript.kind, transcript.name, transcript.finished_at is not None) == ("transcript", "", True)
    assert received_files.content(transcript) == (TALK + "Therapist: That was K1.\n").encode()


def test_format_is_soap_where_the_sender_names_none() -> None:
    drop(People().row("K1", note_format=""))
    received()
    assert session_of().note_format == "SOAP"


def test_session_that_was_not_recorded_is_a_case_too() -> None:
    people = People()
    drop(people.row("K1", transcript_file=""), people.row("K2", days=3))
    [result] = received()
    assert result.counts["accepted"] == 2
    assert (session_of("K1").transcript_file_id, session_of("K2").transcript_file_id is not None) == (None, True)


def test_same_export_again_changes_nothing() -> None:
    people = People()
    drop(people.row("K1"))
    received()
    before = session_of()
    drop(people.row("K1"))
    [result] = received()
    assert (result.counts, result.findings) == ({"accepted": 1, "quarantined": 0}, ())
    assert session_of() == before
    assert (left_in_the_drop(), lie_open(), outcomes()) == ([], [], ["accepted"])
    assert len(rows(AuditEvent, action="row.accepted")) == 1


def test_same_session_in_another_export_is_a_duplicate() -> None:
    people = People()
    drop(people.row("K1"))
    received()
    drop(people.row("K1"), people.row("K2", days=3), index="later.csv")
    [result] = received()
    assert (result.counts["accepted"], result.counts["duplicate"], result.findings) == (1, 1, ())
    assert len(rows(SessionNote)) == 2
    assert left_in_the_drop() == []


def test_same_session_in_another_export_needs_no_transcript_again() -> None:
    people = People()
    drop(people.row("K1"))
    received()
    put("later.csv", index_of(people.row("K1"), people.row("K2", days=3, transcript_file="")))
    [result] = received()
    assert (result.counts["duplicate"], result.findings) == (1, ())


def test_export_of_a_location_lies_in_its_folder() -> None:
    here, there = People(), People(location=make_location())
    for people in (here, there):
        folder = settings().sessions_folder / people.location.id
        put("K.txt", TALK + people.location.id, folder)
        put("s.csv", index_of(people.row(people.patient.id, transcript_file="K.txt")), folder)
    [file_id] = sessions.collect.fn(there.location.id, settle_seconds=0)
    assert sessions.receive.fn(file_id).counts["accepted"] == 1
    assert [session.location_id for session in rows(SessionNote)] == [there.location.id]
    assert received()[0].counts["accepted"] == 1


@pytest.mark.parametrize("name", [".hidden.csv", "half.csv.part", "notes.txt"])
def test_what_is_no_index_is_left_in_the_drop(name: str) -> None:
    put(name, index_of(People().row("K1")))
    assert received() == []
    assert left_in_the_drop() == [name] and rows(IntakeFile) == []


def test_file_that_is_still_being_written_is_left_for_the_next_look() -> None:
    path = drop(People().row("K1", transcript_file=""))
    path.touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sessions.time, "sleep", lambda _: path.touch())
        assert sessions.collect.fn(settle_seconds=1.0) == []


def test_referral_intake_leaves_exports_and_transcripts_alone() -> None:
    drop(People().row("K1"))
    [file_id] = sessions.collect.fn(settle_seconds=0)
    assert intake.collect.fn(settle_seconds=0) == []
    with writing() as db:
        for file in db.exec(select(IntakeFile)).all():
            file.received_at = utc_now() - timedelta(hours=1)
            db.add(file)
    assert runs._unfinished_files(utc_now()) == []
    assert sessions.receive.fn(file_id).counts["accepted"] == 1


def test_index_that_has_gone_is_asked_for_again() -> None:
    path = drop(People().row("K1"))
    content = path.read_bytes()
    [file_id] = sessions.collect.fn(settle_seconds=0)
    path.unlink()
    result = sessions.receive.fn(file_id)
    assert result.refused is not None and "drop it again" in result.refused
    put("again.csv", content)
    assert received()[0].counts["accepted"] == 1


# -- what was corrected since


def test_row_whose_transcript_comes_later_is_received_when_the_same_index_is_dropped_again() -> None:
    people = People()
    index = index_of(people.row("K1"), people.row("K2", days=3))
    put("K2.txt", TALK)
    put("s.csv", index)
    assert received()[0].findings == ((2, "transcript_file", "no such file lies beside the index: drop both again"),)
    put("K1.txt", TALK + "Therapist: At last.\n")
    put("s.csv", index)
    [result] = received()
    assert (result.counts, result.findings) == ({"accepted": 2, "quarantined": 0}, ())
    assert open_faults() == []
    assert {fault.status for fault in rows(QuarantinedRow)} == {QuarantineStatus.REPLACED}
    assert sorted(outcomes()) == ["accepted", "accepted"]
    assert (left_in_the_drop(), lie_open()) == ([], [])


def test_row_that_still_lacks_its_transcript_is_told_once() -> None:
    people = People()
    index = index_of(people.row("K1"))
    for _ in range(2):
        put("s.csv", index)
        assert len(received()[0].findings) == 1
    assert open_faults() == [(2, "transcript_file")]


def test_index_that_was_dropped_into_the_intake_folder_first_is_received_from_its_own() -> None:
    people = People()
    index = index_of(people.row("K1"))
    transcript = TALK + "Therapist: Both went the wrong way.\n"
    for name, content in (("s.csv", index), ("K1.txt", transcript)):
        put(name, content, settings().intake_folder)
    for file_id in intake.collect.fn(settle_seconds=0):
        assert intake.receive.fn(file_id).refused
    put("K1.txt", transcript)
    put("s.csv", index)
    [result] = received()
    assert result.counts["accepted"] == 1
    assert received_files.content(file_of(session_of())) == transcript.encode()
    assert (left_in_the_drop(), lie_open()) == ([], [])


def test_corrected_row_replaces_its_fault() -> None:
    people = People()
    drop(people.row("K1", service="chat"))
    assert received()[0].counts == {"quarantined": 1}
    assert list(settings().to_fix_folder.iterdir())
    drop(people.row("K1"), index="corrected.csv")
    assert received()[0].counts["accepted"] == 1
    assert open_faults() == []


# -- another transcript


def returned(key: str = "K1") -> SessionNote:
    """The session once its clinician has returned the draft of its first transcript."""
    with writing() as db:
        case = one(db, SessionNote, session_of(key).case_number)
        case.status, case.transcript = N.CHECK_TRANSCRIPT, T.KEPT
        db.add(case)
    return session_of(key)


def test_returned_session_begins_again_with_another_transcript() -> None:
    people = People()
    drop(people.row("K1"))
    received()
    first = returned()
    drop(people.row("K1"), index="second.csv", K1=TALK + "Therapist: The right one.\n")
    [result] = received()
    assert result.counts == {"accepted": 1, "quarantined": 0}
    case = session_of()
    assert (case.status, case.wake_wanted, case.case_number) == (N.RECEIVED, True, first.case_number)
    assert case.transcript_file_id != first.transcript_file_id
    content = received_files.content(file_of(case))
    assert content is not None and b"The right one" in content


@pytest.mark.parametrize("state", [T.UNREADABLE, T.TOO_SHORT])
def test_transcript_that_could_not_be_used_may_be_sent_again_without_a_return(state: TranscriptState) -> None:
    people = People()
    drop(people.row("K1"))
    received()
    with writing() as db:
        case = one(db, SessionNote, session_of().case_number)
        case.status, case.transcript = N.NOTE_SIGNATURE, state
        db.add(case)
    drop(people.row("K1"), index="second.csv", K1=TALK + "Therapist: The right one.\n")
    assert received()[0].findings == ()
    assert session_of().status is N.RECEIVED


def test_returned_session_whose_other_transcript_is_missing_is_told_so() -> None:
    people = People()
    drop(people.row("K1"))
    received()
    returned()
    put("second.csv", index_of(people.row("K1")))
    [result] = received()
    assert [(field, reason) for _, field, reason in result.findings] == [
        ("transcript_file", "no such file lies beside the index: drop both again")
    ]
    assert session_of().status is N.CHECK_TRANSCRIPT


def test_session_closed_without_a_note_may_be_sent_under_another_number() -> None:
    people = People()
    drop(people.row("K1"))
    received()
    with writing() as db:
        case = one(db, SessionNote, session_of().case_number)
        case.status = N.NOTE_SIGNATURE
        db.add(case)
        db.flush()
        move_case(db, case, N.CLOSED_NO_NOTE, actor="test")
    drop(people.row("K1-again"), index="second.csv")
    assert received()[0].counts["accepted"] == 1


# -- counted


def test_counts_say_where_sessions_stand_and_wait_for_whom() -> None:
    one_place, other = make_location(), make_location()
    first = make_session(location=one_place, draft=DraftKind.DRAFTED, transcript=T.KEPT)
    make_session(location=one_place, draft=DraftKind.PLAIN_NO_CONSENT, transcript=T.NO_CONSENT)
    make_session(N.RECEIVED, location=other)
    found = sessions.counts(one_place.id)
    assert found.by_status == {"note signature": 2}
    assert found.by_draft == {"drafted": 1, "plain_no_consent": 1}
    assert found.by_transcript == {"kept": 1, "no_consent": 1}
    assert found.waiting_for[first.clinician_id] == 1 and len(found.waiting_for) == 2
    assert sessions.counts().by_status == {"note signature": 2, "received": 1}
    assert sessions.counts().by_draft["not yet"] == 1


def test_day_of_a_session_is_its_locations() -> None:
    place = make_location(time_zone="America/Los_Angeles")
    late = make_session(location=place, started_at=utc_now().replace(hour=6, minute=0, second=0, microsecond=0))
    day_there = (late.started_at - timedelta(hours=8)).date()
    assert sessions.waiting_numbers(list(N), day=day_there) == [late.case_number]
    assert sessions.waiting_numbers(list(N), day=late.started_at.date()) == []
    assert sessions.waiting_numbers(list(N), day=date(2020, 1, 1)) == []


def test_waiting_sessions_come_oldest_first_and_by_status() -> None:
    later = make_session(N.RECEIVED)
    earlier = make_session(N.RECEIVED, started_at=utc_now() - timedelta(days=9))
    make_session(N.READY_TO_DRAFT)
    assert sessions.waiting_numbers([N.RECEIVED]) == [earlier.case_number, later.case_number]
