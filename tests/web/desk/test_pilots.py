"""The pages of pilots: an owner proposes, signs and ends one; everybody else reads what the looks say."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from adapters.operational_store import reading, writing
from models.codes import Role
from models.columns import utc_now
from models.operational import Location, Pilot, PilotLook, PilotSignature
from models.pilot_codes import SHADOW_MEASURE_OF, LookVerdict, PilotMode, SignedAct, TextKind, VersionKind
from tests.factories import make_location
from tests.pilots import make_pilot, now_of, running
from tests.web.desk.conftest import PASSWORD

K = VersionKind
READERS = (Role.OWNER, Role.ANALYST, Role.COMPLIANCE, Role.CLINICIAN, Role.COORDINATOR)
FORM = {
    "kind": "reminder_plan",
    "hours_before": "48",
    "why": "One reminder is enough.",
    "mode": "arm",
    "unit": "patient",
    "share": "50",
    "measure": "no_shows",
    "expected": "15",
    "smallest": "5",
}


def main_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text.split("<main")[1]))


def sign(seat: Any, pilot_id: str, **fields: str) -> Any:
    shown = seat.get(f"/pilots/{pilot_id}").text
    hidden = dict(re.findall(r'name="(act|seen_digest)" value="(\w+)"', shown))
    return seat.post(f"/pilots/{pilot_id}/sign", **hidden | fields, current=PASSWORD, code=seat.code())


def look(pilot: Pilot, number: int, verdict: LookVerdict = LookVerdict.TOO_EARLY, **given: Any) -> None:
    facts: dict[str, Any] = {"units_a": 60 * number, "units_b": 60 * number, "mean_a": 0.15, "mean_b": 0.1}
    facts |= {"estimate": -0.05, "low": -0.4, "high": 0.3, "of": pilot.planned_units, "at": utc_now()}
    with writing() as db:
        db.add(PilotLook(pilot_id=pilot.id, number=number, verdict=verdict, **facts | given))


def test_owner_writes_a_pilot_down_signs_it_and_ends_it_with_one_click(at_the_desk, place: Location):
    owner = at_the_desk(Role.OWNER)
    assert "Hours before the session" in main_of(owner.get("/pilots/new?kind=reminder_plan"))
    made = owner.post("/pilots", **FORM, locations=[place.id])
    assert made.status_code == 303, main_of(made)
    [pilot] = find(Pilot)
    assert (pilot.location_ids, pilot.planned_units, pilot.started_at) == ([place.id], 1654, None)
    assert "still to sign: practice owner" in main_of(owner.get(f"/pilots/{pilot.id}"))
    assert sign(owner, pilot.id).status_code == 303
    assert now_of(pilot).started_at is not None
    assert "No look was taken yet" in main_of(owner.get(f"/pilots/{pilot.id}"))
    assert owner.post(f"/pilots/{pilot.id}/look").headers["location"].endswith("done=looked")
    assert "Too early: 0 of 1,654 patients." in main_of(owner.get("/pilots"))
    assert owner.post(f"/pilots/{pilot.id}/end").status_code == 303
    assert now_of(pilot).ended_at is not None
    assert owner.post(f"/pilots/{pilot.id}/look").headers["location"].endswith("done=not-running")


def find(record: Any) -> list[Any]:
    with reading() as db:
        return list(db.exec(select(record)).all())


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"hours_before": "soon"}, "whole numbers"),
        ({"hours_before": "72, 24"}, "in force already"),
        ({"smallest": ""}, "smallest difference of interest is a number"),
        ({"smallest": "20"}, "A share lies between"),
        ({"share": "100"}, "between 5 and 95"),
        ({"why": " "}, "Say in 1 to 500 characters"),
        ({"unit": "building"}, "Choose who"),
        ({"mode": "shadow"}, "differs from another"),
        ({"mode": "shadow", "spread": "1"}, "in shadow nothing happens by the new version: compare reminders planned"),
        ({"measure": "reminders_planned", "spread": "1"}, "is not judged by reminders planned"),
        ({"harm_measure": "no_shows", "most_harm": ""}, "limit of harm is a number"),
        ({"kind": "weather"}, "Choose what is changed"),
        ({"expected": "nan"}, "is a number"),
    ],
)
def test_form_that_cannot_be_says_why_and_keeps_what_was_typed(at_the_desk, place: Location, changed: Any, words: str):
    answer = at_the_desk(Role.OWNER).post("/pilots", **FORM | changed, locations=[place.id])
    assert answer.status_code == 422
    assert words.lower() in main_of(answer).lower()
    if "kind" not in changed:
        assert "One reminder is enough." in answer.text or changed.get("why") == " "
    assert find(Pilot) == []


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (
            K.NOTE_TEMPLATE,
            {
                "format": "DAP",
                "sections": "Said: concern, history, risk, mental status, finding\nDone: intervention, response, "
                "assessment\nNext: goal, plan",
                "asks": "mood\nplan",
                "measure": "edits_per_draft",
                "unit": "clinician",
                "expected": "6",
                "spread": "3",
                "smallest": "1",
            },
        ),
        (
            K.RISK_THRESHOLD,
            {
                "threshold-self_harm": "0.2",
                "mode": "shadow",
                "measure": "flags_per_case",
                "unit": "case",
                "expected": "1",
                "spread": "1",
                "smallest": "0.2",
            },
        ),
        (K.WAITLIST_RULE, {"batch": "2", "unit": "clinician", "measure": "times_filled", "expected": "50"}),
    ],
)
def test_each_kind_has_its_form(at_the_desk, place: Location, kind: VersionKind, fields: dict[str, str]):
    owner = at_the_desk(Role.OWNER)
    assert owner.get(f"/pilots/new?kind={kind.value}").status_code == 200
    form = {name: value for name, value in FORM.items() if name != "hours_before"}
    made = owner.post("/pilots", **form | {"kind": kind.value} | fields, locations=[place.id])
    assert made.status_code == 303, main_of(made)
    assert owner.get(made.headers["location"]).status_code == 200
    assert find(Pilot)[0].kind == kind


def test_clinician_signs_that_fewer_flags_may_be_raised(at_the_desk, place: Location):
    pilot = make_pilot(K.RISK_THRESHOLD, place, {"thresholds": {"self_harm": 0.99}})
    owner, clinician = at_the_desk(Role.OWNER), at_the_desk(Role.CLINICIAN)
    assert "may raise fewer flags" in main_of(clinician.get(f"/pilots/{pilot.id}"))
    assert sign(owner, pilot.id, accepts_less="yes").status_code == 303
    assert sign(clinician, pilot.id, accepts_less="yes").status_code == 303
    assert {(each.role, each.accepts_less) for each in find(PilotSignature)} == {
        (Role.OWNER, False),
        (Role.CLINICIAN, True),
    }
    assert now_of(pilot).less_accepted
    assert "a clinician has signed that" in main_of(owner.get(f"/pilots/{pilot.id}"))


def test_wrong_code_signs_nothing(at_the_desk, place: Location):
    pilot, owner = make_pilot(K.REMINDER_PLAN, place), at_the_desk(Role.OWNER)
    answer = owner.post(f"/pilots/{pilot.id}/sign", act="start", current=PASSWORD, code="000000")
    assert answer.status_code == 422 and find(PilotSignature) == []
    assert sign(owner, pilot.id).status_code == 303
    assert sign(owner, pilot.id, act="start").status_code == 422, "it runs already"


@pytest.mark.parametrize(
    ("verdict", "given", "words"),
    [
        (LookVerdict.TOO_EARLY, {}, "Too early: 120 of 1,654 patients."),
        (LookVerdict.B_BETTER, {"low": -0.09, "high": -0.01}, "better: sessions missed by 5.0 points (1.0 to 9.0)"),
        (LookVerdict.B_WORSE, {"estimate": 0.05, "low": 0.01, "high": 0.09}, "worse: sessions missed by 5.0 points"),
        (LookVerdict.NO_DIFFERENCE, {"low": -0.04, "high": 0.04}, "No difference worth having"),
        (LookVerdict.UNDECIDED, {}, "The planned size is reached and neither is better"),
        (LookVerdict.HARM, {}, "A limit of harm was reached"),
    ],
)
def test_page_says_what_the_looks_say(at_the_desk, place: Location, verdict: LookVerdict, given: Any, words: str):
    pilot = running(K.REMINDER_PLAN, place)
    look(pilot, 1, verdict, **given)
    reader = at_the_desk(Role.ANALYST)
    for path in ("/pilots", f"/pilots/{pilot.id}"):
        assert words in main_of(reader.get(path))
    shown = reader.get(f"/pilots/{pilot.id}").text
    assert "<svg" in shown and 'style="' not in shown


def test_first_winner_is_not_taken_back_by_a_later_look(at_the_desk, place: Location):
    pilot = running(K.REMINDER_PLAN, place)
    look(pilot, 1, LookVerdict.B_BETTER, low=-0.09, high=-0.01)
    look(pilot, 2, LookVerdict.TOO_EARLY, estimate=-0.001)
    assert "better: sessions missed by 5.0 points (1.0 to 9.0)" in main_of(at_the_desk(Role.OWNER).get("/pilots"))


def test_in_shadow_cases_are_counted_and_lost_flags_shown(at_the_desk, place: Location):
    pilot = running(K.RISK_THRESHOLD, place, mode=PilotMode.SHADOW, smallest=0.2, spread=1.0)
    lost = {"lost": {"flags": 3, "confirmed": 1, "failed": 2}}
    look(pilot, 1, units_a=40, units_b=40, figures=lost)
    shown = main_of(at_the_desk(Role.CLINICIAN).get(f"/pilots/{pilot.id}"))
    assert f"Too early: 40 of {pilot.planned_units:,} cases read by both." in shown
    assert "the new one would not have: 3, of which clinicians confirmed 1" in shown and "could not read 2" in shown


def test_flags_are_shown_by_kind_of_text(at_the_desk, place: Location):
    pilot = running(K.RISK_THRESHOLD, place, text_kind=TextKind.SESSION)
    arms = {"units_a": 30, "units_b": 31, "mean_a": 0.5, "mean_b": 0.75, "difference": 0.25}
    part = {"read": 61, "flags_per_case": arms, "flags_confirmed": arms, "lost": {"flags": 4, "confirmed": 2}}
    lost = {"flags": 4, "confirmed": 2, "failed": 0}
    look(pilot, 1, figures={"lost": lost, "texts": {"session": part, "check_in": part}})
    shown = main_of(at_the_desk(Role.OWNER).get(f"/pilots/{pilot.id}"))
    for words in ("transcripts Flags raised per case 0.50 of 30", "75.0 % of 31", "2 confirmed"):
        assert words in shown, words
    assert "Texts between sessions" in shown and "a confirmed flag that is missed counts in all texts" in shown


@pytest.mark.parametrize(
    ("kind", "words"),
    [(K.REMINDER_PLAN, "patients"), (K.NOTE_TEMPLATE, "patients"), (K.WAITLIST_RULE, "freed times")],
)
def test_shadow_of_each_kind_says_what_would_have_been(at_the_desk, place: Location, kind: VersionKind, words: str):
    measure = SHADOW_MEASURE_OF[kind]
    pilot = running(kind, place, mode=PilotMode.SHADOW, measure=measure, smallest=0.5, spread=1.0)
    found = {"units_a": 24, "units_b": 24, "mean_a": 2.0, "mean_b": 1.0, "estimate": -1.0, "low": -1.4, "high": -0.6}
    look(pilot, 1, LookVerdict.DIFFERS, **found, figures={"same": {"same": 3, "of": 31}})
    shown = main_of(at_the_desk(Role.OWNER).get(f"/pilots/{pilot.id}"))
    assert f"differs: {measure.label.lower()}, 1.00 (0.60 to 1.40) fewer. Shadow cannot tell which is better." in shown
    assert "In 3 of 31 the new version would have done exactly the same." in shown
    assert f"24 of {pilot.planned_units} {words}" in shown and "nothing follows from it" in shown
    assert "The comparison does not say that the new version is better." in shown


def test_form_offers_shadow_for_every_kind(at_the_desk, place: Location):
    owner = at_the_desk(Role.OWNER)
    for kind in VersionKind:
        shown = main_of(owner.get(f"/pilots/new?kind={kind.value}"))
        assert "Shadow: both versions run" in shown and f"{SHADOW_MEASURE_OF[kind].label} (in" in shown
    form = FORM | {"mode": "shadow", "measure": "reminders_planned", "expected": "2", "smallest": "0.5", "spread": "1"}
    assert owner.post("/pilots", **form, locations=[place.id]).status_code == 303
    assert find(Pilot)[0].mode == PilotMode.SHADOW


def test_look_at_a_template_shows_its_other_measure(at_the_desk, place: Location):
    pilot = running(K.NOTE_TEMPLATE, place, spread=2.0)
    arms = {"units_a": 3, "units_b": 4, "mean_a": 20.0, "mean_b": 18.5, "difference": -1.5}
    look(pilot, 1, figures={"hours_to_sign": arms})
    assert "Hours to sign 20.00 of 3" in main_of(at_the_desk(Role.OWNER).get(f"/pilots/{pilot.id}"))


@pytest.mark.parametrize("role", READERS)
def test_who_reads_it_ends_or_signs_only_what_they_may(at_the_desk, place: Location, role: Role):
    pilot = running(K.REMINDER_PLAN, place)
    shown = at_the_desk(role).get(f"/pilots/{pilot.id}").text
    assert ("End the pilot" in shown) is (role in (Role.OWNER, Role.CLINICIAN, Role.COMPLIANCE))
    assert ("Take a look now" in shown) is (role in (Role.OWNER, Role.ANALYST))
    assert ("Put the new version in force" in shown) is (role == Role.OWNER)


def test_pilot_of_another_place_is_not_shown(at_the_desk, place: Location):
    pilot = running(K.REMINDER_PLAN, make_location())
    owner = at_the_desk(Role.OWNER)
    assert pilot.id not in owner.get("/pilots").text
    for answer in (owner.get(f"/pilots/{pilot.id}"), owner.post(f"/pilots/{pilot.id}/end")):
        assert answer.status_code == 403
    assert owner.get("/pilots/PI-none").status_code == 409
    assert now_of(pilot).ended_at is None


def test_version_is_put_in_force_by_a_signature(at_the_desk, place: Location):
    pilot = running(K.REMINDER_PLAN, place)
    look(pilot, 1, LookVerdict.B_BETTER, low=-0.09, high=-0.01, at=utc_now() - timedelta(hours=1))
    owner = at_the_desk(Role.OWNER)
    assert "does not say that the new version is better" not in main_of(owner.get(f"/pilots/{pilot.id}"))
    assert sign(owner, pilot.id).status_code == 303
    assert now_of(pilot).in_force_at is not None
    assert {each.act for each in find(PilotSignature)} == set(SignedAct)
    assert "in force" in main_of(owner.get("/pilots"))
