"""Does the night go on where a part of it cannot, does somebody hear of it, and is nothing done twice?"""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from prefect.logging import disable_run_logger
from prefect.states import State
from sqlmodel import select

from adapters import operational_store as store
from flows import nightly as night
from models.errors import NotAllowed, OutsideUnavailable
from models.operational import Location, NightPart
from models.scheduling_codes import NightPartStatus
from tasks import nights, spreading
from tasks.nights import Part, PartFailed
from tests import factories

THE_NIGHT = date(2026, 11, 24)


class Done:
    """The parts that were done, in order; ``fails`` names what becomes of some of them."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, str]] = []
        self.fails: dict[str, Exception] = {}

    def doing(self, name: str) -> Callable[[date, str], dict[str, int]]:
        def do(_: date, location: str) -> dict[str, int]:
            self.parts.append((name, location))
            if name in self.fails:
                raise self.fails[name]
            return {"rows": 2}

        return do


@pytest.fixture
def done(home: Any, monkeypatch: pytest.MonkeyPatch) -> Done:
    """A night of three parts at two locations, each of them only noting that it was done."""
    for name in ("LOC-1", "LOC-2"):
        factories.make_location(id=name)
    noted = Done()
    parts = (
        Part("first", "do the first", noted.doing("first"), heavy=True),
        Part("second", "do the second", noted.doing("second")),
        Part("practice", "do what knows no location", noted.doing("practice"), by_place=False),
    )
    monkeypatch.setattr(nights, "PARTS", parts)
    return noted


def in_this_process(part: Part, night_of: date, location: str) -> spreading.Outcome:
    """As ``Machines`` does it, without a Prefect server; what may be tried again is, at once."""
    failed, counts = [], {}
    for place in nights.missing(part, night_of, location):
        for attempt in range(nights.ATTEMPTS):
            try:
                counts |= nights.do_part(part.name, night_of, place)
            except PartFailed as failure:
                if failure.again and attempt + 1 < nights.ATTEMPTS:
                    continue
                failed.append(f"{part.name} ({failure.kind})")
            break
    return counts, failed


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What was published of the night."""
    published: dict[str, Any] = {"progress": []}

    async def begin() -> Any:
        return uuid4()

    async def progress(_: Any, *so_far: Any) -> None:
        published["progress"].append(so_far)

    async def the_night(summary: Any) -> None:
        published["night"] = summary

    async def claims(_: Any) -> None:
        published["claims"] = True

    async def fairness(table: Any) -> None:
        published["fairness"] = len(table)

    for name, answer in (("begin_progress", begin), ("show_progress", progress), ("publish_night", the_night)):
        monkeypatch.setattr(night.reports, name, answer)
    monkeypatch.setattr(night.reports, "publish_claims", claims)
    monkeypatch.setattr(night.reports, "publish_fairness", fairness)
    monkeypatch.setattr(spreading.Machines, "carry_out", lambda _, *given: in_this_process(*given))
    return published


async def run(location: str = "all") -> Any:
    with disable_run_logger():
        return await night.nightly.fn(THE_NIGHT, location)


async def test_night_does_each_part_in_order_and_shows_how_far_it_is(done: Done, said: dict[str, Any]) -> None:
    assert await run() == {"first_rows": 2, "second_rows": 2, "practice_rows": 2}
    assert done.parts == [("first", "all"), ("second", "all"), ("practice", "all")]
    assert said["claims"] and said["fairness"] == 0
    assert said["progress"] == [
        (1, 3, "do the first"),
        (2, 3, "do the second"),
        (3, 3, "do what knows no location"),
    ]
    assert [(part.part, part.status, part.attempts) for part in said["night"].parts] == [
        ("first", "done", 1),
        ("second", "done", 1),
        ("practice", "done", 1),
    ]


async def test_same_night_again_does_nothing_and_another_night_does_all(done: Done, said: dict[str, Any]) -> None:
    first = await run()
    done.parts.clear()
    assert await run() == {}
    assert first and not done.parts
    with disable_run_logger():
        await night.nightly.fn(date(2026, 11, 25))
    assert len(done.parts) == 3


@pytest.mark.parametrize(
    ("failure", "attempts"), [(OutsideUnavailable("zibbertrance"), 3), (NotAllowed("zibbertrance"), 1)]
)
async def test_part_that_fails_stops_no_other_is_named_and_alone_is_done_again(
    done: Done, said: dict[str, Any], failure: Exception, attempts: int
) -> None:
    done.fails["first"] = failure
    ended = await run()
    assert isinstance(ended, State) and ended.is_failed()
    assert ended.message == f"first ({type(failure).__name__}) failed; the rest of the night is done"
    assert done.parts == [("first", "all")] * attempts + [("second", "all"), ("practice", "all")]
    (kept,) = [part for part in said["night"].parts if part.part == "first"]
    assert (kept.status, kept.attempts, kept.failure) == ("failed", attempts, type(failure).__name__)
    done.fails.clear()
    done.parts.clear()
    assert await run() == {"first_rows": 2}
    assert done.parts == [("first", "all")]


async def test_one_locations_night_has_its_own_parts_and_leaves_the_practices(done: Done, said: dict[str, Any]) -> None:
    assert await run("LOC-1") == {"first_rows": 2, "second_rows": 2}
    assert done.parts == [("first", "LOC-1"), ("second", "LOC-1")]
    assert "claims" not in said


def test_heavy_part_is_split_by_location_and_those_done_are_left_out(done: Done) -> None:
    first, second, practice = nights.PARTS
    assert nights.missing(first, THE_NIGHT, "all", split=True) == ["LOC-1", "LOC-2"]
    assert nights.missing(practice, THE_NIGHT, "all", split=True) == ["all"]
    nights.do_part("first", THE_NIGHT, "LOC-1")
    assert nights.missing(first, THE_NIGHT, "all", split=True) == ["LOC-2"]
    assert nights.missing(first, THE_NIGHT, "LOC-1") == []
    assert nights.missing(first, THE_NIGHT, "all") == ["all"]  # what lies at no location is nobody else's
    nights.do_part("first", THE_NIGHT, "all")
    assert nights.missing(first, THE_NIGHT, "LOC-2") == []
    assert nights.missing(second, THE_NIGHT, "LOC-2") == ["LOC-2"]


def test_part_that_was_killed_half_way_is_done_again(done: Done) -> None:
    done.fails["first"] = KeyboardInterrupt()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        nights.do_part("first", THE_NIGHT, "all")
    with store.reading() as db:
        assert db.exec(select(NightPart.status)).one() == NightPartStatus.RUNNING
    done.fails.clear()
    assert nights.do_part("first", THE_NIGHT, "all") == {"rows": 2}
    with store.reading() as db:
        row = db.exec(select(NightPart)).one()
        assert (row.status, row.attempts, db.exec(select(Location.id)).all()) == ("done", 2, ["LOC-1", "LOC-2"])


def test_what_a_failed_part_says_holds_none_of_its_words(done: Done) -> None:
    done.fails["first"] = ValueError("zibbertrance")
    with pytest.raises(PartFailed) as failure:
        nights.do_part("first", THE_NIGHT, "all")
    assert str(failure.value) == "first (ValueError)"
    assert failure.value.__cause__ is None and failure.value.__suppress_context__
