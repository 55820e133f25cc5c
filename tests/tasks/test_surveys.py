"""The night's surveys: who is asked once, who is left alone, what an answer leaves behind."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import inspect
from sqlmodel import select

from acts import surveys
from acts.surveys import SurveyAnswered
from adapters import operational_store as store
from adapters import undelivered
from adapters.portal_links import make_proof, token_of
from models.codes import EpisodeStatus, LinkPurpose, MessageChannel
from models.columns import utc_now
from models.operational import (
    AuditEvent,
    Episode,
    OutboxMessage,
    PortalLink,
    SatisfactionAnswer,
    SatisfactionSurvey,
    ToDo,
)
from models.scheduling_codes import SurveyMoment
from tasks.surveys import ask_due
from tests.factories import make_episode, make_location, make_patient, make_survey

TODAY = utc_now().date()
pytestmark = pytest.mark.usefixtures("home")


def found(record: Any, *where: Any) -> list[Any]:
    with store.reading() as db:
        return list(db.exec(select(record).where(*where)).all())


def began(days: int = 2, **given: Any) -> Episode:
    return make_episode(started_on=TODAY - timedelta(days=days), opened_by="RF-000001", **given)


def test_who_began_care_is_asked_once() -> None:
    episode = began()
    began(0), began(40)
    assert [ask_due(TODAY), ask_due(TODAY), ask_due(TODAY + timedelta(days=1))][:2] == [{"asked": 1}, {"asked": 0}]
    survey = found(SatisfactionSurvey, SatisfactionSurvey.case_number == episode.case_number)[0]
    assert (survey.moment, survey.asked_on, survey.answered) == (SurveyMoment.AFTER_FIRST, TODAY, False)
    message = found(OutboxMessage, OutboxMessage.unique_key == f"survey:{survey.id}")[0]
    link = found(PortalLink, PortalLink.subject_id == survey.id)[0]
    assert (message.template, message.facts) == ("survey", {"link_id": link.id})
    assert (link.purpose, link.case_number) == (LinkPurpose.SURVEY, episode.case_number)


def test_who_ended_care_is_asked_about_the_end_alone() -> None:
    ended = utc_now() - timedelta(days=3)
    began(5, status=EpisodeStatus.CLOSED_ENDED, closed_at=ended)
    assert ask_due(TODAY) == {"asked": 1}
    assert [each.moment for each in found(SatisfactionSurvey)] == [SurveyMoment.AT_END]


def test_who_opted_out_or_cannot_be_written_to_is_not_asked() -> None:
    began(patient=make_patient(sms_stopped_at=utc_now()))
    began(patient=make_patient(email=None, preferred_channel="phone"))
    began(patient=make_patient(forgotten_at=utc_now()))
    earlier = make_patient()
    make_survey(make_episode(patient=earlier), no_more=True)
    began(patient=earlier)
    assert ask_due(TODAY) == {"asked": 0}
    assert found(OutboxMessage) == [] and found(ToDo) == []


def test_one_location_asks_its_own() -> None:
    here, there = make_location(), make_location()
    began(location=here), began(location=there)
    assert ask_due(TODAY, here.id) == {"asked": 1}
    assert {each.location_id for each in found(SatisfactionSurvey)} == {here.id}


def test_text_message_waits_for_sending_hours() -> None:
    began(patient=make_patient(preferred_channel="sms"))
    ask_due(TODAY)
    (message,) = found(OutboxMessage)
    assert message.channel == MessageChannel.SMS
    assert message.not_before >= utc_now() - timedelta(minutes=1)


def test_undelivered_survey_is_nobodys_work() -> None:
    began()
    ask_due(TODAY)
    with store.writing() as db:
        undelivered.make_it_work(db, db.exec(select(OutboxMessage)).one(), "system")
    assert found(ToDo) == []


def answered(survey: SatisfactionSurvey, link: Any, *given: Any, **more: Any) -> None:
    surveys.answer(token_of(link.record), make_proof(link.record.id), *given, **more)


def test_answer_is_kept_apart_from_whose_it_is() -> None:
    episode = make_episode(status=EpisodeStatus.CLOSED_ENDED)
    survey, link = make_survey(episode, moment=SurveyMoment.AT_END)
    answered(survey, link, 4, 10)
    (kept,) = found(SatisfactionAnswer)
    assert (kept.satisfied, kept.recommends, kept.location_id) == (4, 10, episode.location_id)
    assert kept.month == survey.asked_on.replace(day=1)
    columns = {column.name for column in inspect(SatisfactionAnswer).columns}
    assert columns == {"id", "location_id", "moment", "month", "satisfied", "recommends"}
    (present,) = found(SatisfactionSurvey)
    assert (present.answered, present.no_more) == (True, False)
    (event,) = found(AuditEvent, AuditEvent.action == "survey.answered")
    assert (event.subject_id, event.details) == (survey.id, {"no_more": False})


def test_second_answer_is_not_kept() -> None:
    survey, link = make_survey(make_episode())
    answered(survey, link, 5, None)
    with pytest.raises(SurveyAnswered):
        answered(survey, link, 1, 1)
    assert [each.satisfied for each in found(SatisfactionAnswer)] == [5]


def test_who_wants_to_be_left_alone_may_say_just_that() -> None:
    survey, link = make_survey(make_episode())
    with pytest.raises(ValueError):
        answered(survey, link, None, None)
    answered(survey, link, None, None, no_more=True)
    (present,) = found(SatisfactionSurvey)
    assert (present.answered, present.no_more) == (False, True)
    assert found(SatisfactionAnswer) == []
