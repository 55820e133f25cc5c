"""Pilots of the risk reader on sessions and between sessions: the same arms, nothing less safe, counted by text."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlmodel import select

from acts import pilot_figures, pilot_labels, pilot_looks, pilot_reading
from acts.pilot_arms import installation_of
from acts.pilot_figures import Lost
from adapters import therapy_store, therapy_store_sessions
from adapters.operational_store import reading, writing
from language.risk_classifier import Settings
from language.risk_values import RiskReading
from models.codes import ApprovalKind, NoteStatus, TranscriptState
from models.columns import utc_now
from models.note_codes import FlagAction
from models.operational import Approval, Episode, FollowUp, Location, Pilot, PilotReading, SessionNote
from models.pilot_codes import Arm, EndedWhy, PilotMode, PilotUnit, TextKind, VersionKind
from models.therapy_text import TherapyText
from rules.pilot_arms import arm_of
from rules.sign_off import canonical
from tasks import cases, nights, session_gate
from tasks.check_in_words import read_unread
from tests import factories
from tests.factories import make_episode, make_location, make_papers, make_patient, make_session
from tests.pilots import make_pilot, now_of, running, start
from tests.tasks.test_pilots import HARM, PSYCHOSIS, broken, put, reader

pytestmark = pytest.mark.usefixtures("home")

Read = Callable[..., RiskReading]
SAID = (("clinician", "How was your week?"), ("patient", "I do not sleep and hear my neighbours."))
TURNS = [{"speaker": role, "role": role, "text": text, "starts": None, "ends": None} for role, text in SAID]
K = VersionKind.RISK_THRESHOLD


@pytest.fixture
def place(home: Any) -> Location:
    return make_location()


@pytest.fixture
def new_reads(monkeypatch: pytest.MonkeyPatch) -> Callable[[Read], None]:
    return lambda read: monkeypatch.setattr(pilot_reading, "read_with", lambda folder: read)


@pytest.fixture(autouse=True)
def _everything_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_gate, "session_threshold", lambda _: 0.0)
    monkeypatch.setattr(Settings, "session_threshold", lambda _self, _kind: 0.0)


def rows(record: Any, **where: Any) -> list[Any]:
    with reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def consenting() -> Any:
    return make_patient(consent_ai=True, consent_ai_on=date(2026, 1, 5))


class InSession:
    """A session whose transcript waits to be screened."""

    text_kind = TextKind.SESSION

    def __init__(self, place: Location) -> None:
        patient = consenting()
        make_papers(patient)
        facts = {"location": place, "patient": patient, "transcript": TranscriptState.KEPT, "version": 2}
        self.session: SessionNote = make_session(NoteStatus.READY_TO_SCREEN, **facts)
        self.number = self.session.case_number
        therapy_store_sessions.keep_transcript(self.number, TURNS)

    def read(self, read: Read) -> str:
        return str(session_gate.screen.fn(cases.take(self.number), read))

    def is_flagged(self) -> bool:
        return rows(SessionNote, case_number=self.number)[0].risk_level is not None

    def again(self) -> None:
        with writing() as db:
            db.get_one(SessionNote, self.number).status = NoteStatus.READY_TO_SCREEN

    def signs(self, flag_id: str, *, confirmed: bool) -> None:
        """Its clinician signs the note and says what was done about the flag."""
        action = FlagAction.ESCALATED if confirmed else FlagAction.RAISED_IN_ERROR
        self._decided({"flag_actions": {flag_id: {"action": action.value}}}, ApprovalKind.SESSION_NOTE, self.session)

    def _decided(self, content: dict[str, Any], kind: ApprovalKind, case: Any) -> None:
        signed = canonical(content)
        approval = factories.make_approval(kind, referral=case, content=signed, round=len(rows(Approval)))
        decision = factories.make_decision(approval, factories.make_staff(), signed)
        if isinstance(case, SessionNote):
            with writing() as db:
                db.get_one(SessionNote, case.case_number).signed_decision_id = decision.id


class BetweenSessions(InSession):
    """Words of a patient in care that nobody has read."""

    text_kind = TextKind.CHECK_IN

    def __init__(self, place: Location) -> None:
        self.episode: Episode = make_episode(location=place, patient=consenting())
        self.number = self.episode.case_number
        self.says()

    def says(self) -> None:
        said = TherapyText("I do not sleep and hear my neighbours.")
        therapy_store.add_text(self.number, "check_in_words", said, source_key=f"CI-{len(rows(PilotReading))}")

    def read(self, read: Read) -> str:
        return str(read_unread(self.number, read=read))

    def is_flagged(self) -> bool:
        return bool(rows(FollowUp, episode_number=self.number))

    def signs(self, flag_id: str, *, confirmed: bool) -> None:
        """The clinician of the escalation says what is done."""
        done = "call" if confirmed else "nothing_needed"
        content = {"flags": [{"id": flag_id, "text_id": "IT-1"}], "done": done}
        self._decided(content, ApprovalKind.ESCALATION, rows(FollowUp, episode_number=self.number)[0])


BOTH = pytest.mark.parametrize("text", [InSession, BetweenSessions])


def kinds_of(text: Any) -> list[str]:
    return sorted({each.kind for each in therapy_store.flags(text.number, actor="test", where="test")})


def shadow(place: Location, **given: Any) -> Pilot:
    return running(K, place, **{"mode": PilotMode.SHADOW, "smallest": 0.5, "spread": 1.0} | given)


@BOTH
def test_shadow_acts_on_nothing_and_records_what_would_have_been(place: Location, new_reads: Any, text: Any) -> None:
    shadow(place)
    new_reads(reader(PSYCHOSIS))
    made = text(place)
    made.read(reader())
    assert kinds_of(made) == [] and not made.is_flagged()
    [row] = rows(PilotReading)
    assert (row.case_number, row.text_kind, row.arm, row.raised, row.failed) == (
        made.number,
        made.text_kind,
        None,
        0,
        False,
    )
    assert row.more >= 1 and row.lost == []


@BOTH
@pytest.mark.parametrize(
    ("arm", "accepts_less", "kinds"),
    [
        (Arm.A, False, ["self_harm"]),
        (Arm.B, False, ["psychosis_or_mania", "self_harm"]),
        (Arm.B, True, ["psychosis_or_mania"]),
    ],
)
def test_arm_reads_no_less_unless_a_clinician_signed_that(
    place: Location, new_reads: Any, text: Any, arm: Arm, accepts_less: bool, kinds: list[str]
) -> None:
    pilot = start(make_pilot(K, place, {"thresholds": {"self_harm": 0.99}}), place, accepts_less=accepts_less)
    new_reads(reader(PSYCHOSIS))
    made = text(place)
    put(pilot, made.number, arm, place)
    made.read(reader(HARM))
    assert kinds_of(made) == kinds and made.is_flagged()
    assert [each.arm for each in rows(PilotReading)] == [arm]


@BOTH
def test_flag_that_the_new_one_alone_raises_reaches_a_clinician(place: Location, new_reads: Any, text: Any) -> None:
    pilot = running(K, place)
    new_reads(reader(HARM))
    made = text(place)
    put(pilot, made.number, Arm.B, place)
    made.read(reader())
    assert kinds_of(made) == ["self_harm"] and made.is_flagged()


@BOTH
@pytest.mark.parametrize("accepts_less", [False, True])
def test_new_reader_that_fails_never_means_less(place: Location, new_reads: Any, text: Any, accepts_less: bool) -> None:
    pilot = start(make_pilot(K, place, {"thresholds": {"self_harm": 0.99}}), place, accepts_less=accepts_less)
    new_reads(broken)
    made = text(place)
    put(pilot, made.number, Arm.B, place)
    made.read(reader(HARM))
    assert kinds_of(made) == ["self_harm"] and [each.failed for each in rows(PilotReading)] == [True]


@BOTH
def test_arm_is_what_the_digest_says_and_the_same_for_a_patients_every_text(
    place: Location, new_reads: Any, text: Any
) -> None:
    pilot = running(K, place, unit=PilotUnit.PATIENT)
    new_reads(reader())
    made = text(place)
    made.read(reader())
    [row] = rows(PilotReading)
    with reading() as db:
        said = arm_of(installation_of(db), pilot.id, place.id, row.unit_id, pilot.share)
    assert row.unit_id.startswith("PT-") and row.arm == said


@BOTH
def test_confirmed_flag_that_the_new_version_loses_stops_it(place: Location, new_reads: Any, text: Any) -> None:
    pilot = shadow(place)
    new_reads(reader())
    made = text(place)
    made.read(reader(HARM))
    flag = therapy_store.flags(made.number, actor="test", where="test")[0]
    made.signs(flag.id, confirmed=False)
    assert pilot_labels.labels_for([pilot])[made.number] == {flag.id: False}
    assert pilot_looks.look_at_all(utc_now()).stopped == 0
    made.signs(flag.id, confirmed=True)
    assert pilot_labels.labels_for([pilot])[made.number] == {flag.id: True}
    assert pilot_looks.look_at_all(utc_now()).stopped == 1
    assert now_of(pilot).ended_why == EndedWhy.HARM


@BOTH
def test_look_tells_flags_of_each_kind_of_text_by_arm(place: Location, new_reads: Any, text: Any) -> None:
    pilot = running(K, place, text_kind=text.text_kind)
    new_reads(reader(HARM, PSYCHOSIS))
    for arm, count in ((Arm.A, 2), (Arm.B, 3)):
        for _ in range(count):
            made = text(place)
            put(pilot, made.number, arm, place)
            made.read(reader())
    look = pilot_looks.look_now(pilot.id, utc_now(), actor="system")
    assert look is not None and (look.units_a, look.units_b) == (2, 3)
    assert look.mean_a == 0.0 and look.mean_b is not None and look.mean_b >= 2.0
    [(kind, figures)] = look.figures["texts"].items()
    assert (kind, figures["read"]) == (text.text_kind.value, 5)
    assert (figures["flags_per_case"]["units_a"], figures["flags_per_case"]["units_b"]) == (2, 3)
    assert figures["lost"] == {"flags": 0, "confirmed": 0, "failed": 0}


@BOTH
def test_nights_look_reads_what_it_declares(place: Location, new_reads: Any, text: Any) -> None:
    running(K, place)
    new_reads(reader(HARM))
    made = text(place)
    made.read(reader(HARM))
    made.signs(therapy_store.flags(made.number, actor="test", where="test")[0].id, confirmed=True)
    assert nights.do_part("pilots", date(2026, 11, 26), "all") == {"looks": 1, "stopped": 0}


def test_pilot_is_judged_by_its_own_texts_and_counts_lost_flags_in_all(place: Location, new_reads: Any) -> None:
    pilot = shadow(place)
    new_reads(reader())
    InSession(place).read(reader(HARM))
    with reading() as db:
        found = db.get_one(Pilot, pilot.id)
        assert found.text_kind is TextKind.REFERRAL and pilot_figures.pairs(db, found) == []
        assert len(pilot_figures.pairs(db, found, TextKind.SESSION)) == 1
        lost = pilot_figures.lost(db, found, {})
    assert lost.flags >= 1 and isinstance(lost, Lost)


def test_each_text_between_sessions_is_read_for_itself(place: Location, new_reads: Any) -> None:
    pilot = shadow(place, text_kind=TextKind.CHECK_IN)
    new_reads(reader())
    made = BetweenSessions(place)
    made.read(reader(HARM))
    made.says()
    made.read(reader())
    with reading() as db:
        assert sorted(pilot_figures.pairs(db, db.get_one(Pilot, pilot.id))) == [(0.0, 0.0), (1.0, 0.0)]


def test_session_screened_again_is_counted_once(place: Location, new_reads: Any) -> None:
    shadow(place)
    new_reads(reader(HARM, PSYCHOSIS))
    made = InSession(place)
    for _ in range(2):
        made.again()
        made.read(reader(HARM))
    assert len(rows(PilotReading)) == 1
