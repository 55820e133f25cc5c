"""The night's check-ins on whole tables, and what reads the words afterwards."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

from acts import check_in_answers
from adapters import operational_store as store
from adapters import therapy_store
from adapters.settings import settings
from language.risk_values import RiskReading
from models.codes import ApprovalStatus, FollowUpStatus, LinkPurpose, MessageChannel, RiskLevel, ToDoKind
from models.columns import utc_now
from models.operational import (
    Approval,
    CheckIn,
    CheckInPlan,
    Episode,
    FollowUp,
    OutboxMessage,
    PortalLink,
    ToDo,
)
from models.scheduling_codes import CheckInKind, CheckInStatus, FollowUpReason
from models.therapy_text import TherapyText
from tasks import check_ins, follow_ups, sign_offs, unread, watch
from tasks.cases import take
from tasks.check_in_words import read_unread
from tests.factories import make_check_in, make_episode, make_follow_up, make_patient, make_plan, make_signer
from tests.rules.test_check_ins import phq9
from tests.statements import heard

K, S = CheckInKind, CheckInStatus
TODAY = utc_now().date()
pytestmark = pytest.mark.usefixtures("home")


def found(record: Any, *where: Any) -> list[Any]:
    with store.reading() as db:
        return list(db.exec(select(record).where(*where)).all())


def legible(*_: Any, **__: Any) -> RiskReading:
    return RiskReading(signals=(), readable=True, unreadable_reason="", version="test-1")


# -- what is due is asked


def test_what_is_due_is_asked_once_with_one_message_for_each_patient() -> None:
    episode = make_episode()
    plans = [make_plan(episode, kind) for kind in (K.PHQ9, K.GAD7)]
    later = make_plan(episode, K.MOOD, next_on=TODAY + timedelta(days=1))
    assert check_ins.send_due(TODAY) == {"asked": 2, "messages": 1, "to_call": 0, "unanswered": 0, "escalations": 0}
    assert check_ins.send_due(TODAY)["asked"] == 0
    asked = found(CheckIn)
    assert {one.plan_id for one in asked} == {plan.id for plan in plans}
    assert {(one.status, one.due_on) for one in asked} == {(S.SENT, TODAY)}
    links = found(PortalLink, PortalLink.purpose == LinkPurpose.CHECK_IN)
    assert {link.subject_id for link in links} == {one.id for one in asked}
    (message,) = found(OutboxMessage)
    assert (message.template, message.channel) == ("check_in", MessageChannel.EMAIL)
    assert message.facts["link_id"] in {link.id for link in links}
    with store.reading() as db:
        assert db.get_one(CheckInPlan, plans[0].id).next_on == TODAY + timedelta(days=7)
        assert db.get_one(CheckInPlan, later.id).next_on == TODAY + timedelta(days=1)


def test_last_check_in_of_a_plan_ends_it() -> None:
    episode = make_episode()
    make_plan(episode, K.MOOD, until_on=TODAY + timedelta(days=6))
    over = make_plan(episode, K.GAD7, next_on=TODAY - timedelta(days=1), until_on=TODAY - timedelta(days=2))
    assert check_ins.send_due(TODAY)["asked"] == 1
    assert all(plan.ended_at is not None for plan in found(CheckInPlan))
    assert found(CheckIn, CheckIn.plan_id == over.id) == []


@pytest.mark.parametrize(
    "facts",
    [
        {"status": "closed_ended", "closed_at": utc_now()},
        {"patient": {"forgotten_at": utc_now()}},
    ],
)
def test_nobody_is_asked_who_is_not_in_care(facts: dict[str, Any]) -> None:
    patient = make_patient(**facts.pop("patient", {}))
    make_plan(make_episode(patient=patient, **facts))
    assert check_ins.send_due(TODAY)["asked"] == 0


def test_ended_plans_and_other_places_are_left_alone() -> None:
    episode = make_episode()
    make_plan(episode, ended_at=utc_now())
    here = make_plan(episode, K.MOOD)
    make_plan(make_episode())
    assert check_ins.send_due(TODAY, episode.location_id)["asked"] == 1
    assert [one.plan_id for one in found(CheckIn)] == [here.id]


def test_message_waits_for_the_morning_on_the_patients_clock() -> None:
    night = TODAY + timedelta(days=2)
    make_plan(make_episode(patient=make_patient(time_zone="Pacific/Honolulu")), next_on=night)
    check_ins.send_due(night)
    (message,) = found(OutboxMessage)
    assert message.not_before == datetime(night.year, night.month, night.day, 19, tzinfo=UTC)


def test_patient_who_cannot_be_written_to_is_called_once() -> None:
    episode = make_episode(patient=make_patient(email=None))
    make_plan(episode, K.MOOD, every_days=1)
    for days in range(2):
        check_ins.send_due(TODAY + timedelta(days=days))
    (to_do,) = found(ToDo)
    assert (to_do.kind, to_do.case_number) == (ToDoKind.WARM_HANDOFF, episode.case_number)
    assert {one.status for one in found(CheckIn)} == {S.DUE} and found(OutboxMessage) == []


def test_queries_do_not_grow_with_the_number_of_patients() -> None:
    def queries(patients: int, night: date) -> int:
        for _ in range(patients):
            make_plan(make_episode(), K.MOOD, next_on=night)
        with heard(store.engine_for(settings().operational_database)) as ran:
            assert check_ins.send_due(night)["asked"] == patients
        return len(ran)

    few, many = queries(2, TODAY), queries(12, TODAY + timedelta(days=1))
    assert many <= few + 3


# -- what is not answered


def asked_before(episode: Episode, *statuses: CheckInStatus, kind: CheckInKind = K.MOOD) -> list[CheckIn]:
    """A plan's check-ins with these statuses, oldest first; those that are sent are past their time."""
    plan = make_plan(episode, kind, next_on=TODAY + timedelta(days=7))
    made = []
    for back, status in enumerate(reversed(statuses), start=1):
        facts = {"due_on": TODAY - timedelta(days=7 * back), "answer_by": utc_now() - timedelta(minutes=1)}
        made.append(make_check_in(episode, plan=plan, status=status, **facts)[0])
    return made[::-1]


@pytest.mark.parametrize(
    ("statuses", "opened"),
    [
        ((S.SENT,), 0),
        ((S.UNANSWERED, S.SENT), 1),
        ((S.UNANSWERED, S.ANSWERED, S.SENT), 0),
        ((S.UNANSWERED, S.UNANSWERED, S.SENT), 0),  # told at the second; the fourth tells again
        ((S.UNANSWERED, S.UNANSWERED, S.UNANSWERED, S.SENT), 1),
        ((S.ANSWERED, S.UNANSWERED, S.SENT), 1),
        ((S.UNANSWERED, S.WITHDRAWN), 0),
    ],
)
def test_two_unanswered_in_a_row_open_an_escalation(statuses: tuple[CheckInStatus, ...], opened: int) -> None:
    episode = make_episode()
    made = asked_before(episode, *statuses)
    counts = check_ins.send_due(TODAY)
    assert counts["escalations"] == opened
    assert check_ins.send_due(TODAY)["escalations"] == 0
    follow_ups_now = found(FollowUp)
    assert [each.reasons for each in follow_ups_now] == [[FollowUpReason.TWO_UNANSWERED.value]] * opened
    if opened:
        assert (follow_ups_now[0].subject_id, follow_ups_now[0].risk_level) == (made[-1].id, RiskLevel.LOW)


def test_what_may_still_be_answered_is_left_alone() -> None:
    check_in, *_ = make_check_in(make_episode(), answer_by=utc_now() + timedelta(minutes=5))
    assert check_ins.send_due(TODAY)["unanswered"] == 0
    assert found(CheckIn, CheckIn.id == check_in.id)[0].status == S.SENT


# -- what nothing but the word rules has read


def test_words_are_read_with_the_classifier_and_counted_once() -> None:
    episode = make_episode(patient=make_patient(state="OR", consent_ai=True, consent_ai_on=TODAY))
    _, token, proof = make_check_in(episode, K.MOOD)
    check_in_answers.answer(token, proof, {1: 6}, TherapyText("We went to the lake."), read=legible)
    asked: list[bool] = []

    def reads(words: str, rules_only: bool = False) -> RiskReading:
        asked.append(rules_only)
        return legible()

    assert read_unread(episode.case_number, read=reads) == 1
    assert (asked, therapy_store.unread(episode.case_number), found(FollowUp)) == ([False], [], [])
    assert read_unread(episode.case_number, read=reads) == 0


def test_where_the_classifier_is_off_a_person_reads() -> None:
    episode = make_episode(patient=make_patient(state="IL", consent_ai=True, consent_ai_on=TODAY))
    _, token, proof = make_check_in(episode, K.MOOD)
    check_in_answers.answer(token, proof, {1: 6}, TherapyText("We went to the lake."), read=legible)
    for _ in range(2):
        read_unread(episode.case_number, read=legible)
    (opened,) = found(FollowUp)
    assert (opened.reasons, opened.risk_level) == ([FollowUpReason.WORDS_UNREAD.value], RiskLevel.LOW)


def test_answers_that_a_crash_left_unread_are_weighed_by_the_sweep() -> None:
    episode = make_episode()
    check_in, *_ = make_check_in(episode)
    therapy_store.keep_answers(
        episode.case_number, "phq9", "1", phq9(9, 3), source_key=check_in.id, complete=True, total=9, band="mild"
    )
    assert unread.sweep_unread(utc_now()) == 1
    (opened,) = found(FollowUp)
    assert (opened.subject_id, opened.risk_level) == (check_in.id, RiskLevel.HIGH)
    assert unread.sweep_unread(utc_now()) == 0


# -- the gate, its clock and its alarms


def escalation(level: RiskLevel, **given: Any) -> tuple[FollowUp, Approval]:
    episode = make_episode()
    check_in, token, proof = make_check_in(episode)
    check_in_answers.answer(token, proof, phq9(9, 3 if level == RiskLevel.HIGH else 1))
    (opened,) = found(FollowUp, FollowUp.subject_id == check_in.id)
    case = take(opened.case_number)
    follow_ups.begin.fn(case)
    approval_id = sign_offs.open_sign_off.fn(case, FollowUpStatus.ESCALATION)
    with store.reading() as db:
        return db.get_one(FollowUp, opened.case_number), db.get_one(Approval, approval_id)


def test_high_escalation_is_due_within_the_hour_and_pages_until_it_is_seen() -> None:
    _, approval = escalation(RiskLevel.HIGH)
    assert approval.due_at - approval.opened_at == timedelta(minutes=60)
    assert approval.pages_sent == 1
    watch.watch.fn(approval.opened_at + timedelta(minutes=16))
    with store.writing() as db:
        present = db.get_one(Approval, approval.id)
        assert present.pages_sent == 2
        present.seen_at = utc_now()
        db.add(present)
    watch.watch.fn(approval.opened_at + timedelta(minutes=40))
    assert found(Approval, Approval.id == approval.id)[0].pages_sent == 2


def test_moderate_escalation_does_not_page_before_it_is_overdue() -> None:
    _, approval = escalation(RiskLevel.MODERATE)
    assert approval.pages_sent == 0
    open_for = approval.due_at - approval.opened_at
    # opened before dawn it is due by that day's end, which may be more than twelve hours off
    zone = ZoneInfo("America/Los_Angeles")
    same_day = approval.due_at.astimezone(zone).date() == approval.opened_at.astimezone(zone).date()
    assert timedelta(hours=1) <= open_for and (same_day or open_for <= timedelta(hours=12))


def test_overdue_escalation_is_passed_on_to_a_colleague() -> None:
    follow_up, approval = escalation(RiskLevel.MODERATE)
    with store.reading() as db:
        place = db.get_one(Episode, follow_up.episode_number).location_id
    from models.operational import Location

    with store.reading() as db:
        colleague = make_signer(location=db.get_one(Location, place))
    assert approval.assigned_to == follow_up.clinician_id
    watch.watch.fn(approval.due_at + timedelta(minutes=1))
    assert found(Approval, Approval.id == approval.id)[0].assigned_to == colleague.id


def test_escalation_that_cannot_be_opened_pages_the_clinicians() -> None:
    episode = make_episode()
    opened = make_follow_up(episode, risk_level=RiskLevel.HIGH, status_since=utc_now() - timedelta(minutes=3))
    watch.watch.fn()
    pages = found(OutboxMessage, OutboxMessage.case_number == opened.case_number)
    assert {page.to_staff_id for page in pages} == {episode.clinician_id}
    assert found(FollowUp, FollowUp.case_number == opened.case_number)[0].wake_wanted


def test_sign_off_holds_the_answers_and_proposes_nothing() -> None:
    import json

    follow_up, approval = escalation(RiskLevel.HIGH)
    content = json.loads(therapy_store.sign_off_content(approval.id, actor="test", where="test").unwrap())
    assert (content["done"], content["episode"], content["level"]) == ("", follow_up.episode_number, "high")
    assert content["measures"][-1]["answers"]["9"] == 3
    assert approval.status == ApprovalStatus.OPEN


def test_first_run_of_a_follow_up_is_started_by_the_worker_and_an_episode_never_has_one(prefect: Any) -> None:
    import asyncio

    from tasks import runs

    urgent = make_follow_up(make_episode(), risk_level=RiskLevel.HIGH)
    make_follow_up(make_episode(), status=FollowUpStatus.CLOSED_SENT, closed_at=utc_now())
    for _ in range(2):
        asyncio.run(runs.start_missing_runs())
    started = [(each["deployment"], each["parameters"], each["tags"]) for each in prefect.started]
    assert started == [("between-sessions/follow-up", {"case_number": urgent.case_number}, ["follow-up"])]
    assert found(FollowUp, col(FollowUp.run_id).is_not(None))[0].case_number == urgent.case_number
