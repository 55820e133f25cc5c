"""Are the analysts told of troubled runs once in a while, each kind by itself, and by somebody who is there?"""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from adapters import outbox
from adapters.operational_store import reading
from models.codes import MessageStatus, Role, RunTrouble
from models.columns import utc_now
from models.operational import AuditEvent, OutboxMessage
from tasks.run_alarms import TOLD_AGAIN_AFTER, tell_analysts
from tests.factories import make_staff

NOW = utc_now()


def told() -> list[tuple[str | None, str, str]]:
    with reading() as db:
        rows = db.exec(select(OutboxMessage).order_by(OutboxMessage.unique_key)).all()
    return sorted((row.to_staff_id, row.facts["trouble"], row.facts["run_id"]) for row in rows)


def test_each_kind_of_trouble_is_told_once_in_a_quarter_of_an_hour(home: Path):
    analyst = make_staff(role=Role.ANALYST)
    assert tell_analysts.fn("run-1", RunTrouble.FAILED, NOW) == 1
    assert tell_analysts.fn("run-2", RunTrouble.FAILED, NOW) == 0
    assert tell_analysts.fn("run-3", RunTrouble.LATE, NOW) == 1
    assert told() == [(analyst.id, "failed", "run-1"), (analyst.id, "late", "run-3")]


@pytest.mark.parametrize(("after", "again"), [(TOLD_AGAIN_AFTER - timedelta(seconds=1), 0), (TOLD_AGAIN_AFTER, 1)])
def test_trouble_that_goes_on_is_told_again_after_a_while(home: Path, after: timedelta, again: int):
    make_staff(role=Role.ANALYST)
    tell_analysts.fn("run-1", RunTrouble.FAILED)
    with reading() as db:
        first = db.exec(select(OutboxMessage.created_at)).one()
    assert tell_analysts.fn("run-2", RunTrouble.FAILED, first + after) == again


def test_every_run_stands_in_the_audit_told_or_not(home: Path):
    make_staff(role=Role.ANALYST)
    for run in ("run-1", "run-2"):
        tell_analysts.fn(run, RunTrouble.CRASHED, NOW)
    with reading() as db:
        events = db.exec(select(AuditEvent).where(AuditEvent.action == "run.crashed").order_by(AuditEvent.id)).all()
    assert [(event.subject_id, event.details["told"]) for event in events] == [("run-1", 1), ("run-2", 0)]


def test_without_analysts_the_admins_are_told(home: Path):
    make_staff(role=Role.ANALYST, active=False)
    admin, _ = make_staff(role=Role.ADMIN), make_staff(role=Role.CLINICIAN)
    tell_analysts.fn("run-1", RunTrouble.FAILED, NOW)
    assert told() == [(admin.id, "failed", "run-1")]


def test_nobody_to_tell_is_said_in_the_log(home: Path, caplog: pytest.LogCaptureFixture):
    assert tell_analysts.fn("run-1", RunTrouble.FAILED, NOW) == 0
    assert "run-1" in caplog.text and "nobody" in caplog.text


def test_page_names_the_run_and_where_to_look(home: Path):
    make_staff(role=Role.ANALYST)
    tell_analysts.fn("0b5d2f0e-run", RunTrouble.LATE, NOW)
    assert outbox.send_due(utc_now()).sent == 1
    with reading() as db:
        assert db.exec(select(OutboxMessage.status)).one() == MessageStatus.SENT
    [file] = [path for path in (home / "outbox" / "page").iterdir()]
    assert "0b5d2f0e-run is late: http://127.0.0.1:4200/runs/flow-run/0b5d2f0e-run" in file.read_text()
