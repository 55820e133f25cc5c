"""The pages of retention: who is over their time, holds, a list signed with proof."""

import re
from datetime import date, timedelta

from acts import retention
from adapters.operational_store import reading
from models.codes import ReferralStatus, Role
from models.columns import utc_now
from models.operational import Patient
from tasks import nights
from tests import factories
from tests.web.desk.conftest import PASSWORD

WHY = "a court asked for the record"


def over_time(**given):
    then = utc_now() - timedelta(days=366 * 9)
    patient = factories.make_patient(created_at=then, family_name="Vantongeren")
    long_ago = {"received_at": then, "status_since": then, "closed_at": then}
    return factories.make_referral(ReferralStatus.CLOSED_DECLINED, patient=patient, **long_ago | given)


def test_list_is_made_signed_with_proof_and_applied(at_the_desk):
    case, officer = over_time(), at_the_desk(Role.COMPLIANCE)
    shown = officer.get("/retention").text
    assert case.patient_id in shown and "Vantongeren" not in shown and "45 CFR 164.316(b)(2)(i)" in shown
    page = officer.post("/retention").headers["location"]
    listed = officer.get(page).text
    digest = re.search(r'name="seen_digest" value="(\w+)"', listed).group(1)
    assert officer.post(page, seen_digest=digest, current="wrong", code="000000").status_code == 422
    stale = officer.post(page, seen_digest="0" * 64, current=PASSWORD, code=officer.code())
    assert stale.status_code == 422 and "is not what you were shown" in stale.text
    done = officer.post(page, seen_digest=digest, current=PASSWORD, code=officer.code())
    assert done.status_code == 303
    assert "destroyed" in officer.get(page).text and "Sign and destroy" not in officer.get(page).text
    with reading() as db:
        assert db.get_one(Patient, case.patient_id).forgotten_at is not None
    assert officer.post("/retention").status_code == 422


def test_hold_is_placed_by_a_case_and_lifted(at_the_desk):
    case, officer = over_time(), at_the_desk(Role.COMPLIANCE)
    assert officer.post("/retention/holds", case=case.case_number, reason="why").status_code == 422
    assert officer.post("/retention/holds", case="RF-000000", reason=WHY).status_code == 422
    assert officer.post("/retention/holds", case=case.case_number.lower(), reason=WHY).status_code == 303
    assert officer.post("/retention/holds", case=case.case_number, reason=WHY).status_code == 422
    [hold] = retention.holds()
    assert hold.patient_id == case.patient_id and retention.due_now(utc_now()) == []
    assert officer.post(f"/retention/holds/{hold.id}/lift").status_code == 303
    assert retention.holds() == [] and WHY not in officer.get("/retention").text


def test_overview_of_compliance_says_what_the_night_counted(at_the_desk):
    case, officer = over_time(), at_the_desk(Role.COMPLIANCE)
    assert "Retention:" not in officer.get("/").text
    nights.do_part("retention", date(2026, 11, 26), nights.EVERYWHERE)
    shown = officer.get("/").text
    assert "1 patient is over their time" in shown and 'href="/retention"' in shown
    assert case.patient_id not in shown and "Vantongeren" not in shown
    assert "over their time" not in at_the_desk(Role.OWNER).get("/").text
