"""What the night would do where a workflow runs in the shadow: noted for many at once, done to nobody."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import tuple_
from sqlmodel import Session, col, or_, select

from acts import reminders
from acts.patient_messages import channel_for
from acts.reminders import STANDING
from acts.shadow_notes import Would, keep, noted
from acts.waitlist_offers import freed_slots, would_offer
from adapters import operational_store as store
from adapters.held_places import shadow_places
from adapters.log_lines import log_of
from models.columns import utc_now
from models.governance_codes import Workflow
from models.operational import Appointment, CheckIn, CheckInPlan, Episode, Patient, Slot
from models.standing import ShadowKind
from rules import check_ins as check_in_rules
from rules.reminders import ReminderPlan, spelled
from tasks import calendars, check_ins, coverage_checks

log = log_of(__name__)

AT_ONCE = 1_000
TIMES = 250
DAYS_AHEAD = 3
BY_CALL = "call"
K = ShadowKind


def note_night(night: date, location_id: str = "all") -> dict[str, int]:
    """Note what the night would do at every location in the shadow; returns how many new notes of what.

    Chunk after chunk, in a fixed number of queries each; again notes nothing twice. What cannot be computed is logged,
    counted under ``untold``, and noted nowhere: the shadow must not disturb the night it runs in.
    """
    now = utc_now()
    counts: dict[str, int] = {}
    for kind, note in NOTED.items():
        try:
            counts[kind.value] = note(night, location_id, now)
        except Exception as trouble:  # never its words
            log.warning("the shadow's part of the night was not noted", subject=kind.value, trouble=trouble)
            counts["untold"] = counts.get("untold", 0) + 1
    return counts


def note_freed(slots: Sequence[Slot], now: datetime) -> int:
    """Note whom these freed times would be offered to, where scheduling runs in the shadow; never raises."""
    try:
        with store.reading() as db:
            places = shadow_places(db, Workflow.SCHEDULING)
            would = _offers(db, [slot for slot in slots if slot.location_id in places], now) if places else []
        return _kept(would)
    except Exception as trouble:
        log.warning("what the shadow would offer was not noted", subject=K.WAITLIST.value, trouble=trouble)
        return 0


def _kept(would: Sequence[Would]) -> int:
    if not would:
        return 0
    with store.writing() as db:
        return keep(db, would)


# -- scheduling


def _reminders(night: date, location_id: str, now: datetime) -> int:
    with store.reading() as db:
        places = shadow_places(db, Workflow.SCHEDULING, location_id)
        if not places:
            return 0
        by = reminders.figures(db)
    ahead = timedelta(days=by.reminders.ahead_days)
    until = min(now + ahead, datetime.combine(night, time(), UTC) + timedelta(days=1) + ahead)
    new, last = 0, ""
    while True:
        with store.reading() as db:
            found = db.exec(
                select(Appointment)
                .where(
                    col(Appointment.status).in_(STANDING),
                    col(Appointment.starts_at) > now,
                    col(Appointment.starts_at) < until,
                    or_(col(Appointment.reminders_for).is_(None), Appointment.reminders_for != Appointment.starts_at),
                    col(Appointment.location_id).in_(places),
                    Appointment.id > last,
                )
                .order_by(col(Appointment.id))
                .limit(AT_ONCE)
            ).all()
            known = noted(db, K.REMINDERS, [each.id for each in found])
            plans = reminders.would_plan(db, [each for each in found if each.id not in known], now, by)
        new += _kept([_reminder(each, plan) for each, plan in plans])
        if len(found) < AT_ONCE:
            return new
        last = found[-1].id


def _reminder(appointment: Appointment, plan: ReminderPlan) -> Would:
    content = {
        "plan": spelled(plan.hours_before),
        "by": plan.channel.value if plan.channel else BY_CALL,
        "messages": len(plan.reminders),
    }
    return Would(K.REMINDERS, appointment.id, appointment.case_number, appointment.location_id, content)


def _waitlist(night: date, location_id: str, now: datetime) -> int:
    with store.reading() as db:
        places = shadow_places(db, Workflow.SCHEDULING, location_id)
    if not places:
        return 0
    new, after = 0, None
    while True:
        with store.reading() as db:
            slots = freed_slots(db, now, places, after=after, limit=TIMES)
            would = _offers(db, slots, now)
        new += _kept(would)
        if len(slots) < TIMES:
            return new
        after = (slots[-1].starts_at, slots[-1].id)


def _offers(db: Session, slots: Sequence[Slot], now: datetime) -> list[Would]:
    return [
        Would(
            K.WAITLIST,
            each.slot.id,
            each.case_number,
            each.slot.location_id,
            {"offered": list(each.offered), "ranked": list(each.ranked)},
        )
        for each in would_offer(db, slots, now)
    ]


def _series(night: date, location_id: str, now: datetime) -> int:
    with store.reading() as db:
        places = shadow_places(db, Workflow.SCHEDULING, location_id)
    if not places:
        return 0
    new, after = 0, ("", "")
    while True:
        with store.reading() as db:
            chunk = calendars.series_behind(db, after, places)
            planned = calendars.would_extend(db, chunk, night)
            subjects = [f"{each.series.id}:{each.occurrence.occurs_on}" for each in planned]
            known = noted(db, K.SERIES, subjects)
        new += _kept(
            [
                Would(
                    K.SERIES,
                    subject,
                    each.series.case_number,
                    each.series.location_id,
                    {"fits": each.fits, "against": sorted({one.kind.value for one in each.against})},
                )
                for subject, each in zip(subjects, planned, strict=True)
                if subject not in known
            ]
        )
        if len(chunk) < calendars.CHUNK:
            return new
        after = (chunk[-1].clinician_id, chunk[-1].id)


# -- between sessions


def _check_ins(night: date, location_id: str, now: datetime) -> int:
    """What silence means goes on at every level, so there is nothing else of it to note."""
    with store.reading() as db:
        places = shadow_places(db, Workflow.FOLLOW_UP, location_id)
    if not places:
        return 0
    new, last = 0, ""
    while True:
        with store.reading() as db:
            found = db.exec(
                select(CheckInPlan, Episode, Patient)
                .join(Episode, col(Episode.case_number) == col(CheckInPlan.case_number))
                .join(Patient, col(Patient.id) == col(Episode.patient_id))
                .where(*check_ins.asked_by(night), col(Episode.location_id).in_(places), CheckInPlan.id > last)
                .order_by(col(CheckInPlan.id))
                .limit(AT_ONCE)
            ).all()
            would = [each for row in found if (each := _check_in(*row, night)) is not None]
            subjects = [each.subject_id for each in would]
            asked = set(db.exec(select(CheckIn.id).where(col(CheckIn.id).in_(subjects))).all())
            known = noted(db, K.CHECK_IN, subjects) | asked
        new += _kept([each for each in would if each.subject_id not in known])
        if len(found) < AT_ONCE:
            return new
        last = found[-1][0].id


def _check_in(plan: CheckInPlan, episode: Episode, patient: Patient, night: date) -> Would | None:
    due = check_in_rules.due_on(plan.next_on, plan.every_days, plan.until_on, night)
    if due is None:
        return None
    channel = channel_for(patient)
    content = {"due_on": due.due_on.isoformat(), "by": channel.value if channel else BY_CALL}
    subject = check_ins.check_in_id(plan.id, due.due_on)
    return Would(K.CHECK_IN, subject, plan.case_number, episode.location_id, content)


# -- claims


def _coverage(night: date, location_id: str, now: datetime) -> int:
    with store.reading() as db:
        places = shadow_places(db, Workflow.CLAIMS, location_id)
    if not places:
        return 0
    query = (
        select(Appointment)
        .where(*coverage_checks.ahead(now, DAYS_AHEAD), col(Appointment.location_id).in_(places))
        .order_by(col(Appointment.starts_at), col(Appointment.id))
        .limit(AT_ONCE)
    )
    new, after = 0, None
    while True:
        later = query
        if after is not None:
            later = query.where(tuple_(col(Appointment.starts_at), col(Appointment.id)) > after)
        with store.reading() as db:
            found = db.exec(later).all()
            questions = coverage_checks.unasked(db, found)
            known = noted(db, K.COVERAGE, questions)
        new += _kept(
            [
                Would(
                    K.COVERAGE, key, each.case_number, each.location_id, {"service_date": each.service_date.isoformat()}
                )
                for key, each in questions.items()
                if key not in known
            ]
        )
        if len(found) < AT_ONCE:
            return new
        after = (found[-1].starts_at, found[-1].id)


NOTED: Mapping[ShadowKind, Callable[[date, str, datetime], int]] = {
    K.SERIES: _series,
    K.COVERAGE: _coverage,
    K.REMINDERS: _reminders,
    K.WAITLIST: _waitlist,
    K.CHECK_IN: _check_ins,
}
