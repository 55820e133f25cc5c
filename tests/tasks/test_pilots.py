"""Pilots inside the steps: a draft by the new template, a screening by both readers, times offered by the new rule."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import select

from acts import pilot_arms, pilot_figures, pilot_looks, pilot_reading
from adapters import risk_versions, therapy_store
from adapters.operational_store import reading, writing
from language import risk_signals
from language.risk_classifier import settings
from language.risk_values import RiskReading, RiskSignal, SignalKind, SignalStatus
from models.codes import NoteStatus, ReferralStatus
from models.columns import utc_now
from models.operational import (
    Approval,
    Location,
    Pilot,
    PilotEdits,
    PilotPlacing,
    PilotReading,
    Referral,
    SessionNote,
    WaitlistOffer,
)
from models.pilot_codes import Arm, EndedWhy, LookVerdict, PilotMeasure, PilotMode, PilotUnit, VersionKind
from models.scheduling_codes import WaitlistOfferStatus
from models.therapy_text import TherapyText
from tasks import cases, nights
from tasks.risk import screen
from tests import factories, note_factories
from tests.factories import make_case_at, make_location, make_patient, make_signer
from tests.pilots import make_pilot, now_of, running, start, version_of
from tests.tasks.test_session_drafts import Drafter, draft, drafter, proposal, ready
from tests.waiting_list import Practice

__all__ = ["drafter"]

pytestmark = pytest.mark.usefixtures("home")

K = VersionKind


@pytest.fixture
def place(home: Path) -> Location:
    return make_location()


def rows(record: Any, **where: Any) -> list[Any]:
    with reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def put(pilot: Pilot, unit: str, arm: Arm, place: Location) -> None:
    with writing() as db:
        pilot_arms.record(db, db.get_one(Pilot, pilot.id), {unit: (arm, place.id)})


# -- note templates


def test_draft_of_the_new_arm_is_made_with_the_new_template(drafter: Drafter, place: Location) -> None:
    pilot = running(K.NOTE_TEMPLATE, place, unit=PilotUnit.PATIENT)
    own = f"SOAP-{version_of(pilot).digest[:8]}"
    for arm, version, sections, missing in (
        (Arm.A, "SOAP-1", ["Subjective", "Plan"], 9),
        (Arm.B, own, ["What was said", "What comes next"], 1),
    ):
        patient = make_patient()
        put(pilot, patient.id, arm, place)
        session = ready(patient=patient, location=place)
        draft(session)
        content = proposal(session)
        assert content["templates"]["SOAP"]["version"] == version
        assert [each["section"] for each in content["sentences"]] == sections
        assert len(content["not_assessed"]["SOAP"]) == missing
        assert content["templates"]["DAP"]["version"] == "DAP-1"


def test_second_leg_drafts_with_the_same_template(drafter: Drafter, place: Location) -> None:
    pilot = running(K.NOTE_TEMPLATE, place, unit=PilotUnit.CASE)
    sessions = [ready(location=place) for _ in range(6)]
    draft(*sessions)
    first = {each.case_number: proposal(each)["templates"]["SOAP"]["version"] for each in sessions}
    arms = {each.unit_id: each.arm for each in rows(PilotPlacing, pilot_id=pilot.id)}
    own = f"SOAP-{version_of(pilot).digest[:8]}"
    assert first == {case: own if arm == Arm.B else "SOAP-1" for case, arm in arms.items()}
    for each in sessions:
        with writing() as db:
            again = db.get_one(SessionNote, each.case_number)
            again.status = NoteStatus.READY_TO_DRAFT
    draft(*sessions)
    assert {each.case_number: proposal(each)["templates"]["SOAP"]["version"] for each in sessions} == first
    assert len(rows(PilotPlacing, pilot_id=pilot.id)) == 6


def test_without_a_pilot_nothing_is_written_and_the_present_template_holds(drafter: Drafter, place: Location) -> None:
    session = ready(location=place)
    draft(session)
    assert proposal(session)["templates"]["SOAP"]["version"] == "SOAP-1"
    assert rows(PilotPlacing) == []


# -- the risk reader


def signal(kind: SignalKind, start: int = 2) -> RiskSignal:
    return RiskSignal(
        kind, SignalStatus.PRESENT, 0.91, start, start + 7, "classifier", f"c.{kind}", "sounds like it", "v"
    )


HARM, PSYCHOSIS = signal(SignalKind.SELF_HARM), signal(SignalKind.PSYCHOSIS_OR_MANIA, 12)


def reader(*signals: RiskSignal) -> Callable[..., RiskReading]:
    return lambda text, rules_only=False: RiskReading(True, "", signals, "v")


def broken(text: str, rules_only: bool = False) -> RiskReading:
    raise RuntimeError("cannot")


@pytest.fixture
def new_reads(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., RiskReading]], None]:
    """Says what the new version of the reader says."""
    return lambda read: monkeypatch.setattr(pilot_reading, "read_with", lambda folder: read)


def unscreened(place: Location) -> Any:
    case = make_case_at(
        ReferralStatus.READY_TO_SCREEN,
        level=None,
        location_id=place.id,
        patient=make_patient(consent_ai=True, consent_ai_on=date(2026, 1, 5)),
    )
    therapy_store.add_text(case.number, "referral_text", TherapyText("I do not sleep and hear my neighbours."))
    return case


def kinds_of(case: Any) -> list[str]:
    return sorted(each.kind for each in therapy_store.flags(case.number, actor="test", where="test"))


def screened(case: Any, read: Callable[..., RiskReading]) -> str:
    return screen.fn(cases.take(case.number), read)


def shadow(place: Location, **given: Any) -> Pilot:
    facts = {"mode": PilotMode.SHADOW, "smallest": 0.5, "spread": 1.0}
    return running(K.RISK_THRESHOLD, place, **facts | given)


def test_shadow_acts_on_nothing_and_records_what_would_have_been(place: Location, new_reads: Any) -> None:
    pilot = shadow(place)
    new_reads(reader(PSYCHOSIS))
    case = unscreened(place)
    assert screened(case, reader()) == "none raised", "the new flag opens no review"
    assert kinds_of(case) == []
    [row] = rows(PilotReading)
    assert (row.arm, row.raised, row.kept, row.lost, row.more, row.failed) == (None, 0, [], [], 1, False)
    assert rows(PilotPlacing, pilot_id=pilot.id) == []


def test_shadow_names_the_flags_that_would_be_lost(place: Location, new_reads: Any) -> None:
    pilot = shadow(place)
    new_reads(reader(HARM))
    case = unscreened(place)
    assert screened(case, reader(HARM, PSYCHOSIS)) == "moderate"
    ids = {each.kind: each.id for each in therapy_store.flags(case.number, actor="test", where="test")}
    [row] = rows(PilotReading)
    assert (row.kept, row.lost, row.more) == ([ids["self_harm"]], [ids["psychosis_or_mania"]], 0)
    with reading() as db:
        found = db.get_one(Pilot, pilot.id)
        assert pilot_figures.pairs(db, found) == [(2.0, 1.0)]
        labels = {case.number: {ids["psychosis_or_mania"]: True, ids["self_harm"]: False}}
        assert pilot_figures.lost(db, found, labels) == pilot_figures.Lost(1, 1, 0)


def test_confirmed_flag_that_the_new_version_loses_stops_it(place: Location, new_reads: Any) -> None:
    pilot = shadow(place)
    new_reads(reader())
    case = unscreened(place)
    screened(case, reader(HARM))
    [flag] = therapy_store.flags(case.number, actor="test", where="test")
    assert pilot_looks.look_at_all(utc_now()).stopped == 0, "not confirmed yet"
    factories.make_labels(True, referral=case.referral, flag_id=flag.id)
    assert pilot_looks.look_at_all(utc_now()).stopped == 1
    look = pilot_looks.looks_of(pilot.id)[-1]
    assert (look.verdict, look.figures["lost"]) == (LookVerdict.HARM, {"flags": 1, "confirmed": 1, "failed": 0})
    assert now_of(pilot).ended_why == EndedWhy.HARM


def test_reader_on_trial_that_fails_leaves_the_case_to_the_present_one(place: Location, new_reads: Any) -> None:
    shadow(place)
    new_reads(broken)
    case = unscreened(place)
    assert screened(case, reader(HARM)) == "moderate"
    assert kinds_of(case) == ["self_harm"]
    [row] = rows(PilotReading)
    assert (row.failed, row.kept, row.lost, row.more, row.raised) == (True, [], [], 0, 1)


def test_version_that_is_not_what_was_signed_is_not_read_with(place: Location, new_reads: Any) -> None:
    pilot = shadow(place)
    new_reads(reader(PSYCHOSIS))
    manifest = risk_versions.made()[version_of(pilot).content["reader"]] / risk_versions.MANIFEST
    manifest.write_bytes(manifest.read_bytes().replace(b"practice's own", b"stranger's own"))
    case = unscreened(place)
    assert screened(case, reader(HARM)) == "moderate"
    [row] = rows(PilotReading)
    assert (row.failed, row.more, row.raised) == (True, 0, 1)


@pytest.mark.parametrize(
    ("arm", "accepts_less", "kinds", "raised"),
    [
        (Arm.A, False, ["self_harm"], 1),
        (Arm.B, False, ["psychosis_or_mania", "self_harm"], 2),
        (Arm.B, True, ["psychosis_or_mania"], 1),
    ],
)
def test_arm_screens_no_less_unless_a_clinician_signed_that(
    place: Location, new_reads: Any, arm: Arm, accepts_less: bool, kinds: list[str], raised: int
) -> None:
    less = {"thresholds": {"self_harm": 0.99}}
    pilot = start(make_pilot(K.RISK_THRESHOLD, place, less), place, accepts_less=accepts_less)
    assert now_of(pilot).screens_less and now_of(pilot).less_accepted is accepts_less
    new_reads(reader(PSYCHOSIS))
    case = unscreened(place)
    put(pilot, case.number, arm, place)
    assert screened(case, reader(HARM)) == "moderate"
    assert kinds_of(case) == kinds
    [row] = rows(PilotReading)
    assert (row.arm, row.raised) == (arm, raised)


@pytest.mark.parametrize("accepts_less", [False, True])
def test_new_reader_that_fails_in_its_arm_never_means_less(place: Location, new_reads: Any, accepts_less: bool) -> None:
    less = {"thresholds": {"self_harm": 0.99}}
    pilot = start(make_pilot(K.RISK_THRESHOLD, place, less), place, accepts_less=accepts_less)
    new_reads(broken)
    case = unscreened(place)
    put(pilot, case.number, Arm.B, place)
    assert screened(case, reader(HARM)) == "moderate"
    assert kinds_of(case) == ["self_harm"]


def test_screening_again_reads_the_same_and_records_it_once(place: Location, new_reads: Any) -> None:
    shadow(place)
    new_reads(reader(HARM, PSYCHOSIS))
    case = unscreened(place)
    for _ in range(2):
        with writing() as db:
            db.get_one(Referral, case.number).status = ReferralStatus.READY_TO_SCREEN
        screened(case, reader(HARM))
    assert len(rows(PilotReading)) == 1 and kinds_of(case) == ["self_harm"]


def test_new_version_reads_with_its_own_folder(place: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def read(text: str, rules_only: bool, folder: Path) -> RiskReading:
        asked.append(settings(folder).thresholds[SignalKind.SELF_HARM])
        return RiskReading(True, "", (HARM,), "v")

    monkeypatch.setattr(risk_signals, "read_risk", read)
    shadow(place)
    case = unscreened(place)
    assert screened(case, reader()) == "none raised"
    assert asked == [0.2] and rows(PilotReading)[0].more == 1


# -- the waitlist


def test_freed_times_are_offered_by_the_rule_of_their_clinicians_arm(place: Location) -> None:
    practices = [Practice(place) for _ in range(2)]
    for practice in practices:
        for _ in range(4):
            practice.waits()
    pilot = running(K.WAITLIST_RULE, place)
    arms = {each.unit_id: each.arm for each in rows(PilotPlacing, pilot_id=pilot.id)}
    assert sorted(arms[each.clinician.id] for each in practices) == [Arm.A, Arm.B]
    for practice in practices:
        practice.cancel()
        made = rows(WaitlistOffer, slot_id=practice.slot.id)
        assert len(made) == (1 if arms[practice.clinician.id] == Arm.B else 3)


# -- what the figures count


def test_night_looks_at_each_running_pilot_once(place: Location) -> None:
    pilot = running(K.REMINDER_PLAN, place)
    for _ in range(2):
        assert nights.do_part("pilots", date(2026, 11, 26), "all") == {"looks": 1, "stopped": 0}
    assert [each.number for each in pilot_looks.looks_of(pilot.id)] == [1]


def test_edits_are_counted_once_from_what_was_proposed_and_signed(place: Location) -> None:
    pilot = running(K.NOTE_TEMPLATE, place, unit=PilotUnit.PATIENT, spread=2.0)
    clinician = make_signer(location=place)
    for arm, count in ((Arm.A, 2), (Arm.B, 1)):
        for number in range(count):
            made = signed_with_changes(clinician, place, changes=3 * (number + 1) if arm == Arm.A else 1)
            put(pilot, made.patient.id, arm, place)
    # placed when it was drafted, which a test that signs by hand comes before
    with writing() as db:
        db.execute(sa.update(Approval).values(opened_at=utc_now() + timedelta(minutes=1)))
    look = pilot_looks.look_now(pilot.id, utc_now(), actor="system")
    assert look is not None
    assert (look.units_a, look.units_b, look.mean_a, look.mean_b) == (2, 1, 4.5, 1.0)
    assert sorted(each.edits for each in rows(PilotEdits)) == [1, 3, 6]
    pilot_looks.look_now(pilot.id, utc_now(), actor="system")
    assert len(rows(PilotEdits)) == 3
    assert look.figures["hours_to_sign"]["units_a"] == 0, "their 72 hours are not over"
    later = pilot_looks.look_now(pilot.id, utc_now() + timedelta(hours=73), actor="system")
    assert later is not None and later.figures["hours_to_sign"]["units_a"] == 2


def signed_with_changes(clinician: Any, place: Location, changes: int) -> Any:
    """A signed note in which so many sentences are not as they were drafted: one rewritten, the others added."""
    made = note_factories.make_proposed_note(clinician, place)
    signed = json.loads(json.dumps(made.content))
    signed["sentences"][0] |= {"text": "Patient slept badly.", "origin": "edited"}
    for number in range(changes - 1):
        new = {"id": f"N{number}", "topic": "plan", "section": "Plan", "text": f"Step {number}.", "sources": []}
        signed["sentences"].append({**new, "origin": "added"})
    decision = factories.make_decision(made.approval, clinician, factories.spelled(signed))
    with writing() as db:
        session = db.get_one(SessionNote, made.number)
        session.status, session.closed_at, session.signed_decision_id = NoteStatus.CLOSED_SIGNED, utc_now(), decision.id
    return made


def test_freed_time_counts_as_filled_where_an_offer_of_it_was_accepted(place: Location) -> None:
    practice = Practice(place)
    pilot = running(K.WAITLIST_RULE, place)
    for _ in range(2):
        practice.waits()
    practice.cancel()
    with writing() as db:
        for number, offer in enumerate(db.exec(select(WaitlistOffer)).all()):
            offer.status = WaitlistOfferStatus.ACCEPTED if number == 0 else WaitlistOfferStatus.REVOKED
    with reading() as db:
        found = db.get_one(Pilot, pilot.id)
        soon = pilot_figures.observed(db, found, PilotMeasure.TIMES_FILLED, {}, utc_now())
        after = pilot_figures.observed(db, found, PilotMeasure.TIMES_FILLED, {}, utc_now() + timedelta(days=9))
    assert soon == [] and [each.value for each in after] == [1.0]


def test_flags_confirmed_are_a_share_of_each_case(place: Location, new_reads: Any) -> None:
    pilot = running(K.RISK_THRESHOLD, place, measure=PilotMeasure.FLAGS_CONFIRMED, expected=0.5, smallest=0.1)
    new_reads(reader(HARM, PSYCHOSIS))
    case = unscreened(place)
    put(pilot, case.number, Arm.B, place)
    screened(case, reader(HARM))
    ids = [each.id for each in therapy_store.flags(case.number, actor="test", where="test")]
    labels = {case.number: {ids[0]: True, ids[1]: False}}
    with reading() as db:
        found = db.get_one(Pilot, pilot.id)
        [seen] = pilot_figures.observed(db, found, PilotMeasure.FLAGS_CONFIRMED, labels, utc_now())
        [raised] = pilot_figures.observed(db, found, PilotMeasure.FLAGS_PER_CASE, labels, utc_now())
    assert (seen.arm, seen.value, raised.value) == (Arm.B, 0.5, 2.0)
