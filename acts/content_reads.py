"""Compliance looks at who read therapy content: every read of a time, the unusual ones first."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from adapters import audit_pages
from adapters.desk_views import case_facts
from adapters.operational_store import CASES, case_record_of, reading
from models.case_facts import CaseFacts
from models.operational import Location, Staff
from rules.access import Viewer, may_see_case
from rules.content_reads import Judged, Read, Reader, by_reader, judge


@dataclass(frozen=True)
class Reads:
    """What was read in a time: by staff one by one, by the system and by patients in counts.

    ``cut``: there were more than are judged at once; ask for fewer days.
    """

    judged: list[Judged]
    readers: list[Reader]
    by_purpose: dict[str, int]
    by_place: dict[str, int]
    by_others: dict[str, int]
    cut: bool


def reads(begin: datetime | None, end: datetime | None, *, case: str = "", reader: str = "") -> Reads:
    """Every read between two moments (``end`` not included); of one patient, by a case of theirs; by one person."""
    with reading() as db:
        numbers = _cases_of_the_patient(db, case) if case else None
        found = audit_pages.reads(begin, end, numbers, reader)
        cases = _known_cases(db, {event.case_number for event in found if event.case_number})
        facts = case_facts(db, cases)
        zones = {place.id: ZoneInfo(place.time_zone) for place in db.exec(select(Location)).all()}
        staff = {person.id: person for person in db.exec(select(Staff)).all()}
    theirs = [event for event in found if event.actor in staff]
    judged = judge(_read(event, staff[event.actor], facts, zones) for event in theirs)
    others = Counter("patients" if event.actor.startswith("patient:") else event.actor for event in found
                     if event.actor not in staff)  # fmt: skip
    return Reads(
        judged=judged,
        readers=by_reader(judged),
        by_purpose=dict(Counter(event.purpose for event in theirs).most_common()),
        by_place=dict(Counter(event.where for event in theirs).most_common()),
        by_others=dict(others.most_common()),
        cut=len(found) == audit_pages.READS_AT_ONCE,
    )


def _cases_of_the_patient(db: Any, case: str) -> list[str]:
    """Every case of the patient this one is about; just this number where it is none of ours."""
    number = case.strip().upper()
    found = db.get(case_record_of(number), number)
    if found is None:
        return [number]
    return [
        each
        for record in CASES
        for each in db.exec(select(record.case_number).where(record.patient_id == found.patient_id)).all()
    ]


def _known_cases(db: Any, numbers: set[str]) -> list[Any]:
    return [
        case for record in CASES for case in db.exec(select(record).where(col(record.case_number).in_(numbers))).all()
    ]


def _read(event: Any, person: Staff, facts: Mapping[str, CaseFacts], zones: Mapping[str, ZoneInfo]) -> Read:
    of_case = facts.get(event.case_number or "")
    viewer = Viewer(person.id, person.role, frozenset(person.location_ids), person.team, person.on_call)
    place = of_case.location_id if of_case else next(iter(person.location_ids), "")
    zone = zones.get(place)
    return Read(
        event=event.id,
        at=event.at,
        reader=event.actor,
        case_number=event.case_number,
        record=event.subject_kind,
        where=event.where,
        purpose=event.purpose,
        theirs=may_see_case(viewer, of_case).allowed if of_case else None,
        local_time=event.at.astimezone(zone) if zone else event.at,
    )
