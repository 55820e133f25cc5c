"""How long does work stand still after ``kill -9``? Beside it, the same part restarted in peace, in the same run.

``python -m benchmarks.recovery`` starts everything with `countersign run` on a sample practice and kills the parts by
turns. Recovery is counted from the moment the supervisor has started the part again to the first step made for what
was interrupted: for the worker, a run that the dead one held is claimed anew; for the Prefect server, a case that was
decided meanwhile is taken by its leg; for desk and portal, the page that was asked for is shown. A restart in peace
(SIGTERM, then the same) is the baseline. It prints one JSON line; seconds.
"""

import argparse
import itertools
import json
import os
import signal
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from sqlmodel import col, select

from adapters import operational_store as store
from cli.children import STEADY_SECONDS
from models.operational import Referral, RunClaim
from tests.chaos.people import PLANS, row_of
from tests.chaos.practice import Parts, running
from tests.flows.people import drop

LOOK_SECONDS = 0.02
CASES_PER_TURN = 12
UNTOUCHED = PLANS[0]
_numbers = itertools.count()


def work_for_the_worker(parts: Parts) -> Callable[[], bool]:
    """Runs are under way; gives "has another worker taken one of them, or another run, up again?"."""
    first = next(_numbers) * CASES_PER_TURN
    drop(*(row_of(number, UNTOUCHED) for number in range(first, first + CASES_PER_TURN)))
    held = parts.wait_for("runs under way", _claims, pause=LOOK_SECONDS)
    before = {worker for _, worker in held}
    return lambda: any(worker not in before for _, worker in _claims())


def _claims() -> list[tuple[str, str]]:
    with store.reading() as db:
        return [(run, worker) for run, worker in db.exec(select(RunClaim.run_id, RunClaim.worker_id)).all()]


def work_for_the_server(parts: Parts) -> Callable[[], bool]:
    """A case is wanted awake; gives "has its leg taken it?"."""
    case = parts.wait_for("a case that waits", _waiting_case)

    def taken() -> bool:
        with store.reading() as db:
            return db.get_one(Referral, case.case_number).fence > case.fence

    with store.writing() as db:
        store.want_wake(db, case.case_number)
    return taken


def _waiting_case() -> Referral | None:
    with store.reading() as db:
        return db.exec(
            select(Referral).where(
                Referral.status == UNTOUCHED.ends,
                col(Referral.run_id).is_not(None),
                col(Referral.wake_wanted).is_(False),
            )
        ).first()


def page_of(address: Callable[[Parts], str]) -> Callable[[Parts], Callable[[], bool]]:
    """Gives "is the page shown?"."""

    def work(parts: Parts) -> Callable[[], bool]:
        return lambda: httpx.get(address(parts), timeout=5).status_code == 200

    return work


WORK: dict[str, Callable[[Parts], Callable[[], bool]]] = {
    "worker": work_for_the_worker,
    "prefect": work_for_the_server,
    "desk": page_of(lambda parts: f"{parts.desk}/sign-in"),
    "portal": page_of(lambda parts: f"{parts.portal}/healthz"),
}


def stand_still(parts: Parts, part: str, how: signal.Signals) -> tuple[float, float]:
    """Seconds from the part's new start, and from its end, to the first step of what was interrupted."""
    # killed sooner, again and again, it would be taken for one that cannot start, and its next start would be put off
    time.sleep(STEADY_SECONDS + 1)
    recovered = WORK[part](parts)
    old = parts.wait_for(f"a living {part}", lambda: parts.process_of(part), pause=LOOK_SECONDS)
    os.kill(old, how)
    ended = time.monotonic()
    parts.wait_for(f"a new {part}", lambda: parts.process_of(part) not in (None, old), pause=LOOK_SECONDS)
    started = time.monotonic()
    parts.wait_for(f"the work of {part}", recovered, pause=LOOK_SECONDS)
    now = time.monotonic()
    return now - started, now - ended


def measure(parts: Parts, kills: int) -> dict[str, Any]:
    """All parts, killed and restarted in peace by turns."""
    result: dict[str, Any] = {}
    for part in WORK:
        killed, peaceful = [], []
        for _ in range(kills):
            killed.append(stand_still(parts, part, signal.SIGKILL))
            peaceful.append(stand_still(parts, part, signal.SIGTERM))
        since_start = [each for each, _ in killed]
        baseline = statistics.median(each for each, _ in peaceful)
        result[part] = {
            "kills": kills,
            "recovery_median": round(statistics.median(since_start), 2),
            "recovery_max": round(max(since_start), 2),
            "from_kill_max": round(max(each for _, each in killed), 2),
            "restart_in_peace_median": round(baseline, 2),
            "times_a_restart_in_peace": round(statistics.median(since_start) / baseline, 2),
        }
    return result


def main() -> None:
    """Prints one JSON line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--kills", type=int, default=5, help="of each part")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "home") as parts:
        print(
            json.dumps(
                {"load_per_core": round(os.getloadavg()[0] / (os.cpu_count() or 1), 1)} | measure(parts, given.kills)
            )
        )


if __name__ == "__main__":
    main()
