"""Which worker runs which run: one at a time, whatever two of them read at the same moment."""

import os
import subprocess
import sys
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import select

from adapters.operational_store import reading, writing
from adapters.processes import name_of
from adapters.run_claims import RunClaims
from models.columns import utc_now
from models.operational import RunClaim, WorkerBeat

pytestmark = pytest.mark.usefixtures("home")

LOST = timedelta(seconds=15)
CLAIMS = RunClaims()


def holder() -> str:
    with reading() as db:
        return db.exec(select(RunClaim.worker_id)).one()


def beaten(worker: str, ago: timedelta) -> None:
    with writing() as db:
        db.merge(WorkerBeat(worker_id=worker, at=utc_now() - ago))


def test_free_run_is_claimed_and_claimed_again_by_its_own_worker() -> None:
    run = uuid4()
    assert CLAIMS.claim(run, "one", lost_after=LOST)
    assert CLAIMS.claim(run, "one", lost_after=LOST)
    assert holder() == "one"


@pytest.mark.parametrize(("ago", "taken"), [(timedelta(seconds=5), False), (timedelta(seconds=15), True)])
def test_run_of_another_worker_is_taken_only_when_that_one_is_dead(ago: timedelta, taken: bool) -> None:
    run = uuid4()
    CLAIMS.claim(run, "one", lost_after=LOST)
    beaten("one", ago)
    assert CLAIMS.claim(run, "two", lost_after=LOST) is taken
    assert holder() == ("two" if taken else "one")


def test_worker_that_never_beat_is_dead() -> None:
    run = uuid4()
    CLAIMS.claim(run, "one", lost_after=LOST)
    assert CLAIMS.claim(run, "two", lost_after=LOST)


def test_second_of_two_that_saw_a_free_run_does_not_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    run = uuid4()
    CLAIMS.claim(run, "one", lost_after=LOST)
    monkeypatch.setattr(RunClaims, "_holder", lambda *_: None)
    assert CLAIMS.claim(run, "two", lost_after=LOST) is False
    assert holder() == "one"


def test_second_of_two_that_saw_the_same_dead_worker_does_not_get_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    run = uuid4()
    CLAIMS.claim(run, "one", lost_after=LOST)
    monkeypatch.setattr(RunClaims, "_holder", lambda *_: "dead")
    assert CLAIMS.claim(run, "two", lost_after=LOST) is False
    assert holder() == "one"


def of_a_dead_process() -> str:
    """The name of a process of this machine that has ended."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    name = name_of(child.pid)
    child.kill()
    child.wait()
    return name


def test_run_of_a_worker_that_is_provably_dead_is_found_and_taken_at_once() -> None:
    run, dead = uuid4(), of_a_dead_process()
    CLAIMS.claim(run, dead, lost_after=LOST)
    beaten(dead, timedelta(0))
    assert CLAIMS.orphans(LOST) == [run]
    assert CLAIMS.claim(run, "two", lost_after=LOST)
    assert CLAIMS.orphans(timedelta(0)) == [run]  # "two" has never beaten


def test_run_of_a_living_worker_is_no_orphan() -> None:
    run, living = uuid4(), name_of(os.getpid())
    CLAIMS.claim(run, living, lost_after=LOST)
    beaten(living, timedelta(0))
    assert CLAIMS.orphans(LOST) == []
    assert not CLAIMS.claim(run, "two", lost_after=LOST)


def test_first_word_of_a_worker_clears_those_of_workers_long_gone() -> None:
    CLAIMS.claim(uuid4(), "still holds one", lost_after=LOST)
    for worker, days in (("long gone", 8), ("still holds one", 8), ("lately", 6)):
        beaten(worker, timedelta(days=days))
    CLAIMS.beat("new")
    with reading() as db:
        assert set(db.exec(select(WorkerBeat.worker_id)).all()) == {"still holds one", "lately", "new"}
    beaten("gone later", timedelta(days=8))
    CLAIMS.beat("new")  # not with every beat
    with reading() as db:
        assert "gone later" in db.exec(select(WorkerBeat.worker_id)).all()
