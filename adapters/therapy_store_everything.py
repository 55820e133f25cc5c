"""Everything that the therapy database keeps of some cases, open, for whoever hands the patient their file.

Private notes are not reached from here: they are no content of a case (adapters/therapy_store_private.py).
"""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import inspect
from sqlmodel import Session, col, select

from adapters.therapy_store import CASE_CONTENT, READ, audit, writing
from adapters.therapy_store_seals import opened
from models.therapy import QuarantinedContent
from models.therapy.base import content_fields

NOT_IN_A_FILE = {
    "private_note": "a clinician's psychotherapy notes, which the right of access does not reach",
    "screened": "which editions of a text the program has read; it holds no words",
    "content_key": "keys",
    "case_key": "keys",
    "content_seal": "checksums of sealed fields",
    "therapy_audit_event": "told in the account of who looked",
    "therapy_audit_head": "the end of the audit",
}
"""Tables of the therapy database that a patient's file leaves out, and why."""
TABLES = (*(str(record.__tablename__) for record in CASE_CONTENT), str(QuarantinedContent.__tablename__))
"""Those that it holds."""


def kept_of(
    case_numbers: Collection[str], quarantined_ids: Collection[str], *, actor: str, where: str
) -> dict[str, list[dict[str, Any]]]:
    """Every row by table, its content as plain values; each read is on record by case. Raises Forgotten, SealBroken."""
    found: dict[str, list[dict[str, Any]]] = {}
    with writing() as db:
        for record_type in CASE_CONTENT:
            rows = db.exec(select(record_type).where(col(record_type.case_number).in_(case_numbers))).all()
            name = str(record_type.__tablename__)
            found[name] = _plain(db, rows)
            for number in sorted({row.case_number for row in rows}):
                count = sum(row.case_number == number for row in rows)
                audit(db, actor, READ, name, number, number, where, count=count)
        broken = db.exec(select(QuarantinedContent).where(col(QuarantinedContent.id).in_(quarantined_ids))).all()
        found["quarantined_content"] = _plain(db, broken)
        for each in broken:
            audit(db, actor, READ, "quarantined_content", each.id, None, where)
    return found


def _plain(db: Session, rows: Collection[Any]) -> list[dict[str, Any]]:
    return [_values(row) for row in opened(db, rows)]


def _values(row: Any) -> dict[str, Any]:
    content = content_fields(type(row))
    values = {}
    for column in inspect(type(row)).columns:
        value = getattr(row, column.key)
        values[column.key] = _read(value.unwrap()) if column.key in content and value is not None else value
    return values


def _read(text: str) -> Any:
    """What the text holds where it is JSON of ours, else the words themselves."""
    if text[:1] in "{[":
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text
