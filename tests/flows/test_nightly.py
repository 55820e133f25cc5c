"""Does the night's work go on where the round of claims cannot, and does somebody hear of it?"""

from collections.abc import Callable
from typing import Any

import pytest
from prefect.logging import disable_run_logger
from prefect.states import State

from flows import nightly as night
from models.errors import OutsideUnavailable

ROUND = {"files_taken_in": 1, "claims_opened": 2, "coverage_asked": 0, "claims_sent": 2, "files_sent": 1, "overdue": 0}


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every part of the night that was done, in order, each of them only noting that it was."""
    parts: list[str] = []

    def noting(name: str, answer: Any = None) -> Callable[..., Any]:
        def part(*_: Any) -> Any:
            parts.append(name)
            return answer

        return part

    def publishing(name: str) -> Callable[..., Any]:
        async def part(*_: Any) -> None:
            parts.append(name)

        return part

    for room, name, answer in (
        (night.steps, "open_times_ahead", 4),
        (night.held_transcripts, "destroy_held", 0),
        (night, "move_all", ROUND),
        (night.claim_report, "standing", None),
        (night.watch, "watch", {}),
        (night.steps, "verify_audit", 0),
        (night.steps, "anchor_audit", 2),
        (night.steps, "first_appointment_figures", None),
        (night.waiting, "waiting", []),
        (night.backups, "back_up", 77),
    ):
        monkeypatch.setattr(room, name, noting(name, answer))
    for name in ("publish_claims", "publish_waiting", "publish_figures"):
        monkeypatch.setattr(night.reports, name, publishing(name))
    return parts


async def run() -> Any:
    with disable_run_logger():
        return await night.nightly.fn()


async def test_night_counts_its_work_and_backs_up_after_the_claims_have_left(done: list[str]) -> None:
    assert await run() == {"times_opened": 4, "audit_faults": 0, "backup_bytes": 77, **ROUND}
    assert done.index("move_all") < done.index("publish_claims") < done.index("back_up")


@pytest.mark.parametrize("part", ["move_all", "standing"])
async def test_round_of_claims_that_fails_stops_nothing_else_and_is_named(
    done: list[str], monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    await run()
    everything = [*done]
    done.clear()

    def fails(*_: Any) -> None:
        raise OutsideUnavailable("zibbertrance")

    monkeypatch.setattr(night if part == "move_all" else night.claim_report, part, fails)
    ended = await run()
    assert isinstance(ended, State) and ended.is_failed()
    assert ended.message == "the round of claims failed (OutsideUnavailable); the rest of the night is done"
    assert [each for each in everything if each in done] == done
    assert set(everything) - set(done) <= {"move_all", "standing", "publish_claims"}
