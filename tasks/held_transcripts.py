"""Transcripts that were never read, because nobody agreed to the recording, do not lie here for ever."""

from datetime import datetime, timedelta

from sqlmodel import col, select

from adapters import operational_store as store
from adapters import therapy_store_keys
from models.codes import TranscriptState
from models.columns import utc_now
from models.operational import SessionNote
from tasks.steps import step

HELD = timedelta(days=30)
"""After a session's note is closed; until then the paper may still be found and put on record."""


@step("destroy transcripts nobody agreed to")
def destroy_held(now: datetime | None = None) -> int:
    """Destroy the keys of transcripts held unread long after their session was closed; returns how many."""
    before = (now or utc_now()) - HELD
    with store.reading() as db:
        held = db.exec(
            select(SessionNote).where(
                SessionNote.transcript == TranscriptState.NO_CONSENT,
                col(SessionNote.transcript_file_id).is_not(None),
                col(SessionNote.closed_at) < before,
            )
        ).all()
    for session in held:
        # the key first: cut off in between, the next night finds the session again and the key gone
        therapy_store_keys.destroy_keys([session.transcript_file_id or ""], "system", "held transcripts")
        with store.writing() as db:
            present = store.one(db, SessionNote, session.case_number)
            present.transcript = TranscriptState.PURGED
            db.add(present)
            store.audit(db, "system", "transcript.destroyed", present, present.case_number, why="no consent")
    return len(held)
