"""Somebody holds the database, or the disk is full: desk and portal say so, and nothing half-written counts."""

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from adapters import operational_store, outbox
from adapters.settings import settings
from models import databases
from models.codes import ApprovalStatus, LinkPurpose, MessageStatus, ReferralStatus, Role
from models.columns import utc_now
from models.errors import OutsideUnavailable, RecordsUnavailable
from models.operational import Approval, AuditEvent, Decision, OutboxMessage, Staff
from tasks import intake
from tests.factories import make_location, make_message, make_patient, make_portal_link, make_referral
from tests.web.desk.conftest import PASSWORD, assignment, at_the_desk, desk, person, place
from tests.web.portal.test_portal import BIRTH, path_of, post
from web.portal.app import make_app as make_portal

__all__ = ["assignment", "at_the_desk", "desk", "person", "place"]

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """A connection waits a fifth of a second for its turn, not twenty."""
    monkeypatch.setattr(databases, "BUSY_SECONDS", 0.2)
    operational_store.engine_for.cache_clear()


ROOM_BYTES = 4096
"""Less than the smallest write of a database in WAL mode: a page with its frame."""


@contextmanager
def held(home: Path) -> Iterator[None]:
    """Another process is in the middle of a write that takes long."""
    engine = databases.open_engine(settings().operational_database)
    with engine.execution_options(countersign_writes=True).connect() as other:
        other.exec_driver_sql("SELECT 1")  # a writer's turn begins with its first statement
        yield
        other.rollback()
    engine.dispose()


@contextmanager
def full(home: Path) -> Iterator[None]:
    """No file of this process may grow beyond what a test's own output needs: what a full disk does to a database."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    operational_store.engine_for(settings().operational_database).dispose()
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM_BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


ON_SQLITE = pytest.mark.sqlite_only("the limit on files is this process's, not that of PostgreSQL's server")
TROUBLES = pytest.mark.parametrize("trouble", [held, pytest.param(full, marks=ON_SQLITE)])


@TROUBLES
def test_store_says_what_is_wrong_and_works_again_afterwards(home: Path, trouble: Any) -> None:
    said = r"takes nothing now \((SQLITE_(BUSY|IOERR|FULL)|55P03)"
    with trouble(home), pytest.raises(RecordsUnavailable, match=said), operational_store.writing() as db:
        operational_store.audit(db, "system", "tried", ("nothing", "1"))
    with operational_store.writing() as db:
        operational_store.audit(db, "system", "tried", ("nothing", "2"))
    with operational_store.reading() as db:
        assert db.exec(select(AuditEvent.subject_id).where(AuditEvent.action == "tried")).all() == ["2"]


@TROUBLES
def test_desk_says_that_nothing_was_saved_and_the_same_form_signs_later(
    home: Path, at_the_desk: Any, assignment: Any, person: Any, trouble: Any
) -> None:
    staff = person(Role.COORDINATOR)
    approval, _, _ = assignment(staff)
    seated = at_the_desk(staff)
    code = seated.code()
    form = {"seen_digest": approval.digest, "verdict": "approve", "password": PASSWORD, "code": code}
    with trouble(home):
        answer = seated.post(f"/approvals/{approval.id}", **form)
    assert answer.status_code == 503
    assert "was not saved" in answer.text and answer.headers["retry-after"] == "30"
    with operational_store.reading() as db:
        assert db.exec(select(Decision)).all() == []
        assert db.get_one(Approval, approval.id).status == ApprovalStatus.OPEN
    assert seated.post(f"/approvals/{approval.id}", **form).status_code == 303
    with operational_store.reading() as db:
        assert len(db.exec(select(Decision)).all()) == 1


@TROUBLES
def test_portal_says_that_nothing_was_saved(home: Path, trouble: Any) -> None:
    case = make_referral(ReferralStatus.QUESTIONNAIRES_REQUESTED, patient=make_patient(), location=make_location())
    link = make_portal_link(case, LinkPurpose.QUESTIONNAIRES)
    with TestClient(make_portal(), base_url="http://127.0.0.1:8481") as browser:
        browser.get(path_of(link))
        assert post(browser, path_of(link), BIRTH, follow_redirects=False).status_code == 303
        answers = {f"item_{number}": "0" for number in range(1, 10)}
        with trouble(home):
            refused = post(browser, f"{path_of(link)}/step/1", answers, follow_redirects=False)
        assert refused.status_code == 503
        assert "was not saved" in refused.text and refused.headers["retry-after"] == "30"
        assert post(browser, f"{path_of(link)}/step/1", answers, follow_redirects=False).status_code == 303


def no_room(_: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_dropped_file_that_does_not_fit_on_the_disk_is_refused_whole(
    home: Path, at_the_desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seated = at_the_desk(Role.COORDINATOR)
    monkeypatch.setattr(os, "fsync", no_room)
    answer = seated.browser.post(
        "/intake",
        data={"csrf_token": seated.token},
        files={"file": ("one.csv", b"external_id\r\nA-1\r\n", "text/csv")},
        follow_redirects=False,
    )
    assert answer.status_code == 503
    assert list(settings().intake_folder.iterdir()) == []


def test_message_that_does_not_fit_on_the_disk_leaves_no_half_of_it_and_goes_later(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder's disk is full, the database's is not."""
    message = make_message(make_patient(), template="waitlisted", case_number=make_referral().case_number)
    real, now = os.fsync, utc_now()
    monkeypatch.setattr(os, "fsync", no_room)
    assert outbox.send_due(now).later == 1
    folder = settings().outbox_folder / "email"
    assert list(folder.iterdir()) == []
    monkeypatch.setattr(os, "fsync", real)
    assert outbox.send_due(now + outbox.BACKOFF[0]).sent == 1
    assert [path.name for path in folder.iterdir()] == [f"{message.id}.eml"]
    with operational_store.reading() as db:
        assert db.get_one(OutboxMessage, message.id).status == MessageStatus.SENT


@TROUBLES
def test_dropped_file_stays_in_its_folder_until_it_can_be_put_on_record(home: Path, trouble: Any) -> None:
    dropped = settings().intake_folder / "one.csv"
    dropped.write_text("external_id\r\nA-1\r\n")
    with trouble(home), pytest.raises(RecordsUnavailable):
        intake.collect.fn(settle_seconds=0)
    assert dropped.exists() and list(settings().received_folder.iterdir()) == []
    assert len(intake.collect.fn(settle_seconds=0)) == 1
    assert not dropped.exists() and len(list(settings().received_folder.iterdir())) == 1


def test_unreachable_database_is_worth_coming_back_for() -> None:
    assert issubclass(RecordsUnavailable, OutsideUnavailable)


def test_broken_statement_is_not_taken_for_a_busy_database(home: Path) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import OperationalError, ProgrammingError

    with pytest.raises((OperationalError, ProgrammingError)), operational_store.writing() as db:
        db.exec(text("select * from no_such_table"))  # type: ignore[call-overload]
    assert Staff.__tablename__ == "staff"
