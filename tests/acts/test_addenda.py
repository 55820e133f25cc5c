"""What is added to a signed note: words under a signature of their own; the note stays as it was."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlmodel import select

from acts import addenda
from acts.decisions import decide
from adapters import therapy_store_sessions
from adapters.operational_store import one, reading, writing
from models.codes import AuthenticatedHow, NoteStatus, Role, Verdict
from models.errors import MovedOn, NotAllowed
from models.operational import AuditEvent, Decision, NoteAddendumSigned, SessionNote, Staff
from models.therapy_text import TherapyText
from rules import sign_off
from tests.factories import MadeNote, fresh_code, make_note, make_signer, make_staff

pytestmark = pytest.mark.usefixtures("home")

WORDS = TherapyText("The medication was named wrongly: it is sertraline.")


def rows(record: type, **where: Any) -> list[Any]:
    with reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def signed(note: MadeNote | None = None, by: Staff | None = None) -> MadeNote:
    note = note or make_note()
    signer = by or note.clinician
    decide(
        note.approval.id,
        staff_id=signer.id,
        verdict=Verdict.APPROVE,
        reason=TherapyText(""),
        seen_digest=note.approval.digest,
        how=AuthenticatedHow.PREFECT_CODE,
        code=fresh_code(signer.id),
        on_screen=note.approval.digest,
    )
    return note


def add(note: MadeNote, words: TherapyText = WORDS, staff: Staff | None = None, **given: Any) -> NoteAddendumSigned:
    who = (staff or note.clinician).id
    code = given.pop("code", None) or fresh_code(who)
    return addenda.add(note.number, words, staff_id=who, how=AuthenticatedHow.PREFECT_CODE, code=code, **given)


def kept(note: MadeNote) -> dict[str, str]:
    found = therapy_store_sessions.addenda(note.number, actor="test", where="test")
    return {key: words.unwrap() for key, words in found.items()}


def test_addendum_is_signed_under_its_own_digest_and_the_note_stays() -> None:
    note = signed()
    before = rows(Decision)
    made = add(note, TherapyText("  Two lines.\r\nThe second. \n"))
    assert (made.number, made.staff_id, made.authenticated) == (1, note.clinician.id, AuthenticatedHow.PREFECT_CODE)
    assert kept(note) == {made.id: "Two lines.\nThe second."}
    assert made.digest == sign_off.digest("Two lines.\nThe second.")
    assert rows(Decision) == before
    assert rows(SessionNote)[0].status is NoteStatus.CLOSED_SIGNED
    [event] = rows(AuditEvent, action="addendum.signed")
    assert (event.actor, event.details["digest"]) == (note.clinician.id, made.digest)


def test_addenda_are_numbered_in_the_order_they_were_signed() -> None:
    note, other = signed(), signed()
    assert [add(note).number, add(other).number, add(note).number] == [1, 1, 2]


def test_two_addenda_at_once_have_two_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    note = signed()
    monkeypatch.setattr(addenda, "prove", lambda *_, **__: None)  # one code cannot be used twice
    with ThreadPoolExecutor(2) as pool:
        numbers = list(pool.map(lambda _: add(note, code="000000").number, range(2)))
    assert sorted(numbers) == [1, 2]


@pytest.mark.parametrize("status", [each for each in NoteStatus if each != NoteStatus.CLOSED_SIGNED])
def test_note_that_is_not_signed_takes_no_addendum(status: NoteStatus) -> None:
    note = make_note(status=status)
    with pytest.raises(MovedOn, match="is not signed"):
        add(note)
    assert rows(NoteAddendumSigned) == [] and kept(note) == {}


@pytest.mark.parametrize(
    ("words", "said"), [("", "empty"), (" \r\n ", "empty"), ("x" * (addenda.LONGEST + 1), "characters")]
)
def test_addendum_without_words_or_with_far_too_many_is_refused(words: str, said: str) -> None:
    note = signed()
    with pytest.raises(ValueError, match=said):
        add(note, TherapyText(words))
    assert rows(NoteAddendumSigned) == []


def test_longest_addendum_is_taken() -> None:
    note = signed()
    assert add(note, TherapyText("x" * addenda.LONGEST)).number == 1


def test_only_whoever_held_the_session_or_signed_its_note_adds_to_it() -> None:
    note = make_note()
    held = note.clinician
    signer, stranger = make_signer(location=note.location), make_signer(location=note.location)
    with writing() as db:
        approval = one(db, type(note.approval), note.approval.id)
        approval.assigned_to = signer.id
        db.add(approval)
    signed(note, signer)
    assert [add(note, staff=held).number, add(note, staff=signer).number] == [1, 2]
    with pytest.raises(NotAllowed, match="held the session"):
        add(note, staff=stranger)


@pytest.mark.parametrize("facts", [{"active": False}, {"role": Role.COORDINATOR}])
def test_who_is_no_longer_a_clinician_here_signs_nothing(facts: dict[str, Any]) -> None:
    note = signed()
    code = fresh_code(note.clinician.id)
    with writing() as db:
        staff = one(db, Staff, note.clinician.id)
        for name, value in facts.items():
            setattr(staff, name, value)
        db.add(staff)
    with pytest.raises(NotAllowed):
        add(note, code=code)
    assert rows(NoteAddendumSigned) == []


def test_wrong_code_signs_nothing_and_keeps_no_words() -> None:
    note = signed()
    with pytest.raises(NotAllowed):
        add(note, code="12345x")
    assert rows(NoteAddendumSigned) == [] and kept(note) == {}


def test_staff_without_a_licence_sign_nothing() -> None:
    note = signed()
    with pytest.raises(NotAllowed, match="licensed"):
        addenda.add(
            note.number,
            WORDS,
            staff_id=make_staff(role=Role.CLINICIAN).id,
            how=AuthenticatedHow.PREFECT_CODE,
            code="000000",
        )
