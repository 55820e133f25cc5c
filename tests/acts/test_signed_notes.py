"""A signed note as it is read: exactly what was signed, with its addenda, or nothing."""

from typing import Any

import pytest
from sqlmodel import select

from acts import addenda, note_editing, signed_notes
from acts.decisions import decide
from adapters import therapy_store, therapy_store_sessions
from adapters.operational_store import one, writing
from models.codes import AuthenticatedHow, Verdict
from models.errors import MovedOn, SignatureMismatch
from models.operational import Decision
from models.signed_note import SignedNote
from models.therapy import AddendumWords, DecisionWords
from models.therapy_text import TherapyText
from rules.note_editing import Change, drop, edit, fields_of, nothing_to_add, set_codes, set_format
from tests.factories import MadeNote, fresh_code, make_note
from tests.notes import note_content

pytestmark = pytest.mark.usefixtures("home")


def sign(note: MadeNote, *changes: Change) -> Decision:
    """Sign the note as its page shows it after these changes."""
    for edition, what in enumerate(changes):
        note_editing.change(note.approval.id, what, seen_edition=edition, staff_id=note.clinician.id, where="test")
    page = note_editing.on_screen(note.approval.id, actor=note.clinician.id, where="test")
    return decide(
        note.approval.id,
        staff_id=note.clinician.id,
        verdict=Verdict.EDIT_AND_APPROVE if changes else Verdict.APPROVE,
        reason=TherapyText(""),
        seen_digest=page.pinned,
        how=AuthenticatedHow.PREFECT_CODE,
        code=fresh_code(note.clinician.id),
        edited=fields_of(page.note) if changes else None,
        on_screen=page.on_screen,
    )


def read(note: MadeNote) -> SignedNote:
    return signed_notes.signed_note(note.number, actor=note.clinician.id, where="test")


def test_signed_note_says_what_was_signed_by_whom_and_from_what() -> None:
    note = make_note()
    decision = sign(note)
    found = read(note)
    assert (found.note_number, found.format, found.template_version) == (note.number, "SOAP", "SOAP-1")
    assert (found.patient_id, found.location_name, found.minutes) == (note.patient.id, note.location.name, 53)
    assert found.patient_name == f"{note.patient.given_name} {note.patient.family_name}"
    assert [(each.title, each.sentences) for each in found.sections] == [
        ("Subjective", ("Reports worry about work.", "Reports poor sleep.")),
        ("Objective", ("PHQ-9 score of 12.",)),
        ("Assessment", ("The clinician reviewed the thought record.",)),
        ("Plan", ("Plan: one walk a day.",)),
    ]
    assert (found.not_assessed, found.procedure_code, found.drafted_by) == (("sleep",), "90837", "grammar-1+scores-1")
    assert [code for code, _ in found.diagnoses] == ["F41.1"] and found.diagnoses[0][1]
    signature = found.signature
    assert (signature.staff_id, signature.name, signature.digest) == (
        note.clinician.id,
        note.clinician.name,
        decision.signed_digest,
    )
    assert (signature.credential, signature.npi, signature.at) == ("LCSW", "1234567893", decision.at)


def test_edited_note_reads_as_it_was_signed() -> None:
    note = make_note()
    nothing = nothing_to_add("Assessment", True)
    sign(note, edit("S2", "Sleeps six hours."), drop("S3"), set_format("DAP"), set_codes("90834", []), nothing)
    found = read(note)
    assert (found.format, found.procedure_code, found.diagnoses) == ("DAP", "90834", ())
    assert [each.title for each in found.sections] == ["Data", "Assessment", "Plan"]
    words = [text for each in found.sections for text in each.sentences]
    assert "Sleeps six hours." in words and "PHQ-9 score of 12." not in words


def test_addons_are_read_with_their_units_and_an_older_note_has_none() -> None:
    note = make_note()
    sign(note, set_codes("90839", [], [("90840", 2)]))
    assert (read(note).procedure_code, read(note).addons) == ("90839", (("90840", 2),))
    older = make_note({name: value for name, value in note_content().items() if name != "addons"})
    sign(older)
    assert read(older).addons == ()


def test_note_that_is_not_signed_is_not_read() -> None:
    note = make_note()
    with pytest.raises(MovedOn, match="is not signed"):
        read(note)


def test_addenda_follow_the_note_in_their_order() -> None:
    note = make_note()
    sign(note)
    for words in ("First.", "Second."):
        addenda.add(
            note.number,
            TherapyText(words),
            staff_id=note.clinician.id,
            how=AuthenticatedHow.PREFECT_CODE,
            code=fresh_code(note.clinician.id),
        )
    therapy_store_sessions.keep_addendum("AD-unsigned", note.number, TherapyText("Never signed."), "test")
    assert [(each.number, each.text) for each in read(note).addenda] == [(1, "First."), (2, "Second.")]


def change_words(record: type, **where: Any) -> None:
    """As somebody would who may write to the therapy database and holds its keys."""
    with therapy_store.writing() as db:
        kept: Any = therapy_store.opened(db, db.exec(select(record).filter_by(**where)).all())[0]
        name = "signed_content" if record is DecisionWords else "text"
        setattr(kept, name, TherapyText(getattr(kept, name).unwrap().replace("e", "a")))
        db.add(kept)


def test_note_that_is_not_what_was_signed_is_refused() -> None:
    note = make_note()
    decision = sign(note)
    change_words(DecisionWords, decision_id=decision.id)
    with pytest.raises(SignatureMismatch, match=note.number):
        read(note)


def test_addendum_that_is_not_what_was_signed_is_refused() -> None:
    note = make_note()
    sign(note)
    made = addenda.add(
        note.number,
        TherapyText("These are the words."),
        staff_id=note.clinician.id,
        how=AuthenticatedHow.PREFECT_CODE,
        code=fresh_code(note.clinician.id),
    )
    change_words(AddendumWords, addendum_id=made.id)
    with pytest.raises(SignatureMismatch, match="addendum 1"):
        read(note)


def test_digest_that_was_changed_in_the_operational_database_is_refused() -> None:
    note = make_note()
    decision = sign(note)
    with writing() as db:
        kept = one(db, Decision, decision.id)
        kept.signed_digest = "0" * 64
        db.add(kept)
    with pytest.raises(SignatureMismatch):
        read(note)
