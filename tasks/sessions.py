"""Receiving session exports: contract, quarantine, one case for each session; the same export again changes nothing."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from acts.episodes import open_episode
from adapters import file_drop, received_files, therapy_store, therapy_store_sessions
from adapters import operational_store as store
from adapters.csv_table import rows_to_fix
from adapters.file_drop import DroppedFile
from adapters.session_csv import read_session_table, sessions_from_table
from adapters.settings import settings
from data_contracts.session_table import check_session_table
from models.codes import NoteStatus, QuarantineStatus, RowOutcome, TranscriptState
from models.columns import new_id, utc_now
from models.errors import ContractBroken
from models.operational import (
    Appointment,
    Clinician,
    IntakeFile,
    IntakeRow,
    Location,
    Patient,
    QuarantinedRow,
    Referral,
    SessionNote,
)
from models.referral_intake import Finding
from models.session_index import NoteFormatCode, SessionIn
from rules.session_codes import whole_minutes
from tasks.intake import KEPT_FOR_READING, SESSIONS, TRANSCRIPT
from tasks.quarantine import add_fault, content_id, key_of_file, refuse_file, replace_faults
from tasks.steps import step

logger = logging.getLogger(__name__)

EXPORT = SESSIONS
EVERYWHERE = "all"
INDEX_SUFFIX = ".csv"
APPOINTMENT_SLACK = timedelta(hours=2)
SAME_SESSION = timedelta(minutes=30)
AS_SENT_FIRST = ("location_id", "started_at", "ended_at", "modality", "service", "patient_state")
"""What a session that is on record may not say otherwise when it is sent again: the note and its code rest on it."""
_ONE_EXPORT_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class ExportResult:
    """What one export brought: counts by outcome, and every broken rule by row and field (never a value)."""

    file_id: str
    counts: dict[str, int]
    findings: tuple[tuple[int, str, str], ...]
    refused: str | None


@step("look into the sessions folder")
def collect(location: str = EVERYWHERE, settle_seconds: float = 1.0) -> list[str]:
    """Put the dropped exports on record; returns the ids of those still to be received.

    An index stays where it was dropped, beside its transcripts, until everything in it is safely kept.
    """
    folders = folders_of(location)
    if any(file_drop.changed_since(folder, time.time() - settle_seconds) for folder in folders):
        time.sleep(settle_seconds)
    received_files.put_away_finished()
    waiting = []
    for folder in folders:
        for dropped in file_drop.waiting_files(folder, settle_seconds):
            if dropped.path.suffix.lower() != INDEX_SUFFIX:
                continue
            with store.writing() as db:
                known = db.exec(select(IntakeFile).where(IntakeFile.digest == dropped.digest)).first()
                if known is None:
                    known = IntakeFile(
                        id=f"SF-{dropped.digest[:16]}", digest=dropped.digest, kind=EXPORT, name=dropped.name
                    )
                    db.add(known)
                    store.audit(db, "system", "file.received", known, kind=EXPORT, bytes=dropped.size)
                elif known.finished_at is not None:
                    again = _is_worth_another_look(known)
                    if again:
                        known.kind, known.name, known.refused_reason = EXPORT, dropped.name, None
                        known.finished_at = None
                        db.add(known)
                    store.audit(db, "system", "file.received_again", known, read_again=again)
            if known.finished_at is None:
                waiting.append(known.id)
            else:
                _put_away_index(known, dropped)
    return sorted(set(waiting))


def _is_worth_another_look(known: IntakeFile) -> bool:
    """Whether the same index, dropped again, may bring more: a file that was missing or another transcript lies beside
    it now, a patient is on record now, or it was first dropped into another folder."""
    return known.kind != EXPORT or known.refused_reason is None


def folders_of(location: str) -> list[Path]:
    """The folders that exports for a location, or for all of them, are dropped into."""
    root = settings().sessions_folder
    with store.reading() as db:
        places = db.exec(select(Location.id).order_by(Location.id)).all()
    chosen = [root / place for place in places if location in (EVERYWHERE, place)]
    return [folder for folder in ([root, *chosen] if location == EVERYWHERE else chosen) if folder.is_dir()]


@step("receive session export")
def receive(file_id: str) -> ExportResult:
    """Check an export against its contract, quarantine what breaks it, open a case for every other session.

    Safe to run again after a crash: a session that is on record is not opened twice.
    """
    with _ONE_EXPORT_AT_A_TIME:
        with store.reading() as db:
            file = store.one(db, IntakeFile, file_id)
            locations = set(db.exec(select(Location.id)).all())
        if file.finished_at is not None:
            return summary(file_id)
        index = _index_of(file)
        if index is None:
            return ExportResult(file_id, {}, (), "the index has gone from the sessions folder: drop it again")
        data = index.path.read_bytes()
        try:
            sessions, broken = _read(file, data, locations)
        except ContractBroken as refusal:
            _refuse(file, data, refusal)
            _put_away_index(file, index)
            return summary(file_id)
        beside = {each.path.name: each for each in file_drop.waiting_files(index.path.parent, 0.0)}
        for session in sessions:
            findings = _accept(file, session, beside)
            if findings:
                broken.append((session.source_row, f"sessions:{session.session_key}", findings))
        _quarantine(file, data, broken)
        with store.writing() as db:
            file = store.one(db, IntakeFile, file_id)
            file.finished_at, file.rows = utc_now(), len(sessions)
            db.add(file)
            store.audit(db, "system", "file.finished", file, rows=file.rows, quarantined=len(broken))
        _put_away_index(file, index)
    return summary(file_id)


Broken = tuple[int, str, tuple[Finding, ...]]


def _index_of(file: IntakeFile) -> DroppedFile | None:
    for folder in folders_of(EVERYWHERE):
        for dropped in file_drop.waiting_files(folder, 0.0):
            if dropped.digest == file.digest and dropped.path.suffix.lower() == INDEX_SUFFIX:
                return dropped
    return None


def _put_away_index(file: IntakeFile, index: DroppedFile) -> None:
    file_drop.settle(index, settings().received_folder)
    received_files.put_away(file)


def _read(file: IntakeFile, data: bytes, locations: set[str]) -> tuple[list[SessionIn], list[Broken]]:
    if len(data) > settings().largest_file:
        raise ContractBroken(f"the file is larger than {settings().largest_file_mb} MB: split it and drop the parts")
    table = read_session_table(data)
    result = check_session_table(
        table, known_locations=locations, docs_dir=settings().contract_docs_folder, run_name=file.id
    )
    by_row: dict[int, list[Finding]] = {}
    for finding in result.findings:
        by_row.setdefault(finding.row, []).append(finding)
    records = cast(list[dict[str, Any]], table.to_dict("records"))
    keys = {int(record["row"]): f"sessions:{record['session_key']}" for record in records}
    broken = [(row, keys.get(row, key_of_file(file)), tuple(findings)) for row, findings in sorted(by_row.items())]
    return sessions_from_table(table, result.findings), broken


# -- one session


def _accept(file: IntakeFile, given: SessionIn, beside: Mapping[str, DroppedFile]) -> tuple[Finding, ...]:
    """Open the case of one session, or say why not; nothing of a session that is refused here is kept.

    A crash anywhere in between leaves a row that is not on record, and the next look goes on from there: the case
    names its transcript before that leaves the drop, and the transcript is finished once it lies sealed.
    """
    key = f"sessions:{given.session_key}"
    dropped = beside.get(given.transcript_file or "")
    with store.reading() as db:
        people = _people(db, given.patient_id)
        if len(people) == 1:
            given = replace(given, patient_id=people[0].id)
        known = db.exec(select(SessionNote).where(SessionNote.external_key == key)).first()
        waits_for_another = known is not None and _may_be_replaced(db, known)
        is_known = _row_of(db, file, given.source_row) is not None
        if is_known and dropped is None and not waits_for_another:
            return ()
        findings = (*_against(db, given, key, people, known), *_against_transcript(db, given, known, dropped))
    if findings:
        return findings
    with store.writing() as db:
        session = db.exec(select(SessionNote).where(SessionNote.external_key == key)).first() or _open(db, given, key)
        number = session.case_number
        if dropped is not None:
            _name_transcript(db, session, dropped)
    therapy_store_sessions.keep_plan(number, _plan_of(given))
    if dropped is not None:
        file_drop.settle(dropped, settings().received_folder)
    with store.reading() as db:
        named = store.one(db, SessionNote, number).transcript_file_id
        transcript = db.get(IntakeFile, named) if named else None
    if transcript is not None:
        received_files.put_away(transcript)
    with store.writing() as db:
        session = store.one(db, SessionNote, number)
        news = _finish_transcript(db, session)
        outcome = RowOutcome.ACCEPTED if news or not _received_before(db, number) else RowOutcome.DUPLICATE
        _record(db, file, given, key, outcome, number)
    return ()


def _name_transcript(db: Session, session: SessionNote, dropped: DroppedFile) -> None:
    """Put a transcript on record as the session's, before it leaves the drop."""
    file = _file_with(db, dropped.digest)
    if file is None:
        file = IntakeFile(id=_file_id(dropped.digest), digest=dropped.digest, kind=TRANSCRIPT)
        db.add(file)
        store.audit(db, "system", "file.received", file, kind=TRANSCRIPT, bytes=dropped.size)
    if session.transcript_file_id == file.id:
        return
    # it is the session's once it lies sealed: until then nothing reads it
    file.kind, file.name, file.finished_at = TRANSCRIPT, "", None
    db.add(file)
    db.flush()
    session.transcript_file_id = file.id
    db.add(session)
    store.audit(db, "system", "session.transcript_received", session, session.case_number, file=file.id)


def _finish_transcript(db: Session, session: SessionNote) -> bool:
    """The transcript lies sealed: the session begins with it; says whether that was news."""
    transcript = _unfinished_transcript(db, session)
    if transcript is None:
        return False
    transcript.finished_at = utc_now()
    db.add(transcript)
    store.audit(db, "system", "file.finished", transcript)
    if session.status not in (NoteStatus.RECEIVED, NoteStatus.CLOSED_NO_NOTE, NoteStatus.CLOSED_SIGNED):
        store.move_case(db, session, NoteStatus.RECEIVED, actor="system", why="transcript")
    return True


def _unfinished_transcript(db: Session, session: SessionNote) -> IntakeFile | None:
    file = db.get(IntakeFile, session.transcript_file_id) if session.transcript_file_id else None
    return file if file is not None and file.finished_at is None else None


def _file_with(db: Session, digest: str) -> IntakeFile | None:
    """The received file of this content, under whatever name and in whatever folder it came first."""
    return db.exec(select(IntakeFile).where(IntakeFile.digest == digest)).first()


def _received_before(db: Session, case_number: str) -> bool:
    return db.exec(select(IntakeRow.id).where(IntakeRow.case_number == case_number)).first() is not None


def _row_of(db: Session, file: IntakeFile, row: int) -> IntakeRow | None:
    return db.exec(select(IntakeRow).where(IntakeRow.file_id == file.id, IntakeRow.row == row)).first()


def _against(
    db: Session, given: SessionIn, key: str, people: Sequence[Patient], known: SessionNote | None
) -> tuple[Finding, ...]:
    """What the practice's own records say against this row, by field; ``people`` are whom its patient's id may mean."""
    found = []
    if not people:
        found.append(_finding(given, "patient_id", "known patient", "no patient of this practice has this id"))
    elif len(people) > 1:
        reason = "this number was used for several patients: name the patient by our own id"
        found.append(_finding(given, "patient_id", "known patient", reason))
    if db.get(Clinician, given.clinician_id) is None:
        found.append(_finding(given, "clinician_id", "known clinician", "no clinician of this practice has this id"))
    if given.appointment_id and (reason := _wrong_appointment(db, given)):
        found.append(_finding(given, "appointment_id", "the session's appointment", reason))
    if _overlapping(db, given, key):
        reason = "another session of this patient with this clinician is on record at that time: one of them is wrong"
        found.append(_finding(given, "started_at", "one session at a time", reason))
    if known is not None and (known.patient_id, known.clinician_id) != (given.patient_id, given.clinician_id):
        reason = "this number stands for a session of somebody else: give every session its own"
        found.append(_finding(given, "session_key", "one session per number", reason))
    elif known is not None:
        reason = "this session is on record otherwise; its clinician refuses that note, then send it under a new number"
        found += [
            _finding(given, name, "as it was sent first", reason)
            for name in AS_SENT_FIRST
            if getattr(known, name) != getattr(given, name)
        ]
    return tuple(found)


def _people(db: Session, given_id: str) -> list[Patient]:
    """The patients that an id may mean: ours, or the number of the referral they came with, as its sender wrote it."""
    own = db.get(Patient, given_id)
    if own is not None:
        return [] if own.forgotten_at is not None else [own]
    keys = [f"{source}:{given_id}" for source in ("csv", "fhir", "form")]
    referred = col(Referral.patient_id)
    query = select(Patient).join(Referral, col(Patient.id) == referred)
    query = query.where(col(Referral.external_key).in_(keys), col(Patient.forgotten_at).is_(None))
    return list({person.id: person for person in db.exec(query).all()}.values())


def _wrong_appointment(db: Session, given: SessionIn) -> str:
    appointment = db.get(Appointment, given.appointment_id)
    if appointment is None:
        return "there is no such appointment"
    if appointment.patient_id != given.patient_id:
        return "this appointment is another patient's: the transcript may be for the wrong appointment"
    if appointment.clinician_id != given.clinician_id:
        return "this appointment is with another clinician: the transcript may be for the wrong appointment"
    if abs(appointment.starts_at - given.started_at) > APPOINTMENT_SLACK:
        return "this appointment is at another time: the transcript may be for the wrong appointment"
    return ""


def _overlapping(db: Session, given: SessionIn, key: str) -> bool:
    """Whether another session of the same two people is on record at about the same time."""
    others = db.exec(
        select(SessionNote).where(
            SessionNote.patient_id == given.patient_id,
            SessionNote.clinician_id == given.clinician_id,
            SessionNote.external_key != key,
            SessionNote.status != NoteStatus.CLOSED_NO_NOTE,  # what was sent by mistake may be sent anew
            col(SessionNote.started_at) > given.started_at - SAME_SESSION,
            col(SessionNote.started_at) < given.started_at + SAME_SESSION,
        )
    ).all()
    return bool(others)


def _against_transcript(
    db: Session, given: SessionIn, known: SessionNote | None, dropped: DroppedFile | None
) -> tuple[Finding, ...]:
    """What stands against the transcript that this row names: it is not there, or it is another session's."""
    if not given.transcript_file:
        return ()
    waits_for_it = known is None or known.transcript_file_id is None or _may_be_replaced(db, known)
    if dropped is None:
        if not waits_for_it:
            return ()  # the same row again, without the file that was taken with it
        if known is not None and _unfinished_transcript(db, known) is not None and _lies_in_received(db, known):
            return ()  # a crash has left it on its way
        reason = "no such file lies beside the index: drop both again"
        return (_finding(given, "transcript_file", "in the drop", reason),)
    file = _file_with(db, dropped.digest)
    if known is not None and file is not None and known.transcript_file_id == file.id:
        return ()
    if not waits_for_it:
        reason = (
            "this session has another transcript already; its clinician returns the draft first, then send it again"
        )
        if known is not None and known.status.is_closed:
            reason = "this session is closed with the transcript it had: another session has a number of its own"
        return (_finding(given, "transcript_file", "one transcript per session", reason),)
    # an empty file is like every other empty file
    if file is not None and dropped.size and _has_session(db, file.id):
        reason = "this very transcript is another session's: one of the two is wrong"
        return (_finding(given, "transcript_file", "a transcript of its own", reason),)
    return ()


def _may_be_replaced(db: Session, known: SessionNote) -> bool:
    """Whether another transcript may take the place of this session's: its clinician returned the draft, it could not
    be read, or it never arrived."""
    if known.status.is_closed:
        return False
    unusable = known.transcript in (TranscriptState.UNREADABLE, TranscriptState.TOO_SHORT)
    return unusable or known.status == NoteStatus.CHECK_TRANSCRIPT or _unfinished_transcript(db, known) is not None


def _lies_in_received(db: Session, known: SessionNote) -> bool:
    return received_files.is_there(store.one(db, IntakeFile, known.transcript_file_id or ""))


def _has_session(db: Session, file_id: str) -> bool:
    return db.exec(select(SessionNote.case_number).where(SessionNote.transcript_file_id == file_id)).first() is not None


def _open(db: Session, given: SessionIn, key: str) -> SessionNote:
    session = SessionNote(
        case_number=store.new_session_number(db),
        external_key=key,
        patient_id=given.patient_id,
        clinician_id=given.clinician_id,
        location_id=given.location_id,
        appointment_id=given.appointment_id,
        source=EXPORT,
        received_at=utc_now(),
        started_at=given.started_at,
        ended_at=given.ended_at,
        minutes=whole_minutes(given.started_at, given.ended_at),
        modality=given.modality,
        service=given.service,
        patient_state=given.patient_state,
        note_format=given.note_format or NoteFormatCode.SOAP,
    )
    db.add(session)
    db.flush()
    store.audit(db, "system", "case.opened", session, session.case_number, source=EXPORT)
    _note_ongoing_care(db, session)
    return session


def _note_ongoing_care(db: Session, session: SessionNote) -> None:
    """A session was held, so there is care that goes on, also where it began before this practice had Countersign."""
    zone = ZoneInfo(store.one(db, Location, session.location_id).time_zone)
    open_episode(
        db,
        patient_id=session.patient_id,
        clinician_id=session.clinician_id,
        location_id=session.location_id,
        modality=session.modality,
        opened_by=session.case_number,
        started_on=session.started_at.astimezone(zone).date(),
        actor="system",
    )


def _plan_of(given: SessionIn) -> dict[str, Any]:
    return {
        "diagnoses": list(given.diagnoses),
        "dated": given.plan_dated.isoformat() if given.plan_dated else None,
        "goals": given.plan_goals,
    }


def _file_id(digest: str) -> str:
    return f"TF-{digest[:16]}"


def _record(db: Session, file: IntakeFile, given: SessionIn, key: str, outcome: RowOutcome, case_number: str) -> None:
    replace_faults(db, key)
    if _row_of(db, file, given.source_row) is not None:
        return
    row = IntakeRow(
        id=new_id("IR"),
        file_id=file.id,
        row=given.source_row,
        external_key=key,
        outcome=outcome,
        case_number=case_number,
    )
    db.add(row)
    store.audit(db, "system", f"row.{outcome.value}", row, case_number)


# -- what is refused


def _finding(given: SessionIn, field: str, rule: str, reason: str) -> Finding:
    return Finding(given.source_row, field, rule, reason)


def _quarantine(file: IntakeFile, data: bytes, broken: Sequence[Broken]) -> None:
    """Keep broken rows whole, list their faults, and leave a file to correct and drop again.

    Their transcripts stay in the drop, unread.
    """
    if not broken:
        return
    findings = [finding for _, _, its in broken for finding in its]
    to_fix = rows_to_fix(data, findings)
    for row, _, _ in broken:
        therapy_store.quarantine(content_id(file.id, row), {"row": _line_of(data, row)})
    with store.writing() as db:
        known = {
            (fault.row, fault.field, fault.rule)
            for fault in db.exec(
                select(QuarantinedRow).where(
                    QuarantinedRow.file_id == file.id, QuarantinedRow.status == QuarantineStatus.OPEN
                )
            ).all()
        }
        for row, key, its in broken:
            for finding in its:
                if (row, finding.field, finding.rule) not in known:
                    add_fault(db, file.id, key, finding)
    file_drop.write_fix_file(settings().to_fix_folder, file.name, to_fix)


def _line_of(data: bytes, row: int) -> str:
    """About the row's own line: a cell with a line break in it moves those after it, so its neighbours stand beside."""
    lines = data.decode("utf-8", errors="replace").replace("\x00", "\ufffd").splitlines()
    return "\n".join(lines[max(0, row - 2) : row + 1])


def _refuse(file: IntakeFile, data: bytes, refusal: ContractBroken) -> None:
    """An index that cannot be read at all waits in quarantine, whole; its transcripts stay in the drop, unread."""
    shown = data[:KEPT_FOR_READING].decode("utf-8", errors="replace").replace("\x00", "")
    therapy_store.quarantine(content_id(file.id, 0), {"file": shown})
    with store.writing() as db:
        refuse_file(db, file.id, refusal)


def summary(file_id: str) -> ExportResult:
    """What an export brought, as it stands on record."""
    with store.reading() as db:
        file = store.one(db, IntakeFile, file_id)
        outcomes = db.exec(select(IntakeRow.outcome).where(IntakeRow.file_id == file_id)).all()
        faults = db.exec(
            select(QuarantinedRow).where(
                QuarantinedRow.file_id == file_id, QuarantinedRow.status != QuarantineStatus.REPLACED
            )
        ).all()
    counts = Counter(str(outcome) for outcome in outcomes)
    counts[RowOutcome.QUARANTINED.value] = len({fault.row for fault in faults})
    return ExportResult(
        file_id,
        dict(counts),
        tuple(sorted((fault.row, fault.field, fault.reason) for fault in faults)),
        file.refused_reason,
    )


@dataclass(frozen=True)
class SessionCounts:
    """How many sessions stand where, were drafted or got a plain template and why, and wait for whom."""

    by_status: dict[str, int]
    by_draft: dict[str, int]
    by_transcript: dict[str, int]
    waiting_for: dict[str, int]


def counts(location: str = EVERYWHERE, day: date | None = None) -> SessionCounts:
    """The sessions of a location and day (all where none is named) in counts; staff by their ids."""
    numbers = waiting_numbers(list(NoteStatus), location, day)
    with store.reading() as db:
        found = db.exec(select(SessionNote).where(col(SessionNote.case_number).in_(numbers))).all()
    return SessionCounts(
        dict(Counter(session.status.label for session in found)),
        dict(Counter(session.draft.value if session.draft else "not yet" for session in found)),
        dict(Counter(session.transcript.value for session in found)),
        dict(Counter(session.clinician_id for session in found if session.status == NoteStatus.NOTE_SIGNATURE)),
    )


def waiting_numbers(statuses: Sequence[NoteStatus], location: str = EVERYWHERE, day: date | None = None) -> list[str]:
    """The sessions that stand in one of these statuses, oldest first; ``day`` is their date at the location."""
    query = select(SessionNote, Location).where(
        col(SessionNote.status).in_(statuses), col(Location.id) == col(SessionNote.location_id)
    )
    if location != EVERYWHERE:
        query = query.where(SessionNote.location_id == location)
    with store.reading() as db:
        found = db.exec(query.order_by(col(SessionNote.started_at), col(SessionNote.case_number))).all()
    return [
        session.case_number
        for session, place in found
        if day is None or session.started_at.astimezone(ZoneInfo(place.time_zone)).date() == day
    ]
