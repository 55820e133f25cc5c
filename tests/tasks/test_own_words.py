"""What a clinician wrote herself goes on into the next proposal when a consent is changed, and nothing else does."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from acts import consent_papers, note_editing
from acts.note_editing import NoteOnScreen
from adapters import therapy_store, therapy_store_sessions
from adapters.operational_store import one, reading, writing
from models.codes import ApprovalStatus, NoteStatus
from models.columns import utc_now
from models.note_codes import ConsentKind, ConsentPurpose
from models.operational import Approval, SessionNote
from models.therapy import NoteWorkingCopy
from rules.note_editing import Change, add, edit
from tasks import cases, own_words, session_drafts, session_gate, sign_offs
from tests.factories import make_patient, make_staff
from tests.tasks.test_session_drafts import drafter, ready

__all__ = ["drafter"]

pytestmark = [pytest.mark.usefixtures("home"), pytest.mark.usefixtures("drafter")]

K = ConsentKind
OWN = "Meets again in a week."
QUOTES = "Said: I sleep about five hours."
EDITED = "Reports sleeping less than last month."


def opened(session: SessionNote) -> Approval:
    approval_id = sign_offs.open_sign_off.fn(cases.take(session.case_number), NoteStatus.NOTE_SIGNATURE)
    with reading() as db:
        return one(db, Approval, approval_id)


def drafted_and_opened(session: SessionNote) -> Approval:
    session_drafts.draft.fn([cases.take(session.case_number)])
    return opened(session)


def again(session: SessionNote) -> Approval:
    """The session once more from its gate to the sign-off."""
    session_gate.take_in.fn(cases.take(session.case_number))
    with reading() as db:
        waits = one(db, SessionNote, session.case_number).status
    if waits is NoteStatus.READY_TO_SCREEN:
        session_gate.screen.fn(cases.take(session.case_number), lambda *_, **__: 1 / 0)
    return drafted_and_opened(session)


def written(approval: Approval, *changes: Change) -> None:
    for edition, what in enumerate(changes):
        who = str(approval.assigned_to)
        note_editing.change(approval.id, what, seen_edition=edition, staff_id=who, where="test")


def page(approval: Approval) -> NoteOnScreen:
    return note_editing.on_screen(approval.id, actor="test", where="test")


def texts(approval: Approval) -> list[str]:
    return [plain["text"] for plain in page(approval).note["sentences"]]


def copies() -> list[str]:
    """Everything that is kept of what was ever changed."""
    with therapy_store.reading() as db:
        found = therapy_store.opened(db, db.exec(select(NoteWorkingCopy)).all())
        return [copy.content.unwrap() for copy in found]


CHANGES = (add("Plan", OWN, "S-own"), add("Plan", QUOTES, "S-quote"), edit("S1", EDITED))


@pytest.fixture
def session() -> SessionNote:
    made = ready()
    written(drafted_and_opened(made), *CHANGES)
    return made


def revoke(session: SessionNote, kind: ConsentKind) -> None:
    consent_papers.revoke(session.patient_id, kind, make_staff().id)


@pytest.mark.parametrize("kind", [K.RECORDING_AND_TRANSCRIPTION, K.AI_NOTE_DRAFTING])
def test_own_sentences_stand_in_the_empty_template_and_nothing_of_the_draft_does(
    session: SessionNote, kind: ConsentKind
) -> None:
    revoke(session, kind)
    approval = again(session)
    assert texts(approval) == [OWN] and page(approval).carried_over
    assert page(approval).note["draft"].startswith("plain_")
    [own] = page(approval).note["sentences"]
    assert (own["id"], own["section"], own["origin"], own["sources"]) == ("S-own", "Plan", "added", [])


def test_nothing_of_the_transcript_is_left_where_it_may_not_be_kept(session: SessionNote) -> None:
    revoke(session, K.RECORDING_AND_TRANSCRIPTION)
    again(session)
    kept = copies()
    assert sum(OWN in each for each in kept) == 2
    assert [each for each in kept if QUOTES in each or EDITED in each or "five hours" in each] == []


def test_message_ends_with_the_first_change(session: SessionNote) -> None:
    revoke(session, K.AI_NOTE_DRAFTING)
    approval = again(session)
    who, more = str(approval.assigned_to), add("Plan", "And rests.", "S-more")
    note_editing.change(approval.id, more, seen_edition=1, staff_id=who, where="test")
    assert texts(approval) == [OWN, "And rests."] and not page(approval).carried_over


def test_leg_that_died_in_between_carries_them_over_once(session: SessionNote, monkeypatch: pytest.MonkeyPatch) -> None:
    revoke(session, K.RECORDING_AND_TRANSCRIPTION)
    with monkeypatch.context() as patch:
        patch.setattr(session_gate, "move", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            session_gate.take_in.fn(cases.take(session.case_number))
    with monkeypatch.context() as patch:
        patch.setattr(sign_offs, "_save", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            again(session)
    assert texts(opened(session)) == [OWN]


def test_second_consent_that_is_taken_back_keeps_them_too(session: SessionNote) -> None:
    revoke(session, K.AI_NOTE_DRAFTING)
    again(session)
    revoke(session, K.RECORDING_AND_TRANSCRIPTION)
    assert texts(again(session)) == [OWN]


def test_consent_that_is_found_puts_the_draft_before_them() -> None:
    patient = make_patient()
    session = ready(ConsentPurpose.TRANSCRIBE_FOR_THE_RECORD, patient=patient)
    written(drafted_and_opened(session), add("Plan", OWN, "S-own"))
    consent_papers.record(
        patient.id,
        ConsentPurpose.DRAFT_NOTE_FOR_REVIEW,
        given_on=utc_now().date() - timedelta(days=30),
        document_id="D-1",
        staff_id=make_staff().id,
    )
    with writing() as db:  # its transcript is kept, as the gate leaves it
        row = one(db, SessionNote, session.case_number)
        row.status = NoteStatus.READY_TO_DRAFT
        db.add(row)
    assert texts(drafted_and_opened(session)) == ["Reports sleeping five hours.", "Plan: write down the worries.", OWN]


@pytest.mark.parametrize("changes", [(), (edit("S1", EDITED),), (add("Plan", QUOTES, "S-quote"),)])
def test_where_nothing_is_her_own_nothing_is_carried_over(changes: tuple[Change, ...]) -> None:
    session = ready()
    written(drafted_and_opened(session), *changes)
    revoke(session, K.AI_NOTE_DRAFTING)
    approval = again(session)
    assert texts(approval) == [] and not page(approval).carried_over
    assert therapy_store_sessions.working_copy(approval.id, actor="test", where="test") is None


def test_words_of_a_note_that_was_decided_stay_where_they_are(session: SessionNote) -> None:
    with writing() as db:
        [approval] = db.exec(select(Approval)).all()
        approval.status = ApprovalStatus.DECIDED
        db.add(approval)
    assert own_words.own_words(session.case_number) is None


def test_what_is_found_prints_no_words(session: SessionNote) -> None:
    revoke(session, K.AI_NOTE_DRAFTING)
    found: Any = own_words.own_words(session.case_number)
    assert OWN not in repr(found) and [each["text"] for each in found.sentences] == [OWN]
