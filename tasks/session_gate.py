"""The first steps of a session: may its transcript be read at all, does it read, what does it say about risk?"""

import hashlib
import logging
from collections.abc import Callable
from typing import Any

from sqlmodel import Session

from acts import pilot_reading
from acts.consent_papers import permission_for
from acts.risk_reading import read_risk, session_threshold
from adapters import operational_store as store
from adapters import received_files, therapy_store, therapy_store_sessions
from adapters.settings import settings
from adapters.speaker_labels import Speakers
from adapters.transcripts import TooShort, read_transcript
from language.note_values import Role, Turn
from language.risk_classifier import settings as reader_settings
from language.risk_values import RiskReading, SignalKind, SignalStatus
from language.session_risk import SessionReading, read_session
from models.codes import NoteStatus, RiskLevel, TranscriptState
from models.columns import new_id, utc_now
from models.errors import ContractBroken, Forgotten, MovedOn, OutsideUnavailable
from models.operational import IntakeFile, Patient, SessionNote, Staff
from models.transcript import Transcript
from rules import triage
from rules.jurisdiction import NotePermission
from tasks.cases import Case
from tasks.own_words import own_words
from tasks.paging import page_about_session
from tasks.steps import step

logger = logging.getLogger(__name__)

WHERE = "screen session"
RULES_VERSION = "session-rules-1"


def standing(case: Case, status: NoteStatus) -> tuple[SessionNote, NotePermission]:
    """The session as this leg holds it and what may be done with it; raises MovedOn when it no longer stands there."""
    with store.reading() as db:
        session = store.one(db, SessionNote, case.number)
        store.check_fence(session, case.fence)
        if session.status != status:
            raise MovedOn(f"case {case.number} has moved on")
        return session, permission_for(db, session)


def move(db: Session, case: Case, session: SessionNote, to: NoteStatus, **details: Any) -> SessionNote:
    """Move the session on in the caller's transaction, if it still stands where this leg read it."""
    present = store.one(db, SessionNote, case.number)
    store.check_fence(present, case.fence)
    if present.version != session.version:
        raise MovedOn(f"case {case.number} has moved on")
    store.move_case(db, present, to, actor="system", fence=case.fence, **details)
    return present


# -- may it be read, and does it read?


@step("read the transcript")
def take_in(case: Case) -> str:
    """Ask the gate, then read the transcript; returns what became of it.

    Without consent to recording nothing of it is opened, and what was read before the consent was taken back is
    overwritten; what the clinician wrote herself goes on into the next proposal.
    """
    session, permission = standing(case, NoteStatus.RECEIVED)
    state, reason = TranscriptState.NONE, ""
    if not permission.transcript_may_be_kept:
        state = TranscriptState.NO_CONSENT if session.transcript_file_id else TranscriptState.NONE
        reason = "; ".join(permission.reasons)
        own = own_words(case.number)
        left = {own.approval_id: own.sentences} if own is not None else {}
        therapy_store_sessions.purge(case.number, "system", transcript_too=True, left=left)
    elif session.transcript_file_id:
        state, reason = _read_and_keep(session)
    to = NoteStatus.READY_TO_SCREEN if state == TranscriptState.KEPT else NoteStatus.READY_TO_DRAFT
    with store.writing() as db:
        present = move(db, case, session, to, transcript=state.value)
        present.transcript, present.transcript_reason = state, reason
        db.add(present)
        store.audit(
            db,
            "system",
            "session.gate",
            present,
            case.number,
            transcript=state.value,
            kept=permission.transcript_may_be_kept,
            ai=permission.ai_may_draft,
            classifier=permission.classifier_may_read,
        )
    return state.value


def _read_and_keep(session: SessionNote) -> tuple[TranscriptState, str]:
    with store.reading() as db:
        file = store.one(db, IntakeFile, session.transcript_file_id or "")
        speakers = _speakers(db, session)
    if file.finished_at is None:
        raise OutsideUnavailable(
            f"the transcript of {session.case_number} is on its way: it is read once it lies sealed"
        )
    try:
        content = received_files.content(file, settings().largest_file + 1)
        if content is None:
            raise ContractBroken("the file has gone from the received folder: send it again", field="transcript_file")
        transcript = read_transcript(content, file.name or "transcript", speakers)
    except TooShort as refusal:
        return TranscriptState.TOO_SHORT, str(refusal)
    except Forgotten:
        return TranscriptState.PURGED, "this transcript was destroyed on request"
    except ContractBroken as refusal:
        return TranscriptState.UNREADABLE, _where(refusal)
    therapy_store_sessions.keep_transcript(session.case_number, plain_turns(transcript))
    return TranscriptState.KEPT, ""


def _where(refusal: ContractBroken) -> str:
    line = f"line {refusal.row}: " if refusal.row else ""
    return f"{line}{refusal}"


def _speakers(db: Session, session: SessionNote) -> Speakers:
    patient = store.one(db, Patient, session.patient_id)
    clinician = store.one(db, Staff, session.clinician_id)
    return Speakers(patient=f"{patient.given_name} {patient.family_name}", clinician=clinician.name)


def plain_turns(transcript: Transcript) -> list[dict[str, Any]]:
    """The turns as they are stored."""
    return [
        {"speaker": t.speaker, "role": t.role.value, "text": t.text, "starts": t.starts, "ends": t.ends}
        for t in transcript.turns
    ]


def turns_of(plain: list[dict[str, Any]]) -> list[Turn]:
    """Stored turns as the drafter and the risk reader take them."""
    return [Turn(t["speaker"], Role(t["role"]), t["text"], t["starts"]) for t in plain]


# -- what it says about risk


@step("screen the session for risk")
def screen(case: Case, read: Callable[..., RiskReading] = read_risk) -> str:
    """Raise the flags of the session and tell its clinician at once; the draft comes after that, whatever it says.

    Returns the level, or ``none raised`` (which claims nothing). The same transcript is read anew each time, since a
    consent or the reader may have changed; what it says again is not raised twice.
    """
    session, permission = standing(case, NoteStatus.READY_TO_SCREEN)
    kept = therapy_store_sessions.transcript(case.number, actor="system", where=WHERE)
    flags: list[therapy_store.RiskFlag] = []
    if kept is not None:
        flags = _read_and_raise(session, kept, permission, read)
    levels = [RiskLevel(level) for level in therapy_store.open_levels(case.number)]
    level = max(levels, key=triage.RANK.__getitem__, default=None)
    with store.writing() as db:
        present = move(db, case, session, NoteStatus.READY_TO_DRAFT)
        present.risk_level = level
        if present.risk_seen_at is not None and therapy_store.raised_since(case.number, present.risk_seen_at):
            # another transcript, or a classifier that may read now: what was looked at before is not this
            present.risk_seen_at = present.risk_seen_by = present.risk_raised_at = None
        if level is not None and present.risk_raised_at is None:
            present.risk_raised_at = utc_now()
        db.add(present)
        store.audit(
            db,
            "system",
            "risk.screened",
            present,
            case.number,
            flags=len(flags),
            level=level.value if level else None,
            classifier_ran=permission.classifier_may_read,
        )
        if level in (RiskLevel.MODERATE, RiskLevel.HIGH) and present.risk_seen_at is None:
            page_about_session(db, present, now=utc_now())
    return level.value if level else "none raised"


def _read_and_raise(
    session: SessionNote,
    kept: therapy_store_sessions.KeptTranscript,
    permission: NotePermission,
    read: Callable[..., RiskReading],
) -> list[therapy_store.RiskFlag]:
    """Raise what counts of this session: what the reader in force says and, where a pilot has it, the new one."""
    number = session.case_number
    in_force = _flags(number, kept, permission, read=read, least=session_threshold)
    tried = pilot_reading.trial_of_session(session)
    if tried is None:
        therapy_store.raise_flags(number, in_force)
        return in_force
    new = tried.flags_by(
        lambda other, folder: _flags(
            number, kept, permission, read=other, least=reader_settings(folder).session_threshold
        )
    )
    counting = tried.counting(in_force, new)
    therapy_store.raise_flags(number, counting)
    how = "rules" if not permission.classifier_may_read else "all"
    tried.keep(number, [(f"transcript:{kept.edition}", how)], in_force, new)
    return counting


def _flags(
    case_number: str,
    kept: therapy_store_sessions.KeptTranscript,
    permission: NotePermission,
    *,
    read: Callable[..., RiskReading],
    least: Callable[[SignalKind], float],
) -> list[therapy_store.RiskFlag]:
    turns, rules_only = turns_of(kept.turns), not permission.classifier_may_read
    try:
        reading = read_session(turns, read, rules_only=rules_only, least=least)
    except Exception as failure:  # the safety path: a broken reader becomes a person's work, never silence
        logger.error("case %s: the risk reader failed (%s)", case_number, type(failure).__name__)
        broken = triage.flags_from_signals([], readable=False)[0]
        return [_record(case_number, kept, broken, "rule", "none", key="reader-failed")]
    flags = []
    if rules_only:
        off = triage.flag_where_classifier_is_off("; ".join(permission.reasons))
        flags.append(_record(case_number, kept, off, "rule", reading.version, key="classifier-off"))
    if not reading.readable:
        unread = triage.flags_from_signals([], readable=False)[0]
        flags.append(_record(case_number, kept, unread, "rule", reading.version, key="unreadable"))
    return flags + _from_signals(case_number, kept, reading)


def _from_signals(
    case_number: str, kept: therapy_store_sessions.KeptTranscript, reading: SessionReading
) -> list[therapy_store.RiskFlag]:
    flags = []
    for found in reading.signals:
        signal = found.signal
        for flag in triage.flags_from_signals([triage.Signal(signal.kind, signal.status)], readable=True):
            words = _short(kept.turns[found.turn]["text"])
            key = f"{found.turn}:{words}:{signal.rule_id}:{signal.kind}:{signal.start}:{signal.end}"
            record = _record(case_number, kept, flag, signal.raised_by, signal.version, key=key)
            record.rule_id, record.why, record.status = signal.rule_id, signal.why, signal.status
            record.probability, record.turn = signal.probability, found.turn
            record.starts, record.ends = signal.start, signal.end
            flags.append(record)
    return flags


def _short(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def _record(
    case_number: str,
    kept: therapy_store_sessions.KeptTranscript,
    flag: triage.Flag,
    raised_by: str,
    version: str,
    *,
    key: str,
) -> therapy_store.RiskFlag:
    return therapy_store.RiskFlag(
        id=new_id("FL"),
        case_number=case_number,
        unique_key=f"session:{kept.edition}:{key}",
        kind=flag.kind.value,
        status=SignalStatus.PRESENT.value,
        level=flag.level.value,
        raised_by=raised_by,
        rule_id=flag.rule_id,
        why=flag.reason,
        version=version,
        edition=kept.edition,
    )
