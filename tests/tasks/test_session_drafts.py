"""Drafting notes: many at once or one, each kept with what it was made of; what may not be drafted gets its reason."""

from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from acts import consent_papers, note_editing
from adapters import note_templates, therapy_store, therapy_store_sessions
from adapters.operational_store import one, reading, writing
from language.note_drafting import SessionToDraft
from language.note_values import DraftSentence, Dropped, NoteDraft, NoteFormat, Source, Topic
from models.codes import DraftKind, NoteStatus, RiskLevel, TranscriptState
from models.errors import StaleLease
from models.note_codes import ConsentKind, ConsentPurpose
from models.note_template import NoteTemplate
from models.operational import Approval, AuditEvent, Patient, SessionNote, Staff
from models.session_index import NoteFormatCode
from rules import sign_off
from tasks import cases, session_batch, session_drafts, session_gate, sign_offs
from tests.factories import make_location, make_papers, make_patient, make_session, make_staff

pytestmark = pytest.mark.usefixtures("home")

N, T, D = NoteStatus, TranscriptState, DraftKind
SLEPT = "I sleep about five hours and I wake up at three most nights."
TURNS = [
    {"speaker": "T", "role": "clinician", "text": "How has your sleep been?", "starts": 0.0, "ends": 2.0},
    {"speaker": "P", "role": "patient", "text": SLEPT, "starts": 2.0, "ends": 6.0},
    {"speaker": "T", "role": "clinician", "text": "Write down the worries every evening.", "starts": 6.0, "ends": 9.0},
]


class Drafter:
    """Drafts two sentences of every session, and remembers what it was given in one go."""

    def __init__(self) -> None:
        self.batches: list[list[SessionToDraft]] = []
        self.sentences = True

    def __call__(self, sessions: list[SessionToDraft], generator: object = None) -> list[NoteDraft]:
        self.batches.append(list(sessions))
        return [self.draft(session) for session in sessions]

    def draft(self, session: SessionToDraft) -> NoteDraft:
        made = (
            DraftSentence("Subjective", "Reports sleeping five hours.", (Source(1, 0, 26),), Topic.CONCERN),
            DraftSentence("Plan", "Plan: write down the worries.", (Source(2, 0, 22),), Topic.PLAN),
        )
        kept = made if self.sentences else ()
        return NoteDraft(session.format, kept, ("mood",), {Dropped.UNSUPPORTED: 1}, "fake-1")


@pytest.fixture
def drafter(monkeypatch: pytest.MonkeyPatch) -> Drafter:
    fake = Drafter()
    monkeypatch.setattr(session_drafts, "draft_notes", fake)
    return fake


def ready(*purposes: ConsentPurpose, patient: Patient | None = None, **given: Any) -> SessionNote:
    """A session with a kept transcript that waits to be drafted; its patient has agreed to everything or to these."""
    person = patient or make_patient()
    make_papers(person, *purposes)
    facts = {"transcript": T.KEPT, "version": 2, **given}
    session = make_session(N.READY_TO_DRAFT, patient=person, **facts)
    if session.transcript == T.KEPT:
        therapy_store_sessions.keep_transcript(session.case_number, TURNS)
    therapy_store_sessions.keep_plan(session.case_number, {"diagnoses": ["F41.1"], "dated": None, "goals": "sleep"})
    return session


def draft(*sessions: SessionNote) -> dict[str, str]:
    return session_drafts.draft.fn([cases.take(session.case_number) for session in sessions])


def now(session: SessionNote) -> SessionNote:
    with reading() as db:
        return one(db, SessionNote, session.case_number)


def proposal(session: SessionNote) -> dict[str, Any]:
    found = therapy_store_sessions.newest_draft(session.case_number, actor="test", where="test")
    assert found is not None
    return found


def events(action: str) -> list[AuditEvent]:
    with reading() as db:
        return list(db.exec(select(AuditEvent).where(AuditEvent.action == action)).all())


# -- drafted


def test_draft_is_kept_with_its_sources_and_what_made_it(drafter: Drafter) -> None:
    session = ready()
    assert draft(session) == {session.case_number: "drafted"}
    assert (now(session).status, now(session).draft) == (N.NOTE_SIGNATURE, D.DRAFTED)
    content = proposal(session)
    first = {"id": "S1", "topic": "concern", "section": "Subjective", "text": "Reports sleeping five hours."}
    assert content["sentences"][0] == {**first, "sources": [[1, 0, 26]], "origin": "drafted"}
    assert content["kind"] == "drafted" and content["dropped"] == {"unsupported": 1} and content["why_plain"] == []
    assert content["drafted_by"]["version"] == "fake-1" and len(content["drafted_by"]["weights"]) == 64
    assert content["transcript"]["edition"] == 1 and len(content["transcript"]["sha256"]) == 64
    assert set(content["templates"]) == set(NoteFormatCode)
    assert content["permission"]["ai_may_draft"] is True
    [event] = events("note.proposed")
    assert event.details == {"draft": "drafted", "sentences": 2, "drafted_by": "fake-1"}


def test_every_session_of_a_batch_is_drafted_in_one_go(drafter: Drafter) -> None:
    sessions = [ready(note_format=form) for form in NoteFormatCode]
    assert draft(*sessions) == {session.case_number: "drafted" for session in sessions}
    [batch] = drafter.batches
    assert [one.format for one in batch] == [NoteFormat(form.value) for form in NoteFormatCode]
    assert [one.turns[1].text for one in batch] == [SLEPT] * 4


def test_drafter_is_told_the_names_to_mask(drafter: Drafter) -> None:
    session = ready()
    draft(session)
    with reading() as db:
        patient = one(db, Patient, session.patient_id)
    [[given]] = drafter.batches
    assert f"{patient.given_name} {patient.family_name}" in given.known_names and len(given.known_names) == 2


def test_sentences_stand_where_the_locations_own_template_has_them(
    drafter: Drafter, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = make_location()
    first = note_templates.all_templates()["SOAP-1"]
    moved = tuple((title, tuple(t for t in topics if t != "concern")) for title, topics in first.sections)
    pilot = NoteTemplate("SOAP", "SOAP-9", (*moved[:-1], (moved[-1][0], (*moved[-1][1], "concern"))), first.asks)
    every = {**note_templates.all_templates(), "SOAP-9": pilot}
    monkeypatch.setattr(note_templates, "all_templates", lambda: every)
    with writing() as db:
        note_templates.choose(db, place.id, "SOAP-9", "ST-1", signed="")
    here, elsewhere = ready(location=place), ready()
    draft(here, elsewhere)
    assert [each["section"] for each in proposal(here)["sentences"]] == ["Plan", "Plan"]
    assert proposal(here)["templates"]["SOAP"]["version"] == "SOAP-9"
    assert [each["section"] for each in proposal(elsewhere)["sentences"]] == ["Subjective", "Plan"]


def test_draft_without_a_supported_sentence_is_plain_and_says_so(drafter: Drafter) -> None:
    drafter.sentences = False
    session = ready()
    assert draft(session) == {session.case_number: "plain_nothing_supported"}
    assert (now(session).draft, proposal(session)["sentences"]) == (D.PLAIN_NOTHING_SUPPORTED, [])


# -- not drafted


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ({"transcript": T.NONE}, D.PLAIN_NO_TRANSCRIPT, ""),
        ({"transcript": T.NO_CONSENT}, D.PLAIN_NO_CONSENT, ""),
        ({"transcript": T.UNREADABLE, "transcript_reason": "line 4: why"}, D.PLAIN_UNREADABLE, "line 4: why"),
        ({"transcript": T.TOO_SHORT, "transcript_reason": "few words"}, D.PLAIN_TOO_SHORT, "few words"),
        ({"transcript": T.PURGED}, D.PLAIN_NO_CONSENT, ""),
        ({"patient_state": "XX"}, D.PLAIN_JURISDICTION, "where the patient was, is not known"),
    ],
)
def test_what_may_not_or_cannot_be_drafted_gets_the_empty_template_and_why(
    drafter: Drafter, given: dict[str, Any], kind: DraftKind, said: str
) -> None:
    session = ready(**given)
    assert draft(session) == {session.case_number: kind.value}
    assert (now(session).draft, now(session).status) == (kind, N.NOTE_SIGNATURE)
    content = proposal(session)
    assert (content["sentences"], content["drafted_by"]) == ([], None)
    assert said in " ".join(content["why_plain"])
    assert content["not_assessed"] == {form.value: [] for form in NoteFormatCode}
    assert drafter.batches == [[]]


def test_without_consent_to_ai_the_transcript_is_kept_and_no_program_reads_it(drafter: Drafter) -> None:
    session = ready(ConsentPurpose.TRANSCRIBE_FOR_THE_RECORD)
    assert draft(session) == {session.case_number: "plain_no_consent"}
    assert drafter.batches == [[]]
    assert any("AI note drafting: no consent" in why for why in proposal(session)["why_plain"])


def test_consent_that_was_taken_back_since_the_gate_counts(drafter: Drafter) -> None:
    session = ready()
    with writing() as db:
        for paper in consent_papers.papers_of(db, session.patient_id):
            if paper.kind == ConsentKind.AI_NOTE_DRAFTING:
                paper.revoked_on = paper.given_on
                db.add(paper)
    assert draft(session) == {session.case_number: "plain_no_consent"}


# -- taken back, taken over, run twice


def test_session_that_has_moved_on_is_left_out_and_the_others_are_drafted(drafter: Drafter) -> None:
    first, second, third = ready(), make_session(N.RECEIVED), ready()
    assert draft(first, second, third) == {first.case_number: "drafted", third.case_number: "drafted"}
    assert now(second).status is N.RECEIVED


def test_session_that_another_leg_took_over_is_left_out_and_the_others_are_drafted(drafter: Drafter) -> None:
    sessions = [ready(), ready(), ready()]
    taken = [cases.take(session.case_number) for session in sessions]
    cases.take(sessions[0].case_number)
    assert set(session_drafts.draft.fn(taken)) == {session.case_number for session in sessions[1:]}


@pytest.mark.parametrize("taken", [True, False])
def test_session_taken_back_or_over_while_the_batch_was_drafted_keeps_no_other_from_it(
    drafter: Drafter, taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = [ready(), ready(), ready()]
    real = therapy_store_sessions.keep_draft

    def meanwhile(case_number: str, round: int, content: dict[str, Any]) -> None:
        real(case_number, round, content)
        if case_number == sessions[0].case_number:
            if taken:
                cases.take(case_number)
            else:
                patient = now(sessions[0]).patient_id
                consent_papers.revoke(patient, ConsentKind.AI_NOTE_DRAFTING, make_staff().id)

    monkeypatch.setattr(therapy_store_sessions, "keep_draft", meanwhile)
    assert set(draft(*sessions)) == {session.case_number for session in sessions[1:]}
    assert now(sessions[0]).status is (N.READY_TO_DRAFT if taken else N.RECEIVED)


def test_leg_that_died_after_its_draft_was_kept_proposes_that_one(
    drafter: Drafter, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = ready()
    with monkeypatch.context() as patch:
        patch.setattr(session_drafts, "move", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            draft(session)
    assert now(session).status is N.READY_TO_DRAFT
    drafter.sentences = False
    draft(session)
    assert len(proposal(session)["sentences"]) == 2
    assert len(events("note.proposed")) == 1


# -- the day's batch


def test_batch_takes_sessions_of_a_place_and_day_that_have_no_run(
    drafter: Drafter, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = make_location()
    mine, with_run, elsewhere = ready(location=place), ready(location=place, run_id="R-1"), ready()
    assert session_batch.draft_all(place.id, None) == 1
    assert [now(each).status for each in (mine, with_run, elsewhere)] == [
        N.NOTE_SIGNATURE,
        N.READY_TO_DRAFT,
        N.READY_TO_DRAFT,
    ]
    assert session_batch.draft_all("all", None) == 1


@pytest.mark.parametrize("trouble", [StaleLease("taken over"), RuntimeError("marker words")])
def test_session_that_fails_is_left_to_its_own_run(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, trouble: Exception
) -> None:
    sessions = [make_session(N.RECEIVED), make_session(N.RECEIVED)]

    real = session_gate.take_in.fn

    def fails(case: cases.Case) -> str:
        if case.number == sessions[0].case_number:
            raise trouble
        return real(case)

    monkeypatch.setattr(session_gate.take_in, "fn", fails)
    assert session_batch.take_in_and_screen("all", None) == 2
    assert [now(each).status for each in sessions] == [N.RECEIVED, N.READY_TO_DRAFT]
    assert type(trouble).__name__ in caplog.text and "marker" not in caplog.text


def test_session_that_breaks_the_drafter_keeps_no_other_from_its_draft(
    drafter: Drafter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sessions = [ready() for _ in range(3)]
    therapy_store_sessions.keep_transcript(sessions[1].case_number, [{**TURNS[0], "text": "krindlespat"}])

    def breaks(given: list[SessionToDraft], generator: object = None) -> list[NoteDraft]:
        if any(one.turns[0].text == "krindlespat" for one in given):
            raise RuntimeError("marker words")
        return drafter(given)

    monkeypatch.setattr(session_drafts, "draft_notes", breaks)
    assert session_batch.draft_all("all", None) == 2
    assert [now(each).status for each in sessions] == [N.NOTE_SIGNATURE, N.READY_TO_DRAFT, N.NOTE_SIGNATURE]
    assert "RuntimeError" in caplog.text and "marker" not in caplog.text


# -- what is to be signed


def opened(session: SessionNote) -> Approval:
    approval_id = sign_offs.open_sign_off.fn(cases.take(session.case_number), N.NOTE_SIGNATURE)
    with reading() as db:
        return one(db, Approval, approval_id)


def test_gate_pins_the_proposal_the_session_and_the_consents(drafter: Drafter) -> None:
    session = ready()
    draft(session)
    approval = opened(session)
    page = note_editing.on_screen(approval.id, actor=session.clinician_id, where="test")
    assert page.pinned == page.on_screen == approval.digest == sign_off.digest(sign_off.canonical(page.proposed))
    note = page.note
    assert (approval.assigned_to, approval.role) == (session.clinician_id, "clinician")
    assert (note["case"], note["session"]["minutes"], note["format"]) == (session.case_number, 53, "SOAP")
    assert [each["text"] for each in note["sentences"]] == [
        "Reports sleeping five hours.",
        "Plan: write down the worries.",
    ]
    assert (note["procedure_code"], note["diagnoses"], note["plan"]) == (
        "90837",
        ["F41.1"],
        {"dated": None, "goals": "sleep"},
    )
    assert note["addons"] == []
    assert {paper["kind"] for paper in note["consents"]} == set(ConsentKind)
    assert (note["flags"], note["flag_actions"], note["nothing_to_add"]) == ([], {}, [])


def test_gate_opens_once_and_pins_what_a_dead_leg_kept(drafter: Drafter) -> None:
    session = ready()
    draft(session)
    first = opened(session)
    assert opened(session) == first
    with writing() as db:
        db.delete(one(db, Approval, first.id))  # as a leg that died between the two writes leaves it
    therapy_store_sessions.keep_plan(session.case_number, {"diagnoses": [], "dated": None, "goals": "other"})
    assert opened(session).digest == first.digest


def test_open_flags_are_on_the_note_and_reviewed_ones_are_not(drafter: Drafter) -> None:
    session = ready(risk_level=RiskLevel.HIGH)
    flags = [
        therapy_store.RiskFlag(
            id=f"FL-{name}",
            case_number=session.case_number,
            unique_key=name,
            kind="self_harm",
            status="present",
            level="high",
            raised_by="rule",
            rule_id="r",
            why="w",
            version="1",
            turn=1,
        )
        for name in ("open", "done")
    ]
    therapy_store.raise_flags(session.case_number, flags)
    therapy_store.mark_reviewed(session.case_number, ["FL-done"], "AP-0", "ST-1")
    draft(session)
    approval = opened(session)
    page = note_editing.on_screen(approval.id, actor="test", where="test")
    assert [flag["id"] for flag in page.note["flags"]] == ["FL-open"]
    assert (approval.level, approval.why) == (RiskLevel.HIGH, "session note (high risk)")


def test_note_of_a_clinician_who_has_left_waits_for_nobody(drafter: Drafter) -> None:
    session = ready()
    with writing() as db:
        staff = one(db, Staff, session.clinician_id)
        staff.active = False
        db.add(staff)
    draft(session)
    assert opened(session).assigned_to is None


def test_case_without_a_kept_draft_opens_no_gate() -> None:
    session = make_session(N.NOTE_SIGNATURE)
    with pytest.raises(LookupError, match="no draft"):
        opened(session)


# -- the drafter itself

TALK = Path(__file__).parents[1] / "data" / "notes" / "03_the_thought_record.txt"


def turns_of_a_session(path: Path) -> list[dict[str, Any]]:
    lines = path.read_text().partition("--- facts")[0].splitlines()[1:]
    roles = {"C": "clinician", "P": "patient"}
    said = [line.partition(": ") for line in lines if line.partition(": ")[0] in roles]
    return [{"speaker": who, "role": roles[who], "text": words, "starts": None, "ends": None} for who, _, words in said]


def test_real_drafter_writes_a_note_that_rests_on_the_session() -> None:
    session = ready(note_format=NoteFormatCode.BIRP)
    turns = turns_of_a_session(TALK)
    therapy_store_sessions.keep_transcript(session.case_number, turns)
    assert draft(session) == {session.case_number: "drafted"}
    content = proposal(session)
    assert len(content["sentences"]) >= 10
    for sentence in content["sentences"]:
        assert sentence["sources"]
        for turn, start, end in sentence["sources"]:
            assert turns[turn]["text"][start:end].strip()
    assert {sentence["section"] for sentence in content["sentences"]} >= {"Behavior", "Plan"}
    assert "appetite" in content["not_assessed"]["BIRP"] and "medication" not in content["not_assessed"]["BIRP"]
