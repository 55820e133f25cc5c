"""What the night would do in the shadow: noted once, for many at once, and nothing else is touched."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import select

from acts import reminders as reminder_acts
from acts import shadow_reading
from acts.shadow_notes import Would, keep
from adapters import operational_store as store
from benchmarks import generated_group
from models.codes import ClaimStatus
from models.columns import utc_now
from models.governance_codes import Level, Workflow
from models.operational import AuditEvent, CheckInPlan, Claim, Episode, Location, ShadowAction, WorkflowStanding
from models.operational.base import METADATA
from models.scheduling_codes import CheckInKind
from models.standing import SHADOW_WORKFLOWS, ShadowKind
from rules.shadow import How, Outcome
from tasks import cases, claims, nights, shadow_night, standings, waitlist, watch
from tests.calendars import MONDAY, a_week_later, make_calendar, stop_the_clock
from tests.conftest import copied
from tests.factories import make_episode, make_plan
from tests.series import add_leave, weekly_series
from tests.statements import heard
from tests.tasks.test_held_batches import set_to, to_build
from tests.visits import make_care, make_visit
from tests.waiting_list import Practice

K, W = ShadowKind, Workflow
PART = "note what the night would do in the shadow"


def actions(kind: ShadowKind | None = None) -> list[ShadowAction]:
    with store.reading() as db:
        found = db.exec(select(ShadowAction).order_by(ShadowAction.subject_id)).all()
    return [each for each in found if kind is None or each.kind == kind]


def all_in_shadow() -> None:
    with store.writing() as db:
        for place in db.exec(select(Location.id)).all():
            for workflow in Workflow:
                db.merge(
                    WorkflowStanding(workflow=workflow, location_id=place, level=Level.SHADOW, runs_as=Level.SHADOW)
                )


def everything_else() -> dict[str, Any]:
    """Every row of every operational table that a shadow has no business in."""
    own = {"shadow_action", "audit_event", "audit_head", "night_part"}
    with store.reading() as db:
        return {
            table.name: sorted(map(repr, db.connection().execute(sa.select(table)).all()))
            for table in METADATA.sorted_tables
            if table.name not in own
        }


def night() -> dict[str, int]:
    return nights.in_its_name(PART)(shadow_night.note_night)(utc_now().date())


def test_every_kind_of_action_belongs_to_a_workflow() -> None:
    assert set(SHADOW_WORKFLOWS) == set(ShadowKind) and set(SHADOW_WORKFLOWS.values()) == set(Workflow)


def test_whole_night_is_noted_once_and_touches_nothing(home: Path) -> None:
    generated_group.make(60, utc_now())
    all_in_shadow()
    before = everything_else()
    counts = night()
    assert set(counts) == {"series", "coverage", "reminders", "waitlist", "check_in"}
    assert counts["coverage"] and counts["reminders"] and counts["check_in"]
    assert night() == dict.fromkeys(counts, 0)
    assert everything_else() == before
    assert len(actions()) == sum(counts.values())
    for each in actions():
        assert each.workflow == SHADOW_WORKFLOWS[each.kind] and each.case_number


def test_night_notes_nothing_where_no_workflow_is_in_the_shadow(home: Path) -> None:
    generated_group.make(20, utc_now())
    assert not any(night().values())
    assert actions() == []


def test_number_of_queries_does_not_grow_with_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, migrated_installation: Path
) -> None:
    asked = []
    for size in (60, 240):
        with copied(migrated_installation, tmp_path / str(size), monkeypatch):
            generated_group.make(size, utc_now())
            all_in_shadow()
            with heard() as statements:
                counts = shadow_night.note_night(utc_now().date())
            assert "untold" not in counts and counts["reminders"] > 10
            asked.append(len(statements))
    few, many = asked
    assert many <= few


def test_reminders_are_noted_only_where_scheduling_is_in_the_shadow(home: Path) -> None:
    here, there = (make_visit(make_care(), hours_ahead=48) for _ in range(2))
    set_to(W.SCHEDULING, here.location_id, Level.SHADOW)
    set_to(W.SCHEDULING, there.location_id, Level.OFF)
    assert night()["reminders"] == 1
    [noted] = actions()
    assert (noted.kind, noted.subject_id, noted.case_number) == (K.REMINDERS, here.id, here.case_number)
    assert set(noted.content) == {"plan", "by", "messages"}


def test_night_of_another_location_notes_nothing_here(home: Path) -> None:
    here, there = (make_visit(make_care(), hours_ahead=48) for _ in range(2))
    for each in (here, there):
        set_to(W.SCHEDULING, each.location_id, Level.SHADOW)
    assert shadow_night.note_night(utc_now().date(), there.location_id)["reminders"] == 1
    assert [each.location_id for each in actions()] == [there.location_id]


def test_what_cannot_be_computed_stops_neither_the_night_nor_the_rest(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = make_visit(make_care(), hours_ahead=48)
    plan = make_plan(make_episode(), CheckInKind.MOOD)
    set_to(W.SCHEDULING, visit.location_id, Level.SHADOW)
    set_to(W.FOLLOW_UP, place_of(plan), Level.SHADOW)

    def broken(*_: Any) -> None:
        raise ValueError("a name that must not be logged")

    monkeypatch.setattr(reminder_acts, "would_plan", broken)
    counts = night()
    assert (counts["untold"], counts["check_in"]) == (1, 1)
    assert [each.kind for each in actions()] == [K.CHECK_IN]


def place_of(plan: CheckInPlan) -> str:
    with store.reading() as db:
        return db.get_one(Episode, plan.case_number).location_id


def test_freed_time_is_noted_within_the_minute_with_those_it_would_be_offered_to(home: Path) -> None:
    practice = Practice()
    first, second, third, last = (practice.waits(priority=each) for each in (1, 2, 2, 3))
    set_to(W.SCHEDULING, practice.place.id, Level.SHADOW)
    practice.cancel()
    before = everything_else()
    assert waitlist.keep_moving(utc_now())["offers"] == 0
    waitlist.keep_moving(utc_now())
    assert everything_else() == before
    [noted] = actions(K.WAITLIST)
    assert (noted.subject_id, noted.case_number) == (practice.slot.id, first.case_number)
    assert noted.content["offered"] == [first.id, second.id, third.id]
    assert noted.content["ranked"] == [first.id, second.id, third.id, last.id]


def test_watch_of_the_minute_notes_a_freed_time(home: Path) -> None:
    practice = Practice()
    practice.waits(priority=1)
    set_to(W.SCHEDULING, practice.place.id, Level.SHADOW)
    practice.cancel()
    watch.watch.fn()
    assert [each.subject_id for each in actions(K.WAITLIST)] == [practice.slot.id]


def test_freed_time_is_noted_anew_when_another_stands_first(home: Path) -> None:
    practice = Practice()
    practice.waits(priority=2)
    set_to(W.SCHEDULING, practice.place.id, Level.SHADOW)
    practice.cancel()
    assert (night()["waitlist"], night()["waitlist"]) == (1, 0)
    sooner = practice.waits(priority=1)
    assert night()["waitlist"] == 1
    assert {each.case_number for each in actions(K.WAITLIST)} >= {sooner.case_number}


def test_check_in_that_is_due_is_noted_once_for_its_date(home: Path) -> None:
    episode = make_episode()
    plan = make_plan(episode, CheckInKind.MOOD)
    set_to(W.FOLLOW_UP, episode.location_id, Level.SHADOW)
    assert night()["check_in"] == 1
    tomorrow = utc_now().date() + timedelta(days=plan.every_days)
    assert shadow_night.note_night(tomorrow)["check_in"] == 1, "the next one is another subject"
    assert [each.content["by"] for each in actions()] == ["email", "email"]
    assert all(set(each.content) == {"due_on", "by"} for each in actions())


def test_dates_of_a_recurring_appointment_are_noted_and_not_made(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_clock(monkeypatch)
    made = make_calendar()
    made.works()
    series = weekly_series(made)
    set_to(W.SCHEDULING, series.location_id, Level.SHADOW)
    before = everything_else()
    step = nights.in_its_name(PART)(shadow_night.note_night)
    assert [step(a_week_later(MONDAY))["series"] for _ in range(2)] == [1, 0]
    assert everything_else() == before
    [noted] = actions(K.SERIES)
    assert noted.subject_id == f"{series.id}:{a_week_later(MONDAY, 7)}"
    assert noted.content == {"fits": True, "against": []}


def test_date_that_finds_no_place_is_noted_with_what_stands_against_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch)
    made = make_calendar()
    made.works()
    series = weekly_series(made)
    add_leave(made, a_week_later(MONDAY, 7))
    set_to(W.SCHEDULING, series.location_id, Level.SHADOW)
    assert nights.in_its_name(PART)(shadow_night.note_night)(a_week_later(MONDAY))["series"] == 1
    [noted] = actions(K.SERIES)
    assert noted.content == {"fits": False, "against": ["away"]}


def test_every_note_leaves_one_event_that_names_nobody(home: Path) -> None:
    visit = make_visit(make_care(), hours_ahead=48)
    set_to(W.SCHEDULING, visit.location_id, Level.SHADOW)
    night()
    with store.reading() as db:
        [told] = db.exec(select(AuditEvent).where(AuditEvent.action == "shadow.noted")).all()
    assert set(told.details) == {"kind", "digest"} and told.case_number == visit.case_number


def changed(record: Any, **values: Any) -> None:
    with store.writing() as db:
        kept = db.merge(record)
        for name, value in values.items():
            setattr(kept, name, value)


def held_against(claim: Claim) -> tuple[Outcome, How]:
    with store.reading() as db:
        [row] = shadow_reading.rows(db, W.CLAIMS, claim.location_id, utc_now())
    return row.compared.outcome, row.compared.how


def test_claim_is_held_against_the_one_that_was_built(billed: Path) -> None:
    claim = to_build()
    content = {"built": "digest-1", "procedure_code": "90837", "payer_code": "X", "charge_cents": 1}
    with store.writing() as db:
        keep(db, [Would(K.CLAIM, claim.case_number, claim.case_number, claim.location_id, content)])
    assert held_against(claim) == (Outcome.NOT_YET, How.NOTHING), "what is on record is an earlier edition"
    built = {"status": ClaimStatus.READY_TO_SEND, "status_since": utc_now()}
    changed(claim, content_digest="digest-1", **built)
    assert held_against(claim) == (Outcome.AGREED, How.THE_SAME)
    changed(claim, content_digest="digest-2", procedure_code="90834", **built)
    assert held_against(claim) == (Outcome.DIFFERED, How.ANOTHER)


def test_claim_in_the_shadow_is_noted_in_codes_and_is_the_one_that_is_built_later(billed: Path) -> None:
    claim = to_build()
    set_to(W.CLAIMS, claim.location_id, Level.SHADOW)
    assert standings.holds(cases.take(claim.case_number), ClaimStatus.READY_TO_BUILD) == "held: shadow"
    [noted] = actions(K.CLAIM)
    assert set(noted.content) == {"built", "procedure_code", "payer_code", "charge_cents", "lines", "rule"}
    set_to(W.CLAIMS, claim.location_id, Level.ASSISTED)
    claims.move_on.fn()
    assert held_against(claim) == (Outcome.AGREED, How.THE_SAME)
