"""The page that hands out a patient's whole file: counts before, proof and a reason asked, the ZIP once."""

import io
import zipfile

from sqlmodel import select

from adapters.operational_store import reading
from models.codes import Role
from models.operational import AuditEvent
from tests.web.desk.conftest import PASSWORD

WHY = "the patient asked for it in writing"


def test_page_counts_and_reads_nothing(at_the_desk, risk_review):
    number = risk_review(None).case_number
    shown = at_the_desk(Role.COMPLIANCE).get(f"/patient-file?case={number.lower()}").text
    assert "Referral</th>" in shown and "45 CFR 164.524(a)(1)(i)" in shown
    assert "Vantongeren" not in shown and "want to die" not in shown


def test_file_is_handed_out_once_proved(at_the_desk, risk_review):
    number, officer = risk_review(None).case_number, at_the_desk(Role.COMPLIANCE)
    proof = {"current": PASSWORD, "code": officer.code()}
    answer = officer.post("/patient-file", case=number, reason=WHY, **proof)
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert names[0] == "index.html" and "records.json" in names
    with reading() as db:
        [event] = db.exec(select(AuditEvent).where(AuditEvent.action == "patient_file.exported")).all()
    assert event.actor == officer.staff.id and event.details["bytes"] == len(answer.content)


def test_without_proof_or_reason_nothing_is_handed_out(at_the_desk, risk_review):
    number, officer = risk_review(None).case_number, at_the_desk(Role.COMPLIANCE)
    for fields in ({"reason": WHY, "current": "wrong", "code": "000000"}, {"reason": "why"}):
        answer = officer.post("/patient-file", case=number, **fields)
        assert answer.status_code == 422 and 'role="alert"' in answer.text
    assert officer.post("/patient-file", case="RF-000000", reason=WHY).status_code == 422
    with reading() as db:
        assert not db.exec(select(AuditEvent).where(AuditEvent.action == "patient_file.exported")).all()
