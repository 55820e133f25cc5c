"""Tiny flows that stand in for cases: what they did is a line in a file, what was decided is a file."""

import asyncio
import os
import time
from pathlib import Path
from typing import Literal

from prefect import flow
from prefect.flow_runs import asuspend_flow_run
from prefect.input import RunInput
from prefect.runtime import flow_run

from adapters import prefect_runs


class Decision(RunInput):
    """What Prefect's own Resume form asks for; empty means that nobody decided there."""

    verdict: Literal["", "approve", "return"] = ""
    code: str = ""


def note(folder: str, case: str, line: str) -> None:
    """Appends one line to the case's diary in one write, so that legs in several processes do not mix."""
    with open(Path(folder) / f"{case}.diary", "ab", buffering=0) as diary:
        diary.write(f"{line} {os.getpid()}\n".encode())


def diary(folder: str | Path, case: str) -> list[str]:
    """The case's diary, without the process ids."""
    path = Path(folder) / f"{case}.diary"
    return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []


def decide(folder: str | Path, case: str) -> None:
    """Records a decision the way the desk would: outside Prefect."""
    (Path(folder) / f"{case}.decision").write_text("approve")


def _decided(folder: str, case: str) -> bool:
    return (Path(folder) / f"{case}.decision").exists()


def _attempts(folder: str, case: str) -> int:
    return diary(folder, case).count("asked")


@flow(persist_result=False)
async def waits_for_a_decision(case: str, folder: str) -> None:
    """Suspends until a decision lies in the folder."""
    note(folder, case, "began")
    if not _decided(folder, case):
        note(folder, case, "asked")
        await asuspend_flow_run(timeout=None, key=f"approval-{case.lower()}-{_attempts(folder, case)}")
    note(folder, case, "done")


@flow(persist_result=False)
async def waits_for_a_form(case: str, folder: str) -> None:
    """Suspends with Prefect's own form; fails once when told to return, so that a person can retry it."""
    note(folder, case, "began")
    attempt = _attempts(folder, case)
    if attempt:
        typed = await prefect_runs.read_and_forget_input(_run_id(), f"approval-{case.lower()}-{attempt}")
        verdict = typed["verdict"] if typed else "nothing"
        note(folder, case, f"read-{verdict}")
        if verdict == "approve":
            return
        if verdict == "return":
            note(folder, case, "asked")  # the next attempt is a new wait, with a key of its own
            raise RuntimeError("told to fail")
    note(folder, case, "asked")
    key = f"approval-{case.lower()}-{_attempts(folder, case)}"
    await asuspend_flow_run(wait_for_input=Decision, timeout=None, key=key)


@flow(persist_result=False)
async def works_for_a_while(case: str, folder: str, seconds: float) -> None:
    """Takes its time in one step, and does the step again when it did not get to its end."""
    note(folder, case, "began")
    await asyncio.sleep(seconds)
    note(folder, case, "done")


@flow(persist_result=False)
def works_without_async(case: str, folder: str) -> None:
    """A plain flow."""
    note(folder, case, "began")
    time.sleep(0.05)
    note(folder, case, "done")


@flow(persist_result=False)
async def breaks(case: str, folder: str, how: Literal["fails", "exits"]) -> None:
    """Breaks in the named way."""
    note(folder, case, "began")
    if how == "exits":
        raise SystemExit(3)
    raise RuntimeError("broken on purpose")


@flow(persist_result=False, retries=1, retry_delay_seconds=0)
async def waits_after_a_retry(case: str, folder: str) -> None:
    """Fails on its first line once, is retried in the same process, then suspends."""
    note(folder, case, "began")
    if diary(folder, case).count("began") == 1:
        raise RuntimeError("broken on purpose")
    if not _decided(folder, case):
        note(folder, case, "asked")
        await asuspend_flow_run(timeout=None, key=f"approval-{case.lower()}-{_attempts(folder, case)}")
    note(folder, case, "done")


@flow(persist_result=False)
async def takes_a_choice(place: str) -> None:
    """Has one parameter for a dropdown."""


def _run_id() -> "prefect_runs.UUID":
    return prefect_runs.UUID(str(flow_run.get_id()))
