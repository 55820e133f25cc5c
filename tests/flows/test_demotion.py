"""Taken down with cases in flight: that location stands still, the other goes on, and nothing is lost."""

import asyncio
from uuid import UUID

import pytest
from sqlmodel import col, select

from acts import standings
from adapters import operational_store as store
from adapters import prefect_runs
from adapters.prefect_client import patient_client
from models.codes import AuthenticatedHow, ToDoKind, ToDoStatus
from models.codes import ReferralStatus as R
from models.governance_codes import Level, Workflow
from models.operational import AuditEvent, Referral, ToDo
from models.standing import DemotionReason, held_statuses
from rules.sign_off import digest
from tasks import lock, runs
from tests.flows.conftest import working
from tests.flows.people import case_of, drop, open_approval, referral_row, sign, until, until_status

OWNER = "ST-501"
HERE, THERE = [f"H-{n}" for n in range(3)], ["T-0"]


def row(external_id: str, **given: str) -> dict[str, str]:
    """A referral of somebody of their own, with a telephone that nobody else has."""
    number = [*HERE, *THERE].index(external_id)
    return referral_row(external_id, phone=f"+1 503 555 012{number}", **given)


def down(place: str) -> int:
    """One click; returns the number of the last event until then, the click's own among them."""
    standings.demote(Workflow.REFERRAL, place, Level.OFF, staff_id=OWNER, reason=DemotionReason.WRONG_RESULT)
    with store.reading() as db:
        return db.exec(select(AuditEvent.id).order_by(col(AuditEvent.id).desc())).first() or 0


def up(place: str) -> None:
    shown = next(
        each
        for each in standings.overview()
        if (each.record.workflow, each.record.location_id) == (Workflow.REFERRAL, place)
    )
    assert shown.against[Level.ASSISTED] == ()
    how, seen = AuthenticatedHow.DESK_PASSWORD_AND_CODE, digest(shown.content[Level.ASSISTED])
    standings.promote(Workflow.REFERRAL, place, Level.ASSISTED, staff_id=OWNER, how=how, seen_digest=seen)


def moves_since(event_id: int, place: str) -> set[str]:
    """Where cases of this location were moved to after an event."""
    with store.reading() as db:
        numbers = db.exec(select(Referral.case_number).where(Referral.location_id == place)).all()
        events = db.exec(
            select(AuditEvent).where(
                AuditEvent.id > event_id,
                AuditEvent.action == "case.moved",
                col(AuditEvent.case_number).in_(numbers),
            )
        ).all()
    return {event.details["new"] for event in events}


async def until_run(external_id: str, name: str) -> None:
    """The case's run sleeps under this name."""
    for _ in range(900):
        case = case_of(external_id)
        run = await prefect_runs.read_run(UUID(case.run_id)) if case and case.run_id else None
        if case and run and (run.name, run.state_name) == (f"{case.case_number}{name}", "Suspended"):
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"{run.name} is {run.state_name}" if run else "there is no run")


async def test_demotion_with_cases_in_flight_stops_its_location_alone_and_loses_nothing(pool: str) -> None:
    async with working(pool):
        # the first waits for a signature, the others are anywhere between their file and their match
        drop(row("H-0", phq9_9="2"))
        await until_run("H-0", " · risk review")
        drop(*(row(each) for each in HERE[1:]))
        drop(*(row(each, location_id="LOC-2") for each in THERE))
        await until(lambda: case_of(HERE[1]))
        clicked = down("LOC-1")
        for each in THERE:
            await until_status(each, R.ASSIGNMENT)
        # a person signs while it is held; the case stands still behind the signature
        await sign((await until_status("H-0", R.RISK_REVIEW)).case_number)
        stood = {}
        for each in HERE:
            case = await until(
                lambda each=each: (found := case_of(each)) and found.status == R.READY_TO_MATCH and found
            )
            await until_run(each, " held: off")
            stood[each] = (case.status, case.version)
        assert moves_since(clicked, "LOC-1") & {str(each) for each in held_statuses(R)} <= {R.READY_TO_MATCH.value}
        as_deployed = await paused()
        await lock.show(again=True)
        assert await paused() == as_deployed and not as_deployed[0], "it goes on at another location"
        assert {each: (case_of(each).status, case_of(each).version) for each in HERE} == stood  # type: ignore[union-attr]
        assert by_hand() == {case_of(each).case_number for each in HERE}  # type: ignore[union-attr]
        down("LOC-2")
        down("LOC-3")
        await lock.show()
        on, said = await paused()
        assert on and said is not None and said.startswith(prefect_runs.PAUSED_BY_US) and "LOC-3" in said
        up("LOC-1")
        await lock.show()
        assert await paused() == as_deployed
        for each in HERE:
            case = await until_status(each, R.ASSIGNMENT)
            assert await until(lambda case=case: open_approval(case.case_number))
    assert by_hand() == set()


async def paused() -> tuple[bool, str | None]:
    async with patient_client() as client:
        found = await client.read_deployment_by_name(runs.CASE_DEPLOYMENT)
    return found.paused, found.description


def by_hand() -> set[str]:
    """The cases that somebody is asked to carry on by hand."""
    with store.reading() as db:
        return set(
            db.exec(
                select(ToDo.case_number).where(ToDo.kind == ToDoKind.CARRY_ON_BY_HAND, ToDo.status == ToDoStatus.OPEN)
            ).all()
        )
