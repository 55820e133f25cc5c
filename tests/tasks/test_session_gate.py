"""May a session's transcript be read, does it read, what does it say about risk: before any draft, whatever happens."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from acts import consent_papers, note_editing
from adapters import therapy_store, therapy_store_keys, therapy_store_sessions
from adapters.operational_store import one, reading, writing
from adapters.received_files import is_there
from adapters.settings import settings
from language.risk_values import RiskReading, RiskSignal, SignalKind, SignalStatus
from models.codes import NoteStatus, RiskLevel, TranscriptState
from models.columns import utc_now
from models.errors import MovedOn, OutsideUnavailable, StaleLease
from models.note_codes import ConsentKind, ConsentPurpose
from models.operational import AuditEvent, IntakeFile, OutboxMessage, SessionNote
from tasks import cases, session_gate
from tests.exports import TALK, People, drop, received, session_of
from tests.factories import make_papers, make_session, make_signer, make_staff

pytestmark = pytest.mark.usefixtures("home")

N, T = NoteStatus, TranscriptState
WORD = "report"


def reads(level: str = "high", status: SignalStatus = SignalStatus.PRESENT) -> Callable[..., RiskReading]:
    """A reader that finds one word, as if it spoke of a risk of this level; ``none``: finds nothing."""
    kinds = {"high": SignalKind.SUICIDE_PLAN_INTENT_OR_BEHAVIOUR, "moderate": SignalKind.SUBSTANCE_CRISIS}

    def read(text: str, *, rules_only: bool = False) -> RiskReading:
        at = text.find(WORD)
        if level == "none" or at < 0:
            return RiskReading(True, "", (), "test-1")
        signal = RiskSignal(kinds[level], status, 0.9, at, at + len(WORD), "rule", "test.word", "a word", "test-1")
        return RiskReading(True, "", (signal,), "test-1")

    return read


def rows(record: type, **where: Any) -> list[Any]:
    with reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def dropped(
    people: People | None = None, words: str | bytes = TALK, *purposes: ConsentPurpose, **row: Any
) -> SessionNote:
    """A session that was received with its transcript; its patient has agreed to everything, or to what is named."""
    people = people or People()
    make_papers(people.patient, *purposes)
    drop(people.row("K1", **row), K1=words)
    assert received()[0].findings == ()
    return session_of()


def take_in() -> tuple[str, SessionNote]:
    return session_gate.take_in.fn(cases.take(session_of().case_number)), session_of()


def screen(read: Callable[..., RiskReading]) -> tuple[str, SessionNote]:
    return session_gate.screen.fn(cases.take(session_of().case_number), read), session_of()


def transcript() -> Any:
    return therapy_store_sessions.transcript(session_of().case_number, actor="test", where="test")


def flags(number: str = "") -> list[Any]:
    return therapy_store.flags(number or session_of().case_number, actor="test", where="test")


def told() -> list[str]:
    return sorted(message.to_staff_id for message in rows(OutboxMessage, template="page_session_risk"))


# -- may it be read, and does it read?


def test_transcript_is_read_into_turns_whose_speakers_are_known() -> None:
    dropped()
    state, session = take_in()
    assert (state, session.transcript, session.transcript_reason) == ("kept", T.KEPT, "")
    assert session.status is N.READY_TO_SCREEN
    assert [turn["role"] for turn in transcript().turns] == ["clinician", "patient"] * 4
    assert transcript().turns[1]["text"].startswith("I sleep about five hours")


def test_speakers_are_known_by_the_names_on_record() -> None:
    people = People()
    name = f"{people.patient.given_name} {people.patient.family_name}"
    words = TALK.replace("Patient:", f"{name}:").replace("Therapist:", f"{people.clinician.name}:")
    dropped(people, words)
    assert take_in()[0] == "kept"
    assert {turn["role"] for turn in transcript().turns} == {"clinician", "patient"}


def test_what_was_allowed_is_on_record_with_the_gate() -> None:
    dropped()
    take_in()
    [event] = rows(AuditEvent, action="session.gate")
    assert event.details == {"transcript": "kept", "kept": True, "ai": True, "classifier": True}


@pytest.mark.parametrize("purposes", [(), (ConsentPurpose.DRAFT_NOTE_FOR_REVIEW,)])
def test_without_consent_to_recording_nothing_of_it_is_opened(
    purposes: tuple[ConsentPurpose, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    people = People()
    if purposes:
        make_papers(people.patient, *purposes)
    drop(people.row("K1"))
    received()
    monkeypatch.setattr(session_gate.received_files, "content", None)
    state, session = take_in()
    assert (state, session.status, session.transcript) == ("no_consent", N.READY_TO_DRAFT, T.NO_CONSENT)
    assert "recording and transcription: no consent on record" in session.transcript_reason
    assert transcript() is None
    assert is_there(rows(IntakeFile, kind="transcript")[0]), "what was sent is held for a paper that may be found"


def test_session_without_a_transcript_goes_on_to_its_plain_template() -> None:
    people = People()
    make_papers(people.patient)
    drop(people.row("K1", transcript_file=""))
    received()
    assert take_in()[0] == "none"
    assert session_of().status is N.READY_TO_DRAFT


def test_paper_that_is_found_later_lets_the_held_transcript_be_read() -> None:
    people = People()
    drop(people.row("K1"))
    received()
    assert take_in()[0] == "no_consent"
    for purpose in ConsentPurpose:
        consent_papers.record(
            people.patient.id,
            purpose,
            given_on=utc_now().date() - timedelta(days=30),
            document_id="D-1",
            staff_id=make_staff().id,
        )
    assert take_in()[0] == "kept"


@pytest.mark.parametrize(
    ("words", "state", "said"),
    [
        ("", T.UNREADABLE, "no text"),
        ("Therapist: Hello.\nPatient: Hello.\n", T.TOO_SHORT, "60"),
        (TALK.replace("Patient:", "Someone:"), T.UNREADABLE, "line 2"),
        (b"\xff\xfe\x00\xd8" + TALK.encode(), T.UNREADABLE, ""),
        (b"%PDF-1.7\n\x00\x01\x02" * 40, T.UNREADABLE, ""),
    ],
)
def test_transcript_that_cannot_be_used_says_why_and_goes_on(
    words: str | bytes, state: TranscriptState, said: str
) -> None:
    dropped(None, words)
    found, session = take_in()
    assert (found, session.transcript, session.status) == (state.value, state, N.READY_TO_DRAFT)
    assert said in session.transcript_reason and session.transcript_reason
    assert "Hello" not in session.transcript_reason and "sleep" not in session.transcript_reason
    assert transcript() is None


def test_transcript_whose_file_has_gone_is_asked_for_again() -> None:
    dropped()
    for path in settings().received_folder.iterdir():
        path.unlink()
    state, session = take_in()
    assert (state, session.transcript_reason) == (
        "unreadable",
        "the file has gone from the received folder: send it again",
    )


def test_transcript_that_was_destroyed_is_not_read() -> None:
    session = dropped()
    therapy_store_keys.destroy_keys([session.transcript_file_id or ""], "test", "test")
    assert take_in()[0] == "purged"
    assert session_of().status is N.READY_TO_DRAFT


def test_transcript_that_is_still_on_its_way_is_waited_for() -> None:
    session = dropped()
    with writing() as db:
        file = one(db, IntakeFile, session.transcript_file_id or "")
        file.finished_at = None
        db.add(file)
    with pytest.raises(OutsideUnavailable, match="on its way"):
        take_in()
    assert session_of().status is N.RECEIVED


def test_consent_taken_back_overwrites_what_was_read() -> None:
    people = People()
    dropped(people)
    take_in()
    therapy_store_sessions.keep_draft(session_of().case_number, 0, {"drafted_by": {"version": "1"}, "sentences": ["x"]})
    consent_papers.revoke(people.patient.id, ConsentKind.RECORDING_AND_TRANSCRIPTION, make_staff().id)
    assert take_in()[0] == "no_consent"
    assert transcript() is None
    assert therapy_store_sessions.newest_draft(session_of().case_number, actor="test", where="test") is None


def test_session_that_has_moved_on_or_was_taken_over_is_left() -> None:
    dropped()
    case = cases.take(session_of().case_number)
    cases.take(session_of().case_number)
    with pytest.raises(StaleLease):
        session_gate.take_in.fn(case)
    take_in()
    with pytest.raises(MovedOn):
        take_in()
    with pytest.raises(MovedOn):
        session_gate.screen.fn(cases.take(make_session(N.READY_TO_DRAFT).case_number), reads())


def test_session_moved_by_somebody_while_it_was_read_is_not_moved_again(monkeypatch: pytest.MonkeyPatch) -> None:
    people = People()
    dropped(people)
    take_in()
    real = therapy_store.raise_flags

    def taken_back_meanwhile(*given: Any, **named: Any) -> int:
        consent_papers.revoke(people.patient.id, ConsentKind.AI_NOTE_DRAFTING, make_staff().id)
        return real(*given, **named)

    monkeypatch.setattr(therapy_store, "raise_flags", taken_back_meanwhile)
    with pytest.raises(MovedOn):
        screen(reads())
    assert session_of().status is N.RECEIVED


# -- what it says about risk


@pytest.fixture
def taken_in() -> People:
    people = People()
    dropped(people)
    take_in()
    return people


def test_flag_is_raised_in_its_turn_and_the_clinician_is_told_at_once(taken_in: People) -> None:
    level, session = screen(reads("high"))
    assert (level, session.risk_level, session.status) == ("high", RiskLevel.HIGH, N.READY_TO_DRAFT)
    assert session.risk_raised_at is not None and session.risk_seen_at is None
    [flag] = flags()
    assert (flag.turn, flag.level, flag.raised_by, flag.edition) == (3, "high", "rule", 1)
    assert transcript().turns[flag.turn]["text"][flag.starts : flag.ends] == WORD
    assert told() == [taken_in.clinician.id]
    assert all(message.urgent and message.facts == {} for message in rows(OutboxMessage))


def test_high_risk_also_pages_who_is_on_call(taken_in: People) -> None:
    on_call = make_signer(location=taken_in.location, on_call=True)
    screen(reads("high"))
    assert told() == sorted([taken_in.clinician.id, on_call.id])


def test_moderate_risk_is_its_clinicians(taken_in: People) -> None:
    make_signer(location=taken_in.location, on_call=True)
    level, session = screen(reads("moderate"))
    assert (level, session.risk_pages_sent) == ("moderate", 1)
    assert told() == [taken_in.clinician.id]


def test_session_that_says_nothing_about_risk_claims_nothing(taken_in: People) -> None:
    level, session = screen(reads("none"))
    assert (level, session.risk_level, session.risk_raised_at, told(), flags()) == ("none raised", None, None, [], [])


def test_screening_the_same_transcript_again_raises_nothing_twice(taken_in: People) -> None:
    screen(reads("high"))
    with writing() as db:
        session = one(db, SessionNote, session_of().case_number)
        session.status = N.READY_TO_SCREEN
        db.add(session)
    screen(reads("high"))
    assert len(flags()) == 1


def test_leg_that_died_after_the_flags_were_raised_pages_when_it_goes_on(
    taken_in: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(therapy_store, "open_levels", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            screen(reads("high"))
    assert (len(flags()), told(), session_of().status) == (1, [], N.READY_TO_SCREEN)
    screen(reads("high"))
    assert (len(flags()), told()) == (1, [taken_in.clinician.id])


def test_reader_that_breaks_becomes_a_clinicians_work_and_its_words_are_not_logged(
    taken_in: People, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(text: str, *, rules_only: bool = False) -> RiskReading:
        raise RuntimeError(f"marker {text}")

    level, session = screen(breaks)
    assert session.status is N.READY_TO_DRAFT
    assert level in ("moderate", "high") and told() == [taken_in.clinician.id]
    [flag] = flags()
    assert flag.turn is None
    assert "RuntimeError" in caplog.text and "marker" not in caplog.text and "sleep" not in caplog.text


def test_session_that_the_reader_cannot_read_is_a_persons_to_read(taken_in: People) -> None:
    screen(lambda text, rules_only=False: RiskReading(False, "another language", (), "test-1"))
    assert len(flags()) == 1 and session_of().risk_level is not None


def test_where_the_law_keeps_the_classifier_off_the_rules_read_and_a_person_is_asked() -> None:
    dropped(patient_state="IL")
    take_in()
    given: list[bool] = []

    def read(text: str, *, rules_only: bool = False) -> RiskReading:
        given.append(rules_only)
        return reads("none")(text)

    screen(read)
    assert set(given) == {True}
    [flag] = flags()
    assert "Illinois" in flag.why or "IL" in flag.why
    [event] = rows(AuditEvent, action="risk.screened")
    assert event.details["classifier_ran"] is False


def test_flags_raised_after_the_clinician_looked_page_again(taken_in: People) -> None:
    screen(reads("moderate"))
    note_editing.mark_risk_seen(session_of().case_number, taken_in.clinician.id)
    with writing() as db:
        session = one(db, SessionNote, session_of().case_number)
        session.status = N.CHECK_TRANSCRIPT
        db.add(session)
    drop(taken_in.row("K1"), index="second.csv", K1=TALK + f"Patient: And the other {WORD}.\n")
    received()
    take_in()
    level, session = screen(reads("high"))
    assert (level, session.risk_seen_at, session.risk_seen_by) == ("high", None, None)
    assert told() == [taken_in.clinician.id] * 2
    assert {flag.edition for flag in flags()} == {1, 2}


def test_flags_that_were_seen_stay_seen_when_nothing_new_is_raised(taken_in: People) -> None:
    screen(reads("high"))
    note_editing.mark_risk_seen(session_of().case_number, taken_in.clinician.id)
    with writing() as db:
        session = one(db, SessionNote, session_of().case_number)
        session.status = N.READY_TO_SCREEN
        db.add(session)
    _, session = screen(reads("high"))
    assert session.risk_seen_by == taken_in.clinician.id
    assert len(told()) == 1


def test_words_that_are_no_present_risk_raise_no_page(taken_in: People) -> None:
    _, session = screen(reads("high", SignalStatus.SOMEONE_ELSE))
    assert told() == [] and session.risk_level in (None, RiskLevel.LOW)
