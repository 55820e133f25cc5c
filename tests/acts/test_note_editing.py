"""Working on a proposed note: each change is kept at once, by whoever may sign it; a stale page changes nothing."""

from typing import Any

import pytest
from sqlmodel import select

from acts import note_editing
from acts.decisions import reassign
from adapters import therapy_store, therapy_store_sessions
from adapters.operational_store import one, reading, writing
from models.codes import ApprovalStatus, RiskLevel
from models.errors import MovedOn, NotAllowed
from models.operational import Approval, AuditEvent, SessionNote
from models.therapy_text import TherapyText
from rules import sign_off
from rules.note_editing import Change, add, drop, edit, set_format, start_over
from tests.factories import MadeNote, make_note, make_signer, make_staff

pytestmark = pytest.mark.usefixtures("home")


def change(note: MadeNote, what: Change, seen_edition: int = 0, staff_id: str = "") -> note_editing.NoteOnScreen:
    return note_editing.change(
        note.approval.id, what, seen_edition=seen_edition, staff_id=staff_id or note.clinician.id, where="test"
    )


def on_screen(note: MadeNote) -> note_editing.NoteOnScreen:
    return note_editing.on_screen(note.approval.id, actor=note.clinician.id, where="test")


def events(record: type, **where: Any) -> list[Any]:
    with reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def texts(page: note_editing.NoteOnScreen) -> list[str]:
    return [each["text"] for each in page.note["sentences"]]


def test_untouched_note_is_the_proposal_under_its_own_digest() -> None:
    note = make_note()
    page = on_screen(note)
    assert (page.edition, page.changed, page.note, page.proposed) == (0, False, note.content, note.content)
    assert page.pinned == page.on_screen == note.approval.digest


def test_change_is_kept_at_once_and_seen_on_the_next_page() -> None:
    note = make_note()
    changed = change(note, edit("S2", "Sleeps six hours."))
    assert (changed.edition, changed.changed, texts(changed)[1]) == (1, True, "Sleeps six hours.")
    again = on_screen(note)
    assert (again.note, again.on_screen) == (changed.note, changed.on_screen)
    assert again.pinned == note.approval.digest != again.on_screen
    assert again.on_screen == sign_off.digest(sign_off.canonical(again.note))
    assert again.proposed == note.content


def test_changes_follow_each_other_each_with_an_edition() -> None:
    note = make_note()
    for edition, what in enumerate([drop("S1"), set_format("DAP"), add("Plan", "More.", "S9"), start_over()]):
        assert change(note, what, edition).edition == edition + 1
    assert not on_screen(note).changed
    assert on_screen(note).on_screen == note.approval.digest


def test_stale_page_changes_nothing_and_is_told() -> None:
    note = make_note()
    change(note, edit("S2", "From one window."))
    with pytest.raises(MovedOn, match="another page"):
        change(note, edit("S2", "From the other."), seen_edition=0)
    assert texts(on_screen(note))[1] == "From one window."
    assert change(note, edit("S2", "From the other."), seen_edition=1).edition == 2


def test_page_from_the_future_is_stale_too() -> None:
    note = make_note()
    with pytest.raises(MovedOn):
        change(note, drop("S1"), seen_edition=1)
    assert on_screen(note).edition == 0


def test_change_that_cannot_be_made_keeps_the_note_as_it_was() -> None:
    note = make_note()
    with pytest.raises(ValueError, match="no such sentence"):
        change(note, drop("S99"))
    assert on_screen(note).edition == 0


def test_only_whoever_held_the_session_changes_its_note() -> None:
    note = make_note()
    for other in (make_signer(location=note.location), note.coordinator, make_staff(location=note.location)):
        with pytest.raises(NotAllowed):
            change(note, drop("S1"), staff_id=other.id)
    assert on_screen(note).edition == 0


def test_note_that_was_passed_on_is_its_new_signers_with_the_edits_so_far() -> None:
    note = make_note()
    change(note, drop("S1"))
    other = make_signer(location=note.location)
    reassign(note.approval.id, to_staff_id=other.id, by_staff_id=note.coordinator.id, reason=TherapyText("on leave"))
    with pytest.raises(NotAllowed):
        change(note, drop("S2"), seen_edition=1)
    assert len(texts(change(note, drop("S2"), seen_edition=1, staff_id=other.id))) == 3


@pytest.mark.parametrize("status", [ApprovalStatus.DECIDED, ApprovalStatus.SUPERSEDED])
def test_note_that_no_longer_waits_is_not_changed(status: ApprovalStatus) -> None:
    note = make_note()
    with writing() as db:
        approval = one(db, Approval, note.approval.id)
        approval.status = status
        db.add(approval)
    with pytest.raises(NotAllowed, match="no longer open"):
        change(note, drop("S1"))
    with pytest.raises(MovedOn, match="does not wait"):
        note_editing.open_note(note.number)


def test_open_note_is_found_by_its_session() -> None:
    note = make_note()
    make_note()
    assert note_editing.open_note(note.number).id == note.approval.id


def test_purged_proposal_is_not_shown() -> None:
    note = make_note()
    therapy_store_sessions.purge(note.number, "test", transcript_too=False)
    with pytest.raises(MovedOn, match="purged"):
        on_screen(note)


def test_reads_and_changes_are_on_record() -> None:
    note = make_note()
    change(note, drop("S1"))
    with therapy_store.writing() as db:
        event = therapy_store.TherapyAuditEvent
        found = db.exec(select(event).where(event.case_number == note.number)).all()
    actions = [(each.action, each.subject_kind, each.actor) for each in found]
    who = note.clinician.id
    assert ("read", "sign_off_content", who) in actions and ("read", "note_working_copy", who) in actions
    assert actions.count(("note.changed", "note_working_copy", who)) == 1


# -- the flags have been looked at


def test_clinicians_look_at_the_flags_is_remembered_once() -> None:
    note = make_note(risk_level=RiskLevel.HIGH)
    note_editing.mark_risk_seen(note.number, note.clinician.id)
    note_editing.mark_risk_seen(note.number, make_signer(location=note.location).id)
    [session] = events(SessionNote)
    assert (session.risk_seen_by, session.risk_seen_at is not None) == (note.clinician.id, True)
    assert len(events(AuditEvent, action="session_risk.seen")) == 1


def test_look_of_anybody_else_ends_no_paging() -> None:
    note = make_note(risk_level=RiskLevel.HIGH)
    note_editing.mark_risk_seen(note.number, note.coordinator.id)
    assert events(SessionNote)[0].risk_seen_at is None


def test_session_without_flags_has_nothing_to_be_seen() -> None:
    note = make_note()
    note_editing.mark_risk_seen(note.number, note.clinician.id)
    assert events(SessionNote)[0].risk_seen_at is None


def test_new_sentence_has_an_id_of_its_own() -> None:
    assert len({note_editing.new_sentence_id() for _ in range(20)}) == 20
