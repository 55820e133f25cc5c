"""Whatever is wrong with a session's export: a clear message, nothing of a person in it, and nothing lost or twice."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlmodel import select

from adapters import file_drop, received_files, therapy_store, therapy_store_sessions
from adapters.operational_store import one, reading, writing
from adapters.settings import settings
from models import databases
from models.codes import NoteStatus, QuarantineStatus, TranscriptState
from models.columns import utc_now
from models.operational import (
    Appointment,
    AuditEvent,
    Clinician,
    IntakeFile,
    IntakeRow,
    Patient,
    QuarantinedRow,
    Referral,
    SessionNote,
    Slot,
)
from tasks import cases, session_gate, sessions
from tests.exports import TALK, People, drop, file_of, index_of, left_in_the_drop, lie_open, put, received, session_of
from tests.factories import make_appointment, make_papers, make_patient, make_referral, make_signer, make_slot

pytestmark = pytest.mark.usefixtures("home")

N, T = NoteStatus, TranscriptState


@pytest.fixture
def people() -> People:
    made = People()
    make_papers(made.patient)
    return made


def rows(record: type, **where: Any) -> list[Any]:
    with reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def refused(field: str, key: str = "K1") -> str:
    """The message of the one fault of one row that opened no case; its transcript lies where it was dropped."""
    [result] = received()
    assert [fault for _, fault, _ in result.findings] == [field], result.findings
    assert rows(SessionNote, external_key=f"sessions:{key}") == []
    [fault] = rows(QuarantinedRow, field=field, status=QuarantineStatus.OPEN)
    kept = therapy_store.quarantined(fault.content_id, actor="test", where="test")
    assert key in str(kept), "the row itself is kept, whole"
    assert list(settings().to_fix_folder.glob("*.to-fix.csv")), "and lies there to be corrected"
    return str(result.findings[0][2])


def read() -> SessionNote:
    session_gate.take_in.fn(cases.take(session_of().case_number))
    return session_of()


# -- transcripts


def lines(count: int) -> str:
    return "".join(
        f"{'Therapist' if n % 2 else 'Patient'}: This is what was said as number {n}.\n" for n in range(count)
    )


def cues(*times: tuple[str, str, str]) -> str:
    said = "\n\n".join(f"{start} --> {end}\n<v {who}>These are some words that were said." for who, start, end in times)
    return f"WEBVTT\n\n{said}\n"


def clock(seconds: float) -> str:
    return f"{int(seconds // 3600):02d}:{int(seconds % 3600 // 60):02d}:{seconds % 60:06.3f}"


def talking(until: float, step: float = 30.0) -> list[tuple[str, str, str]]:
    times = [step * n for n in range(int(until // step))]
    return [("Therapist" if n % 2 else "Patient", clock(at), clock(at + step - 1)) for n, at in enumerate(times)]


OVERLAPPING = [
    ("Therapist" if n % 2 else "Patient", clock(10.0 * (n // 2)), clock(10.0 * (n // 2) + 9)) for n in range(40)
]


@pytest.mark.parametrize(
    ("words", "state", "said"),
    [
        pytest.param("", T.UNREADABLE, "no text", id="0 lines"),
        pytest.param("\n \n", T.UNREADABLE, "no text", id="blank lines"),
        pytest.param(lines(2), T.TOO_SHORT, "a session has at least", id="two lines"),
        pytest.param(cues(*talking(6 * 3600 + 1200)), T.UNREADABLE, "hours", id="over 6 hours"),
        pytest.param(lines(40_000), T.UNREADABLE, "no one session", id="far too many words"),
        pytest.param(TALK.replace("Patient", "Harbinger"), T.UNREADABLE, "line 2", id="unknown label"),
        pytest.param(TALK.replace("Patient:", "Therapist:"), T.UNREADABLE, "patient", id="one speaker only"),
        pytest.param(cues(*OVERLAPPING), T.UNREADABLE, "line", id="overlapping times"),
        pytest.param(cues(("Patient", "00:00:09.000", "00:00:02.000")) * 1, T.UNREADABLE, "line", id="ends before"),
        pytest.param(
            (TALK + "Patient: Grüße.\n").encode() + "Patient: Grüße.\n".encode("latin-1"),
            T.UNREADABLE,
            "line",
            id="mixed encodings",
        ),
        pytest.param(b"\x00\x01\x02\x03" * 400, T.UNREADABLE, "", id="binary"),
        pytest.param("{\\rtf1 " + TALK + "}", T.UNREADABLE, "", id="a formatted document"),
        pytest.param('{"turns": [', T.UNREADABLE, "", id="half a JSON file"),
        pytest.param('{"turns": [{"speaker": 7}]}', T.UNREADABLE, "", id="JSON of something else"),
    ],
)
def test_transcript_that_cannot_be_used_leaves_a_plain_template_and_says_why(
    people: People, words: str | bytes, state: TranscriptState, said: str
) -> None:
    drop(people.row("K1"), K1=words)
    assert received()[0].findings == ()
    session = read()
    assert (session.transcript, session.status) == (state, N.READY_TO_DRAFT), session.transcript_reason
    assert said in session.transcript_reason and session.transcript_reason
    assert not [word for word in ("said as", "Harbinger", "five hours", "Grüße") if word in session.transcript_reason]
    content = received_files.content(file_of(session))
    assert content == (words if isinstance(words, bytes) else words.encode()), "what was sent is kept as it came"


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("\ufeff" + TALK).encode(), id="a byte order mark"),
        pytest.param(TALK.encode("utf-16"), id="UTF-16"),
        pytest.param((TALK + "Patient: Grüße.\n").encode("cp1252"), id="an old encoding"),
        pytest.param(TALK.replace("\n", "\r\n").encode(), id="lines of another system"),
        pytest.param(TALK.replace("Therapist", "THERAPIST ").encode(), id="labels in capitals"),
        pytest.param(cues(*talking(5 * 3600)).encode(), id="five hours"),
    ],
)
def test_transcript_that_is_only_odd_is_read(people: People, words: bytes) -> None:
    drop(people.row("K1"), K1=words)
    received()
    session = read()
    assert (session.transcript, session.transcript_reason) == (T.KEPT, "")


def test_transcript_that_is_not_in_the_drop_is_asked_for(people: People) -> None:
    put("s.csv", index_of(people.row("K1")))
    assert refused("transcript_file") == "no such file lies beside the index: drop both again"
    assert left_in_the_drop() == []


def test_transcript_outside_the_drop_is_not_reached_for(people: People) -> None:
    put("K1.txt", TALK, settings().home)
    put("s.csv", index_of(people.row("K1", transcript_file="../K1.txt")))
    assert "bare file name" in refused("transcript_file")
    assert (settings().home / "K1.txt").exists()


def test_link_in_the_drop_is_not_followed(people: People) -> None:
    put("words.txt", TALK, settings().home)
    (settings().sessions_folder / "K1.txt").symlink_to(settings().home / "words.txt")
    put("s.csv", index_of(people.row("K1")))
    assert "no such file" in refused("transcript_file")


def test_second_transcript_for_a_session_is_refused_until_the_first_is_returned(people: People) -> None:
    drop(people.row("K1"))
    received()
    read()
    before = session_of()
    drop(people.row("K1"), index="second.csv", K1=TALK + "Patient: Another one.\n")
    [result] = received()
    [(_, field, reason)] = result.findings
    assert (field, reason) == (
        "transcript_file",
        "this session has another transcript already; its clinician returns the draft first, then send it again",
    )
    assert session_of() == before
    assert left_in_the_drop() == ["K1.txt"], "the second transcript lies where it was dropped"


def test_transcript_for_a_signed_session_is_refused(people: People) -> None:
    drop(people.row("K1"))
    received()
    with writing() as db:
        session = one(db, SessionNote, session_of().case_number)
        session.status, session.closed_at = N.CLOSED_SIGNED, utc_now()
        db.add(session)
    drop(people.row("K1"), index="second.csv", K1=TALK + "Patient: Another one.\n")
    [(_, field, reason)] = received()[0].findings
    assert field == "transcript_file" and "closed" in reason
    assert session_of().status is N.CLOSED_SIGNED


def test_two_sessions_at_one_time_are_two_transcripts_for_one_session(people: People) -> None:
    drop(people.row("K1"), people.row("K2"))
    [result] = received()
    [(row, field, reason)] = result.findings
    assert (row, field) == (3, "started_at") and "another session of this patient" in reason
    assert len(rows(SessionNote)) == 1 and left_in_the_drop() == ["K2.txt"]


@pytest.mark.parametrize(("minutes", "found"), [(29, 1), (30, 0)])
def test_sessions_half_an_hour_apart_are_two(people: People, minutes: int, found: int) -> None:
    first = people.row("K1", transcript_file="")
    moved = {name: (_at(first[name]) + timedelta(minutes=minutes)).isoformat() for name in ("started_at", "ended_at")}
    drop(first, people.row("K2", transcript_file="", **moved))
    assert len(received()[0].findings) == found


def _at(text: str) -> Any:
    from datetime import datetime

    return datetime.fromisoformat(text)


def test_one_file_named_by_two_sessions_is_neithers(people: People) -> None:
    drop(people.row("K1", transcript_file="K.txt"), people.row("K2", days=3, transcript_file="K.txt"), K1=TALK)
    [result] = received()
    assert {field for _, field, _ in result.findings} == {"transcript_file"}
    assert rows(SessionNote) == [] and "K.txt" in left_in_the_drop()


def test_very_same_transcript_under_two_names_is_one_sessions(people: People) -> None:
    """A copy would put one patient's words into another's record, and forgetting the one would take both."""
    other = People(location=people.location)
    drop(people.row("K1"), other.row("K2", days=3), K1=TALK, K2=TALK)
    [result] = received()
    [(row, field, reason)] = result.findings
    assert (row, field) == (3, "transcript_file") and "another session's" in reason
    assert left_in_the_drop() == ["K2.txt"]


def test_empty_transcripts_of_two_sessions_are_no_copies(people: People) -> None:
    drop(people.row("K1"), people.row("K2", days=3), K1="", K2="")
    [result] = received()
    assert result.findings == () and result.counts["accepted"] == 2


# -- whose session it is


def appointment(
    people: People, patient: Patient | None = None, clinician_id: str = "", hours: float = 0
) -> Appointment:
    referral = make_referral(patient=patient or people.patient, location=people.location)
    with reading() as db:
        clinician = db.get_one(Clinician, clinician_id or people.clinician.id)
    slot = make_slot(clinician, people.location)
    made = make_appointment(referral, slot)
    with writing() as db:
        kept = one(db, Appointment, made.id)
        kept.starts_at = _at(people.row("K1")["started_at"]) + timedelta(hours=hours)
        db.add(kept)
    return made


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda people: appointment(people, make_patient()).id, "another patient's"),
        (lambda people: appointment(people, None, make_signer(location=people.location).id).id, "another clinician"),
        (lambda people: appointment(people, hours=2.5).id, "at another time"),
        (lambda people: "AT-none", "no such appointment"),
    ],
)
def test_transcript_for_the_wrong_appointment_is_refused(
    people: People, wrong: Callable[[People], str], said: str
) -> None:
    drop(people.row("K1", appointment_id=wrong(people)))
    assert said in refused("appointment_id")
    assert left_in_the_drop() == ["K1.txt"]


@pytest.mark.parametrize("hours", [0, 2, -2])
def test_transcript_for_the_right_appointment_is_taken(people: People, hours: float) -> None:
    made = appointment(people, hours=hours)
    drop(people.row("K1", appointment_id=made.id))
    assert received()[0].findings == ()
    assert session_of().appointment_id == made.id


@pytest.mark.parametrize("forgotten", [False, True])
def test_patient_who_is_not_known_or_was_forgotten_is_refused(people: People, forgotten: bool) -> None:
    patient_id = make_patient(forgotten_at=utc_now()).id if forgotten else "PT-nobody"
    drop(people.row("K1", patient_id=patient_id))
    message = refused("patient_id")
    assert "no patient of this practice" in message and patient_id not in message


def test_clinician_who_is_not_known_is_refused(people: People) -> None:
    drop(people.row("K1", clinician_id="ST-nobody"))
    assert "no clinician of this practice" in refused("clinician_id")


def test_number_that_stands_for_somebody_elses_session_is_refused(people: People) -> None:
    drop(people.row("K1"))
    received()
    other = People(location=people.location)
    drop(other.row("K1", days=5), index="other.csv")
    [(_, field, reason)] = received()[0].findings
    assert field == "session_key" and "somebody else" in reason
    assert session_of().patient_id == people.patient.id


@pytest.mark.parametrize(
    ("field", "value"),
    [("modality", "telehealth"), ("service", "crisis"), ("patient_state", "WA"), ("patient_state", "")],
)
def test_session_that_is_on_record_otherwise_is_told_and_not_changed(people: People, field: str, value: str) -> None:
    drop(people.row("K1"))
    received()
    before = session_of()
    put("again.csv", index_of({**people.row("K1"), field: value}))
    [(_, found, reason)] = received()[0].findings
    assert found == field and "on record otherwise" in reason
    assert session_of() == before


def test_session_longer_than_any_is_refused(people: People) -> None:
    row = people.row("K1")
    ends = (_at(row["started_at"]) + timedelta(hours=6, minutes=1)).isoformat()
    drop(row | {"ended_at": ends})
    assert "at most 6 hours" in refused("ended_at")


# -- the index


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"PK\x03\x04" + b"\x00" * 400, id="a spreadsheet"),
        pytest.param(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", id="a PDF"),
        pytest.param(b"one,two\n1,2\n", id="other columns"),
        pytest.param(TALK.encode(), id="a transcript"),
        pytest.param(b'{"resourceType": "Bundle"}', id="JSON"),
    ],
)
def test_index_that_is_no_table_of_sessions_is_refused_whole_and_its_transcripts_stay(
    people: People, content: bytes
) -> None:
    put("K1.txt", TALK)
    put("s.csv", content)
    [result] = received()
    assert result.refused and rows(SessionNote) == []
    [fault] = rows(QuarantinedRow)
    assert (fault.row, fault.field, fault.rule) == (0, "file", "unreadable")
    assert left_in_the_drop() == ["K1.txt"] and lie_open() == []
    assert "five hours" not in result.refused
    put("s.csv", content)
    assert received() == [], "the same again is not told twice"
    assert len(rows(QuarantinedRow)) == 1


def test_one_broken_row_keeps_no_other_from_being_received(people: People) -> None:
    drop(people.row("K1", service="chat"), people.row("K2", days=3), people.row("K3", days=4, started_at="yesterday"))
    [result] = received()
    assert result.counts == {"accepted": 1, "quarantined": 2}
    assert {(row, field) for row, field, _ in result.findings} >= {(2, "service"), (4, "started_at")}
    assert left_in_the_drop() == ["K1.txt", "K3.txt"]
    assert not [reason for _, _, reason in result.findings if "chat" in reason or "yesterday" in reason]


# -- cut off anywhere


class Killed(BaseException):
    """The process died here."""


@contextmanager
def killed_at(number: int, *, after: bool) -> Iterator[list[int]]:
    """Die before or after the commit of the transaction with this number; gives how many there were."""
    real, seen = databases.writing, [0]

    @contextmanager
    def writing_until(engine: Any, *more: Any, **named: Any) -> Iterator[Any]:
        seen[0] += 1
        here = seen[0] == number
        with real(engine, *more, **named) as db:
            yield db
            if here and not after:
                raise Killed
        if here:
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(databases, "writing", writing_until)
        yield seen


def dies(act: Callable[[], object]) -> bool:
    try:
        act()
    except Killed:
        return True
    return False


@pytest.fixture
def without_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    """The contract is tested elsewhere and takes its time."""
    monkeypatch.setattr(sessions, "check_session_table", lambda *_, **__: SimpleNamespace(findings=()))


def whole(people: People, key: str, words: str) -> None:
    """One case of this session with its transcript sealed, its row on record, its events once; nothing left over."""
    session = session_of(key)
    assert (session.status, session.minutes) == (N.RECEIVED, 53)
    file = file_of(session)
    assert file.finished_at is not None and received_files.content(file) == words.encode()
    plan = therapy_store_sessions.plan(session.case_number, actor="test", where="test")
    assert plan["goals"] == "less worry"
    assert [row.outcome for row in rows(IntakeRow, external_key=f"sessions:{key}")] == ["accepted"]
    actions = [event.action for event in rows(AuditEvent, case_number=session.case_number)]
    assert [actions.count(each) for each in ("case.opened", "row.accepted")] == [1, 1]
    assert actions.count("session.transcript_received") == 1
    assert (left_in_the_drop(), lie_open()) == ([], [])
    assert all(file.finished_at is not None for file in rows(IntakeFile))
    assert rows(QuarantinedRow) == []


@pytest.mark.parametrize("after", [False, True])
def test_export_that_was_cut_off_at_any_write_is_received_whole_and_once(
    people: People, without_the_contract: None, after: bool
) -> None:
    for number in range(1, 40):
        key, words = f"K{number}", TALK + f"Patient: That was number {number}.\n"
        drop(people.row(key, days=number + 1), index=f"{key}.csv", **{key: words})
        with killed_at(number, after=after) as seen:
            died = dies(received)
        if died:
            received()
        whole(people, key, words)
        if not died:
            break
    assert 8 <= number == seen[0] + 1, "every transaction on the way was one of these"


@pytest.mark.parametrize("after", [False, True])
def test_other_transcript_that_was_cut_off_at_any_write_is_taken_whole_and_once(
    people: People, without_the_contract: None, after: bool
) -> None:
    for number in range(1, 40):
        key, words = f"K{number}", TALK + f"Patient: The other one of {number}.\n"
        drop(people.row(key, days=number + 1), index=f"{key}.csv")
        received()
        with writing() as db:
            session = one(db, SessionNote, session_of(key).case_number)
            session.status, session.transcript = N.CHECK_TRANSCRIPT, T.KEPT
            db.add(session)
        drop(people.row(key, days=number + 1), index=f"{key}-2.csv", **{key: words})
        put(f"{key}-2.csv", index_of(people.row(key, days=number + 1, plan_goals="less worry ")))
        with killed_at(number, after=after) as seen:
            died = dies(received)
        if died:
            received()
        session = session_of(key)
        assert (session.status, received_files.content(file_of(session))) == (N.RECEIVED, words.encode()), number
        actions = [event.action for event in rows(AuditEvent, case_number=session.case_number)]
        assert (actions.count("session.transcript_received"), actions.count("case.moved")) == (2, 1)
        assert (left_in_the_drop(), lie_open()) == ([], [])
        assert all(file.finished_at is not None for file in rows(IntakeFile))
        if not died:
            break
    assert 6 <= number == seen[0] + 1


@pytest.mark.parametrize("name", ["settle", "put_away"])
@pytest.mark.parametrize("after", [False, True])
def test_transcript_whose_move_was_cut_off_is_found_again(
    people: People, without_the_contract: None, monkeypatch: pytest.MonkeyPatch, name: str, after: bool
) -> None:
    words = TALK + "Patient: On its way.\n"
    drop(people.row("K1"), K1=words)
    module = file_drop if name == "settle" else received_files
    real = getattr(module, name)

    def cut_off(*given: Any, **named: Any) -> None:
        if after:
            real(*given, **named)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(module, name, cut_off)
        assert dies(received)
    received()
    whole(people, "K1", words)


def test_row_of_a_crashed_export_whose_transcript_was_taken_away_is_asked_for(
    people: People, without_the_contract: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drop(people.row("K1"))
    with monkeypatch.context() as patch:
        patch.setattr(file_drop, "settle", lambda *_: (_ for _ in ()).throw(Killed()))
        assert dies(received)
    (path.parent / "K1.txt").unlink()
    [result] = received()
    assert [field for _, field, _ in result.findings] == ["transcript_file"]
    drop(people.row("K1"))
    assert received()[0].counts == {"accepted": 1, "quarantined": 0}
    assert (session_of().status, lie_open()) == (N.RECEIVED, [])
    assert rows(Referral) == [] and rows(Slot) == []
