"""Is a roster file read as it was typed, with the line of each place, and written so that it reads the same?"""

import pytest

from adapters.roster_file import read_document, written
from models.roster import spelled
from rules.roster import check
from tests.rosters import NOTHING, TODAY, roster_content


@pytest.mark.parametrize("typed", ["17:00", "0012", "no", "on", "~", "2027-06-30", "1e3", "+15035550120", "1_0"])
def test_value_stays_as_it_was_typed(typed: str):
    assert read_document(f"a: {typed}\nb: [{typed}]".encode()).content == {"a": typed, "b": [typed]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"a: [", "in line 1"),
        (b"a: 1\nb: *", "in line 2"),
        (b"plan: *", "quotes"),
        (b"a: 1\n---\nb: 2", "another document"),
        (b"a: \xff", "UTF-8"),
        (b"a: \x07", "cannot be printed"),
        (b"a: 1\na: 2", "again in line 2"),
        (b"a: &x\n  - *x", "holds itself"),
    ],
)
def test_text_that_cannot_be_read_in_one_way_is_a_fault(text: bytes, words: str):
    [fault] = read_document(text).faults
    assert words in fault.words


def test_no_tag_makes_an_object():
    assert read_document(b"a: !!python/object/apply:os.getcwd []").content == {"a": []}


def test_fault_has_the_line_of_its_place_or_of_what_it_is_missing_from():
    document = read_document(b"staff:\n\n  - name: A\n    email: nobody\n  - name: B\n")
    assert document.line_of(("staff", 0, "email")) == 4
    assert document.line_of(("staff", 1, "email")) == 5
    assert document.line_of(()) is None
    found = check(document.content, NOTHING, TODAY)
    lines = {spelled(fault.path): document.line_of(fault.path) for fault in found.faults}
    assert (lines["staff[1] email"], lines["staff[2] email"]) == (4, 5)


def test_written_roster_reads_as_it_was():
    roster = check(roster_content({"staff.1.name": 'O\'Brien, "Tam": #1 [Ŵ]'}), NOTHING, TODAY).roster
    assert roster is not None
    document = read_document(written(roster).encode())
    assert document.faults == ()
    assert check(document.content, NOTHING, TODAY).roster == roster
