"""Does the compliance officer see how the chains stand, and get the audit as a file?"""

import html
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from adapters import audit_anchors, audit_pages, operational_store
from models.audit_chain import OPERATIONAL
from models.codes import Role
from models.columns import utc_now
from tasks import nightly
from tests.adapters.audit_databases import as_owner, write_events


def test_page_says_how_the_chains_stand(at_the_desk, home: Path):
    seated = at_the_desk(Role.COMPLIANCE)
    shown = seated.get("/audit").text
    assert shown.count("none yet") == 2
    assert shown.count("never") == 2
    nightly.verify_audit.fn()
    audit_anchors.write_anchors()
    assert seated.get("/audit").text.count("no fault") == 2
    with as_owner(OPERATIONAL) as owner:
        owner.exec_driver_sql("UPDATE audit_event SET actor = 'x' WHERE id = 1")
    nightly.verify_audit.fn()
    assert "7 faults" in seated.get("/audit").text


def test_page_tells_who_read_what_where_and_why(at_the_desk, risk_review, home: Path):
    clinician = at_the_desk(Role.CLINICIAN)
    review = risk_review(clinician.staff)
    assert clinician.get(f"/approvals/{review.id}").status_code == 200
    officer = at_the_desk(Role.COMPLIANCE)
    shown = officer.get(f"/audit?log=therapy&case={review.case_number}&action=read").text
    assert "Therapy content: what was kept, who read it</h2>" in shown
    assert clinician.staff.id in shown and "treatment" in shown and "desk:" in shown
    assert 'option value="therapy" selected' in shown
    assert clinician.staff.id not in officer.get("/audit?log=therapy&case=RF-999999").text
    assert "No event fits." in officer.get(f"/audit?log=therapy&actor={officer.staff.id}").text


def test_page_keeps_to_the_days_asked_for(at_the_desk, home: Path):
    write_events(OPERATIONAL, 2)
    officer, today = at_the_desk(Role.COMPLIANCE), utc_now().date()
    yesterday, tomorrow = (today + timedelta(days=days) for days in (-1, 1))
    assert "No event fits." not in officer.get(f"/audit?begin={yesterday}&end={tomorrow}").text
    assert "No event fits." in officer.get(f"/audit?begin={tomorrow}").text
    assert "No event fits." in officer.get(f"/audit?end={yesterday}").text
    assert officer.get("/audit?begin=yesterday").status_code == 422


def test_older_page_keeps_what_was_asked(at_the_desk, home: Path):
    write_events(OPERATIONAL, audit_pages.PAGE + 5)
    officer = at_the_desk(Role.COMPLIANCE)
    shown = officer.get("/audit?action=case.moved").text
    older = re.search(r'href="(/audit[?][^"]*)">Older', shown)
    assert (
        older and "action=case.moved" in older.group(1) and shown.count("<code>case.moved</code>") == audit_pages.PAGE
    )
    below = officer.get(html.unescape(older.group(1))).text
    assert below.count("<code>case.moved</code>") == 5 and "Older" not in below


@pytest.mark.parametrize("form", ["csv", "jsonl", "fhir"])
def test_audit_is_downloaded_and_that_is_audited(at_the_desk, home: Path, form: str):
    write_events(OPERATIONAL, 2)
    seated = at_the_desk(Role.COMPLIANCE)
    answer = seated.get(f"/audit/export?form={form}")
    assert answer.status_code == 200
    assert 'attachment; filename="audit-whole-' in answer.headers["content-disposition"]
    assert "audit.exported" in answer.text
    assert seated.staff.id in answer.text


def test_what_was_found_is_downloaded_and_no_more(at_the_desk, home: Path):
    write_events(OPERATIONAL, 5)
    officer = at_the_desk(Role.COMPLIANCE)
    shown = officer.get("/audit?case=rf-1&action=case.moved").text
    found = int(re.search(r"<strong>(\d+)</strong> event", shown).group(1))
    form = shown.split('action="/audit/export/found"')[1].split("</form>")[0]
    asked = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    write_events(OPERATIONAL, 5)  # what comes meanwhile was not found
    answer = officer.get("/audit/export/found", params={**asked, "form": "jsonl"})
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert found == len(lines) > 0 and "audit-part-" in answer.headers["content-disposition"]
    assert {(line["case_number"], line["action"], line["part"]["found"]) for line in lines} == {
        ("RF-1", "case.moved", found)
    }
    assert shown.count('<td data-label="No." class="figure">') == found


def test_nothing_found_is_nothing_to_download(at_the_desk, home: Path):
    shown = at_the_desk(Role.COMPLIANCE).get("/audit?record=nothing").text
    assert "<strong>0</strong> events fit" in shown and "/audit/export/found" not in shown


@pytest.mark.parametrize("asked", ["?form=xml", "/found?form=csv&begin=yesterday", "/found?form=csv&end=2026-13-01"])
def test_download_that_cannot_be_read_is_refused(at_the_desk, home: Path, asked: str):
    assert at_the_desk(Role.COMPLIANCE).get(f"/audit/export{asked}").status_code == 422


def test_nobody_else_gets_the_audit(at_the_desk, home: Path):
    assert at_the_desk(Role.COORDINATOR).get("/audit/export?form=csv").status_code == 403


def test_page_keeps_to_a_record_and_a_location(at_the_desk, risk_review, home: Path):
    review, officer = risk_review(None), at_the_desk(Role.COMPLIANCE)
    with operational_store.writing() as db:
        operational_store.audit(db, "ST-1", "tested", ("approval", review.id), review.case_number)
    for log, record in (("operational", review.id), ("operational", "approval"), ("therapy", "intake_text")):
        assert review.case_number in officer.get(f"/audit?log={log}&record={record}").text
        assert "No event fits." in officer.get(f"/audit?log={log}&record=nothing").text
        assert review.case_number in officer.get(f"/audit?log={log}&location=LOC-1").text
        assert "No event fits." in officer.get(f"/audit?log={log}&location=LOC-2").text
