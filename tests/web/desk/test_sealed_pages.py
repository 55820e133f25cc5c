"""What the desk says where content cannot be read: forgotten, tampered with, or without its key."""

import sqlalchemy as sa

from acts.forgetting import forget
from adapters import keyring, operational_store, therapy_store
from adapters.settings import settings
from models.codes import ReferralStatus, Role
from models.columns import utc_now
from models.operational import Referral
from models.therapy_text import TherapyText


def closed(approval) -> Referral:
    with operational_store.writing() as db:
        case = operational_store.one(db, Referral, approval.case_number)
        case.status, case.closed_at = ReferralStatus.CLOSED_DECLINED, utc_now()
        db.add(case)
    return case


def test_pages_of_a_forgotten_case_say_so(at_the_desk, person, risk_review):
    seated = at_the_desk(Role.CLINICIAN)
    approval = risk_review(seated.staff)
    case = closed(approval)
    paths = (f"/cases/{approval.case_number}/content", f"/approvals/{approval.id}")
    assert [seated.get(path).status_code for path in paths] == [200, 200]
    forget(case.patient_id, staff_id=person(Role.COMPLIANCE).id, reason=TherapyText("asked"))
    for path in paths:
        shown = seated.get(path)
        assert shown.status_code == 410 and "This was forgotten" in shown.text and "want to die" not in shown.text
    assert seated.get("/").status_code == 200


def test_tampered_content_is_refused_with_its_place(at_the_desk, risk_review):
    seated = at_the_desk(Role.CLINICIAN)
    approval = risk_review(seated.staff)
    with therapy_store.engine_for(settings().therapy_database).begin() as connection:
        connection.execute(sa.text("UPDATE intake_text SET text = 'planted'"))
    shown = seated.get(f"/cases/{approval.case_number}/content")
    assert shown.status_code == 500 and "A seal is broken" in shown.text and "field text" in shown.text
    assert "planted" not in shown.text


def test_missing_key_is_named(at_the_desk, risk_review):
    seated = at_the_desk(Role.CLINICIAN)
    approval = risk_review(seated.staff)
    keyring.key_file().unlink()
    shown = seated.get(f"/cases/{approval.case_number}/content")
    assert shown.status_code == 503 and "The key is missing" in shown.text
