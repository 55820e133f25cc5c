"""The queue: what waits for whom, in which order, and whether the system still looks."""

import re
from datetime import timedelta

import pytest

from adapters import operational_store
from adapters.settings import settings
from models.codes import RiskLevel, Role, ToDoKind
from models.columns import utc_now
from models.operational import Heartbeat, ToDo, WorkerBeat
from tests import factories
from tests.web.desk.conftest import AtTheDesk


def shown_ids(seated: AtTheDesk, query: str = "") -> list[str]:
    return re.findall(r'href="/(?:approvals|to-dos)/([^"]+)"', seated.get(f"/{query}").text)


def make_to_do(place, kind: ToDoKind = ToDoKind.CALL_PATIENT, **given) -> ToDo:
    case = given.pop("case", None) or factories.make_referral(location=place)
    to_do = ToDo(
        **{
            "id": f"TD-{case.case_number}",
            "unique_key": case.case_number,
            "case_number": case.case_number,
            "kind": kind,
            "role": Role.COORDINATOR,
            "location_id": place.id,
            "due_at": utc_now() + timedelta(hours=5),
        }
        | given
    )
    with operational_store.writing() as db:
        db.add(to_do)
    return to_do


def test_queue_sorts_by_urgency_then_due_time(at_the_desk, risk_review):
    seated = at_the_desk(Role.CLINICIAN)
    soon, late = utc_now() + timedelta(minutes=5), utc_now() + timedelta(hours=9)
    low = risk_review(seated.staff, RiskLevel.LOW, due_at=soon)
    moderate_late = risk_review(seated.staff, RiskLevel.MODERATE, due_at=late)
    moderate_soon = risk_review(seated.staff, RiskLevel.MODERATE, due_at=soon)
    high = risk_review(seated.staff, RiskLevel.HIGH, due_at=late)
    assert shown_ids(seated) == [high.id, moderate_soon.id, moderate_late.id, low.id]


def test_queue_says_who_what_and_when(at_the_desk, risk_review):
    seated = at_the_desk(Role.CLINICIAN)
    approval = risk_review(seated.staff, due_at=utc_now() - timedelta(hours=3, minutes=1))
    shown = seated.get("/").text
    assert "Noor Vantongeren" in shown and approval.case_number in shown
    assert "overdue by 3 h" in shown and "Risk review" in shown


def test_queue_of_a_clinician_holds_no_other_teams_cases(at_the_desk, person, risk_review):
    seated = at_the_desk(Role.CLINICIAN, team="blue")
    colleague, stranger = person(Role.CLINICIAN, team="blue"), person(Role.CLINICIAN, team="green")
    of_colleague, _ = risk_review(colleague), risk_review(stranger)
    assert shown_ids(seated) == []
    assert shown_ids(seated, "?scope=all") == [of_colleague.id]


def test_high_risk_nobody_opened_is_in_the_queue_of_whoever_is_on_call(at_the_desk, person, risk_review):
    seated = at_the_desk(Role.CLINICIAN, team="blue", on_call=True)
    other = person(Role.CLINICIAN, team="green")
    paged = risk_review(other)
    risk_review(other, seen_at=utc_now(), seen_by=other.id)
    risk_review(other, RiskLevel.MODERATE)
    assert shown_ids(seated) == [paged.id]


def test_queue_of_a_coordinator_holds_assignments_and_to_dos(at_the_desk, risk_review, assignment, place):
    seated = at_the_desk(Role.COORDINATOR)
    risk_review(None)
    approval, _, _ = assignment(seated.staff)
    to_do = make_to_do(place)
    assert shown_ids(seated) == [to_do.id, approval.id]
    assert shown_ids(seated, "?kind=assignment") == [approval.id]
    assert shown_ids(seated, "?kind=call_patient") == [to_do.id]


def test_queue_filters_by_location(at_the_desk, place):
    elsewhere = factories.make_location(id="LOC-2", name="Maple Court")
    seated = at_the_desk(Role.COORDINATOR, location_ids=["LOC-1", "LOC-2"])
    here, there = make_to_do(place), make_to_do(elsewhere)
    assert set(shown_ids(seated)) == {here.id, there.id}
    assert shown_ids(seated, "?location=LOC-2") == [there.id]


def test_queue_shows_nothing_of_another_location(at_the_desk):
    elsewhere = factories.make_location(id="LOC-2")
    seated = at_the_desk(Role.COORDINATOR)
    make_to_do(elsewhere)
    assert shown_ids(seated, "?scope=all") == []


def test_to_do_another_holds_is_everyones_but_not_mine(at_the_desk, person, place):
    seated = at_the_desk(Role.COORDINATOR)
    to_do = make_to_do(place, status="claimed", claimed_by=person(Role.COORDINATOR).id)
    assert shown_ids(seated) == []
    assert shown_ids(seated, "?scope=all") == [to_do.id]


def test_clinician_records_the_outcome_of_their_own_session(at_the_desk, place):
    seated = at_the_desk(Role.CLINICIAN)
    own = factories.make_referral(location=place, clinician_id=seated.staff.id)
    make_to_do(place)
    outcome = make_to_do(place, ToDoKind.RECORD_OUTCOME, case=own)
    assert shown_ids(seated) == [outcome.id]


def test_refresh_answers_nothing_while_nothing_changed(at_the_desk, risk_review):
    seated = at_the_desk(Role.CLINICIAN)
    risk_review(seated.staff, due_at=utc_now() + timedelta(hours=5, minutes=30))
    address = re.search(r'hx-get="([^"]+)"', seated.get("/").text).group(1).replace("&amp;", "&")
    assert seated.get(address).status_code == 204
    risk_review(seated.staff)
    changed = seated.get(address)
    assert changed.status_code == 200 and changed.text.count("<li") == 2 and "<html" not in changed.text


@pytest.mark.parametrize("role", [Role.ANALYST, Role.OWNER, Role.COMPLIANCE])
def test_roles_that_sign_nothing_see_counts_and_no_names(at_the_desk, risk_review, role: Role):
    seated = at_the_desk(role)
    risk_review(None)
    for path in ("/", "/cases"):
        shown = seated.get(path).text
        assert "Risk review" in shown and "Vantongeren" not in shown


@pytest.mark.parametrize(("late", "alarmed"), [(2.9, False), (3.1, True)])
def test_dead_mans_switch_shows_after_three_missed_watches(at_the_desk, late: float, alarmed: bool):
    seated = at_the_desk(Role.CLINICIAN)
    at = utc_now() - timedelta(seconds=late * settings().watch_every_seconds)
    with operational_store.writing() as db:
        db.merge(Heartbeat(name="watch-waits", at=at))
    assert ("has stopped checking waits" in seated.get("/").text) == alarmed


@pytest.mark.parametrize(("newest", "alarmed"), [(30, False), (90, True)])
def test_dead_mans_switch_looks_at_the_newest_worker(at_the_desk, newest: int, alarmed: bool):
    seated = at_the_desk(Role.CLINICIAN)
    with operational_store.writing() as db:
        db.add(WorkerBeat(worker_id="gone", at=utc_now() - timedelta(days=2)))
        db.add(WorkerBeat(worker_id="here", at=utc_now() - timedelta(seconds=newest)))
    assert ("has stopped moving cases on" in seated.get("/").text) == alarmed
