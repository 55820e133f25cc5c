"""Does the audit come out whole, in each form, and is it recorded that it did?"""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fhir.resources.R4B.auditevent import AuditEvent as FhirAuditEvent
from sqlmodel import select

from adapters import operational_store as store
from adapters import therapy_store
from adapters.audit_export import COLUMNS, Asked, Format, export
from models.audit_chain import FIELDS, OPERATIONAL, digest_of
from models.columns import utc_now
from models.operational import AuditEvent
from models.purposes import PurposeOfUse
from tests.adapters.audit_databases import write_events


def taken(form: Format, asked: Asked | None = None) -> str:
    return "".join(export(form, asked or Asked(), actor="ST-9", where="desk:audit"))


@pytest.fixture
def written(home: Path) -> None:
    """Three events in each database, one of them a break-glass read of a case."""
    write_events(OPERATIONAL, 3)
    for case in ("RF-000001", "RF-000002"):
        therapy_store.texts(case, actor="ST-1", where="desk:case-content")
    with therapy_store.writing() as db:
        purpose = PurposeOfUse.BREAK_THE_GLASS
        therapy_store.audit(db, "ST-2", "read", "intake_text", "x", "RF-000001", "desk:case-content", purpose=purpose)


def test_json_lines_hold_enough_to_recompute_every_digest(written: None):
    lines = [json.loads(line) for line in taken(Format.JSON_LINES).splitlines()]
    assert [line["database"] for line in lines] == ["operational"] * 4 + ["therapy"] * 3
    for line in lines[:4]:
        facts = [json.dumps(line[name]) if name == "details" else line[name] for name in FIELDS]
        assert digest_of(OPERATIONAL, line["previous_digest"], facts) == line["digest"]


def test_csv_has_a_row_for_every_event(written: None):
    header, *rows = csv.reader(io.StringIO(taken(Format.CSV)))
    assert header == list(COLUMNS)
    assert len(rows) == 7
    assert {len(row) for row in rows} == {len(COLUMNS)}


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=x"])
def test_csv_runs_no_formula(home: Path, cell: str):
    with store.writing() as db:
        store.audit(db, cell, "tested", ("x", cell))
    row = next(csv.DictReader(io.StringIO(taken(Format.CSV), newline="")))
    assert (row["actor"], row["subject_id"]) == (f"'{cell}", f"'{cell}")


def test_fhir_events_are_valid_and_say_who_what_where_and_why(written: None):
    events = [FhirAuditEvent.model_validate_json(line) for line in taken(Format.FHIR).splitlines()]
    assert len(events) == 7
    glass = events[-1]
    [agent] = glass.agent
    assert agent.who.identifier.value == "ST-2"
    assert agent.requestor is True
    assert agent.purposeOfUse[0].coding[0].code == "BTG"
    assert agent.policy == ["urn:countersign:where:desk:case-content"]
    assert (glass.action, glass.outcome, glass.source.site) == ("R", "0", "therapy")
    assert [entity.what.identifier.value for entity in glass.entity] == ["x", "RF-000001"]
    assert abs(glass.recorded - utc_now()) < timedelta(minutes=5)


def test_refused_sign_in_is_a_failed_authentication(home: Path):
    with store.writing() as db:
        store.audit(db, "ST-1", "sign_in.refused", ("staff", "ST-1"), failures=2)
    event = FhirAuditEvent.model_validate_json(taken(Format.FHIR).splitlines()[0])
    assert (event.type.code, event.action, event.outcome) == ("110114", "E", "4")


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        (Asked(case_number="RF-000001"), 3),
        (Asked(begin=datetime(2000, 1, 1, tzinfo=UTC), end=datetime(2000, 1, 2, tzinfo=UTC)), 0),
        (Asked(begin=datetime(2000, 1, 1, tzinfo=UTC)), 7),
        (Asked(end=datetime(2000, 1, 1, tzinfo=UTC)), 0),
    ],
)
def test_export_is_limited_to_what_was_asked(written: None, asked: Asked, count: int):
    assert len(taken(Format.JSON_LINES, asked).splitlines()) == count


def test_export_is_recorded_before_its_first_line(home: Path):
    lines = export(Format.CSV, Asked(case_number="RF-000001"), actor="ST-9", where="desk:audit")
    with store.reading() as db:
        [event] = db.exec(select(AuditEvent)).all()
    assert (event.actor, event.action, event.subject_id, event.where, event.purpose, event.case_number) == (
        "ST-9", "audit.exported", "csv", "desk:audit", "HCOMPL", "RF-000001",
    )  # fmt: skip
    assert next(lines).startswith("database,id,at")


def test_fhir_leaves_out_a_purpose_that_hl7_does_not_know(home: Path):
    """Earlier versions wrote there what a patient's link is for; the export broke off at it."""
    with store.writing() as db:
        store.audit(db, "system", "portal_link.made", ("portal_link", "PL-1"), purpose="choose_time")
    event = FhirAuditEvent.model_validate_json(taken(Format.FHIR).splitlines()[0])
    assert event.agent[0].purposeOfUse is None
