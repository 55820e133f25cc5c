"""The therapy records of a session: sealed, replaced by edition, purged, read under the patient's key alone."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import select

from adapters import therapy_store, therapy_store_keys, therapy_store_private, therapy_store_sessions
from adapters.settings import settings
from models.errors import Forgotten, MovedOn, SealBroken
from models.purposes import NoPurpose
from models.therapy import ContentKey, PrivateNote
from models.therapy_text import TherapyText
from tests.databases import written_in
from tests.factories import make_patient, make_session
from tests.notes import note_content

MARKS = ("zibbertrance", "krindlespat", "vexibarn", "wumblefort", "snorfelkind", "moltquiver")


def turn(text: str) -> dict[str, Any]:
    return {"speaker": "P", "role": "patient", "text": text, "starts": None, "ends": None}


@pytest.fixture
def number(home) -> str:
    return make_session().case_number


READS: dict[str, Callable[[str, str], Any]] = {
    "transcript": lambda case, where: therapy_store_sessions.transcript(case, actor="ST-7", where=where),
    "plan": lambda case, where: therapy_store_sessions.plan(case, actor="ST-7", where=where),
    "draft": lambda case, where: therapy_store_sessions.newest_draft(case, actor="ST-7", where=where),
    "copy": lambda case, where: therapy_store_sessions.working_copy(f"AP-{case}", actor="ST-7", where=where),
    "addenda": lambda case, where: therapy_store_sessions.addenda(case, actor="ST-7", where=where),
    "private": lambda case, where: therapy_store_private.own("ST-7", case, where=where),
}


def everything(case: str) -> None:
    """One of each record, each with a mark of its own."""
    therapy_store_sessions.keep_transcript(case, [turn("zibbertrance")])
    therapy_store_sessions.keep_plan(case, {"goals": "krindlespat"})
    therapy_store_sessions.keep_draft(case, 0, note_content(sentences=["vexibarn"]))
    therapy_store_sessions.keep_working_copy(f"AP-{case}", case, {"x": "wumblefort"}, seen_edition=0, actor="ST-7")
    therapy_store_sessions.keep_addendum("AD-1", case, TherapyText("snorfelkind"), "ST-7")
    therapy_store_private.keep("ST-7", "PT-1", case, TherapyText("moltquiver"))


def test_nothing_of_a_session_lies_open(number: str, home) -> None:
    everything(number)
    stored = written_in(home, "therapy")
    assert [mark for mark in MARKS if mark in stored] == []
    assert "zibbertrance" in str(READS["transcript"](number, "test").turns)
    assert READS["private"](number, "test") == TherapyText("moltquiver")


@pytest.mark.parametrize("what", READS)
def test_read_is_on_record_with_who_where_and_why_or_gives_nothing(number: str, what: str) -> None:
    everything(number)
    before = len(reads())
    with pytest.raises(NoPurpose):
        READS[what](number, "nowhere in particular")
    assert len(reads()) == before
    assert READS[what](number, "test")
    event = reads()[-1]
    assert (event.actor, event.where, event.purpose) == ("ST-7", "test", "HCOMPL")


def reads() -> list[Any]:
    with therapy_store.writing() as db:
        event = therapy_store.TherapyAuditEvent
        return list(db.exec(select(event).where(event.action == therapy_store.READ).order_by(event.id)).all())


GIVES_NOTHING_OUT = {
    *("keep_transcript", "keep_plan", "keep_draft", "keep_working_copy", "purge"),
    *("keep_addendum", "keep", "keys_of_patients"),
}


def test_every_other_function_of_this_door_says_where_it_is_read() -> None:
    silent = {
        name
        for module in (therapy_store_sessions, therapy_store_private)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and "where" not in inspect.signature(function).parameters
    }
    assert silent == GIVES_NOTHING_OUT


def test_what_was_never_kept_is_nothing(number: str) -> None:
    assert [READS[what](number, "test") for what in ("transcript", "draft", "copy", "private")] == [None] * 4
    assert (READS["plan"](number, "test"), READS["addenda"](number, "test")) == ({}, {})


# -- transcripts, plans, drafts, working copies


def test_same_transcript_again_is_the_same_edition_another_is_the_next(number: str) -> None:
    assert therapy_store_sessions.keep_transcript(number, [turn("one")]) == 1
    assert therapy_store_sessions.keep_transcript(number, [turn("one")]) == 1
    assert therapy_store_sessions.keep_transcript(number, [turn("two")]) == 2
    kept = READS["transcript"](number, "test")
    assert (kept.edition, kept.turns) == (2, [turn("two")])


def test_transcripts_of_many_are_read_at_once_each_on_record(home) -> None:
    numbers = [make_session().case_number for _ in range(3)]
    for case in numbers[:2]:
        therapy_store_sessions.keep_transcript(case, [turn(case)])
    found = therapy_store_sessions.transcripts(numbers, actor="system", where="test")
    assert {case: kept.turns[0]["text"] for case, kept in found.items()} == {case: case for case in numbers[:2]}
    assert sorted(event.case_number for event in reads()) == sorted(numbers[:2])


def test_plan_is_the_one_that_was_sent_last(number: str) -> None:
    for goals in ("sleep", "sleep", "work"):
        therapy_store_sessions.keep_plan(number, {"goals": goals})
    assert READS["plan"](number, "test") == {"goals": "work"}


def test_first_draft_of_a_visit_stays_and_the_latest_visit_counts(number: str) -> None:
    for round, words in ((3, "first"), (3, "second"), (5, "third"), (4, "fourth")):
        therapy_store_sessions.keep_draft(number, round, {"words": words})
    assert READS["draft"](number, "test") == {"words": "third"}


def test_working_copy_is_changed_from_what_was_seen_alone(number: str) -> None:
    def keep(words: str, seen: int) -> int:
        return therapy_store_sessions.keep_working_copy(
            f"AP-{number}", number, {"words": words}, seen_edition=seen, actor="ST-7"
        )

    assert [keep("one", 0), keep("two", 1)] == [1, 2]
    for seen in (0, 1, 3):
        with pytest.raises(MovedOn):
            keep("stale", seen)
    copy = READS["copy"](number, "test")
    assert (copy.edition, copy.changed_by, copy.fields) == (2, "ST-7", {"words": "two"})


def test_content_is_shown_by_no_repr(number: str) -> None:
    everything(number)
    shown = [repr(READS[what](number, "test")) for what in ("transcript", "copy", "addenda", "private")]
    assert not [mark for mark in MARKS if mark in "".join(shown)]


# -- what somebody who can write to the database cannot do


def swap(table: str, key: str, field: str, one: str, other: str) -> None:
    """Exchange the stored forms of two records, as somebody with access to the database file could."""
    with therapy_store.writing() as db:
        forms = dict(db.connection().execute(sa.text(f"SELECT {key}, {field} FROM {table}")).all())
        for here, there in ((one, other), (other, one)):
            change = sa.text(f"UPDATE {table} SET {field} = :form WHERE {key} = :key")
            db.connection().execute(change, {"form": forms[there], "key": here})
        therapy_store.audit(db, "test", "swapped", table, one, None)


@pytest.mark.parametrize(
    ("table", "key", "field", "what"),
    [
        ("session_transcript", "case_number", "turns", "transcript"),
        ("session_facts", "case_number", "plan", "plan"),
        ("note_working_copy", "approval_id", "content", "copy"),
    ],
)
def test_content_that_was_swapped_between_two_sessions_is_refused(
    home, table: str, key: str, field: str, what: str
) -> None:
    patient = make_patient()  # the same key seals both
    one, other = (make_session(patient=patient).case_number for _ in range(2))
    for case in (one, other):
        therapy_store_sessions.keep_transcript(case, [turn(case)])
        therapy_store_sessions.keep_plan(case, {"goals": case})
        therapy_store_sessions.keep_working_copy(f"AP-{case}", case, {"x": case}, seen_edition=0, actor="ST-7")
    prefix = "AP-" if key == "approval_id" else ""
    swap(table, key, field, prefix + one, prefix + other)
    with pytest.raises(SealBroken):
        READS[what](one, "test")


def test_older_transcript_put_back_is_refused(number: str) -> None:
    def stored(change: str = "", **given: Any) -> str:
        with therapy_store.writing() as db:
            if change:
                db.connection().execute(sa.text(change), given)
            therapy_store.audit(db, "test", "put_back", "session_transcript", number, None)
            return str(db.connection().execute(sa.text("SELECT turns FROM session_transcript")).scalar_one())

    therapy_store_sessions.keep_transcript(number, [turn("older")])
    older = stored()
    therapy_store_sessions.keep_transcript(number, [turn("newer")])
    stored("UPDATE session_transcript SET turns = :form", form=older)
    with pytest.raises(SealBroken, match="an older one"):
        READS["transcript"](number, "test")


# -- keys


def test_session_is_sealed_with_the_key_of_its_patient(home) -> None:
    patient, other = make_patient(), make_patient()
    mine, second, theirs = (make_session(patient=each).case_number for each in (patient, patient, other))
    for case in (mine, second, theirs):
        therapy_store_sessions.keep_transcript(case, [turn("words")])
    assert therapy_store_keys.cases_under_keys_of([patient.id]) == sorted([mine, second])
    therapy_store_keys.destroy_keys([patient.id], "test", "test")
    for case in (mine, second):
        with pytest.raises(Forgotten):
            READS["transcript"](case, "test")
    assert READS["transcript"](theirs, "test").turns == [turn("words")]


def test_private_note_has_a_key_of_its_own(home) -> None:
    patient = make_patient()
    case = make_session(patient=patient).case_number
    therapy_store_sessions.keep_transcript(case, [turn("words")])
    therapy_store_private.keep("ST-7", patient.id, case, TherapyText("my own thoughts"))
    [note_id] = therapy_store_private.keys_of_patients([patient.id])
    with therapy_store.reading() as db:
        owners = {key.owner_id for key in db.exec(select(ContentKey)).all()}
    assert owners == {patient.id, note_id}
    therapy_store_keys.destroy_keys([patient.id], "test", "test")
    assert READS["private"](case, "test") == TherapyText("my own thoughts")
    therapy_store_keys.destroy_keys([note_id], "test", "test")
    with pytest.raises(Forgotten):
        READS["private"](case, "test")


def test_private_note_is_its_authors_alone(number: str) -> None:
    therapy_store_private.keep("ST-7", "PT-1", number, TherapyText("mine"))
    therapy_store_private.keep("ST-8", "PT-1", number, TherapyText("theirs"))
    assert therapy_store_private.own("ST-7", number, where="test") == TherapyText("mine")
    assert therapy_store_private.own("ST-8", number, where="test") == TherapyText("theirs")
    assert therapy_store_private.own("ST-9", number, where="test") is None


def test_private_note_written_again_is_one_note(number: str) -> None:
    for words in ("first", "second"):
        therapy_store_private.keep("ST-7", "PT-1", number, TherapyText(words))
    assert therapy_store_private.own("ST-7", number, where="test") == TherapyText("second")
    with therapy_store.reading() as db:
        [note] = db.exec(select(PrivateNote)).all()
    assert note.changed_at is not None and note.changed_at >= note.at


def test_private_note_is_no_content_of_the_case(number: str) -> None:
    therapy_store_private.keep("ST-7", "PT-1", number, TherapyText("mine"))
    assert PrivateNote not in therapy_store.CASE_CONTENT and PrivateNote in therapy_store.ALL_CONTENT
    with therapy_store.writing() as db:
        event = therapy_store.TherapyAuditEvent
        events = db.exec(select(event).where(event.subject_kind == "private_note")).all()
    assert {each.case_number for each in events} <= {None, ""}


def test_rotated_master_key_opens_everything(number: str) -> None:
    everything(number)
    therapy_store_keys.rotate_master_key("test", drop_old=True)
    assert all(READS[what](number, "test") for what in READS)


# -- purged


def test_purge_blanks_what_was_drafted_and_leaves_what_was_not(number: str) -> None:
    everything(number)
    therapy_store.keep_sign_off_content(f"AP-{number}", number, therapy_store.as_text(note_content()))
    assert therapy_store_sessions.purge(number, "ST-1", transcript_too=False) == 3
    assert (READS["draft"](number, "test"), READS["copy"](number, "test")) == (None, None)
    assert READS["transcript"](number, "test").turns == [turn("zibbertrance")]
    assert READS["plan"](number, "test") == {"goals": "krindlespat"}
    assert READS["private"](number, "test") == TherapyText("moltquiver")
    assert therapy_store_sessions.purge(number, "ST-1", transcript_too=True) == 1
    assert READS["transcript"](number, "test") is None
    assert therapy_store_sessions.purge(number, "ST-1", transcript_too=True) == 0


def test_purge_of_one_session_touches_no_other(home) -> None:
    patient = make_patient()
    one, other = (make_session(patient=patient).case_number for _ in range(2))
    for case in (one, other):
        therapy_store_sessions.keep_draft(case, 0, note_content(case=case))
    therapy_store_sessions.purge(one, "ST-1", transcript_too=True)
    assert READS["draft"](other, "test") == note_content(case=other)


def test_transcript_that_comes_after_a_purge_is_a_new_edition(number: str) -> None:
    therapy_store_sessions.keep_transcript(number, [turn("one")])
    therapy_store_sessions.purge(number, "ST-1", transcript_too=True)
    assert therapy_store_sessions.keep_transcript(number, [turn("one")]) == 2
    assert READS["transcript"](number, "test").turns == [turn("one")]


@pytest.mark.sqlite_only("PostgreSQL keeps old rows until it vacuums; that is its operator's to end")
def test_destroyed_key_leaves_no_old_page(number: str, home) -> None:
    everything(number)
    assert settings().home == home
    with therapy_store.reading() as db:
        wrapped = [key.wrapped for key in db.exec(select(ContentKey)).all()]
    owners = [*therapy_store_private.keys_of_patients(["PT-1"])]
    therapy_store_keys.destroy_keys(owners, "test", "test")
    assert sum(each in written_in(home, "therapy") for each in wrapped) == len(wrapped) - 1
