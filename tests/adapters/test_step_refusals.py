"""A step opens the therapy content that it has declared, and no other; a refused read is on record and rings."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from unittest.mock import Mock

import pytest
from sqlmodel import select

from adapters import keyring, therapy_store
from adapters.operational_store import reading
from models import step_reads
from models.codes import MessageChannel, Role
from models.errors import CountersignError, UndeclaredRead
from models.operational import AuditEvent, OutboxMessage
from models.therapy_text import TherapyText
from tasks import nights, runs, sign_offs
from tasks.nights import Part, PartFailed
from tasks.steps import in_its_name, step, unrecorded, worth_retrying
from tests import factories

WORDS = "nobody may read this"


@pytest.fixture
def case(home: Path) -> str:
    """A referral with one text."""
    number = factories.make_referral().case_number
    therapy_store.add_text(number, "referral_text", TherapyText(WORDS))
    return number


def texts(number: str) -> list[str]:
    return [each.text.unwrap() for each in therapy_store.texts(number, actor="system", where="screen for risk")]


@step("check coverage")
def prying(number: str) -> list[str]:
    """A step that has declared no content."""
    return texts(number)


@step("score and screen for risk")
def screening(number: str) -> list[str]:
    return texts(number)


def refusals() -> list[therapy_store.TherapyAuditEvent]:
    with therapy_store.reading() as db:
        event = therapy_store.TherapyAuditEvent
        return list(db.exec(select(event).where(event.action == therapy_store.REFUSED)).all())


def reads() -> int:
    with therapy_store.reading() as db:
        event = therapy_store.TherapyAuditEvent
        return len(db.exec(select(event).where(event.action == therapy_store.READ)).all())


def test_step_reads_what_it_has_declared(case: str):
    assert screening.fn(case) == [WORDS]
    assert refusals() == []


def test_undeclared_content_is_refused_before_anything_is_opened(case: str, monkeypatch: pytest.MonkeyPatch):
    def unwrap(*_: object) -> bytes:
        raise AssertionError("a key was unwrapped")

    monkeypatch.setattr(keyring, "unwrap_data_key", unwrap)
    with pytest.raises(UndeclaredRead, match="'check coverage' has not declared that it reads intake_text"):
        prying.fn(case)
    [event] = refusals()
    assert (event.subject_id, event.case_number, event.details) == ("check coverage", case, {"kinds": ["intake_text"]})
    assert reads() == 0, "what was refused was not read"


def test_refusal_says_nothing_that_was_written(case: str):
    with pytest.raises(UndeclaredRead) as refusal:
        prying.fn(case)
    assert WORDS not in repr(refusal.value)
    assert isinstance(refusal.value, CountersignError), "so that it is not tried again"


def test_refused_step_is_not_tried_again(case: str):
    assert not worth_retrying(None, None, Mock(data=UndeclaredRead("check coverage", ("intake_text",))))
    with pytest.raises(UndeclaredRead):
        unrecorded(prying)(case)
    assert len(refusals()) == 1


def test_content_that_is_only_looked_through_is_refused_too(case: str):
    """``open_levels`` opens flags without an audited read."""
    flag = therapy_store.RiskFlag(
        id="FL-1", case_number=case, unique_key="k", kind="self_harm", status="present", level="high",
        raised_by="rule", rule_id="r", why="w", version="v",
    )  # fmt: skip
    therapy_store.raise_flags(case, [flag])
    assert therapy_store.open_levels(case) == ["high"]
    with pytest.raises(UndeclaredRead, match="risk_flag"):
        in_its_name("check coverage")(therapy_store.open_levels)(case)
    assert len(refusals()) == 1


def test_step_in_a_step_reads_in_its_own_name(case: str):
    """A night's part or a batch lends its steps nothing, and takes nothing from them."""

    @step("look after every wait")
    def outer() -> list[str]:
        assert screening.fn(case) == [WORDS]
        return texts(case)

    with pytest.raises(UndeclaredRead, match="'look after every wait'"):
        outer.fn()
    with pytest.raises(UndeclaredRead, match="'check coverage'"):
        in_its_name("score and screen for risk")(prying.fn)(case)


@pytest.mark.parametrize("name", ["score and screen for risk", "check coverage"])
def test_name_goes_along_into_a_thread_of_asyncio(case: str, name: str):
    async def there() -> list[str]:
        return await asyncio.to_thread(texts, case)

    def run() -> list[str]:
        return asyncio.run(there())

    if name == "check coverage":
        with pytest.raises(UndeclaredRead):
            in_its_name(name)(run)()
    else:
        assert in_its_name(name)(run)() == [WORDS]


def test_persons_page_is_no_step(case: str):
    assert texts(case) == [WORDS]
    with step_reads.at_work("check coverage"), step_reads.a_persons_act():
        assert texts(case) == [WORDS]


@pytest.fixture
def only_steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that is a worker."""
    monkeypatch.setattr(step_reads, "_only_steps", False)
    step_reads.only_steps_from_now_on()
    yield


def test_worker_opens_nothing_in_no_step_s_name(case: str, only_steps: None):
    with pytest.raises(UndeclaredRead, match="'between steps'"):
        texts(case)
    assert screening.fn(case) == [WORDS]
    assert step_reads.take_counts().refused["between steps", "intake_text"] == 1
    [refusal] = step_reads.take_refusals_between_steps()
    assert (refusal.step, refusal.cases) == ("between steps", (case,))
    assert step_reads.take_refusals_between_steps() == []
    with step_reads.a_persons_act():
        assert texts(case) == [WORDS]


def test_thread_of_its_own_in_a_worker_opens_nothing(case: str, only_steps: None):
    """It does not inherit the step at work, so it has declared nothing."""
    met: list[BaseException] = []

    def alone() -> None:
        try:
            texts(case)
        except UndeclaredRead as refusal:
            met.append(refusal)

    with step_reads.at_work("score and screen for risk"):
        thread = threading.Thread(target=alone)
        thread.start()
        thread.join()
    assert [type(each) for each in met] == [UndeclaredRead]


def test_part_of_the_night_has_a_name_of_its_own_wherever_it_is_done(case: str, monkeypatch: pytest.MonkeyPatch):
    """``do_part`` is what a Dask worker runs: the name is set inside it, not inherited."""
    parts = (
        Part("prying", "count the figures of the day", lambda night, place: {"texts": len(texts(case))}),
        Part("telling", "count the figures of the day", lambda night, place: {"texts": len(screening.fn(case))}),
    )
    monkeypatch.setattr(nights, "PARTS", parts)
    with pytest.raises(PartFailed, match="UndeclaredRead") as failed:
        nights.do_part("prying", date(2026, 11, 25), "all")
    assert failed.value.again is False
    assert nights.do_part("telling", date(2026, 11, 25), "all") == {"texts": 1}


def test_each_kind_of_sign_off_is_laid_out_in_a_name_of_its_own():
    opens = {kind: step_reads.therapy_kinds_of(name) for kind, name in sign_offs.LAID_OUT_BY.items()}
    claims = {"claim_content", "to_do_words"}
    assert all(opens[kind] == claims for kind in opens if kind.value in ("claim", "claim_clinical", "write_off"))
    assert not any("session_transcript" in kinds for kinds in opens.values())


# -- somebody is told


def pages(template: str) -> list[str]:
    with reading() as db:
        found = db.exec(select(OutboxMessage).where(OutboxMessage.template == template)).all()
        assert all(each.channel == MessageChannel.PAGE and each.urgent for each in found)
        return sorted(each.to_staff_id or "" for each in found)


def test_refusal_pages_who_can_mend_it_and_who_is_on_call(home: Path):
    place = factories.make_location()
    compliance = factories.make_staff(role=Role.COMPLIANCE, location=place)
    analyst = factories.make_staff(role=Role.ANALYST, location=place)
    clinician = factories.make_staff(role=Role.CLINICIAN, location=place, on_call=True)
    number = factories.make_referral(location=place).case_number
    therapy_store.add_text(number, "referral_text", TherapyText(WORDS))
    for _ in range(2):  # the same again rings once a day
        with pytest.raises(UndeclaredRead):
            prying.fn(number)
    assert pages("page_read_refused") == sorted([compliance.id, analyst.id])
    assert pages("page_risk_review") == [clinician.id], "what a patient wrote lies unread"
    with reading() as db:
        found = db.exec(select(AuditEvent).where(AuditEvent.action == "step.refused")).all()
    assert [each.details["paged"] for each in found] == [1, 0]


async def test_refusal_in_no_step_s_name_rings_within_the_minute(home: Path, only_steps: None):
    compliance = factories.make_staff(role=Role.COMPLIANCE)
    number = factories.make_referral().case_number
    therapy_store.add_text(number, "referral_text", TherapyText(WORDS))
    step_reads.take_refusals_between_steps()
    with pytest.raises(UndeclaredRead):
        texts(number)
    assert pages("page_read_refused") == []
    await runs.keep_step_counts()
    assert pages("page_read_refused") == [compliance.id]


def test_refusal_that_is_caught_inside_its_step_rings_all_the_same(home: Path):
    """The watch lets one broken item stop no other; it must not make a refusal silent."""
    compliance = factories.make_staff(role=Role.COMPLIANCE)
    number = factories.make_referral().case_number
    therapy_store.add_text(number, "referral_text", TherapyText(WORDS))

    @step("check coverage")
    def careless() -> None:
        try:
            texts(number)
        except CountersignError:
            return

    careless.fn()
    assert pages("page_read_refused") == [compliance.id]
