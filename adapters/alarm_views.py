"""What is on record of alarms: which were raised, when the page left, when somebody acted, and what last beat."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from adapters.desk_views import MISSED_WATCHES, WATCH, WORKER_SILENT
from adapters.settings import settings
from models.codes import MessageChannel, MessageStatus
from models.operational import (
    AlarmTest,
    AuditEvent,
    Heartbeat,
    NightPart,
    OutboxMessage,
    Staff,
    WorkerBeat,
)

TEST = "page_alarm_test"
"""The template of a test; tests are no alarms and are counted apart."""
NIGHT_SILENT = timedelta(hours=36)
TESTS_SHOWN = 10
ACTED = (
    *("approval.seen", "decision.signed", "approval.reassigned", "session_risk.seen"),
    *("to_do.claimed", "to_do.done", "to_do.no_answer"),
)
"""What says that somebody has taken notice: that the alarm's own cause moves the case is no act of anybody's."""


@dataclass(frozen=True)
class Beat:
    """Something that must say it lives: what, when it last did, how long it may be silent."""

    what: str
    at: datetime | None
    allowed: timedelta
    silent: bool


@dataclass(frozen=True)
class Alarm:
    """One alarm: all pages about one case and reason until somebody acted on the case; or one page about none."""

    template: str
    case_number: str | None
    raised_at: datetime
    left_at: datetime | None
    acted_at: datetime | None
    failed: bool


@dataclass(frozen=True)
class TestOfAlarm:
    """One test with what became of it; ``left_at`` is when the first of its pages left."""

    test: AlarmTest
    left_at: datetime | None


def beats(db: Session, now: datetime) -> list[Beat]:
    """What last beat: the watch over every wait and whatever else beats by name, the workers, the night."""
    watch = timedelta(seconds=MISSED_WATCHES * settings().watch_every_seconds)
    named = {each.name: each.at for each in db.exec(select(Heartbeat).order_by(Heartbeat.name)).all()}
    found: list[tuple[str, datetime | None, timedelta]] = [("checking waits", named.pop(WATCH, None), watch)]
    found += [(name, at, watch) for name, at in named.items()]
    found.append(("moving cases on", db.exec(select(func.max(WorkerBeat.at))).one(), WORKER_SILENT))
    found.append(("the night's work", db.exec(select(func.max(NightPart.finished_at))).one(), NIGHT_SILENT))
    return [Beat(what, at, allowed, at is None or now - at > allowed) for what, at, allowed in found]


def alarms(db: Session, begin: datetime, end: datetime, among: Container[str]) -> list[Alarm]:
    """The alarms raised in a period about these cases, or about none."""
    pages = db.exec(
        select(OutboxMessage)
        .where(
            OutboxMessage.channel == MessageChannel.PAGE,
            OutboxMessage.template != TEST,
            col(OutboxMessage.created_at) >= begin,
            col(OutboxMessage.created_at) < end,
        )
        .order_by(col(OutboxMessage.created_at), OutboxMessage.id)
    ).all()
    wanted = [page for page in pages if page.case_number is None or page.case_number in among]
    acts = _acts(db, sorted({page.case_number for page in wanted if page.case_number}), begin)
    found: list[Alarm] = []
    until: dict[tuple[str, str], datetime] = {}
    for page in wanted:
        failed = page.status == MessageStatus.FAILED
        if page.case_number is None:
            found.append(Alarm(page.template, None, page.created_at, page.sent_at, None, failed))
            continue
        key = (page.template, page.case_number)
        if key in until and page.created_at <= until[key]:
            continue  # the same alarm, to another person or once more
        acted = next((at for at in acts.get(page.case_number, ()) if at > page.created_at), None)
        until[key] = acted or end
        found.append(Alarm(page.template, page.case_number, page.created_at, page.sent_at, acted, failed))
    return found


def _acts(db: Session, case_numbers: Sequence[str], begin: datetime) -> dict[str, list[datetime]]:
    """When a member of staff first opened, took, did or decided something of these cases, in order."""
    found: dict[str, list[datetime]] = {}
    people = select(Staff.id)
    for at in range(0, len(case_numbers), 500):
        for number, moment in db.exec(
            select(AuditEvent.case_number, AuditEvent.at)
            .where(
                col(AuditEvent.case_number).in_(case_numbers[at : at + 500]),
                col(AuditEvent.at) >= begin,
                col(AuditEvent.action).in_(ACTED),
                col(AuditEvent.actor).in_(people),
            )
            .order_by(col(AuditEvent.at))
        ).all():
            found.setdefault(number or "", []).append(moment)
    return found


def tests(db: Session, location_ids: Container[str]) -> list[TestOfAlarm]:
    """The last tests of the alarm at these locations, the newest first."""
    rows = db.exec(select(AlarmTest).order_by(col(AlarmTest.raised_at).desc(), AlarmTest.id)).all()
    shown = [row for row in rows if row.location_id in location_ids][:TESTS_SHOWN]
    return [
        TestOfAlarm(
            row,
            db.exec(
                select(func.min(OutboxMessage.sent_at)).where(col(OutboxMessage.unique_key).startswith(f"{row.id}:"))
            ).one(),
        )
        for row in shown
    ]


def waiting_tests(db: Session, staff_id: str) -> list[AlarmTest]:
    """The tests that were paged to this person and that nobody has acknowledged yet."""
    open_ones = db.exec(select(AlarmTest).where(col(AlarmTest.acknowledged_at).is_(None))).all()
    keys = [f"{each.id}:{staff_id}" for each in open_ones]
    paged = set(db.exec(select(OutboxMessage.unique_key).where(col(OutboxMessage.unique_key).in_(keys))).all())
    return [each for each in open_ones if f"{each.id}:{staff_id}" in paged]
