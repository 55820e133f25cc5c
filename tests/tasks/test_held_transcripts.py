"""Is a transcript that nobody agreed to destroyed in the end, and no other?"""

from datetime import timedelta
from pathlib import Path

import pytest

from adapters import therapy_store
from adapters.operational_store import one, reading, writing
from models.codes import NoteStatus, TranscriptState
from models.columns import utc_now
from models.errors import Forgotten
from models.operational import IntakeFile, SessionNote
from tasks.held_transcripts import HELD, destroy_held
from tests.factories import make_session


def _held(file_id: str, **given: object) -> str:
    with writing() as db:
        db.add(IntakeFile(id=file_id, digest=file_id, kind="transcript", finished_at=utc_now()))
    therapy_store.key_of_owner(file_id)
    closed_at = utc_now() - HELD - timedelta(hours=1)
    facts = {
        "status": NoteStatus.CLOSED_SIGNED,
        "transcript": TranscriptState.NO_CONSENT,
        "closed_at": closed_at,
        "transcript_file_id": file_id,
    }
    return make_session(**(facts | given)).case_number


def _state(number: str) -> TranscriptState:
    with reading() as db:
        return one(db, SessionNote, number).transcript


def test_transcript_nobody_agreed_to_is_destroyed_after_its_time(home: Path):
    number = _held("TF-1")
    assert destroy_held.fn() == 1
    assert _state(number) == TranscriptState.PURGED
    with pytest.raises(Forgotten):
        therapy_store.key_of_owner("TF-1")
    assert destroy_held.fn() == 0


@pytest.mark.parametrize(
    "given",
    [
        {"closed_at": utc_now() - HELD + timedelta(hours=1)},
        {"closed_at": None, "status": NoteStatus.NOTE_SIGNATURE},
        {"transcript": TranscriptState.KEPT},
        {"transcript": TranscriptState.UNREADABLE},
    ],
    ids=["closed lately", "still open", "read with consent", "unreadable"],
)
def test_transcript_that_may_still_be_needed_stays(home: Path, given: dict[str, object]):
    number = _held("TF-2", **given)
    assert destroy_held.fn() == 0
    assert _state(number) != TranscriptState.PURGED
    therapy_store.key_of_owner("TF-2")
