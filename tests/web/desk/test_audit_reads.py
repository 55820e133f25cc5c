"""The page of reads: every read by staff is there with its ground, the unusual first; other readers are counted."""

from datetime import timedelta

from adapters import therapy_store
from models.codes import Role
from models.columns import utc_now
from tests import factories


def test_a_read_of_a_case_that_is_not_theirs_comes_first(at_the_desk, risk_review, place):
    clinician = at_the_desk(Role.CLINICIAN)
    review = risk_review(clinician.staff)
    assert clinician.get(f"/approvals/{review.id}").status_code == 200
    stranger = factories.make_staff(role=Role.CLINICIAN, team="elsewhere")
    therapy_store.texts(review.case_number, actor=stranger.id, where="test")
    therapy_store.texts(review.case_number, actor="system", where="test")
    shown = at_the_desk(Role.COMPLIANCE).get("/audit/reads").text
    unusual, others = shown.split('id="unusual"')[1].split('id="usual"')
    assert "not a case of their own" in unusual and stranger.id in unusual
    assert "not a case of their own" not in others
    assert "treatment" in shown and "desk:sign-off" in shown
    assert 'data-label="Reader that is no member of staff">system</th>' in shown
    assert "want to die" not in shown and "Vantongeren" not in shown


def test_page_keeps_to_a_patient_a_reader_and_days(at_the_desk, risk_review):
    clinician, officer = at_the_desk(Role.CLINICIAN), at_the_desk(Role.COMPLIANCE)
    mine, other = risk_review(clinician.staff), risk_review(clinician.staff)
    for each in (mine, other):
        clinician.get(f"/approvals/{each.id}")
    shown = officer.get(f"/audit/reads?case={mine.case_number}").text
    assert mine.case_number in shown and other.case_number not in shown
    assert "Nobody of the staff read anything." in officer.get(f"/audit/reads?reader={officer.staff.id}").text
    yesterday = (utc_now() - timedelta(days=1)).date()
    assert "Nobody of the staff read anything." in officer.get(f"/audit/reads?end={yesterday}").text
    assert officer.get("/audit/reads?begin=x").status_code == 422
