"""Emergency access to a case that is not one's own: what it asks, opens, leaves shut, and tells to whom."""

from datetime import timedelta

import pytest
from sqlmodel import select

from acts import break_glass as acts
from adapters import operational_store, therapy_store
from models.codes import Role
from models.columns import utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import Approval, AuditEvent, BreakGlass, OutboxMessage
from models.therapy_text import TherapyText
from tests import factories
from tests.databases import written_in
from tests.web.desk.conftest import PASSWORD, AtTheDesk

WHY = "The patient is on the phone now and speaks of a plan."


@pytest.fixture
def strange(person, risk_review, at_the_desk) -> tuple[AtTheDesk, Approval]:
    """A clinician of another place and team, and a case that is not theirs."""
    approval = risk_review(person(Role.CLINICIAN, team="theirs"))
    return at_the_desk(Role.CLINICIAN, location=factories.make_location(), team="others"), approval


def ask(seated: AtTheDesk, case_number: str, **changed: str):
    fields = {"reason": WHY, "current": PASSWORD, "code": seated.code()} | changed
    return seated.post(f"/cases/{case_number}/break-glass", **fields)


def events(action: str) -> list[AuditEvent]:
    with operational_store.reading() as db:
        return list(db.exec(select(AuditEvent).where(AuditEvent.action == action)).all())


def pages() -> list[OutboxMessage]:
    with operational_store.reading() as db:
        return list(db.exec(select(OutboxMessage).where(OutboxMessage.template == "break_glass")).all())


def test_case_of_others_is_shut_and_shows_the_way_in(strange):
    seated, approval = strange
    answer = seated.get(f"/cases/{approval.case_number}")
    assert answer.status_code == 403
    assert f'href="/cases/{approval.case_number}/break-glass"' in answer.text
    form = seated.get(f"/cases/{approval.case_number}/break-glass").text
    assert approval.case_number in form and "Vantongeren" not in form


def test_reason_and_proof_open_the_case_for_reading_and_page_compliance(strange, person):
    seated, approval = strange
    officer = person(Role.COMPLIANCE)
    number = approval.case_number
    assert ask(seated, number).headers["location"] == f"/cases/{number}"
    page = seated.get(f"/cases/{number}")
    assert page.status_code == 200 and "Vantongeren" in page.text and "Emergency access" in page.text
    assert "What you can do" not in page.text
    assert "I want to die" in seated.get(f"/cases/{number}/content").text
    assert [(each.to_staff_id, each.urgent, each.facts, each.case_number) for each in pages()] == [
        (officer.id, True, {}, number)
    ]
    assert [(each.details["page"], each.purpose) for each in events("break_glass.read")] == [
        ("case_page", "BTG"),
        ("case_content", "BTG"),
    ]
    with operational_store.reading() as db:
        glass = db.exec(select(BreakGlass)).one()
    assert glass.expires_at - glass.at == timedelta(hours=4)
    kept = therapy_store.to_do_words(glass.words_id, actor=officer.id, where="desk:break-glass")
    assert kept is not None and kept.answer.unwrap() == WHY
    assert "Emergency access" in seated.get("/").text


def test_words_of_the_reason_stay_out_of_the_operational_database(strange, home):
    seated, approval = strange
    ask(seated, approval.case_number, reason="marker-of-a-reason that is long enough")
    assert approval.case_number in written_in(home, "operational")
    assert "marker-of-a-reason" not in written_in(home, "operational")


@pytest.mark.parametrize("purpose_of", ["case_content", "approval_page"])
def test_content_read_in_an_emergency_says_so_in_the_audit(strange, purpose_of: str):
    seated, approval = strange
    ask(seated, approval.case_number)
    path = f"/cases/{approval.case_number}/content" if purpose_of == "case_content" else f"/approvals/{approval.id}"
    assert seated.get(path).status_code == 200
    with therapy_store.writing() as db:
        found = db.exec(
            select(therapy_store.TherapyAuditEvent).where(
                therapy_store.TherapyAuditEvent.actor == seated.staff.id,
                therapy_store.TherapyAuditEvent.action == "read",
            )
        ).all()
        assert found and {each.purpose for each in found} == {"BTG"}


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"reason": "urgent"}, "at least 20"),
        ({"current": "wrong"}, "does not fit"),
        ({"code": "000000"}, "does not fit"),
    ],
)
def test_too_little_opens_nothing(strange, changed: dict[str, str], why: str):
    seated, approval = strange
    answer = ask(seated, approval.case_number, **changed)
    assert answer.status_code == 422 and why in answer.text
    assert seated.get(f"/cases/{approval.case_number}").status_code == 403
    assert pages() == []


def test_emergency_opens_reading_and_no_act(strange):
    seated, approval = strange
    number = approval.case_number
    ask(seated, number)
    shown = seated.get(f"/approvals/{approval.id}")
    assert shown.status_code == 200 and "You can read this, not sign it" in shown.text
    with operational_store.reading() as db:
        assert operational_store.one(db, Approval, approval.id).seen_at is None  # its alarm goes on
    assert seated.sign(approval, verdict="approve").status_code == 403
    for path in ("stop", "reroute", "book", "outcome", "consent"):
        assert seated.post(f"/cases/{number}/{path}", reason="x", exit="withdrawn").status_code == 403
    assert seated.post(f"/approvals/{approval.id}/reassign", reason="x", to_staff_id="ST-1").status_code == 403


def test_emergency_ends_by_the_clock_and_by_review(strange, at_the_desk):
    seated, approval = strange
    number = approval.case_number
    ask(seated, number)
    with operational_store.writing() as db:
        db.exec(select(BreakGlass)).one().expires_at = utc_now() - timedelta(seconds=1)
    assert seated.get(f"/cases/{number}").status_code == 403
    assert ask(seated, number).status_code == 303
    assert seated.get(f"/cases/{number}").status_code == 200
    officer = at_the_desk(Role.COMPLIANCE)
    newest = acts.open_ones(seated.staff.id)[-1]
    assert officer.post(f"/break-glass/{newest.id}/review").status_code == 303
    assert seated.get(f"/cases/{number}").status_code == 403


def test_compliance_reads_the_reason_and_reviews_once(strange, at_the_desk):
    seated, approval = strange
    ask(seated, approval.case_number)
    seated.get(f"/cases/{approval.case_number}")
    officer = at_the_desk(Role.COMPLIANCE)
    glass = acts.open_ones(seated.staff.id)[0]
    assert "waits for you" in officer.get("/break-glass").text
    page = officer.get(f"/break-glass/{glass.id}").text
    assert WHY in page and "case page" in page
    assert officer.post(f"/break-glass/{glass.id}/review").status_code == 303
    assert officer.post(f"/break-glass/{glass.id}/review").status_code == 409
    assert "waits for you" not in officer.get("/break-glass").text
    assert [each.actor for each in events("break_glass.reviewed")] == [officer.staff.id]


def test_nobody_reviews_their_own_opening(strange):
    seated, approval = strange
    ask(seated, approval.case_number)
    with pytest.raises(NotAllowed):
        acts.review(acts.open_ones(seated.staff.id)[0].id, seated.staff.id)


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.CLINICIAN, Role.COORDINATOR)])
def test_other_roles_open_nothing_in_an_emergency(strange, person, role: Role):
    with pytest.raises(NotAllowed):
        acts.break_glass(strange[1].case_number, person(role).id, TherapyText(WHY))


def test_case_that_is_none_cannot_be_opened(person):
    with pytest.raises(MovedOn):
        acts.break_glass("RF-000000", person(Role.CLINICIAN).id, TherapyText(WHY))


def test_own_case_needs_no_emergency(at_the_desk, risk_review):
    seated = at_the_desk(Role.CLINICIAN)
    number = risk_review(seated.staff).case_number
    assert seated.get(f"/cases/{number}/break-glass").headers["location"] == f"/cases/{number}"
    assert ask(seated, number).status_code == 303 and pages() == []


def test_opening_that_nobody_reviews_pages_again_each_day_once(strange, person):
    seated, approval = strange
    officer = person(Role.COMPLIANCE)
    ask(seated, approval.case_number)
    now = utc_now()
    assert acts.remind_of_unreviewed(now) == 0
    for hours in (25, 26, 49):
        assert acts.remind_of_unreviewed(now + timedelta(hours=hours)) == 1
    assert [each.to_staff_id for each in pages()] == [officer.id] * 3


def test_without_compliance_somebody_else_is_paged(strange, person):
    seated, approval = strange
    owner = person(Role.OWNER)
    ask(seated, approval.case_number)
    assert [each.to_staff_id for each in pages()] == [owner.id]
