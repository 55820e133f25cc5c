"""Whose death can be proved: a process of this boot that is gone, never one that may live elsewhere."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from adapters.processes import name_of, own_name, pid_in, provably_alive, provably_dead

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def sleeper() -> "Iterator[subprocess.Popen[bytes]]":
    with subprocess.Popen(SLEEP) as process:
        yield process
        process.kill()


def test_own_name_stays_the_same_and_lives() -> None:
    assert own_name() == own_name()
    assert provably_alive(own_name()) and not provably_dead(own_name())
    assert pid_in(own_name()) == os.getpid()


def test_two_names_of_one_process_differ(sleeper: "subprocess.Popen[bytes]") -> None:
    assert name_of(sleeper.pid) != name_of(sleeper.pid)


def test_killed_process_is_dead_before_and_after_it_is_waited_for(sleeper: "subprocess.Popen[bytes]") -> None:
    name = name_of(sleeper.pid)
    assert provably_alive(name)
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert provably_dead(name) and not provably_alive(name)
    sleeper.wait()
    assert provably_dead(name) and not provably_alive(name)


def test_number_that_another_process_has_now_proves_the_first_one_dead(sleeper: "subprocess.Popen[bytes]") -> None:
    before, _, started = name_of(sleeper.pid).rpartition("/")
    assert provably_dead(f"{before}/{int(started) - 1}")


@pytest.mark.parametrize("place", ["another-machine", ""])
def test_process_of_another_place_proves_nothing(sleeper: "subprocess.Popen[bytes]", place: str) -> None:
    _, _, pid, started = name_of(sleeper.pid).split("/")
    sleeper.kill()
    sleeper.wait()
    name = f"x/{place}/{pid}/{started}"
    assert not provably_dead(name) and not provably_alive(name)


@pytest.mark.parametrize("name", ["", "one", "a/b/c", "a/b/c/d/e"])
def test_other_names_prove_nothing(name: str) -> None:
    assert not provably_dead(name) and not provably_alive(name)
