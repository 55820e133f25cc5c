"""A patient in care between two sessions: asked, answering, read to, written to, with marker words everywhere."""

import re
from datetime import timedelta

from models.codes import ApprovalStatus, FollowUpStatus, LinkPurpose
from models.columns import utc_now
from models.operational import Approval, Episode, FollowUp
from models.scheduling_codes import FollowUpKind
from tasks import check_ins, surveys
from tests.leaks.people import COORDINATOR, SAID, Practice

ALL_ITEMS = {f"item_{item}": "1" for item in range(1, 10)}


def go_on_in_care(at: Practice) -> None:
    """Homework and a questionnaire are asked and answered, both open what a clinician signs; a message, a text."""
    episode = at.find(Episode, Episode.patient_id == at.case("booked").patient_id)
    number, page = episode.case_number, f"/care/{episode.case_number}"
    clinician, coordinator = at.seat(episode.clinician_id), at.seat(COORDINATOR)
    clinician.get("/care")
    clinician.get(page)
    homework = {"kind": "homework", "every_days": "7", "homework": f"{SAID['homework']} each day", "form_id": "h1"}
    clinician.post(f"{page}/check-ins", 422, **{**homework, "every_days": "0"})
    clinician.post(f"{page}/check-ins", **homework)
    clinician.post(f"{page}/check-ins", kind="phq9", every_days="7", form_id="p1")
    clinician.get("/library")
    seen = re.search(r'name="seen_digest" value="(\w+)"', clinician.get("/library/sleep-1.en"))
    clinician.post("/library/sleep-1.en/review", seen_digest=seen.group(1) if seen else "")
    clinician.get(page)
    clinician.post(f"{page}/material", name="sleep")
    check_ins.send_due(utc_now().date())
    _answer(at, number)
    coordinator.get(page)
    coordinator.post(f"{page}/messages", message=f"{SAID['message']}, until Monday", form_id="m1")
    for kind, form in (
        (FollowUpKind.ESCALATION, {"verdict": "edit_and_approve", "done": "call", "done_words": SAID["done"]}),
        (FollowUpKind.MESSAGE, {"verdict": "approve"}),
    ):
        _sign(at, number, kind, **form)
    patient, home = at.arrive("booked", LinkPurpose.MESSAGE, number)
    patient.get(f"{home}/message")
    patient, home = at.arrive("booked", LinkPurpose.MATERIAL, number)
    patient.get(f"{home}/read")
    surveys.ask_due(utc_now().date() + timedelta(days=1))
    patient, home = at.arrive("booked", LinkPurpose.SURVEY, number)
    patient.get(f"{home}/survey")
    patient.post(f"{home}/survey", 422)
    patient.post(f"{home}/survey", 200, satisfied="4", recommends="9", no_more="yes")
    shown = clinician.get(page)
    for plan in re.findall(r"check-ins/([\w-]+)/end", shown):
        clinician.post(f"{page}/check-ins/{plan}/end")
    clinician.post(f"{page}/end", 422, reason=" ")
    # while something of it waits for a decision it does not end
    clinician.post(f"{page}/end", 303, 422, reason=f"{SAID['done']} is the end of it")


def _answer(at: Practice, number: str) -> None:
    """Both check-ins through the link of one of them, in whichever order they come."""
    patient, home = at.arrive("booked", LinkPurpose.CHECK_IN, number)
    for _ in range(2):
        patient.get(f"{home}/check-in")
        patient.post(f"{home}/check-in", 422, words=SAID["check-in"])
        fields = {**ALL_ITEMS, "answer": "1", "words": f"{SAID['check-in']} again"}
        answer = patient.post(f"{home}/check-in", 200, 303, **fields)
        if "location" not in answer.headers:
            return  # the crisis text, or the end
        home = answer.headers["location"].removesuffix("/check-in")


def _sign(at: Practice, episode: str, kind: FollowUpKind, **form: str) -> None:
    """Every open follow-up of this kind is signed by whom it was given to."""
    which = (FollowUp.episode_number == episode, FollowUp.kind == kind)
    ended = (FollowUpStatus.CLOSED_ANSWERED, FollowUpStatus.CLOSED_SENT)
    number = at.until(f"a follow-up of {episode}", lambda: at.find(FollowUp, *which)).case_number
    open_one = (Approval.case_number == number, Approval.status == ApprovalStatus.OPEN)
    approval = at.until(f"a sign-off of {number}", lambda: at.find(Approval, *open_one))
    path, seat = f"/approvals/{approval.id}", at.seat(str(approval.assigned_to))
    seen = re.search(r'name="seen_digest" value="(\w+)"', seat.get(path))
    seat.post(path, **form, seen_digest=seen.group(1) if seen else "", reason="", **at.proof(str(approval.assigned_to)))
    at.until(f"{number} to end", lambda: at.find(FollowUp, FollowUp.case_number == number).status in ended)
