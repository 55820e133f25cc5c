"""Every accepted case gets one run, and every moved case is woken."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from adapters.operational_store import reading, writing
from adapters.prefect_runs import Woken
from adapters.settings import settings
from models.codes import ReferralStatus, RowOutcome
from models.columns import new_id, utc_now
from models.errors import OutsideRefused, OutsideUnavailable
from models.operational import IntakeFile, IntakeRow, Referral
from tasks import cases, watch
from tests.factories import MadeCase, make_case_at
from tests.tasks.conftest import FakePrefect

pytestmark = pytest.mark.usefixtures("home")

R = ReferralStatus


def came_in(case: MadeCase, *, finished: bool = True, outcome: RowOutcome = RowOutcome.ACCEPTED) -> None:
    """This case stands in a file of its own."""
    with writing() as db:
        file = IntakeFile(id=new_id("IF"), digest=new_id("D"), kind="csv", finished_at=utc_now() if finished else None)
        db.add(file)
        db.flush()
        db.add(
            IntakeRow(
                id=new_id("IR"), file_id=file.id, row=2, external_key="k", outcome=outcome, case_number=case.number
            )
        )


def accepted(**given: Any) -> MadeCase:
    case = make_case_at(R.RECEIVED)
    came_in(case, **given)
    return case


def case_now(case: MadeCase) -> Referral:
    with reading() as db:
        return db.get_one(Referral, case.number)


def running(status: ReferralStatus = R.RISK_REVIEW, **given: Any) -> tuple[MadeCase, UUID]:
    run_id = uuid4()
    return make_case_at(status, run_id=str(run_id), **{"wake_wanted": True, **given}), run_id


async def test_every_accepted_case_gets_one_run(prefect: FakePrefect) -> None:
    made = [accepted(), accepted(outcome=RowOutcome.AMBIGUOUS)]
    assert await watch.start_missing_runs() == 2
    assert await watch.start_missing_runs() == 0
    assert [start["parameters"] for start in prefect.started] == [{"case_number": case.number} for case in made]
    keys = [start["idempotency_key"] for start in prefect.started]
    assert [key.endswith(case.number) for key, case in zip(keys, made, strict=True)] == [True, True]
    assert all(case_now(case).run_id for case in made)


async def test_case_named_by_two_files_gets_one_run(prefect: FakePrefect) -> None:
    case = accepted()
    came_in(case, outcome=RowOutcome.DUPLICATE)
    assert await watch.start_missing_runs() == 1


async def test_case_whose_file_is_not_finished_is_not_started_by_a_duplicate(prefect: FakePrefect) -> None:
    case = accepted(finished=False)
    came_in(case, outcome=RowOutcome.DUPLICATE)
    assert await watch.start_missing_runs() == 0
    assert (prefect.started, case_now(case).run_id) == ([], None)


async def test_closed_case_gets_no_run(prefect: FakePrefect) -> None:
    came_in(make_case_at(R.CLOSED_WITHDRAWN))
    assert await watch.start_missing_runs() == 0


async def test_run_that_could_not_be_started_is_started_later_as_the_same_run(prefect: FakePrefect) -> None:
    case = accepted()
    prefect.down = OutsideUnavailable("no Prefect")
    with pytest.raises(OutsideUnavailable):
        await watch.start_missing_runs()
    assert case_now(case).run_id is None
    prefect.down = None
    assert await watch.start_missing_runs() == 1


async def test_moved_case_is_woken_until_a_leg_has_read_it(prefect: FakePrefect) -> None:
    case, run_id = running()
    running(wake_wanted=False)
    make_case_at(R.RISK_REVIEW, wake_wanted=True)
    assert await watch.wake_wanted() == 1
    assert await watch.wake_wanted() == 1
    assert prefect.woken == [run_id, run_id]
    cases.take(case.number)
    assert await watch.wake_wanted() == 0


async def test_run_that_does_not_wait_is_asked_again(prefect: FakePrefect) -> None:
    case, run_id = running()
    prefect.answers[run_id] = Woken.not_waiting
    assert await watch.wake_wanted() == 0
    assert case_now(case).wake_wanted is True


async def test_one_run_that_is_refused_keeps_no_other_asleep(prefect: FakePrefect) -> None:
    _, refused = running()
    _, fine = running()
    prefect.answers[refused] = OutsideRefused("Prefect answered 422")
    assert await watch.wake_wanted() == 1
    assert set(prefect.woken) == {refused, fine}


async def test_case_whose_run_was_deleted_gets_a_new_one(prefect: FakePrefect) -> None:
    case, run_id = running(R.RECEIVED)
    came_in(case)
    prefect.answers[run_id] = Woken.gone
    assert await watch.wake_wanted() == 0
    assert case_now(case).run_id is None
    assert await watch.start_missing_runs() == 1
    assert case_now(case).run_id not in (None, str(run_id))


async def test_tick_does_the_rest_when_prefect_is_away(prefect: FakePrefect, caplog: pytest.LogCaptureFixture) -> None:
    accepted()
    _, run_id = running()
    prefect.down = OutsideUnavailable("no connection to Prefect")
    await watch.tick()
    assert prefect.woken == [run_id]
    assert "start_missing_runs" in caplog.text


async def test_dropped_files_start_one_intake(prefect: FakePrefect) -> None:
    assert await watch.start_intake() == 0
    folder = settings().intake_folder
    (folder / "half.csv.part").write_text("x")
    (folder / ".hidden").write_text("x")
    assert await watch.start_intake() == 0
    (folder / "marker-name.csv").write_text("x")
    assert await watch.start_intake() == 1
    [start] = prefect.started
    assert (start["parameters"], "marker-name" in str(start)) == ({"location": "all"}, False)
    with reading() as db:
        assert db.exec(select(IntakeFile)).all() == []
