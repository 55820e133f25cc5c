"""What an analyst may do to a run in Prefect's own pages, and what Prefect may lose: the case goes on all the same."""

import asyncio
from uuid import UUID

import pytest
from prefect.client.schemas.actions import WorkPoolUpdate
from prefect.states import Cancelled, Cancelling, Crashed, Scheduled, State
from sqlmodel import select

from adapters import operational_store as store
from adapters import prefect_runs
from adapters.prefect_client import patient_client
from adapters.prefect_runs import Woken
from models.codes import ApprovalStatus, ReferralStatus, Verdict
from models.errors import OutsideUnavailable
from models.operational import Approval, OutboxMessage, Referral
from tasks import runs
from tests.flows import people
from tests.flows.conftest import working
from tests.flows.people import case_of, drop, open_approval, referral_row, sign, until, until_status

R = ReferralStatus
RISK = {"phq9_9": "2"}
UNANSWERED = {f"phq9_{item}": "" for item in range(1, 10)} | {f"gad7_{item}": "" for item in range(1, 8)}


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run is put back and forth here; a busy machine needs longer than for one plain walk."""
    monkeypatch.setattr(people, "PATIENCE_SECONDS", 240)


async def state_of(run_id: str) -> str:
    run = await prefect_runs.read_run(UUID(run_id))
    return "gone" if run is None else run.state_name


async def until_state(run_id: str, *names: str) -> None:
    for _ in range(people.PATIENCE_SECONDS * 10):
        if await state_of(run_id) in names:
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"the run is {await state_of(run_id)}")


async def press(run_id: str, state: "State[object]", *, force: bool = True) -> None:
    """What the buttons of Prefect's pages do: set the run's state."""
    async with patient_client() as client:
        await client.set_flow_run_state(UUID(run_id), state, force=force)


def case_now(case: Referral) -> Referral:
    found = case_of(case.external_key.removeprefix("csv:"))
    assert found is not None
    return found


async def at_its_wait(key: str, status: ReferralStatus, **row: str) -> tuple[Referral, str]:
    drop(referral_row(key, **row))
    case = await until_status(key, status)
    run_id = await until(lambda: case_now(case).run_id)
    await until_state(run_id, "Suspended")
    return case, run_id


def told(case: Referral) -> int:
    with store.reading() as db:
        return len(db.exec(select(OutboxMessage).where(OutboxMessage.case_number == case.case_number)).all())


@pytest.mark.parametrize("button", ["AwaitingRetry", "Scheduled", "Late"])
async def test_waiting_run_that_is_retried_or_restarted_waits_again_and_tells_nobody_twice(
    pool: str, button: str
) -> None:
    async with working(pool):
        case, run_id = await at_its_wait("T-1", R.QUESTIONNAIRES_REQUESTED, **UNANSWERED)
        before, fence = told(case), case_now(case).fence
        for _ in range(2):
            await press(run_id, Scheduled(name=button))
            await until(lambda fence=fence: case_now(case).fence > fence)
            fence = case_now(case).fence
            await until_state(run_id, "Suspended")
        assert await prefect_runs.wake(UUID(run_id)) == Woken.woken
        await until_state(run_id, "Suspended")
    assert (case_now(case).status, told(case)) == (R.QUESTIONNAIRES_REQUESTED, before)


async def test_run_of_a_closed_case_that_is_restarted_completes_again_and_changes_nothing(pool: str) -> None:
    async with working(pool):
        case, run_id = await at_its_wait("T-2", R.RISK_REVIEW, **RISK)
        await sign(case.case_number, Verdict.REJECT)
        await until_status("T-2", R.CLOSING_LETTER)
        await sign(case.case_number)
        await until_status("T-2", R.CLOSED_DECLINED)
        await until_state(run_id, "Completed")
        before, fence = told(case), case_now(case).fence
        await press(run_id, Scheduled(name="AwaitingRetry"))
        await until(lambda: case_now(case).fence > fence)
        await until_state(run_id, "Completed")
    assert (case_now(case).status, told(case)) == (R.CLOSED_DECLINED, before)


@pytest.mark.parametrize("ending", ["cancelled", "deleted", "crashed"])
async def test_case_whose_run_an_analyst_ends_gets_a_successor_and_keeps_its_owner(pool: str, ending: str) -> None:
    async with working(pool):
        case, run_id = await at_its_wait("T-3", R.RISK_REVIEW, **RISK)
        approval = open_approval(case.case_number)
        if ending == "deleted":
            async with patient_client() as client:
                await client.delete_flow_run(UUID(run_id))
        elif ending == "cancelled":
            await press(run_id, Cancelling(), force=False)
            await until_state(run_id, "Cancelling", "Cancelled")
            await press(run_id, Cancelled())
        else:
            await press(run_id, Crashed())
        successor = await _successor(case, run_id)
        await until_state(successor, "Suspended")
        assert approval is not None and approval.assigned_to is not None
        assert (open_approval(case.case_number) or approval).id == approval.id
        await sign(case.case_number)
        await until_status("T-3", R.ASSIGNMENT)
    with store.reading() as db:
        signed = db.exec(select(Approval).where(Approval.status == ApprovalStatus.DECIDED)).all()
    assert [each.id for each in signed] == [approval.id]


async def _successor(case: Referral, run_id: str) -> str:
    """The case's next run; the pause that follows a run that has just ended is over."""
    for _ in range(people.PATIENCE_SECONDS * 10):
        run = await prefect_runs.read_run(UUID(run_id))
        since = run.since if run is not None and run.since is not None else case.status_since
        await runs._replace_ended([run_id], since + runs.LONGEST_PAUSE)
        now = case_now(case).run_id
        if now is not None and now != run_id:
            return now
        await asyncio.sleep(0.1)
    pytest.fail("no successor came")


async def test_run_that_was_given_up_and_is_retried_ends_and_leaves_the_case_to_its_successor(pool: str) -> None:
    async with working(pool):
        case, run_id = await at_its_wait("T-4", R.RISK_REVIEW, **RISK)
        await press(run_id, Crashed())
        successor = await _successor(case, run_id)
        await until_state(successor, "Suspended")
        await press(run_id, Scheduled(name="AwaitingRetry"))
        await until_state(run_id, "Completed")
        assert case_now(case).run_id == successor
        assert await state_of(successor) == "Suspended"
        await sign(case.case_number)
        await until_status("T-4", R.ASSIGNMENT)


async def test_wake_up_that_never_arrived_is_made_up(pool: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prefect is away at the moment of the decision and for a while after; the decision stands meanwhile."""
    real, lost = prefect_runs.wake, []

    async def away(run_id: UUID) -> Woken:
        if len(lost) < 5:
            lost.append(run_id)
            raise OutsideUnavailable("no connection to Prefect")
        return await real(run_id)

    monkeypatch.setattr(prefect_runs, "wake", away)
    async with working(pool):
        case, _ = await at_its_wait("T-5", R.RISK_REVIEW, **RISK)
        await sign(case.case_number)
        assert case_now(case).wake_wanted
        await until_status("T-5", R.ASSIGNMENT)
    assert len(lost) == 5


async def test_paused_pool_holds_everything_and_loses_nothing(pool: str) -> None:
    async with working(pool):
        case, run_id = await at_its_wait("T-6", R.RISK_REVIEW, **RISK)
        async with patient_client() as client:
            await client.update_work_pool(pool, WorkPoolUpdate(is_paused=True))
        await sign(case.case_number)
        await until_state(run_id, "Resuming")
        await asyncio.sleep(1)
        assert (case_now(case).status, await state_of(run_id)) == (R.READY_TO_MATCH, "Resuming")
        async with patient_client() as client:
            await client.update_work_pool(pool, WorkPoolUpdate(is_paused=False))
        await until_status("T-6", R.ASSIGNMENT)
