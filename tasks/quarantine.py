"""Reads quarantined rows for risk, because somebody wrote them, and gives their correction a clock."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from acts.alarms import words_worry
from acts.risk_reading import read_risk
from acts.staff import clinicians_on_call, staff_of
from adapters import operational_store as store
from language.risk_values import RiskReading
from models.codes import MessageChannel, QuarantineStatus, Role
from models.columns import new_id, utc_now
from models.errors import ContractBroken
from models.measures import DEFINITIONS, Measure
from models.operational import IntakeFile, Location, QuarantinedRow
from models.referral_bundle import Entry, read_response
from models.referral_intake import Finding
from models.therapy_text import TherapyText

logger = logging.getLogger(__name__)

TO_CORRECT = timedelta(hours=24)
URGENT_TO_CORRECT = timedelta(hours=1)
TEXT_FIELDS = ("referral_text",)
FHIR_TEXT_KEYS = ("text", "valueString")
# PHQ-9 item 9 and every question of the C-SSRS screener: any answer but a plain no is a person's to read
RISK_LINKS = (
    *(item.link_id for item in DEFINITIONS[Measure.PHQ9].items if item.number == 9),
    *(item.link_id for item in DEFINITIONS[Measure.CSSRS_SCREENER].items),
)
NO_CODES = frozenset({"LA6568-5", "LA32-8"})
QUESTIONS = frozenset(item.text.casefold() for definition in DEFINITIONS.values() for item in definition.items)
FEW_WORDS = 3


def is_worrying(cells: Mapping[str, str], read: Callable[..., RiskReading] = read_risk) -> bool:
    """Whether a broken row may hold a risk: by the item rules on its answers, or by the rules on all its words.

    No consent and no place can be trusted in a broken row, so the classifier stays off. What cannot be read counts
    as worrying: a person must read it.
    """
    if cells.get("phq9_9", "").strip() not in ("", "0"):
        return True
    try:
        bundle = json.loads(cells["bundle"]) if cells.get("bundle") else None
        # a column too many or too few puts the words into another cell, so every cell is read
        words = [(name, cell) for name, cell in cells.items() if name != "bundle"] + list(_strings(bundle))
        return _answers_worry(bundle) or any(_raises(key, text, read) for key, text in words)
    except (ValueError, RecursionError) as failure:  # not JSON, or nested beyond reading
        logger.error("a quarantined bundle could not be read (%s)", type(failure).__name__)
        return True


def _strings(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every string of a FHIR resource tree with the name of its field."""
    if isinstance(value, str):
        yield key, value
    for name, inner in _inside(value):
        yield from _strings(inner, name or key)


def _inside(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from (("", inner) for inner in value)


def _trees(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for _, inner in _inside(value):
        yield from _trees(inner)


def _answers_worry(bundle: Any) -> bool:
    """Whether a questionnaire in the bundle cannot be read, or has a risk question answered with anything but no."""
    for tree in _trees(bundle):
        if tree.get("resourceType") == "QuestionnaireResponse" and not _is_legible(tree):
            return True
        if str(tree.get("linkId", "")).endswith(RISK_LINKS) and not _says_no(tree.get("answer", [])):
            return True
    return False


def _is_legible(response: dict[str, Any]) -> bool:
    try:
        return bool(list(read_response(Entry(0, "", response))))
    except Exception as failure:  # the safety path: what could not be read is a person's to read
        logger.error("a quarantined questionnaire could not be read (%s)", type(failure).__name__)
        return False


def _says_no(answers: Any) -> bool:
    """Whether every answer given is a plain no or a zero; a question left open says nothing."""
    if not isinstance(answers, list):
        return False
    return all(isinstance(answer, dict) and _is_zero(answer) for answer in answers)


def _is_zero(answer: dict[str, Any]) -> bool:
    coding = answer.get("valueCoding")
    if isinstance(coding, dict):
        return coding.get("code") in NO_CODES
    stated = [answer[name] for name in ("valueInteger", "valueDecimal", "valueBoolean") if name in answer]
    return bool(stated) and all(isinstance(value, int | float) and value == 0 for value in stated)


def _raises(key: str, text: str, read: Callable[..., RiskReading]) -> bool:
    if text.strip().casefold() in QUESTIONS:  # the form's own wording is nobody's words
        return False
    return words_worry(TherapyText(text), read, must_be_legible=_must_be_legible(key, text))


def _must_be_legible(key: str, text: str) -> bool:
    """Whether these are somebody's words; codes, addresses and labels need not read as language."""
    if key in TEXT_FIELDS:
        return True
    return key in FHIR_TEXT_KEYS and (len(text.split()) > FEW_WORDS or not text.isascii())


def replace_faults(db: Session, key: str, *, but_of: str = "") -> None:
    """What was wrong with the row of this key is settled by what came since; ``but_of``: except by this file."""
    query = select(QuarantinedRow).where(
        QuarantinedRow.external_key == key,
        QuarantinedRow.status == QuarantineStatus.OPEN,
        QuarantinedRow.file_id != but_of,
    )
    for fault in db.exec(query).all():
        store.set_status(db, fault, QuarantineStatus.REPLACED, "system")


def add_fault(db: Session, file_id: str, key: str, finding: Finding, *, urgent: bool = False) -> None:
    """Put one fault of one row on record, in the place of what an earlier file said under the same key.

    The row itself lies in the therapy database under ``content_id``.
    """
    replace_faults(db, key, but_of=file_id)
    fault = QuarantinedRow(
        id=new_id("QR"),
        file_id=file_id,
        row=finding.row,
        field=finding.field,
        rule=finding.rule,
        reason=finding.reason,
        external_key=key,
        content_id=content_id(file_id, finding.row),
        urgent=urgent,
    )
    db.add(fault)
    store.audit(db, "system", "row.quarantined", fault, row=finding.row, field=finding.field, rule=finding.rule)


def content_id(file_id: str, row: int) -> str:
    """Under which id a broken row lies in the therapy database; row 0 is the file as a whole."""
    return f"QC-{file_id}-{row}"


def refuse_file(db: Session, file_id: str, refusal: ContractBroken, *, urgent: bool = False) -> None:
    """A file that cannot be read at all is finished, and is one fault of its own."""
    file = store.one(db, IntakeFile, file_id)
    file.refused_reason, file.finished_at = str(refusal), utc_now()
    db.add(file)
    store.audit(db, "system", "file.refused", file, field=refusal.field, row=refusal.row)
    add_fault(db, file.id, key_of_file(file), Finding(0, "file", "unreadable", str(refusal)), urgent=urgent)


def key_of_file(file: IntakeFile) -> str:
    """The key of what cannot be told by a sender's number."""
    return f"{file.kind}:file:{file.digest[:16]}"


def alarm(db: Session, file_id: str, row: int, place: str | None) -> None:
    """Tell the coordinators and whoever is on call that a row in quarantine cannot wait for its correction."""
    known = set(db.exec(select(Location.id)).all())
    places = [place] if place in known else sorted(known)
    people = {
        person.id for one in places for person in (*clinicians_on_call(db, one), *staff_of(db, Role.COORDINATOR, one))
    }
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
