"""An export of the audit checked without a database: what was altered, left out, moved or cut off is named."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters import audit_anchors, operational_store
from adapters.audit_chain import FaultKind as K
from adapters.audit_export import Asked, Format, export
from adapters.audit_offline import verify_export
from adapters.audit_search import Wanted
from adapters.settings import settings
from models.audit_chain import OPERATIONAL, THERAPY
from models.errors import OutsideRefused
from tests.adapters.audit_databases import write_events

Lines = list[str]


@pytest.fixture
def taken(home: Path, tmp_path: Path) -> Callable[[Callable[[Lines], Lines]], set[tuple[str, K, int | None]]]:
    """Exports eight events of each chain, lets somebody change the lines, and says what the check finds."""
    write_events(OPERATIONAL, 8)
    write_events(THERAPY, 6)
    audit_anchors.write_anchors()
    lines = "".join(export(Format.JSON_LINES, Asked(), actor="ST-9", where="desk:audit")).splitlines()

    def check(change: Callable[[Lines], Lines], *, from_the_start: bool = True) -> set[tuple[str, K, int | None]]:
        file = tmp_path / "audit.jsonl"
        file.write_text("".join(f"{line}\n" for line in change(list(lines))))
        anchors = tmp_path / "anchors"
        if not anchors.exists():
            settings().anchors_folder.rename(anchors)  # nothing of the installation is asked
        verdicts = verify_export(file, anchors, from_the_start=from_the_start)
        return {(each.database, fault.kind, fault.event_id) for each in verdicts for fault in each.faults}

    return check


def altered(lines: Lines) -> Lines:
    facts = json.loads(lines[2])
    return [*lines[:2], json.dumps({**facts, "actor": "ST-666"}), *lines[3:]]


def moved(lines: Lines) -> Lines:
    one, other = json.loads(lines[1]), json.loads(lines[4])
    one["id"], other["id"] = other["id"], one["id"]
    return [lines[0], json.dumps(other), *lines[2:4], json.dumps(one), *lines[5:]]


def last_of(lines: Lines, database: str) -> int:
    return max(place for place, line in enumerate(lines) if json.loads(line)["database"] == database)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda lines: lines, set()),
        (altered, {("operational", K.CHANGED, 3)}),
        (lambda lines: lines[:3] + lines[4:], {("operational", K.MISSING, 4)}),
        (moved, {("operational", K.MOVED, 2), ("operational", K.MOVED, 5)}),
        (lambda lines: lines[:-2], {("therapy", K.CUT_TAIL, 6)}),
        (lambda lines: lines[: last_of(lines, "operational") + 1], {("therapy", K.CUT_TAIL, 6)}),
        (lambda lines: lines[1:], {("operational", K.MISSING, 1)}),
    ],
    ids=["untouched", "altered", "left out", "moved", "cut off", "a whole chain left out", "begins later"],
)
def test_what_was_done_to_an_export_is_named(taken, change, found):
    assert taken(change) == found


def test_part_of_the_chain_is_checked_for_itself(taken):
    assert taken(lambda lines: lines[3:-2], from_the_start=False) == set()
    assert taken(lambda lines: [*lines[3:5], *lines[6:-2]], from_the_start=False) == {("operational", K.MISSING, 6)}


@pytest.fixture
def picked(taken) -> Callable[[Callable[[Lines], Lines]], set[tuple[str, K, int | None]]]:
    """The same of what a search picked out: five events that are no neighbours."""
    with operational_store.writing() as db:
        for number in range(5):
            operational_store.audit(db, "ST-1", "tested", ("note", f"N{number}"))
            operational_store.audit(db, "ST-1", "tested", ("case", f"C{number}"))
    asked = Asked(Wanted(record="note"), (OPERATIONAL,))
    lines = "".join(export(Format.JSON_LINES, asked, actor="ST-9", where="desk:audit")).splitlines()
    assert len(lines) == 5
    return lambda change: taken(lambda whole: change(list(lines)))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda lines: lines, set()),
        (altered, {("operational", K.CHANGED, 14)}),
        (lambda lines: lines[:2] + lines[3:], {("operational", K.COUNT_DIFFERS, None)}),
        (lambda lines: [*lines, lines[-1]], {("operational", K.COUNT_DIFFERS, None), ("operational", K.MISSING, 19)}),
    ],
    ids=["untouched", "altered", "left out", "twice"],
)
def test_what_was_done_to_what_a_search_picked_out_is_named(picked, change, found):
    assert picked(change) == found


def test_what_is_no_export_is_refused(taken):
    for line in ("x", "[]", "{}"):
        with pytest.raises(OutsideRefused):
            taken(lambda lines, line=line: [*lines, line])
