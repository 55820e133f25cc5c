"""Which reads of therapy content are unusual, and why: so that somebody looks at them first.

Examining who looked is asked by 45 CFR 164.312(b) and 164.308(a)(1)(ii)(D). Unusual is not wrong: it is what a person
should look at before the rest.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from models.purposes import PurposeOfUse

FIRST_HOUR, LAST_HOUR = 7, 20
"""A practice's hours on its own clock; from the last on, or at a weekend, is out of hours."""
SATURDAY = 5
MANY_CASES = 15
MANY_WITHIN = timedelta(hours=1)


class Unusual(StrEnum):
    """Why a read is shown first, in the words of the page."""

    NOT_THEIRS = "not a case of their own, of their team or of their place"
    IN_EMERGENCY = "opened in an emergency"
    OUT_OF_HOURS = "out of hours"
    MANY = "many cases within an hour"


@dataclass(frozen=True)
class Read:
    """One read by a member of staff: of which record, where, why.

    ``theirs``: whether they may see the case by themselves; None where the record is of no case. ``local_time``: on the
    clock of the case's location.
    """

    event: int
    at: datetime
    reader: str
    case_number: str | None
    record: str
    where: str
    purpose: str
    theirs: bool | None
    local_time: datetime


@dataclass(frozen=True)
class Judged:
    """A read with everything that is unusual about it."""

    read: Read
    reasons: tuple[Unusual, ...]


@dataclass(frozen=True)
class Reader:
    """What one person read: how often, of how many cases, how much of it unusual."""

    reader: str
    reads: int
    cases: int
    unusual: int


def judge(reads: Iterable[Read]) -> list[Judged]:
    """Each read with its reasons; the most unusual first, then the newest."""
    known = list(reads)
    many = _many(known)
    judged = [Judged(read, _reasons(read, read.event in many)) for read in known]
    return sorted(judged, key=lambda each: (-len(each.reasons), -each.read.event))


def _reasons(read: Read, one_of_many: bool) -> tuple[Unusual, ...]:
    emergency = read.purpose == PurposeOfUse.BREAK_THE_GLASS
    found = {
        Unusual.NOT_THEIRS: read.theirs is False and not emergency,
        Unusual.IN_EMERGENCY: emergency,
        Unusual.OUT_OF_HOURS: out_of_hours(read.local_time),
        Unusual.MANY: one_of_many,
    }
    return tuple(reason for reason, holds in found.items() if holds)


def out_of_hours(local_time: datetime) -> bool:
    return local_time.weekday() >= SATURDAY or not FIRST_HOUR <= local_time.hour < LAST_HOUR


def _many(reads: Sequence[Read]) -> set[int]:
    """The events of whoever read more than ``MANY_CASES`` cases within an hour: all of that hour's."""
    found: set[int] = set()
    by_reader: dict[str, list[Read]] = defaultdict(list)
    for read in sorted(reads, key=lambda each: (each.at, each.event)):
        if read.case_number:
            by_reader[read.reader].append(read)
    for theirs in by_reader.values():
        moments = [read.at for read in theirs]
        for first, read in enumerate(theirs):
            end = bisect_right(moments, read.at + MANY_WITHIN)
            if end - first > MANY_CASES and len({each.case_number for each in theirs[first:end]}) > MANY_CASES:
                found |= {each.event for each in theirs[first:end]}
    return found


def by_reader(judged: Sequence[Judged]) -> list[Reader]:
    """A line a person, whoever has the most unusual reads first."""
    groups: dict[str, list[Judged]] = defaultdict(list)
    for each in judged:
        groups[each.read.reader].append(each)
    rows = [
        Reader(
            reader=reader,
            reads=len(theirs),
            cases=len({each.read.case_number for each in theirs if each.read.case_number}),
            unusual=sum(bool(each.reasons) for each in theirs),
        )
        for reader, theirs in groups.items()
    ]
    return sorted(rows, key=lambda row: (-row.unusual, -row.reads, row.reader))
