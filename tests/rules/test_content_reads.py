"""Which reads are unusual: both sides of every boundary."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from models.purposes import PurposeOfUse
from rules.content_reads import MANY_CASES, MANY_WITHIN, Read, Reader, Unusual, by_reader, judge

MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
USUAL = Read(1, MONDAY, "ST-1", "RF-1", "intake_text", "desk:sign-off", "TREAT", True, MONDAY)


def local(hour: int, minute: int = 0, day: int = 2) -> dict:
    return {"local_time": datetime(2026, 3, day, hour, minute, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("given", "reasons"),
    [
        ({}, ()),
        (local(7), ()),
        (local(6, 59), (Unusual.OUT_OF_HOURS,)),
        (local(19, 59), ()),
        (local(20), (Unusual.OUT_OF_HOURS,)),
        (local(10, day=6), ()),  # a Friday
        (local(10, day=7), (Unusual.OUT_OF_HOURS,)),
        (local(10, day=8), (Unusual.OUT_OF_HOURS,)),
        ({"theirs": False}, (Unusual.NOT_THEIRS,)),
        ({"theirs": None}, ()),
        ({"theirs": False, "purpose": PurposeOfUse.BREAK_THE_GLASS.value}, (Unusual.IN_EMERGENCY,)),
        ({"theirs": False, **local(23)}, (Unusual.NOT_THEIRS, Unusual.OUT_OF_HOURS)),
    ],
)
def test_a_read_is_unusual_for_its_reasons(given: dict, reasons: tuple):
    [only] = judge([replace(USUAL, **given)])
    assert only.reasons == reasons


def reads_of(cases: int, within: timedelta, reader: str = "ST-1") -> list[Read]:
    return [
        replace(USUAL, event=n + 1, reader=reader, case_number=f"RF-{n}", at=MONDAY + within * n / max(cases - 1, 1))
        for n in range(cases)
    ]


@pytest.mark.parametrize(
    ("cases", "within", "many"),
    [
        (MANY_CASES, timedelta(minutes=1), False),
        (MANY_CASES + 1, MANY_WITHIN, True),
        (MANY_CASES + 1, MANY_WITHIN + timedelta(minutes=5), False),
    ],
)
def test_many_cases_within_an_hour(cases: int, within: timedelta, many: bool):
    judged = judge(reads_of(cases, within))
    assert {Unusual.MANY in each.reasons for each in judged} == {many}


def test_many_reads_of_few_cases_are_not_many():
    same = [replace(USUAL, event=n, case_number=f"RF-{n % 3}") for n in range(100)]
    assert not any(each.reasons for each in judge(same))


def test_two_readers_are_counted_apart():
    half = MANY_CASES // 2 + 1
    mixed = reads_of(half, timedelta(minutes=5)) + [
        replace(each, event=each.event + 100, reader="ST-2", case_number=f"RF-9{each.event}")
        for each in reads_of(half, timedelta(minutes=5))
    ]
    assert not any(each.reasons for each in judge(mixed))


def test_the_most_unusual_come_first_then_the_newest():
    first = replace(USUAL, event=1, theirs=False, **local(23))
    others = [replace(USUAL, event=2), replace(USUAL, event=3, theirs=False), replace(USUAL, event=4)]
    assert [each.read.event for each in judge([*others, first])] == [1, 3, 4, 2]


def test_readers_are_summed_up():
    judged = judge([
        USUAL, replace(USUAL, event=2), replace(USUAL, event=3, case_number="RF-2", theirs=False),
        replace(USUAL, event=4, reader="ST-2", case_number=None),
    ])  # fmt: skip
    assert by_reader(judged) == [Reader("ST-1", 3, 2, 1), Reader("ST-2", 1, 0, 0)]
