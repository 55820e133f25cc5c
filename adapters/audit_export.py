"""Gives out the audit as CSV, JSON lines or FHIR AuditEvent, event by event, and audits that it was given out."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from typing import Any

import orjson

from adapters import operational_store as store
from adapters.audit_anchors import url_of
from adapters.audit_chain import rows_of, snapshot
from models.audit_chain import CHAINS, FIELDS, Chain, stored_time
from models.columns import utc_now
from models.databases import open_engine
from models.purposes import PurposeOfUse

LINES_AT_ONCE = 500
COLUMNS = ("database", *FIELDS, "previous_digest", "digest")
# What a spreadsheet would run as a formula.
_FORMULA = re.compile(r"[=+\-@\t\r]")


class Format(StrEnum):
    """How the audit can be given out; ``fhir`` is one R4B AuditEvent a line."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    FHIR = "fhir"

    @property
    def media_type(self) -> str:
        kinds = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson", "fhir": "application/fhir+ndjson"}
        return kinds[self.value]

    @property
    def ending(self) -> str:
        return {"csv": "csv", "jsonl": "jsonl", "fhir": "fhir.ndjson"}[self.value]


@dataclass(frozen=True)
class Asked:
    """Which events: ``begin`` ≤ time < ``end`` (UTC), of one case or of all; ``None`` is no limit."""

    begin: datetime | None = None
    end: datetime | None = None
    case_number: str | None = None


def export(form: Format, asked: Asked, *, actor: str, where: str) -> Iterator[str]:
    """The audit of both databases in the order of their numbers, some hundred lines at a time.

    That it was given out, to whom and in what form, is written before the first line is read, so a download that
    breaks off is recorded too.
    """
    with store.writing() as db:
        store.audit(
            db,
            actor,
            "audit.exported",
            ("audit", form.value),
            asked.case_number,
            where=where,
            purpose=PurposeOfUse.COMPLIANCE,
            begin=asked.begin.isoformat() if asked.begin else None,
            end=asked.end.isoformat() if asked.end else None,
        )
    return _pieces(_lines(form, asked))


def _pieces(lines: Iterator[str]) -> Iterator[str]:
    """Lines put together, because a web server pays for each piece it sends."""
    while piece := "".join(islice(lines, LINES_AT_ONCE)):
        yield piece


def _lines(form: Format, asked: Asked) -> Iterator[str]:
    spell: dict[Format, Callable[[Chain, Sequence[Any]], str]] = {
        Format.CSV: _csv_line,
        Format.JSON_LINES: _json_line,
        Format.FHIR: _fhir_line,
    }
    if form == Format.CSV:
        yield _csv(COLUMNS)
    for chain in CHAINS:
        for row in _rows(chain, asked):
            yield spell[form](chain, row)


def _rows(chain: Chain, asked: Asked) -> Iterator[Sequence[Any]]:
    engine = open_engine(url_of(chain))
    sqlite = engine.dialect.name == "sqlite"
    mark = "?" if sqlite else "%s"
    conditions: list[str] = []
    values: list[Any] = []
    for moment, comparison in ((asked.begin, ">="), (asked.end, "<")):
        if moment is not None:
            conditions.append(f'"at" {comparison} {mark}')
            values.append(stored_time(moment) if sqlite else moment)
    if asked.case_number:
        conditions.append(f"case_number = {mark}")
        values.append(asked.case_number)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    try:
        with snapshot(engine) as connection:
            yield from rows_of(connection, chain, where, values)
    finally:
        engine.dispose()


def _csv(cells: Sequence[Any]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([_disarmed(cell) for cell in cells])
    return out.getvalue()


def _disarmed(cell: Any) -> str:
    """The cell as text; one that a spreadsheet would run as a formula gets an apostrophe before it."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if _FORMULA.match(text) else text


def _csv_line(chain: Chain, row: Sequence[Any]) -> str:
    return _csv((chain.database, *row))


def _json_line(chain: Chain, row: Sequence[Any]) -> str:
    facts = dict(zip(COLUMNS, (chain.database, *row), strict=True))
    facts["details"] = orjson.loads(facts["details"])
    return orjson.dumps(facts).decode() + "\n"


def _fhir_line(chain: Chain, row: Sequence[Any]) -> str:
    return json.dumps(fhir_event(chain, row), ensure_ascii=False) + "\n"


DICOM = "http://dicom.nema.org/resources/ontology/DCM"
HL7 = "http://terminology.hl7.org/CodeSystem"
KINDS = {
    "signed_in": ("110114", "User Authentication"),
    "terminal.signed_in": ("110114", "User Authentication"),
    "terminal.signed_out": ("110114", "User Authentication"),
    "signed_out": ("110114", "User Authentication"),
    "sign_in.refused": ("110114", "User Authentication"),
    "audit.exported": ("110106", "Export"),
}
"""DICOM's codes of what happened; every other event is 110110, Patient Record, or 110100, Application Activity."""
SYSTEM_ACTORS = frozenset({"system", "prefect", ""})


def fhir_event(chain: Chain, row: Sequence[Any]) -> dict[str, Any]:
    """One event as an R4B AuditEvent: agent, source, entity, purpose of use, outcome, recorded."""
    event = dict(zip(COLUMNS, (chain.database, *row), strict=True))
    case_number, purpose, action = event["case_number"], event["purpose"], event["action"]
    fallback = ("110110", "Patient Record") if case_number else ("110100", "Application Activity")
    code, display = KINDS.get(action, fallback)
    recorded = datetime.strptime(event["at"], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
    kind = "Person" if event["actor"] not in SYSTEM_ACTORS else "Software"
    agent: dict[str, Any] = {
        "type": {"text": kind},
        "who": {"identifier": {"system": "urn:countersign:actor", "value": event["actor"] or "system"}},
        "requestor": kind == "Person",
    }
    if event["where"]:
        agent["policy"] = [f"urn:countersign:where:{event['where'].replace(' ', '-')}"]
    if purpose in set(PurposeOfUse):  # earlier events of links name another kind of purpose here
        agent["purposeOfUse"] = [
            {"coding": [{"system": f"{HL7}/v3-ActReason", "code": purpose, "display": PurposeOfUse(purpose).words}]}
        ]
    entities = [_entity(event["subject_kind"], event["subject_id"], _details(event))]
    if case_number:
        entities.append(_entity("case", case_number, []))
    return {
        "resourceType": "AuditEvent",
        "id": f"{chain.database}-{event['id']}",
        "type": {"system": DICOM, "code": code, "display": display},
        "subtype": [{"system": "urn:countersign:action", "code": action}],
        "action": _crude(action),
        "recorded": recorded.isoformat(timespec="microseconds"),
        "outcome": "4" if action.endswith(("refused", "failed")) else "0",
        "agent": [agent],
        "source": {
            "site": chain.database,
            "observer": {"display": "Countersign"},
            "type": [{"system": f"{HL7}/security-source-type", "code": "4", "display": "Application Server"}],
        },
        "entity": entities,
    }


def _details(event: dict[str, Any]) -> list[dict[str, str]]:
    """Every detail that says something, and the digest by which the event is found in the chain."""
    said = {**orjson.loads(event["details"]), "digest": event["digest"]}
    return [
        {"type": name, "valueString": value if isinstance(value, str) else json.dumps(value)}
        for name, value in said.items()
        if value not in (None, "")
    ]


def _entity(kind: str, key: str, details: list[dict[str, str]]) -> dict[str, Any]:
    entity: dict[str, Any] = {
        "what": {"identifier": {"system": f"urn:countersign:{kind}", "value": key or "none"}},
        "type": {"system": f"{HL7}/audit-entity-type", "code": "2", "display": "System Object"},
    }
    return {**entity, "detail": details} if details else entity


def _crude(action: str) -> str:
    """FHIR's one letter for an action: create, read, delete, execute; whatever else changes something is an update."""
    if action == "read" or action.endswith((".read", ".seen", ".exported", ".listed")):
        return "R"
    if action in KINDS:
        return "E"
    if action.endswith((".opened", ".made", ".added", ".queued", ".raised", ".received", ".quarantined", ".signed")):
        return "C"
    return "D" if action.endswith((".forgotten", ".deleted")) else "U"


def file_name(form: Format) -> str:
    return f"audit-{utc_now():%Y-%m-%d}.{form.ending}"
