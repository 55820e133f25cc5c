"""The signature of a note: what it writes, what refuses it, and what a return or a refusal leaves behind."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlmodel import select

from acts import decisions, note_editing, to_dos
from acts.decisions import decide, reassign
from adapters import therapy_store, therapy_store_sessions
from adapters.operational_store import move_case, one, reading, writing
from models.codes import (
    ApprovalStatus,
    AuthenticatedHow,
    NoteStatus,
    RiskLevel,
    Role,
    ToDoKind,
    ToDoOutcome,
    ToDoStatus,
    Verdict,
)
from models.errors import MovedOn, NotAllowed, SignatureMismatch
from models.note_codes import FlagAction
from models.operational import Approval, AuditEvent, Decision, OutboxMessage, SessionNote, Staff, ToDo
from models.therapy_text import TherapyText
from rules import note_editing as editing
from rules import sign_off
from rules.note_editing import Change, fields_of
from tests.factories import MadeNote, fresh_code, make_location, make_note, make_signer, make_staff
from tests.notes import SENTENCES, flag, note_content

pytestmark = pytest.mark.usefixtures("home")

N, V = NoteStatus, Verdict
REASON = TherapyText("this is another patient's transcript")


def rows(record: type, **where: Any) -> list[Any]:
    with reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def now(note: MadeNote) -> SessionNote:
    [session] = rows(SessionNote, case_number=note.number)
    return session  # type: ignore[no-any-return]


def sign(note: MadeNote, verdict: Verdict = V.APPROVE, **given: Any) -> Decision:
    who = given.pop("staff_id", note.clinician.id)
    facts: dict[str, Any] = {
        "reason": TherapyText("") if verdict in (V.APPROVE, V.EDIT_AND_APPROVE) else REASON,
        "seen_digest": note.approval.digest,
        "how": AuthenticatedHow.PREFECT_CODE,
        "code": given.pop("code", None) or fresh_code(who),
        "on_screen": note.approval.digest,
    }
    return decide(note.approval.id, staff_id=who, verdict=verdict, **{**facts, **given})


def changed(note: MadeNote, *changes: Change) -> note_editing.NoteOnScreen:
    """The note on its page after these changes."""
    for edition, what in enumerate(changes):
        note_editing.change(note.approval.id, what, seen_edition=edition, staff_id=note.clinician.id, where="test")
    return note_editing.on_screen(note.approval.id, actor=note.clinician.id, where="test")


def sign_page(note: MadeNote, page: note_editing.NoteOnScreen, **given: Any) -> Decision:
    """As the desk signs what the page shows."""
    return sign(note, V.EDIT_AND_APPROVE, edited=fields_of(page.note), on_screen=page.on_screen, **given)


def last_step(staff: Staff) -> int:
    return int(rows(Staff, id=staff.id)[0].totp_last_step)


def signed_words(decision: Decision) -> dict[str, Any]:
    words = therapy_store.decision_words(decision.id, actor="test", where="test")
    assert sign_off.digest(words.signed_content.unwrap()) == decision.signed_digest
    return dict(json.loads(words.signed_content.unwrap()))


# -- signed


def test_signed_note_closes_its_session_and_says_so_with_code_and_digest() -> None:
    note = make_note()
    made = sign(note)
    session = now(note)
    assert (session.status, session.signed_decision_id, session.procedure_code) == (N.CLOSED_SIGNED, made.id, "90837")
    assert session.closed_at is not None and session.wake_wanted
    assert made.digest == made.signed_digest == note.approval.digest
    assert rows(Approval)[0].status is ApprovalStatus.DECIDED
    [event] = rows(AuditEvent, action="note.signed")
    assert event.case_number == note.number
    codes = {"procedure_code": "90837", "addons": []}
    assert event.details == {"decision": made.id, "signed_digest": made.signed_digest, **codes}


def test_addons_are_signed_and_said_with_the_procedure_code() -> None:
    note = make_note()
    page = changed(note, editing.set_codes("90839", ["F41.1"], [("90840", 2)]))
    made = sign_page(note, page)
    assert signed_words(made)["addons"] == [["90840", 2]]
    [event] = rows(AuditEvent, action="note.signed")
    assert (event.details["procedure_code"], event.details["addons"]) == ("90839", [["90840", 2]])


@pytest.mark.parametrize("changes", [(), (editing.edit("S2", "Sleeps six hours."),)])
def test_note_that_was_proposed_before_there_were_addons_is_signed_without(changes: tuple[Change, ...]) -> None:
    older = {name: value for name, value in note_content().items() if name != "addons"}
    note = make_note(older)
    page = changed(note, *changes)
    made = sign_page(note, page) if changes else sign(note, on_screen=page.on_screen)
    assert "addons" not in signed_words(made)
    [event] = rows(AuditEvent, action="note.signed")
    assert event.details["addons"] == []


def test_note_is_signed_as_its_page_shows_it() -> None:
    note = make_note()
    page = changed(note, editing.edit("S2", "Sleeps six hours."), editing.set_codes("90834", ["F33.1"]))
    made = sign_page(note, page)
    assert made.signed_digest == page.on_screen != made.digest == note.approval.digest
    assert signed_words(made) == page.note
    assert now(note).procedure_code == "90834"


def test_format_that_was_signed_is_the_sessions() -> None:
    note = make_note()
    page = changed(note, editing.set_format("DAP"), editing.nothing_to_add("Assessment", True))
    sign_page(note, page)
    assert now(note).note_format == "DAP"


def test_note_without_a_code_is_signed_without_one() -> None:
    note = make_note()
    sign_page(note, changed(note, editing.set_codes("", [])))
    assert now(note).procedure_code is None


def test_page_that_was_changed_elsewhere_since_is_a_mismatch_and_leaves_the_code_unused() -> None:
    note = make_note()
    page = changed(note, editing.edit("S2", "As it was on this page."))
    newer = note_editing.change(
        note.approval.id, editing.drop("S1"), seen_edition=1, staff_id=note.clinician.id, where="test"
    )
    with pytest.raises(SignatureMismatch):
        sign(note, V.EDIT_AND_APPROVE, edited=fields_of(newer.note), on_screen=page.on_screen)
    assert (last_step(note.clinician), now(note).status, rows(Decision)) == (0, N.NOTE_SIGNATURE, [])


def test_wrong_digest_is_a_mismatch_and_leaves_the_code_unused() -> None:
    note = make_note()
    with pytest.raises(SignatureMismatch):
        sign(note, seen_digest="0" * 64)
    assert (last_step(note.clinician), rows(Decision)) == (0, [])


def test_note_that_was_changed_on_the_desk_is_not_approved_as_proposed() -> None:
    """A page that still shows the proposal is stale, though its digest is the pinned one."""
    note = make_note()
    changed(note, editing.drop("S1"))
    with pytest.raises(SignatureMismatch, match="changed on the desk"):
        sign(note)
    assert (last_step(note.clinician), rows(Decision)) == (0, [])
    note_editing.change(
        note.approval.id, editing.start_over(), seen_edition=1, staff_id=note.clinician.id, where="test"
    )
    assert sign(note).signed_digest == note.approval.digest


@pytest.mark.parametrize("verdict", [V.APPROVE, V.EDIT_AND_APPROVE])
def test_note_is_signed_where_it_stands_beside_its_transcript_alone(verdict: Verdict) -> None:
    note = make_note()
    with pytest.raises(NotAllowed, match="on the desk"):
        sign(note, verdict, on_screen="")
    assert (last_step(note.clinician), rows(Decision)) == (0, [])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (note_content(sentences=[]), "empty"),
        (note_content(sentences=SENTENCES[:4]), "Write a sentence here"),
        (note_content(flags=[flag()]), "not addressed"),
    ],
)
def test_note_that_lacks_something_is_not_signed_and_leaves_the_code_unused(content: dict[str, Any], said: str) -> None:
    note = make_note(content)
    with pytest.raises(ValueError, match=said):
        sign(note)
    assert (last_step(note.clinician), now(note).status) == (0, N.NOTE_SIGNATURE)


@pytest.mark.parametrize(
    "edited",
    [{"flags": []}, {"transcript": None}, {"consents": []}, {"flag_actions": {"FL-9": {"action": "historical"}}}],
)
def test_nothing_but_the_note_itself_is_edited(edited: dict[str, Any]) -> None:
    note = make_note()
    with pytest.raises(ValueError, match=r"cannot be edited|flag that this note"):
        sign(note, V.EDIT_AND_APPROVE, edited=edited)
    assert (last_step(note.clinician), now(note).status) == (0, N.NOTE_SIGNATURE)


# -- by whom


def test_nobody_but_who_held_the_session_signs_its_note() -> None:
    note = make_note()
    for other in (
        make_signer(location=note.location),
        make_signer(location=make_location()),
        note.coordinator,
        make_staff(location=note.location, role=Role.ADMIN),
    ):
        with pytest.raises(NotAllowed):
            sign(note, staff_id=other.id, code="000000")
    assert (now(note).status, rows(Decision)) == (N.NOTE_SIGNATURE, [])


def test_note_that_was_passed_on_by_name_is_signed_by_its_new_owner_alone() -> None:
    note = make_note()
    other = make_signer(location=note.location)
    reassign(note.approval.id, to_staff_id=other.id, by_staff_id=note.coordinator.id, reason=REASON)
    with pytest.raises(NotAllowed):
        sign(note)
    assert sign(note, staff_id=other.id).staff_id == other.id
    assert {message.to_staff_id for message in rows(OutboxMessage)} == {other.id}


def test_note_is_passed_on_to_a_clinician_only() -> None:
    note = make_note()
    with pytest.raises(NotAllowed):
        reassign(note.approval.id, to_staff_id=note.coordinator.id, by_staff_id=note.coordinator.id, reason=REASON)


def test_two_pages_at_once_make_one_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    note = make_note()
    both_proven = Barrier(2)
    monkeypatch.setattr(decisions, "prove", lambda *_, **__: both_proven.wait(20))

    def one_signs(verdict: Verdict) -> str:
        try:
            return sign(note, verdict, code="000000").id
        except MovedOn:
            return "moved on"

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(one_signs, [V.APPROVE, V.REJECT]))
    assert outcomes.count("moved on") == 1
    [decision] = rows(Decision)
    assert decision.id in outcomes
    assert now(note).status is (N.CLOSED_SIGNED if decision.verdict == V.APPROVE else N.CLOSED_NO_NOTE)


def test_session_that_went_back_to_the_gate_while_a_person_signed_stays_there(monkeypatch: pytest.MonkeyPatch) -> None:
    note = make_note()
    proving = decisions.prove

    def taken_back_meanwhile(*given: Any, **named: Any) -> Staff:
        with writing() as db:
            move_case(db, one(db, SessionNote, note.number), N.RECEIVED, actor="test")
        return proving(*given, **named)

    monkeypatch.setattr(decisions, "prove", taken_back_meanwhile)
    with pytest.raises(MovedOn):
        sign(note)
    assert (now(note).status, now(note).signed_decision_id, rows(Decision)) == (N.RECEIVED, None, [])


# -- its flags


def raised(note: MadeNote, *names: str) -> None:
    therapy_store.raise_flags(
        note.number,
        [
            therapy_store.RiskFlag(
                id=f"FL-{name}",
                case_number=note.number,
                unique_key=name,
                kind="self_harm",
                status="present",
                level="high",
                raised_by="rule",
                rule_id="test",
                why="test",
                version="1",
                turn=0,
            )
            for name in names
        ],
    )


def open_flags(note: MadeNote) -> set[str]:
    found = therapy_store.flags(note.number, actor="test", where="test")
    return {each.id for each in found if each.reviewed_by_approval is None}


ANSWERED = {"FL-1": {"action": FlagAction.SAFETY_PLAN_REVIEWED.value, "words": "plan gone through"}}


def test_answered_flags_are_closed_by_the_signature_and_only_those_it_listed() -> None:
    note = make_note(note_content(flags=[flag("FL-1")]), risk_level=RiskLevel.HIGH)
    raised(note, "1", "late")
    page = changed(note, editing.answer_flag("FL-1", "safety_plan_reviewed", "plan gone through"))
    made = sign_page(note, page)
    assert open_flags(note) == {"FL-late"}
    assert signed_words(made)["flag_actions"] == ANSWERED


@pytest.mark.parametrize("verdict", [V.RETURN, V.REJECT])
def test_flags_stay_open_when_the_note_is_not_signed(verdict: Verdict) -> None:
    note = make_note(note_content(flags=[flag("FL-1")]), risk_level=RiskLevel.HIGH)
    raised(note, "1")
    sign(note, verdict)
    assert open_flags(note) == {"FL-1"}


@pytest.mark.parametrize("verdict", [V.EDIT_AND_APPROVE, V.RETURN, V.REJECT])
def test_whoever_decides_has_seen_the_flags(verdict: Verdict) -> None:
    note = make_note(note_content(flags=[flag("FL-1")]), risk_level=RiskLevel.HIGH)
    raised(note, "1")
    if verdict == V.EDIT_AND_APPROVE:
        sign_page(note, changed(note, editing.answer_flag("FL-1", "historical", "")))
    else:
        sign(note, verdict)
    assert (now(note).risk_seen_by, now(note).risk_seen_at is not None) == (note.clinician.id, True)


def test_nobody_has_seen_flags_that_there_are_none_of() -> None:
    note = make_note()
    sign(note)
    assert now(note).risk_seen_at is None


# -- returned and refused


def test_returned_draft_asks_a_coordinator_to_check_the_transcript_with_the_question() -> None:
    note = make_note()
    sign(note, V.RETURN)
    assert (now(note).status, now(note).signed_decision_id) == (N.CHECK_TRANSCRIPT, None)
    [to_do] = rows(ToDo)
    assert (to_do.kind, to_do.role, to_do.location_id, to_do.case_number) == (
        ToDoKind.CHECK_TRANSCRIPT,
        Role.COORDINATOR,
        note.location.id,
        note.number,
    )
    words = therapy_store.to_do_words(to_do.id, actor="test", where="test")
    assert words is not None and words.question == REASON
    assert rows(AuditEvent, action="note.signed") == []


@pytest.mark.parametrize(
    ("outcome", "status"), [(ToDoOutcome.DRAFT_AGAIN, N.RECEIVED), (ToDoOutcome.NO_NOTE, N.CLOSED_NO_NOTE)]
)
def test_checked_transcript_is_drafted_again_or_leaves_no_note(outcome: ToDoOutcome, status: NoteStatus) -> None:
    note = make_note()
    sign(note, V.RETURN)
    [to_do] = rows(ToDo)
    to_dos.finish(to_do.id, note.coordinator.id, outcome, TherapyText("the right file was sent"))
    assert (now(note).status, now(note).wake_wanted) == (status, True)
    assert rows(ToDo)[0].status is ToDoStatus.DONE
    words = therapy_store.to_do_words(to_do.id, actor="test", where="test")
    assert words is not None and words.answer == TherapyText("the right file was sent")


def test_outcome_of_another_to_do_does_not_fit() -> None:
    note = make_note()
    sign(note, V.RETURN)
    with pytest.raises(ValueError, match="does not fit"):
        to_dos.finish(rows(ToDo)[0].id, note.coordinator.id, ToDoOutcome.ATTENDED)
    assert now(note).status is N.CHECK_TRANSCRIPT


def test_check_is_the_coordinators_of_that_place() -> None:
    note = make_note()
    sign(note, V.RETURN)
    for other in (make_staff(location=make_location()), note.clinician):
        with pytest.raises(NotAllowed):
            to_dos.finish(rows(ToDo)[0].id, other.id, ToDoOutcome.DRAFT_AGAIN)
    assert now(note).status is N.CHECK_TRANSCRIPT


def test_refused_note_closes_the_session_without_one() -> None:
    note = make_note()
    made = sign(note, V.REJECT)
    assert (now(note).status, now(note).signed_decision_id, now(note).procedure_code) == (N.CLOSED_NO_NOTE, None, None)
    words = therapy_store.decision_words(made.id, actor="test", where="test")
    assert words.reason == REASON
    assert rows(ToDo) == []


@pytest.mark.parametrize("verdict", [V.RETURN, V.REJECT])
def test_return_and_refusal_are_explained(verdict: Verdict) -> None:
    note = make_note()
    with pytest.raises(ValueError, match="a reason is needed"):
        sign(note, verdict, reason=TherapyText(" "))
    assert (last_step(note.clinician), rows(Decision)) == (0, [])


@pytest.mark.parametrize("verdict", list(V))
def test_decided_note_is_decided(verdict: Verdict) -> None:
    note = make_note()
    sign(note, verdict, edited={} if verdict == V.EDIT_AND_APPROVE else None)
    for again in V:
        with pytest.raises(MovedOn, match="no longer open"):
            sign(note, again)
    assert len(rows(Decision)) == 1


def test_working_copy_of_a_signed_note_is_changed_by_nobody() -> None:
    note = make_note()
    sign(note)
    with pytest.raises(NotAllowed, match="no longer open"):
        changed(note, editing.drop("S1"))
    assert therapy_store_sessions.working_copy(note.approval.id, actor="test", where="test") is None
