"""The night's check-ins on whole tables: what is due is asked, what was not answered is noted and escalated."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from acts.follow_ups import Wanted, open_escalations
from acts.patient_messages import channel_for
from acts.practice_clocks import check_in_policy
from adapters import operational_store as store
from adapters.held_places import not_held
from adapters.portal_links import keep_links
from adapters.undelivered import CALL_KEY, WITHIN
from models.codes import EpisodeStatus, LinkPurpose, MessageChannel, Role, ToDoKind
from models.columns import new_id, utc_now
from models.governance_codes import Workflow
from models.operational import CheckIn, CheckInPlan, Episode, Location, Patient, PortalLink, ToDo
from models.scheduling_codes import CheckInStatus
from rules import check_ins, messaging
from rules.check_ins import CheckInPolicy

AT_ONCE = 1000
LATE_DAYS = 14
"""How long after its time an answer still counts."""
TEMPLATE = "check_in"
S = CheckInStatus


def send_due(night: date, location_id: str = "all") -> dict[str, int]:
    """Ask every patient in care what is due by this date, once; returns counts.

    Safe to run again, for any date: what was asked is not asked twice. One message for all that is due at once.
    """
    counts: Counter[str] = Counter(asked=0, messages=0, to_call=0, unanswered=0, escalations=0)
    now = utc_now()
    for _ in _until_none(lambda: _note_unanswered(now, location_id, counts)):
        pass
    for _ in _until_none(lambda: _ask(night, now, location_id, counts)):
        pass
    return dict(counts)


def _until_none(act: Any) -> Iterator[int]:
    """Chunk after chunk, each in a transaction of its own, until there is none."""
    for chunk in count():
        if not act():
            return
        yield chunk


@dataclass(frozen=True)
class _Row:
    """One plan that is due, with whom it asks and where."""

    plan: CheckInPlan
    episode: Episode
    patient: Patient
    zone: str
    due: check_ins.Due


# -- what is due


def _ask(night: date, now: datetime, location_id: str, counts: Counter[str]) -> int:
    with store.writing() as db:
        found = _due(db, night, location_id)
        rows = _not_asked_yet(db, _still_due(db, found, night), now)
        policy = check_in_policy(db)
        made = [_check_in(row, policy) for row in rows]
        links = [_link(check_in, row, now) for check_in, row in zip(made, rows, strict=True)]
        messages, to_call = _messages(rows, links, now)
        for check_in, row in zip(made, rows, strict=True):
            written = channel_for(row.patient) is not None
            check_in.status = S.SENT if written else S.DUE
            check_in.sent_at = now if written else None
            _move_plan(row, now)
        db.add_all(made)
        for check_in in made:
            store.audit(db, "system", "check_in.asked", check_in, check_in.case_number, kind=check_in.kind.value)
        keep_links(db, links)
        counts.update(
            asked=len(made), messages=store.queue_messages(db, messages), to_call=store.open_to_dos(db, to_call)
        )
        return len(found)


def _due(db: Session, night: date, location_id: str) -> Sequence[tuple[CheckInPlan, Episode, Patient, str]]:
    query = (
        select(CheckInPlan, Episode, Patient, Location.time_zone)
        .join(Episode, col(Episode.case_number) == col(CheckInPlan.case_number))
        .join(Patient, col(Patient.id) == col(Episode.patient_id))
        .join(Location, col(Location.id) == col(Episode.location_id))
        .where(*asked_by(night), not_held(Workflow.FOLLOW_UP, Episode.location_id))
        .order_by(col(CheckInPlan.case_number), col(CheckInPlan.id))
        .limit(AT_ONCE)
        .with_for_update(of=CheckInPlan)
    )
    if location_id != "all":
        query = query.where(Episode.location_id == location_id)
    return db.exec(query).all()


def asked_by(night: date) -> tuple[Any, ...]:
    """Which plans, joined with their episode and patient, ask something by this date."""
    return (
        col(CheckInPlan.next_on) <= night,
        col(CheckInPlan.ended_at).is_(None),
        Episode.status == EpisodeStatus.ACTIVE,
        col(Patient.forgotten_at).is_(None),
    )


def _still_due(db: Session, found: Sequence[tuple[CheckInPlan, Episode, Patient, str]], night: date) -> list[_Row]:
    rows = []
    for plan, episode, patient, zone in found:
        due = check_ins.due_on(plan.next_on, plan.every_days, plan.until_on, night)
        # a plan whose last date lies before its next one is over: its last check-in was asked
        if due is None:
            plan.ended_at = utc_now()
            db.add(plan)
            store.audit(db, "system", "check_in.ended", plan, plan.case_number, kind=plan.kind.value)
            continue
        rows.append(_Row(plan, episode, patient, patient.time_zone or zone, due))
    return rows


def _not_asked_yet(db: Session, rows: Sequence[_Row], now: datetime) -> list[_Row]:
    """Without what was asked for that date before; such a plan only moves on."""
    known = set(
        db.exec(
            select(col(CheckIn.plan_id), col(CheckIn.due_on)).where(
                col(CheckIn.plan_id).in_([row.plan.id for row in rows]),
                col(CheckIn.due_on).in_({row.due.due_on for row in rows}),
            )
        ).all()
    )
    for row in rows:
        if (row.plan.id, row.due.due_on) in known:
            _move_plan(row, now)
    return [row for row in rows if (row.plan.id, row.due.due_on) not in known]


def _check_in(row: _Row, policy: CheckInPolicy) -> CheckIn:
    """Named by its plan and date, so that the same one cannot be made twice."""
    plan, day = row.plan, row.due.due_on
    return CheckIn(
        id=check_in_id(plan.id, day),
        plan_id=plan.id,
        case_number=plan.case_number,
        kind=plan.kind,
        due_on=day,
        answer_by=check_ins.answer_by(day, plan.every_days, row.zone, policy),
    )


def check_in_id(plan_id: str, day: date) -> str:
    return f"CI-{plan_id.removeprefix('CP-')}-{day:%y%m%d}"


def _link(check_in: CheckIn, row: _Row, now: datetime) -> PortalLink:
    until = max(check_in.answer_by or now, now) + timedelta(days=LATE_DAYS)
    return PortalLink(
        id=new_id("PL"),
        case_number=check_in.case_number,
        purpose=LinkPurpose.CHECK_IN,
        subject_id=check_in.id,
        round=row.episode.version,
        expires_at=until,
    )


def _messages(
    rows: Sequence[_Row], links: Sequence[PortalLink], now: datetime
) -> tuple[list[dict[str, Any]], list[ToDo]]:
    """One message for each patient, whose link leads from one check-in to the next; a call where none can be sent."""
    messages: dict[str, dict[str, Any]] = {}
    to_call: dict[str, ToDo] = {}
    for row, link in zip(rows, links, strict=True):
        channel, number = channel_for(row.patient), row.episode.case_number
        if channel is None:
            key = f"{CALL_KEY}{number}:{TEMPLATE}"
            to_call.setdefault(key, _call(row, key, now))
            continue
        key = f"check-ins:{number}:{row.due.due_on}"
        if key not in messages:
            messages[key] = _message(row, link, key, channel, now)
    return list(messages.values()), list(to_call.values())


def _message(row: _Row, link: PortalLink, key: str, channel: MessageChannel, now: datetime) -> dict[str, Any]:
    at = max(check_ins.asked_at(row.due.due_on, row.zone), now)
    return {
        "id": new_id("MS"),
        "unique_key": key,
        "channel": channel,
        "template": TEMPLATE,
        "case_number": row.episode.case_number,
        "to_patient_id": row.patient.id,
        "facts": {"link_id": link.id},
        "not_before": messaging.next_send_time(at, row.zone) if channel == MessageChannel.SMS else at,
    }


def _call(row: _Row, key: str, now: datetime) -> ToDo:
    return ToDo(
        id=new_id("TD"),
        unique_key=key,
        case_number=row.episode.case_number,
        kind=ToDoKind.WARM_HANDOFF,
        role=Role.COORDINATOR,
        location_id=row.episode.location_id,
        due_at=now + WITHIN,
    )


def _move_plan(row: _Row, now: datetime) -> None:
    if row.due.next_on is None:
        row.plan.ended_at = now
    else:
        row.plan.next_on = row.due.next_on


# -- what was not answered


def _note_unanswered(now: datetime, location_id: str, counts: Counter[str]) -> int:
    """Mark what nobody has answered in time; two in a row are a clinician's to look at."""
    with store.writing() as db:
        query = (
            select(CheckIn, Episode)
            .join(Episode, col(Episode.case_number) == col(CheckIn.case_number))
            .where(CheckIn.status == S.SENT, col(CheckIn.answer_by) <= now, Episode.status == EpisodeStatus.ACTIVE)
            .order_by(col(CheckIn.id))
            .limit(AT_ONCE)
            .with_for_update(of=CheckIn)
        )
        if location_id != "all":
            query = query.where(Episode.location_id == location_id)
        found = db.exec(query).all()
        store.set_statuses(db, [check_in for check_in, _ in found], S.UNANSWERED, "system")
        episodes = {check_in.plan_id: episode for check_in, episode in found}
        counts.update(unanswered=len(found), escalations=open_escalations(db, _silences(db, episodes)))
        return len(found)


def _silences(db: Session, episodes: dict[str, Episode]) -> list[Wanted]:
    """Of each of these plans, whether so many check-ins in a row have no answer that a clinician must look."""
    wanted, policy = [], check_in_policy(db)
    for plan_id, ids in _unanswered_in_a_row(db, list(episodes)).items():
        found = check_ins.from_silence(len(ids), policy)
        if found is not None:
            key = f"silence:{plan_id}:{ids[0]}:{len(ids)}"
            wanted.append(Wanted(episodes[plan_id], found, key, ids[-1]))
    return wanted


def _unanswered_in_a_row(db: Session, plan_ids: Sequence[str]) -> dict[str, list[str]]:
    """The check-ins of each plan that were not answered since the last that was, oldest first."""
    other = aliased(CheckIn)
    last = (
        select(other.plan_id, func.max(other.due_on).label("due_on"))
        .where(col(other.plan_id).in_(plan_ids), other.status == S.ANSWERED)
        .group_by(col(other.plan_id))
        .subquery()
    )
    rows = db.exec(
        select(CheckIn.plan_id, CheckIn.id)
        .join(last, last.c.plan_id == CheckIn.plan_id, isouter=True)
        .where(
            col(CheckIn.plan_id).in_(plan_ids),
            CheckIn.status == S.UNANSWERED,
            last.c.due_on.is_(None) | (col(CheckIn.due_on) > last.c.due_on),
        )
        .order_by(col(CheckIn.plan_id), col(CheckIn.due_on))
    ).all()
    found: dict[str, list[str]] = defaultdict(list)
    for plan_id, check_in_id in rows:
        found[plan_id].append(check_in_id)
    return found
