"""Gives out the audit as CSV, JSON lines or FHIR AuditEvent, event by event, and audits that it was given out."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from typing import Any

import orjson
import sqlalchemy as sa

from adapters import audit_pages
from adapters import operational_store as store
from adapters.audit_anchors import read_head, url_of
from adapters.audit_chain import FETCHED_AT_ONCE, rows_of, snapshot
from adapters.audit_search import Wanted, conditions
from models.audit_chain import CHAINS, FIELDS, Chain, facts_columns
from models.columns import utc_now
from models.databases import open_engine
from models.purposes import PurposeOfUse

LINES_AT_ONCE = 500
COLUMNS = ("database", *FIELDS, "previous_digest", "digest")
PART = "part"
"""Of a line of a part: how many of how many events were taken out."""
_CASE = re.compile(r"[A-Z]{2}-\d{1,12}")
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
    """Which events are taken out: those that fit the search, of one chain or (``chains``) of both.

    ``until``: no event behind this number, of a search in one chain, so that what leaves is what was found.
    """

    wanted: Wanted = field(default_factory=Wanted)
    chains: tuple[Chain, ...] = CHAINS
    until: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it is all there is, so that the chains can be verified from it."""
        return self.wanted.is_everything and self.chains == CHAINS and self.until is None


@dataclass(frozen=True)
class Part:
    """What an export says of itself that holds so many (``found``) of a chain's first ``of`` events."""

    found: int
    of: int

    def __str__(self) -> str:
        return f"{self.found} of {self.of} events"


def export(form: Format, asked: Asked, *, actor: str, where: str) -> Iterator[str]:
    """The audit in the order of its numbers, one database after the other, some hundred lines at a time.

    That it was given out, to whom, in what form, by what search and how much, is written before the first line is
    read, so a download that breaks off is recorded too. Of a part each line says so.
    """
    parts = {} if asked.is_whole else {chain.database: _part(chain, asked) for chain in asked.chains}
    with store.writing() as db:
        store.audit(
            db,
            actor,
            "audit.exported",
            ("audit", form.value),
            _case_number(asked.wanted),
            where=where,
            purpose=PurposeOfUse.COMPLIANCE,
            **_on_record(asked, parts),
        )
    return _pieces(_lines(form, asked, parts))


def _part(chain: Chain, asked: Asked) -> Part:
    last_id, _ = read_head(chain)
    until = last_id if asked.until is None else min(asked.until, last_id)
    return Part(audit_pages.how_many(chain, asked.wanted, until), until)


def _case_number(wanted: Wanted) -> str | None:
    """The case that was searched for; what is none is not kept."""
    number = wanted.tidied().case
    return number if _CASE.fullmatch(number) else None


def _on_record(asked: Asked, parts: Mapping[str, Part]) -> dict[str, Any]:
    """What the audit says of an export. What was typed is kept only where something fits: then it stands in the audit
    already, and nobody can write a name into it by searching for one."""
    wanted = asked.wanted.tidied()
    details: dict[str, Any] = {
        "begin": wanted.begin.isoformat() if wanted.begin else None,
        "end": wanted.end.isoformat() if wanted.end else None,
    }
    if asked.is_whole:
        return details
    if any(part.found for part in parts.values()):
        for name in ("actor", "action", "record", "location"):
            if typed := getattr(wanted, name):
                details[f"of_{name}"] = typed
    for database, part in parts.items():
        details |= {f"{database}_events": part.found, f"{database}_of": part.of}
    return details


def _pieces(lines: Iterator[str]) -> Iterator[str]:
    """Lines put together, because a web server pays for each piece it sends."""
    while piece := "".join(islice(lines, LINES_AT_ONCE)):
        yield piece


def _lines(form: Format, asked: Asked, parts: Mapping[str, Part]) -> Iterator[str]:
    spell: dict[Format, Callable[[Chain, Sequence[Any], Part | None], str]] = {
        Format.CSV: _csv_line,
        Format.JSON_LINES: _json_line,
        Format.FHIR: _fhir_line,
    }
    if form == Format.CSV:
        yield _csv((*COLUMNS, PART) if parts else COLUMNS)
    for chain in asked.chains:
        part = parts.get(chain.database)
        for row in _rows(chain, asked.wanted, part):
            yield spell[form](chain, row, part)


def _rows(chain: Chain, wanted: Wanted, part: Part | None) -> Iterator[Sequence[Any]]:
    engine = open_engine(url_of(chain))
    try:
        with snapshot(engine) as connection:
            if part is None:
                yield from rows_of(connection, chain)
                return
            dialect = connection.dialect.name
            columns: list[Any] = [sa.literal_column(column) for column in facts_columns(dialect)]
            query = (
                sa.select(*columns)
                .select_from(chain.events_table)
                .where(*conditions(chain, wanted, part.of, dialect))
                .order_by(chain.events_table.c.id)
            )
            rows = connection.execution_options(yield_per=FETCHED_AT_ONCE).execute(query)
            yield from (tuple(row) for row in rows)
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


def _csv_line(chain: Chain, row: Sequence[Any], part: Part | None) -> str:
    cells = (chain.database, *row)
    return _csv(cells if part is None else (*cells, part))


def _json_line(chain: Chain, row: Sequence[Any], part: Part | None) -> str:
    facts = dict(zip(COLUMNS, (chain.database, *row), strict=True))
    facts["details"] = orjson.loads(facts["details"])
    if part is not None:
        facts[PART] = {"found": part.found, "of": part.of}
    return orjson.dumps(facts).decode() + "\n"


def _fhir_line(chain: Chain, row: Sequence[Any], part: Part | None) -> str:
    return json.dumps(fhir_event(chain, row, part), ensure_ascii=False) + "\n"


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


def fhir_event(chain: Chain, row: Sequence[Any], part: Part | None = None) -> dict[str, Any]:
    """One event as an R4B AuditEvent: agent, source, entity, purpose of use, outcome, recorded; a tag says of what
    part of the chain it is."""
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
    tag = {"system": "urn:countersign:part-of-chain", "code": "part", "display": str(part)}
    return {
        "resourceType": "AuditEvent",
        "id": f"{chain.database}-{event['id']}",
        **({"meta": {"tag": [tag]}} if part is not None else {}),
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
    """Every detail that says something, and the digests by which the event is found in the chain."""
    said = {
        **orjson.loads(event["details"]), "previous_digest": event["previous_digest"], "digest": event["digest"],
    }  # fmt: skip
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


def file_name(form: Format, asked: Asked) -> str:
    return f"audit-{'whole' if asked.is_whole else 'part'}-{utc_now():%Y-%m-%d}.{form.ending}"
