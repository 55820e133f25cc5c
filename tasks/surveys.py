"""The night's surveys on whole tables: who has begun or ended care is asked once how satisfied they are."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from acts.patient_messages import channel_for
from adapters import operational_store as store
from adapters.portal_links import keep_links, new_link
from adapters.scorecard_tables import SURVEY_KEY
from models.codes import LinkPurpose, MessageChannel
from models.columns import new_id, utc_now
from models.operational import Episode, Location, Patient, PortalLink, SatisfactionSurvey
from models.scheduling_codes import SurveyMoment
from rules import messaging
from rules.surveys import ASKED_WITHIN, CareFacts, moment_to_ask

TEMPLATE = "survey"
SENT_AT = time(11)
"""On the patient's clock."""
LINK_DAYS = 21
AT_ONCE = 1000
THROUGH_US = "RF-"


@dataclass(frozen=True)
class _Row:
    """One patient in care who is asked now."""

    episode: Episode
    patient: Patient
    zone: str
    moment: SurveyMoment
    channel: MessageChannel


def ask_due(night: date, location_id: str = "all") -> dict[str, int]:
    """Ask whoever began or ended care in the last days, each moment once; returns counts. Safe to run again.

    Who cannot be written to is not called for it, and who opted out of messages or of surveys is not asked.
    """
    counts: Counter[str] = Counter(asked=0)
    now, last = utc_now(), ""
    while True:
        with store.writing() as db:
            found = _in_question(db, night, location_id, last)
            rows = _to_ask(db, found, night)
            surveys = [_survey(row, night, now) for row in rows]
            db.add_all(surveys)
            db.flush()
            links = [_link(survey, row) for survey, row in zip(surveys, rows, strict=True)]
            keep_links(db, links)
            for survey in surveys:
                store.audit(db, "system", "survey.asked", survey, survey.case_number, moment=survey.moment.value)
            messages = [_message(*each, now) for each in zip(surveys, rows, links, strict=True)]
            counts["asked"] += store.queue_messages(db, messages)
            last = found[-1][0].case_number if found else ""
        if len(found) < AT_ONCE:
            return dict(counts)


def _in_question(db: Session, night: date, location_id: str, after: str) -> Sequence[tuple[Episode, Patient, str]]:
    """Whoever began or ended care lately; the dates of their own places are looked at next."""
    since = night - ASKED_WITHIN - timedelta(days=1)
    ended = col(Episode.closed_at) >= datetime.combine(since, time(), ZoneInfo("UTC"))
    query = (
        select(Episode, Patient, Location.time_zone)
        .join(Patient, col(Patient.id) == col(Episode.patient_id))
        .join(Location, col(Location.id) == col(Episode.location_id))
        .where(
            (col(Episode.started_on) >= since) | ended,
            col(Patient.forgotten_at).is_(None),
            col(Episode.case_number) > after,
        )
        .order_by(col(Episode.case_number))
        .limit(AT_ONCE)
    )
    if location_id != "all":
        query = query.where(Episode.location_id == location_id)
    return db.exec(query).all()


def _to_ask(db: Session, found: Sequence[tuple[Episode, Patient, str]], night: date) -> list[_Row]:
    asked, no_more = _asked(db, [patient.id for _, patient, _ in found])
    rows = []
    for episode, patient, zone in found:
        facts = CareFacts(
            began_on=episode.started_on,
            ended_on=episode.closed_at.astimezone(ZoneInfo(zone)).date() if episode.closed_at else None,
            began_here=episode.opened_by.startswith(THROUGH_US),
            asked=frozenset(asked[episode.case_number]),
            no_more=patient.id in no_more,
            opted_out=patient.sms_stopped_at is not None,
        )
        moment, channel = moment_to_ask(facts, night), channel_for(patient)
        if moment is not None and channel is not None:
            rows.append(_Row(episode, patient, patient.time_zone or zone, moment, channel))
    return rows


def _asked(db: Session, patient_ids: Sequence[str]) -> tuple[defaultdict[str, set[SurveyMoment]], set[str]]:
    """Which moments were asked about, by case; which of these patients want to be asked no more."""
    asked: defaultdict[str, set[SurveyMoment]] = defaultdict(set)
    no_more: set[str] = set()
    known = select(SatisfactionSurvey).where(col(SatisfactionSurvey.patient_id).in_(patient_ids))
    for survey in db.exec(known).all():
        asked[survey.case_number].add(survey.moment)
        if survey.no_more:
            no_more.add(survey.patient_id)
    return asked, no_more


def _survey(row: _Row, night: date, now: datetime) -> SatisfactionSurvey:
    return SatisfactionSurvey(
        id=new_id("SV"),
        case_number=row.episode.case_number,
        patient_id=row.patient.id,
        location_id=row.episode.location_id,
        moment=row.moment,
        asked_on=night,
        asked_at=now,
    )


def _link(survey: SatisfactionSurvey, row: _Row) -> PortalLink:
    return new_link(survey.case_number, LinkPurpose.SURVEY, row.episode.version, LINK_DAYS, subject_id=survey.id)


def _message(survey: SatisfactionSurvey, row: _Row, link: PortalLink, now: datetime) -> dict[str, Any]:
    at = max(datetime.combine(survey.asked_on, SENT_AT, ZoneInfo(row.zone)), now)
    return {
        "id": new_id("MS"),
        "unique_key": f"{SURVEY_KEY}{survey.id}",
        "channel": row.channel,
        "template": TEMPLATE,
        "case_number": survey.case_number,
        "to_patient_id": row.patient.id,
        "facts": {"link_id": link.id},
        "not_before": messaging.next_send_time(at, row.zone) if row.channel == MessageChannel.SMS else at,
    }
