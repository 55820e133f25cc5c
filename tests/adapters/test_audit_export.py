"""Does the audit come out whole, in each form, and is it recorded that it did?"""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fhir.resources.R4B.auditevent import AuditEvent as FhirAuditEvent
from sqlmodel import select

from adapters import audit_pages, therapy_store
from adapters import operational_store as store
from adapters.audit_anchors import read_head
from adapters.audit_export import COLUMNS, Asked, Format, export
from adapters.audit_search import Wanted
from models.audit_chain import CHAINS, FIELDS, OPERATIONAL, THERAPY, digest_of
from models.columns import utc_now
from models.operational import AuditEvent
from models.purposes import PurposeOfUse
from tests.adapters.audit_databases import write_events
from tests.factories import make_location, make_referral


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


LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wanted", "reads"),
    [
        (Wanted(case="rf-000001 "), 2),
        (Wanted(begin=LONG_AGO, end=LONG_AGO + timedelta(days=1)), 0),
        (Wanted(begin=LONG_AGO), 3),
        (Wanted(end=LONG_AGO), 0),
        (Wanted(actor="ST-1"), 2),
        (Wanted(actor="ST-"), 3),
        (Wanted(actor="%"), 0),
        (Wanted(action="read"), 3),
        (Wanted(record="intake_text"), 3),
        (Wanted(record="x", case="RF-000001"), 1),
        (Wanted(location="LOC-1"), 2),
        (Wanted(location="LOC-2"), 0),
    ],
)
def test_export_is_exactly_what_the_search_finds(written: None, wanted: Wanted, reads: int):
    make_referral(case_number="RF-000001", location=make_location(id="LOC-1"))
    until = {chain: read_head(chain)[0] for chain in CHAINS}
    found = {
        (chain.database, event.id)
        for chain in CHAINS
        for event in audit_pages.found(chain, wanted, until[chain]).events
    }
    assert sum(audit_pages.found(chain, wanted, until[chain]).how_many for chain in CHAINS) == len(found)
    lines = [json.loads(line) for line in taken(Format.JSON_LINES, Asked(wanted)).splitlines()]
    assert {(line["database"], line["id"]) for line in lines} == found
    assert len([line for line in lines if line["database"] == "therapy"]) == reads


def test_export_ends_with_the_event_it_was_found_with(written: None):
    asked = Asked(Wanted(action="case.moved"), (OPERATIONAL,), until=read_head(OPERATIONAL)[0])
    before = [line["id"] for line in map(json.loads, taken(Format.JSON_LINES, asked).splitlines())]
    write_events(OPERATIONAL, 2)
    assert [json.loads(line)["id"] for line in taken(Format.JSON_LINES, asked).splitlines()] == before != []


def test_each_line_of_a_part_says_so_and_of_the_whole_none(written: None):
    asked = Asked(Wanted(action="read"), (THERAPY,))
    assert {row["part"] for row in csv.DictReader(io.StringIO(taken(Format.CSV, asked)))} == {"3 of 3 events"}
    lines = [json.loads(line) for line in taken(Format.JSON_LINES, asked).splitlines()]
    assert [line["part"] for line in lines] == [{"found": 3, "of": 3}] * 3
    for text in taken(Format.FHIR, asked).splitlines():
        event = FhirAuditEvent.model_validate_json(text)
        assert [tag.display for tag in event.meta.tag] == ["3 of 3 events"]
        assert {each.type for each in event.entity[0].detail} >= {"digest"}
    for form in Format:
        assert "of 3 events" not in taken(form) and '"found"' not in taken(form)


def event_of_export() -> AuditEvent:
    with store.reading() as db:
        return db.exec(select(AuditEvent).where(AuditEvent.action == "audit.exported")).one()


def test_export_is_recorded_before_its_first_line(home: Path):
    lines = export(Format.CSV, Asked(Wanted(case="RF-000001")), actor="ST-9", where="desk:audit")
    event = event_of_export()
    assert (event.actor, event.action, event.subject_id, event.where, event.purpose, event.case_number) == (
        "ST-9", "audit.exported", "csv", "desk:audit", "HCOMPL", "RF-000001",
    )  # fmt: skip
    assert next(lines).startswith("database,id,at")


def test_export_of_a_part_is_recorded_with_its_search_and_how_much(written: None):
    taken(Format.CSV, Asked(Wanted(actor="ST-2", action="read"), (THERAPY,)))
    details = event_of_export().details
    said = {name: value for name, value in details.items() if value is not None}
    assert said == {"of_actor": "ST-2", "of_action": "read", "therapy_events": 1, "therapy_of": 3}


def test_a_name_that_is_searched_for_is_not_written_into_the_audit(written: None):
    taken(Format.CSV, Asked(Wanted(case="Vantongeren", actor="Vantongeren", record="Vantongeren")))
    event = event_of_export()
    assert "Vantongeren" not in json.dumps(event.details) and event.case_number is None


def test_fhir_leaves_out_a_purpose_that_hl7_does_not_know(home: Path):
    """Earlier versions wrote there what a patient's link is for; the export broke off at it."""
    with store.writing() as db:
        store.audit(db, "system", "portal_link.made", ("portal_link", "PL-1"), purpose="choose_time")
    event = FhirAuditEvent.model_validate_json(taken(Format.FHIR).splitlines()[0])
    assert event.agent[0].purposeOfUse is None
