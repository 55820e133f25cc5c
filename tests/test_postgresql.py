"""The whole referral walk on PostgreSQL, and what two people do there at the same moment."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from acts import cases as acts_on_cases
from acts import patient
from acts.decisions import decide
from adapters import operational_store as store
from adapters import therapy_store
from adapters.migrating import migrate_all
from adapters.outbox import send_due
from adapters.sample_practice import seed_sample_practice
from adapters.settings import settings
from models.codes import AuthenticatedHow, LinkPurpose, ToDoOutcome, Verdict
from models.codes import ReferralStatus as R
from models.columns import utc_now
from models.errors import MovedOn
from models.operational import Appointment, Approval, Decision, Referral, Slot
from models.therapy_text import TherapyText
from tasks import intake, watch
from tests.flows.people import (
    case_of,
    code_of,
    coordinator_of,
    drop,
    go_on,
    open_approval,
    password_of,
    patients_link,
    referral_row,
    sign,
)

POSTGRES = os.environ.get("COUNTERSIGN_TEST_POSTGRES", "")
pytestmark = pytest.mark.skipif(not POSTGRES, reason="COUNTERSIGN_TEST_POSTGRES names no PostgreSQL server")


@pytest.fixture
def practice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The sample practice on two fresh PostgreSQL databases."""
    server = sa.create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    names = {which: f"countersign_{which}_{uuid4().hex[:10]}" for which in ("operational", "therapy")}
    for which, name in names.items():
        with server.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        url = sa.make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
        monkeypatch.setenv(f"COUNTERSIGN_{which.upper()}_URL", url)
    monkeypatch.setenv("COUNTERSIGN_HOME", str(tmp_path))
    settings.cache_clear()
    settings().make_folders()
    migrate_all()
    seed_sample_practice()
    yield
    for engine in (
        store.engine_for(settings().operational_database),
        therapy_store.engine_for(settings().therapy_database),
    ):
        engine.dispose()
    settings.cache_clear()
    for name in names.values():
        with server.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


def received(*rows: dict[str, str]) -> list[Referral]:
    drop(*rows)
    for file_id in intake.collect.fn(settle_seconds=0):
        intake.receive.fn(file_id)
    found = [case_of(row["external_id"]) for row in rows]
    assert all(found)
    return [case for case in found if case is not None]


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each act gave or raised when all began together."""

    def told(act: Callable[[], Any]) -> Any:
        try:
            return act()
        except Exception as refusal:
            return refusal

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(told, acts))


def first_session_begins(case_number: str) -> None:
    """The time of the booked first session has come."""
    with store.writing() as db:
        appointment = db.exec(select(Appointment).where(Appointment.case_number == case_number)).one()
        appointment.starts_at = utc_now() - timedelta(minutes=1)
        db.add(appointment)


async def test_referral_walks_to_its_attended_first_session(practice: None) -> None:
    [case] = received(referral_row("P-1", phq9_9="1"))
    assert go_on(case.case_number) == R.RISK_REVIEW
    await sign(case.case_number)
    assert go_on(case.case_number) == R.ASSIGNMENT
    await sign(case.case_number)
    assert go_on(case.case_number) == R.OFFERED
    token, proof = await patients_link(case, LinkPurpose.CHOOSE_TIME)
    patient.choose(token, proof, patient.offered_times(token, proof)[0].offer_id)
    assert go_on(case.case_number) == R.BOOKED
    assert send_due(utc_now()).sent > 0
    first_session_begins(case.case_number)
    acts_on_cases.record_outcome(case.case_number, staff_id=coordinator_of("LOC-1"), outcome=ToDoOutcome.ATTENDED)
    assert go_on(case.case_number) == R.CLOSED_ATTENDED
    assert watch.watch.fn()["escalated"] == 0


async def test_one_time_goes_to_one_of_two_patients_who_choose_at_once(practice: None) -> None:
    both = received(referral_row("P-2"), referral_row("P-3", phone="+1 503 555 0177"))
    for case in both:
        assert go_on(case.case_number) == R.ASSIGNMENT
        await sign(case.case_number, Verdict.EDIT_AND_APPROVE, clinician_id="ST-101")
        assert go_on(case.case_number) == R.OFFERED
    links = [await patients_link(case, LinkPurpose.CHOOSE_TIME) for case in both]
    offers = [patient.offered_times(*link)[0] for link in links]
    assert offers[0].starts_at == offers[1].starts_at
    got = at_once(
        *(
            lambda link=link, offer=offer: patient.choose(*link, offer.offer_id)
            for link, offer in zip(links, offers, strict=True)
        )
    )
    assert Counter(isinstance(one, MovedOn) for one in got) == {True: 1, False: 1}
    with store.reading() as db:
        assert len(db.exec(select(Appointment)).all()) == 1
        assert len(db.exec(select(Slot).where(col(Slot.case_number).is_not(None))).all()) == 1


async def test_two_clinicians_signing_at_once_make_one_decision(practice: None) -> None:
    [case] = received(referral_row("P-4", phq9_9="2"))
    go_on(case.case_number)
    approval = open_approval(case.case_number)
    assert approval is not None
    colleagues = ("ST-101", "ST-102")
    codes = {staff_id: code_of(staff_id) for staff_id in colleagues}

    def signs(staff_id: str) -> Decision:
        return decide(
            approval.id,
            staff_id=staff_id,
            verdict=Verdict.APPROVE,
            reason=TherapyText(""),
            seen_digest=approval.digest,
            how=AuthenticatedHow.DESK_PASSWORD_AND_CODE,
            code=codes[staff_id],
            password=password_of(staff_id),
        )

    got = at_once(*(lambda staff_id=staff_id: signs(staff_id) for staff_id in colleagues))
    assert Counter(type(one) for one in got) == {Decision: 1, MovedOn: 1}
    with store.reading() as db:
        assert len(db.exec(select(Decision)).all()) == 1
        assert db.exec(select(Approval.status)).all() == ["decided"]


def test_case_numbers_given_out_at_once_are_all_different(practice: None) -> None:
    def numbered() -> str:
        with store.writing() as db:
            return store.new_case_number(db)

    numbers = at_once(*[numbered] * 12)
    assert len(set(numbers)) == 12 and all(isinstance(number, str) for number in numbers)
