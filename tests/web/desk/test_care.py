"""The desk's pages of a patient in care: who asks, who reads, who signs."""

import re
from typing import Any

import pytest
from sqlmodel import select

from acts import check_in_answers, follow_ups
from adapters import education
from adapters import operational_store as store
from models.codes import FollowUpStatus, LinkPurpose, Role
from models.operational import Approval, CheckInPlan, Episode, FollowUp, Location, MaterialSent, PortalLink
from models.scheduling_codes import CheckInKind
from models.therapy_text import TherapyText
from tasks import follow_ups as steps
from tasks import sign_offs
from tasks.cases import take
from tests.factories import make_check_in, make_episode, make_patient, make_plan
from tests.rules.test_check_ins import phq9
from tests.web.desk.conftest import AtTheDesk

K, F = CheckInKind, FollowUpStatus
SAID = "The lantern above the pier"


@pytest.fixture
def clinician(at_the_desk: Any) -> AtTheDesk:
    return at_the_desk(Role.CLINICIAN)


@pytest.fixture
def episode(clinician: AtTheDesk, place: Location) -> Episode:
    patient = make_patient(given_name="Noor", family_name="Vantongeren")
    return make_episode(patient=patient, clinician=clinician.staff, location=place)


def found(record: Any, *where: Any) -> list[Any]:
    with store.reading() as db:
        return list(db.exec(select(record).where(*where)).all())


def gate(number: str, status: FollowUpStatus) -> Approval:
    """The sign-off of a follow-up, opened as its run would."""
    case = take(number)
    steps.begin.fn(case)
    approval_id = sign_offs.open_sign_off.fn(case, status)
    with store.reading() as db:
        return db.get_one(Approval, approval_id)


def escalated(episode: Episode, item_9: int = 2) -> Approval:
    _, token, proof = make_check_in(episode)
    check_in_answers.answer(token, proof, phq9(9, item_9), TherapyText(SAID))
    (opened,) = found(FollowUp, FollowUp.kind == "escalation")
    return gate(opened.case_number, F.ESCALATION)


def test_clinician_asks_reads_and_ends_on_one_page(clinician: AtTheDesk, episode: Episode) -> None:
    page = f"/care/{episode.case_number}"
    done = clinician.post(f"{page}/check-ins", kind="homework", every_days="7", homework="Walk <b>far</b>", form_id="a")
    assert done.status_code == 303
    shown = clinician.get(done.headers["location"]).text
    assert "Walk &lt;b&gt;far&lt;/b&gt;" in shown and "It is asked from the day you chose on" in shown
    for total in (6, 9):
        _, token, proof = make_check_in(episode)
        check_in_answers.answer(token, proof, phq9(total), TherapyText(SAID))
    shown = clinician.get(page).text
    assert "PHQ-9: 6, 9, oldest first" in shown and SAID in shown and "mild" in shown
    plan_id = re.search(r"check-ins/([\w-]+)/end", shown)
    assert plan_id is not None
    assert clinician.post(f"{page}/check-ins/{plan_id[1]}/end").status_code == 303
    assert len(found(CheckInPlan, CheckInPlan.ended_at.is_(None))) == 2  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "", "every_days": "7"}, "Choose what is asked"),
        ({"kind": "weight", "every_days": "7"}, "Choose what is asked"),
        ({"kind": "mood", "every_days": "often"}, "As a number"),
        ({"kind": "mood", "every_days": "0"}, "Every_days must be from 1"),
        ({"kind": "mood", "every_days": "7", "starts_on": "tomorrow"}, "A date is written like"),
        ({"kind": "homework", "every_days": "7"}, "Say what the homework is"),
    ],
)
def test_what_cannot_be_asked_is_said_beside_what_was_typed(
    clinician: AtTheDesk, episode: Episode, fields: dict[str, str], said: str
) -> None:
    answer = clinician.post(f"/care/{episode.case_number}/check-ins", **fields)
    assert answer.status_code == 422 and said.lower() in answer.text.lower()
    assert found(CheckInPlan) == []


def test_coordinator_sees_the_course_and_not_a_word(at_the_desk: Any, episode: Episode) -> None:
    escalated(episode)
    coordinator = at_the_desk(Role.COORDINATOR)
    shown = coordinator.get(f"/care/{episode.case_number}").text
    assert "A clinician reads the answers" in shown and SAID not in shown and "item 9" not in shown
    assert "self-harm" not in shown
    approval = found(Approval)[0]
    assert coordinator.get(f"/approvals/{approval.id}").status_code == 403


def test_clinician_of_another_team_is_not_let_in(at_the_desk: Any, episode: Episode) -> None:
    other = at_the_desk(Role.CLINICIAN, team="another")
    assert other.get(f"/care/{episode.case_number}").status_code == 403
    assert other.post(f"/care/{episode.case_number}/messages", message="Hello").status_code == 403
    assert "Vantongeren" not in other.get("/care?scope=all").text


def test_list_of_care_names_the_own_patients(clinician: AtTheDesk, episode: Episode) -> None:
    make_plan(episode)
    assert "Vantongeren" in clinician.get("/care").text


def test_escalation_is_signed_with_what_is_done(clinician: AtTheDesk, episode: Episode) -> None:
    approval = escalated(episode)
    shown = clinician.get(f"/approvals/{approval.id}").text
    assert "thoughts of being better off dead" in shown and SAID in shown
    assert "checked" not in shown.split('id="done"')[1]
    nothing = clinician.sign(approval, verdict="edit_and_approve")
    assert nothing.status_code == 422 and "Choose what is done about it" in nothing.text
    unsaid = clinician.sign(approval, verdict="edit_and_approve", done="nothing_needed", done_words="")
    assert unsaid.status_code == 422 and "why nothing is needed" in unsaid.text
    signed = clinician.sign(approval, verdict="edit_and_approve", done="call", done_words="Called at noon.")
    assert signed.status_code == 303
    (closed,) = found(FollowUp)
    assert (closed.status, closed.closed_at is not None) == (F.CLOSED_ANSWERED, True)
    assert clinician.get(f"/approvals/{approval.id}/signed").status_code == 200


def test_returned_escalation_asks_a_coordinator_and_comes_back(
    clinician: AtTheDesk, at_the_desk: Any, episode: Episode
) -> None:
    approval = escalated(episode)
    assert clinician.sign(approval, verdict="return", reason="Which number reaches them?").status_code == 303
    coordinator = at_the_desk(Role.COORDINATOR)
    queue = coordinator.get("/?scope=all").text
    to_do = re.search(r"/to-dos/(TD-[\w-]+)", queue)
    assert to_do is not None
    done = coordinator.post(f"/to-dos/{to_do[1]}/finish", outcome="answered", said="The second one.")
    assert done.status_code == 303
    (back,) = found(FollowUp)
    assert back.status == F.RECEIVED
    shown = clinician.get(f"/approvals/{gate(back.case_number, F.ESCALATION).id}").text
    assert "Which number reaches them?" in shown and "The second one." in shown


def test_message_by_hand_waits_and_leaves_behind_a_link_alone(
    clinician: AtTheDesk, at_the_desk: Any, episode: Episode
) -> None:
    coordinator = at_the_desk(Role.COORDINATOR)
    answer = coordinator.post(f"/care/{episode.case_number}/messages", message=SAID, form_id="m1")
    assert answer.status_code == 303
    (opened,) = found(FollowUp)
    approval = gate(opened.case_number, F.MESSAGE_SIGNATURE)
    assert coordinator.get(f"/approvals/{approval.id}").status_code == 403
    shown = clinician.get(f"/approvals/{approval.id}").text
    assert SAID in shown and coordinator.staff.name in shown
    signed = clinician.sign(approval, verdict="edit_and_approve", letter=f"{SAID}!", reason="a little warmer")
    assert signed.status_code == 303
    steps.send.fn(take(opened.case_number))
    assert found(FollowUp)[0].status == F.CLOSED_SENT
    (link,) = found(PortalLink, PortalLink.purpose == LinkPurpose.MESSAGE)
    assert link.subject_id == opened.case_number


def test_refused_message_never_leaves(clinician: AtTheDesk, episode: Episode) -> None:
    number = follow_ups.write_message(
        episode.case_number,
        staff_id=clinician.staff.id,
        words=TherapyText(SAID),
        form_id="m1",
    )
    approval = gate(number, F.MESSAGE_SIGNATURE)
    assert clinician.sign(approval, verdict="reject", reason="not now").status_code == 303
    assert found(FollowUp)[0].status == F.CLOSED_NOT_SENT
    assert found(PortalLink) == []


def test_piece_is_reviewed_then_sent(clinician: AtTheDesk, episode: Episode) -> None:
    page = f"/care/{episode.case_number}"
    assert "has been reviewed by a clinician" in clinician.get(page).text
    refused = clinician.post(f"{page}/material", name="sleep")
    assert refused.status_code == 422 and "reviewed" in refused.text
    shown = clinician.get("/library/sleep-1.en").text
    assert "<strong>Get up at the same time every day</strong>" in shown
    seen = re.search(r'name="seen_digest" value="(\w+)"', shown)
    assert seen is not None and seen[1] == education.library()["sleep-1.en"].digest
    assert clinician.post("/library/sleep-1.en/review", seen_digest="old").status_code == 409
    assert clinician.post("/library/sleep-1.en/review", seen_digest=seen[1]).status_code == 303
    assert clinician.post(f"{page}/material", name="sleep").status_code == 303
    assert len(found(MaterialSent)) == 1
    assert clinician.get("/library/no-such").status_code == 409


@pytest.mark.parametrize("path", ["/cases/EP-000001", "/cases/BS-000001"])
def test_cases_of_care_have_their_own_pages(clinician: AtTheDesk, path: str) -> None:
    answer = clinician.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, path.replace("cases", "care"))


def test_follow_ups_address_leads_to_the_care_it_belongs_to(clinician: AtTheDesk, episode: Episode) -> None:
    approval = escalated(episode)
    answer = clinician.get(f"/care/{approval.case_number}")
    assert answer.headers["location"] == f"/care/{episode.case_number}"


def test_queue_shows_escalations_first(clinician: AtTheDesk, episode: Episode) -> None:
    escalated(episode, 3)
    follow_ups.write_message(episode.case_number, staff_id=clinician.staff.id, words=TherapyText(SAID), form_id="m1")
    gate(found(FollowUp, FollowUp.kind == "message")[0].case_number, F.MESSAGE_SIGNATURE)
    shown = clinician.get("/").text
    assert shown.index("Escalation</strong>") < shown.index("Message</strong>")
