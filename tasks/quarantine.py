"""Reads quarantined rows for risk, because somebody wrote them, and gives their correction a clock."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from adapters import operational_store as store
from language.risk_signals import RiskReading, read_risk
from models.codes import MessageChannel, QuarantineStatus, RiskLevel, Role
from models.operational import IntakeFile, Location, QuarantinedRow
from rules import triage
from tasks.people import on_call, staff_of

logger = logging.getLogger(__name__)

TO_CORRECT = timedelta(hours=24)
URGENT_TO_CORRECT = timedelta(hours=1)
TEXT_FIELDS = ("referral_text",)
FHIR_TEXT_KEYS = ("text", "valueString")
WORRYING = (RiskLevel.MODERATE, RiskLevel.HIGH)


def is_worrying(cells: Mapping[str, str], read: Callable[..., RiskReading] = read_risk) -> bool:
    """Whether a broken row may hold a risk: by the item rule on PHQ-9 item 9, or by the rules on its free text.

    No consent and no place can be trusted in a broken row, so the classifier stays off. Text that cannot be read
    counts as worrying: a person must read it.
    """
    if cells.get("phq9_9", "").strip() not in ("", "0"):
        return True
    return any(_raises(text, read) for text in _texts(cells))


def _texts(cells: Mapping[str, str]) -> Iterator[str]:
    yield from (cells[name] for name in TEXT_FIELDS if cells.get(name, "").strip())
    if cells.get("bundle"):
        try:
            yield from _strings(json.loads(cells["bundle"]))
        except json.JSONDecodeError:
            yield cells["bundle"]


def _strings(value: Any) -> Iterator[str]:
    """Every narrative string of a FHIR resource tree."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in FHIR_TEXT_KEYS and isinstance(inner, str) and len(inner.split()) > 3:
                yield inner
            else:
                yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _raises(text: str, read: Callable[..., RiskReading]) -> bool:
    try:
        reading = read(text, rules_only=True)
    except Exception as failure:  # the safety path: what could not be read is a person's to read
        logger.error("a quarantined row could not be read (%s)", type(failure).__name__)
        return True
    level = triage.level_from_signals(
        [triage.Signal(signal.kind, signal.status) for signal in reading.signals], readable=reading.readable
    )
    return level in WORRYING


def alarm(db: Session, file_id: str, row: int, place: str | None) -> None:
    """Tell the coordinators and whoever is on call that a row in quarantine cannot wait for its correction."""
    known = set(db.exec(select(Location.id)).all())
    places = [place] if place in known else sorted(known)
    people = {person.id for one in places for person in (*on_call(db, one), *staff_of(db, Role.COORDINATOR, one))}
    for staff_id in sorted(people):
        store.queue_message(
            db,
            unique_key=f"quarantine:{file_id}:{row}:{staff_id}",
            channel=MessageChannel.PAGE,
            template="page_quarantined_row",
            case_number=None,
            to_staff_id=staff_id,
            urgent=True,
        )


def due_at(row: QuarantinedRow) -> datetime:
    """When a quarantined row must have been corrected or dismissed: a day, an hour for a worrying one."""
    return row.at + (URGENT_TO_CORRECT if row.urgent else TO_CORRECT)


def open_rows() -> list[QuarantinedRow]:
    """One entry per broken row that still waits to be corrected (its first fault stands for it)."""
    with store.reading() as db:
        found = db.exec(
            select(QuarantinedRow)
            .join(IntakeFile, col(IntakeFile.id) == col(QuarantinedRow.file_id))
            .where(QuarantinedRow.status == QuarantineStatus.OPEN)
            .order_by(col(QuarantinedRow.at), col(QuarantinedRow.row))
        ).all()
    first: dict[tuple[str, int], QuarantinedRow] = {}
    for fault in found:
        first.setdefault((fault.file_id, fault.row), fault)
    return list(first.values())


def remind(row: QuarantinedRow, now: datetime) -> bool:
    """Tell the coordinators once a day about a row that is overdue; says whether anything new was queued."""
    overdue = now - due_at(row)
    if overdue < timedelta(0):
        return False
    with store.writing() as db:
        places = db.exec(select(Location.id)).all()
        people = {person.id for place in places for person in staff_of(db, Role.COORDINATOR, place)}
        return any(
            [
                store.queue_message(
                    db,
                    unique_key=f"quarantine-overdue:{row.id}:{overdue.days}:{staff_id}",
                    channel=MessageChannel.PAGE,
                    template="page_quarantined_row",
                    case_number=None,
                    to_staff_id=staff_id,
                )
                for staff_id in sorted(people)
            ]
        )
