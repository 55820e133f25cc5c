"""The nightly draw: anybody can draw it again, nobody chooses, and each intake stands in one draw of its life."""

from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import select, text

from acts.to_dos import finish
from adapters import operational_store as store
from adapters.operational_store import reading, writing
from models.codes import ApprovalKind, ReferralStatus, Role, ToDoKind, ToDoOutcome
from models.columns import utc_now
from models.operational import AuditEvent, Location, PracticeSetting, Referral, RiskDraw, RiskDrawCase, ToDo
from tasks import night_report
from tasks.risk_sample import RECEIVED_WITHIN, SIZE, draw
from tests.factories import make_approval, make_clinician, make_location, make_referral, make_to_do

pytestmark = pytest.mark.usefixtures("home")

NIGHT = date(2026, 3, 10)
IN_THE_DAY = datetime(2026, 3, 10, 12, tzinfo=ZoneInfo("America/Los_Angeles"))


def unflagged(place: Location, **given: Any) -> Referral:
    facts = {"risk_cleared": True, "received_at": IN_THE_DAY, "location": place} | given
    return make_referral(ReferralStatus.READY_TO_MATCH, **facts)


def many(place: Location, count: int) -> list[str]:
    return [unflagged(place).case_number for _ in range(count)]


def drawn() -> set[str]:
    with reading() as db:
        return set(db.exec(select(ToDo.case_number).where(ToDo.kind == ToDoKind.REVIEW_UNFLAGGED)).all())


def stood_in(night: date = NIGHT, location: str = "all") -> dict[str, bool]:
    """The intakes of a draw, and whether each was drawn."""
    with reading() as db:
        rows = db.exec(
            select(RiskDrawCase).where(RiskDrawCase.draw_id == f"risk-sample:{night.isoformat()}:{location}")
        ).all()
    return {row.case_number: row.to_do_id is not None for row in rows}


def set_size(size: int) -> None:
    with writing() as db:
        db.merge(PracticeSetting(name=SIZE, value=str(size)))


def test_draw_can_be_drawn_again_by_anybody():
    numbers = many(make_location(), 12)
    assert draw(NIGHT) == {"unflagged": 12, "drawn": 5}
    seed = f"{store.installation_id()}:2026-03-10"
    by_lot = sorted(numbers, key=lambda number: sha256(f"{seed}:{number}".encode()).digest())
    assert drawn() == set(by_lot[:5])
    assert stood_in() == {number: number in by_lot[:5] for number in numbers}


def test_another_night_draws_others_by_its_own_lot():
    numbers = many(make_location(), 40)
    seeds = [f"{store.installation_id()}:{night}" for night in ("2026-03-10", "2026-03-11")]
    draws = {
        frozenset(sorted(numbers, key=lambda number: sha256(f"{seed}:{number}".encode()).digest())[:5])
        for seed in seeds
    }
    assert len(draws) == 2
    draw(NIGHT + timedelta(days=1))
    assert drawn() in draws


def test_to_do_is_for_any_clinician_and_the_draw_is_on_record():
    place = make_location()
    many(place, 7)
    draw(NIGHT)
    with reading() as db:
        to_dos = db.exec(select(ToDo).where(ToDo.kind == ToDoKind.REVIEW_UNFLAGGED)).all()
        [record] = db.exec(select(RiskDraw)).all()
        [event] = db.exec(select(AuditEvent).where(AuditEvent.action == "risk_sample.drawn")).all()
    assert {(each.role, each.assigned_to, each.location_id) for each in to_dos} == {(Role.CLINICIAN, None, place.id)}
    assert (record.intakes, record.drawn, record.wanted) == (7, 5, 5)
    assert event.details == {"unflagged": 7, "drawn": 5}


def test_same_night_again_draws_nothing_more_whatever_the_size_is_by_then():
    place = make_location()
    many(place, 9)
    first = draw(NIGHT)
    before = drawn()
    set_size(9)
    many(place, 3)
    assert draw(NIGHT) == first and drawn() == before
    assert draw(NIGHT + timedelta(days=1)) == {"unflagged": 3, "drawn": 3}


def test_intake_stands_in_one_draw_of_its_life():
    many(make_location(), 12)
    draw(NIGHT)
    assert draw(NIGHT + timedelta(days=1)) == {"unflagged": 0, "drawn": 0}


@pytest.mark.parametrize(("size", "expected"), [(0, 0), (3, 3), (50, 6), (-2, 0)])
def test_practice_sets_the_size(size: int, expected: int):
    set_size(size)
    many(make_location(), 6)
    assert draw(NIGHT) == {"unflagged": 6, "drawn": expected}


def test_night_of_a_place_draws_of_that_place_alone():
    here, elsewhere = make_location(), make_location()
    of_here, of_elsewhere = many(here, 3), many(elsewhere, 3)
    assert draw(NIGHT, here.id) == {"unflagged": 3, "drawn": 3}
    assert drawn() == set(of_here)
    assert draw(NIGHT, "all") == {"unflagged": 3, "drawn": 3}
    assert set(stood_in()) == set(of_elsewhere)


def test_flagged_reviewed_old_later_and_seen_intakes_stand_in_no_draw():
    place = make_location()
    unflagged(place, risk_cleared=False)
    make_approval(ApprovalKind.RISK_REVIEW, referral=unflagged(place))
    make_to_do(unflagged(place), ToDoKind.REVIEW_UNFLAGGED)
    unflagged(place, received_at=IN_THE_DAY + timedelta(days=1))
    unflagged(place, received_at=IN_THE_DAY - RECEIVED_WITHIN - timedelta(days=1))
    kept = unflagged(place, received_at=IN_THE_DAY - RECEIVED_WITHIN + timedelta(days=1))
    assert draw(NIGHT) == {"unflagged": 1, "drawn": 1}
    assert stood_in() == {kept.case_number: True}


@pytest.mark.parametrize("statement", ["UPDATE risk_draw SET drawn = 9", "DELETE FROM risk_draw_case"])
def test_database_itself_refuses_a_change_of_a_draw(statement: str):
    many(make_location(), 2)
    draw(NIGHT)
    with pytest.raises(DBAPIError, match="append-only"), writing() as db:
        db.exec(text(statement))  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("missed", "drawn_so", "with_risk"),
    [(0, "12", "0.0% (0.0% to 0.0%)"), (1, "12", "rests on fewer than 5"), (5, "12", "41.7% (41.7% to 41.7%)")],
)
def test_night_tells_the_estimate_unless_it_rests_on_few(missed: int, drawn_so: str, with_risk: str):
    place = make_location()
    today = utc_now().date()
    set_size(12)
    for _ in range(12):
        unflagged(place, received_at=utc_now() - timedelta(days=1))
    draw(today)
    clinician = make_clinician(location=place)
    with reading() as db:
        to_dos = db.exec(select(ToDo.id).where(ToDo.kind == ToDoKind.REVIEW_UNFLAGGED)).all()
    for at, to_do in enumerate(to_dos):
        finish(to_do, clinician.id, ToDoOutcome.RISK_MISSED if at < missed else ToDoOutcome.NOTHING_MISSED)
    figures = night_report.summary(today).figures
    assert figures["unflagged intakes drawn, 90 days"] == drawn_so
    assert figures["of unflagged intakes, with a missed risk"] == with_risk
