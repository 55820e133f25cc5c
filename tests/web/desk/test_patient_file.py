"""The page that hands out a patient's whole file: counts before, proof and a reason asked, the ZIP once."""

import io
import re
import zipfile
from base64 import b64decode
from hashlib import sha256

import pyzipper
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


TOLD = "told of the risk, and wants it without a passphrase"


def exported() -> list[AuditEvent]:
    with reading() as db:
        return list(db.exec(select(AuditEvent).where(AuditEvent.action == "patient_file.exported")).all())


def test_file_is_handed_out_once_proved_with_its_passphrase(at_the_desk, risk_review):
    number, officer = risk_review(None).case_number, at_the_desk(Role.COMPLIANCE)
    proof = {"current": PASSWORD, "code": officer.code()}
    answer = officer.post("/patient-file", case=number, reason=WHY, **proof)
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    content = b64decode(re.search(r'href="data:application/zip;base64,([^"]+)"', answer.text).group(1))
    passphrase = re.search(r"<code>([A-Z2-9-]{29})</code>", answer.text).group(1)
    with pyzipper.AESZipFile(io.BytesIO(content)) as archive:
        archive.setpassword(passphrase.encode())
        assert archive.namelist()[0] == "index.html" and number.encode() in archive.read("records.json")
    [event] = exported()
    assert (event.actor, event.details["encrypted"]) == (officer.staff.id, True)
    assert (event.details["bytes"], event.details["sha256"]) == (len(content), sha256(content).hexdigest())
    assert officer.post("/patient-file", case=number, reason=WHY, **proof).status_code == 422  # the code is used up


def test_plain_copy_is_given_by_choice_and_with_a_reason_alone(at_the_desk, risk_review):
    number, officer = risk_review(None).case_number, at_the_desk(Role.COMPLIANCE)
    proof = {"current": PASSWORD, "code": officer.code()}
    refused = officer.post("/patient-file", case=number, reason=WHY, copy_kind="plain", **proof)
    assert refused.status_code == 422 and "why the copy is to be plain" in refused.text and exported() == []
    assert re.search(r'value="plain" checked', refused.text) and WHY in refused.text
    answer = officer.post("/patient-file", case=number, reason=WHY, copy_kind="plain", plain_because=TOLD, **proof)
    assert answer.headers["content-type"] == "application/zip"
    assert zipfile.ZipFile(io.BytesIO(answer.content)).read("index.html")
    assert [event.details["encrypted"] for event in exported()] == [False]


def test_without_proof_or_reason_nothing_is_handed_out(at_the_desk, risk_review):
    number, officer = risk_review(None).case_number, at_the_desk(Role.COMPLIANCE)
    for fields in ({"reason": WHY, "current": "wrong", "code": "000000"}, {"reason": "why"}):
        answer = officer.post("/patient-file", case=number, **fields)
        assert answer.status_code == 422 and 'role="alert"' in answer.text
    assert officer.post("/patient-file", case="RF-000000", reason=WHY).status_code == 422
    assert officer.post("/patient-file", case=number, reason=WHY, copy_kind="open").status_code == 422
    assert exported() == []
