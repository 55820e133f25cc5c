"""What was noted in the shadow beside what the staff did, read set-wise for one workflow at one location."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from adapters.undelivered import CALL_KEY
from models.codes import SIGNED, AppointmentStatus, ApprovalKind, ClaimStatus, MessageStatus, NoteStatus, ToDoStatus
from models.governance_codes import Workflow
from models.operational import (
    Appointment,
    Approval,
    CheckIn,
    CheckInPlan,
    Claim,
    Decision,
    EligibilityCheck,
    Episode,
    FollowUp,
    OutboxMessage,
    Referral,
    Series,
    SessionNote,
    ShadowAction,
    Slot,
    ToDo,
    WaitlistEntry,
)
from models.scheduling_codes import FollowUpKind
from models.standing import SHADOW_WORKFLOWS, ShadowKind
from rules.recurrence import moment
from rules.shadow import Compared, Did, Figure, How, compare, fair, figure

WINDOW = timedelta(days=90)
MOST = 5_000
"""The newest so many notes of a workflow at a location are read; an older one says little of what would be done now."""
IN_ONE_QUERY = 1_000
WITHIN = timedelta(days=7)
"""Within which a message by hand stands for a check-in."""
REMINDER = "appointment_reminder"
GONE = (AppointmentStatus.CANCELLED, AppointmentStatus.LATE_CANCELLED)
NOT_BUILT = (
    *(ClaimStatus.RECEIVED, ClaimStatus.COVERAGE_ASKED, ClaimStatus.READY_TO_BUILD),
    *(ClaimStatus.MISSING_INFORMATION, ClaimStatus.CORRECTION),
)
"""Where a claim stands that has no content yet, or whose content is of an earlier edition."""
CAME = {AppointmentStatus.ATTENDED: True, AppointmentStatus.NO_SHOW: False}
K = ShadowKind
Actions = Sequence[ShadowAction]
Facts = dict[str, Did]
"""By subject."""


@dataclass(frozen=True)
class Row:
    """One thing that would have been done, with what came of holding it against the staff's."""

    action: ShadowAction
    compared: Compared
    did: Did


def rows(db: Session, workflow: Workflow, location_id: str, now: datetime) -> list[Row]:
    """What was noted in the last ninety days, the newest first, one row for each subject; in a fixed number of queries
    for each ``IN_ONE_QUERY`` notes."""
    query = (
        select(ShadowAction)
        .where(
            ShadowAction.workflow == workflow,
            ShadowAction.location_id == location_id,
            col(ShadowAction.would_at) > now - WINDOW,
        )
        .order_by(col(ShadowAction.would_at).desc(), col(ShadowAction.id))
        .limit(MOST)
    )
    found = db.exec(query).all()
    made: list[Row] = []
    for kind in ShadowKind:
        of_kind = [each for each in found if each.kind == kind]
        if of_kind:
            made += _compared(kind, of_kind, _facts(db, kind, of_kind, now))
    return sorted(made, key=lambda row: (row.action.would_at, row.action.id), reverse=True)


def figures(workflow: Workflow, found: Sequence[Row]) -> list[Figure]:
    """What came of each kind of action of a workflow, those of which nothing was noted too."""
    return [
        figure(kind, [(row.compared, row.did) for row in found if row.action.kind == kind])
        for kind, whose in SHADOW_WORKFLOWS.items()
        if whose is workflow
    ]


def _compared(kind: ShadowKind, actions: Actions, facts: Facts) -> list[Row]:
    by_subject: dict[str, list[ShadowAction]] = defaultdict(list)
    for each in reversed(actions):
        by_subject[each.subject_id or each.case_number].append(each)
    made = []
    for subject, notes in by_subject.items():
        did = facts.get(subject, Did())
        which = fair([each.would_at for each in notes], did.at)
        if which is not None:
            made.append(Row(notes[which], compare(kind, notes[which].content, did), did))
    return made


def _facts(db: Session, kind: ShadowKind, actions: Actions, now: datetime) -> Facts:
    found: Facts = {}
    for start in range(0, len(actions), IN_ONE_QUERY):
        found |= _FACTS[kind](db, actions[start : start + IN_ONE_QUERY], now)
    return found


def _all(db: Session, record: Any, *where: ColumnElement[bool]) -> list[Any]:
    return list(db.exec(select(record).where(*where)).all())


def _subjects(actions: Actions) -> set[str]:
    return {each.subject_id for each in actions}


def _cases(actions: Actions) -> set[str]:
    return {each.case_number for each in actions}


# -- referrals


def _match(db: Session, actions: Actions, now: datetime) -> Facts:
    """Who was assigned since, or who has the patient in care since."""
    referrals = _all(db, Referral, col(Referral.case_number).in_(_cases(actions)))
    first = _first_noted(actions)
    assigned: dict[str, datetime] = {}
    for number, at in db.exec(
        select(Decision.case_number, Decision.at)
        .join(Approval, col(Approval.id) == col(Decision.approval_id))
        .where(
            col(Decision.case_number).in_(first),
            Approval.kind == ApprovalKind.ASSIGNMENT,
            col(Decision.verdict).in_(SIGNED),
        )
    ).all():
        if at > first[number]:
            assigned[number] = max(at, assigned.get(number, at))
    care: dict[str, Episode] = {}
    people = {each.patient_id for each in referrals}
    newer = col(Episode.status_since) > min(first.values())
    for episode in _all(db, Episode, col(Episode.patient_id).in_(people), newer):
        care.setdefault(episode.patient_id, episode)
    found = {}
    for each in referrals:
        number, over = each.case_number, each.closed_at is not None
        since = care.get(each.patient_id)
        if number in assigned:
            found[number] = Did(assigned[number], each.clinician_id or "", over)
        elif since is not None and since.status_since > first[number]:
            found[number] = Did(since.status_since, since.clinician_id, over)
        else:
            found[number] = Did(over=over)
    return found


def _first_noted(actions: Actions) -> dict[str, datetime]:
    """By case; what was done before that was done before, and is no answer to it."""
    first: dict[str, datetime] = {}
    for each in actions:
        first[each.case_number] = min(each.would_at, first.get(each.case_number, each.would_at))
    return first


def _times(db: Session, actions: Actions, now: datetime) -> Facts:
    first = _first_noted(actions)
    booked: dict[str, Appointment] = {}
    for visit in _all(db, Appointment, col(Appointment.case_number).in_(first)):
        if visit.booked_at > first[visit.case_number]:
            booked[visit.case_number] = visit
    found = {}
    for each in _all(db, Referral, col(Referral.case_number).in_(first)):
        visit, over = booked.get(each.case_number), each.closed_at is not None
        at, slot_id = (visit.booked_at, visit.slot_id or "") if visit is not None else (None, "")
        found[each.case_number] = Did(at, slot_id, over)
    return found


# -- notes


def _note(db: Session, actions: Actions, now: datetime) -> Facts:
    found = {}
    for each in _all(db, SessionNote, col(SessionNote.case_number).in_(_cases(actions))):
        closed = each.status.is_closed
        found[each.case_number] = Did(
            each.closed_at if closed else None,
            each.note_format.value,
            over=closed,
            stopped=each.status == NoteStatus.CLOSED_NO_NOTE,
        )
    return found


# -- claims


def _claim(db: Session, actions: Actions, now: datetime) -> Facts:
    found = {}
    for each in _all(db, Claim, col(Claim.case_number).in_(_cases(actions))):
        built = bool(each.content_digest) and each.status not in NOT_BUILT
        found[each.case_number] = Did(
            each.status_since if built else None,
            each.content_digest,
            over=each.status.is_closed,
            figures=(each.procedure_code, each.payer_code, each.charge_cents),
        )
    return found


def _coverage(db: Session, actions: Actions, now: datetime) -> Facts:
    asked = {
        each.unique_key: each
        for each in _all(db, EligibilityCheck, col(EligibilityCheck.unique_key).in_(_subjects(actions)))
    }
    found = {}
    for each in actions:
        check = asked.get(each.subject_id)
        day = date.fromisoformat(each.content["service_date"])
        found[each.subject_id] = Did(check.asked_at if check else None, over=day < now.date())
    return found


# -- scheduling


def _reminders(db: Session, actions: Actions, now: datetime) -> Facts:
    visits = {each.id: each for each in _all(db, Appointment, col(Appointment.id).in_(_subjects(actions)))}
    told: dict[str, datetime] = {}
    for message in _all(
        db,
        OutboxMessage,
        col(OutboxMessage.case_number).in_(_cases(actions)),
        col(OutboxMessage.template) == REMINDER,
        col(OutboxMessage.status) == MessageStatus.SENT,
    ):
        about = message.facts.get("appointment_id")
        if about and message.sent_at is not None:
            told[about] = min(message.sent_at, told.get(about, message.sent_at))
    calls = {f"{CALL_KEY}{each.case_number}:{REMINDER}:{each.id}": each.id for each in visits.values()}
    for to_do in _all(db, ToDo, col(ToDo.unique_key).in_(calls), col(ToDo.status) == ToDoStatus.DONE):
        about = calls[to_do.unique_key]
        if to_do.done_at is not None:
            told[about] = min(to_do.done_at, told.get(about, to_do.done_at))
    return {
        each.id: Did(
            told.get(each.id) or each.confirmed_at,
            over=each.starts_at <= now,
            stopped=each.status in GONE,
            attended=CAME.get(each.status),
        )
        for each in visits.values()
    }


def _waitlist(db: Session, actions: Actions, now: datetime) -> Facts:
    slots = {each.id: each for each in _all(db, Slot, col(Slot.id).in_(_subjects(actions)))}
    earliest = {each.subject_id: each.would_at for each in actions}
    taken: dict[str, Appointment] = {}
    for visit in _all(db, Appointment, col(Appointment.slot_id).in_(slots), col(Appointment.status).not_in(GONE)):
        if visit.booked_at >= earliest[visit.slot_id]:
            taken[visit.slot_id] = visit
    cases = {each.case_number for each in taken.values()}
    entries: dict[str, list[str]] = defaultdict(list)
    for entry in _all(db, WaitlistEntry, col(WaitlistEntry.case_number).in_(cases)):
        entries[entry.case_number].append(entry.id)
    known = {one for each in actions for one in each.content.get("ranked", ())}
    found = {}
    for slot in slots.values():
        visit = taken.get(slot.id)
        whose = entries[visit.case_number] if visit is not None else []
        # a case may have had several places on the list; the one that was considered counts
        chosen = next((one for one in whose if one in known), whose[0] if whose else "")
        found[slot.id] = Did(visit.booked_at if visit else None, chosen, over=slot.starts_at <= now)
    return found


def _series(db: Session, actions: Actions, now: datetime) -> Facts:
    series_of = {each.subject_id: each.subject_id.partition(":") for each in actions}
    series = {each.id: each for each in _all(db, Series, col(Series.id).in_({ids for ids, _, _ in series_of.values()}))}
    starts = {}
    for subject, (series_id, _, day) in series_of.items():
        if series_id in series:
            one = series[series_id]
            starts[subject] = moment(date.fromisoformat(day), one.starts, one.zone)[0]
    if not starts:
        return {}
    made: dict[tuple[str, str], list[Appointment]] = defaultdict(list)
    for visit in _all(
        db,
        Appointment,
        col(Appointment.case_number).in_(_cases(actions)),
        col(Appointment.status).not_in(GONE),
        col(Appointment.starts_at) > min(starts.values()) - timedelta(days=2),
        col(Appointment.starts_at) < max(starts.values()) + timedelta(days=2),
    ):
        made[visit.case_number, visit.clinician_id].append(visit)
    found = {}
    for subject, at in starts.items():
        one = series[series_of[subject][0]]
        zone = ZoneInfo(one.zone)
        there = [
            each
            for each in made[one.case_number, one.clinician_id]
            if each.starts_at.astimezone(zone).date() == at.astimezone(zone).date()
        ]
        best = min(there, key=lambda each: abs(each.starts_at - at), default=None)
        found[subject] = Did(
            best.booked_at if best else None,
            best.starts_at.isoformat() if best else "",
            over=at <= now,
            figures=(at.isoformat(),),
        )
    return found


# -- between sessions


def _check_in(db: Session, actions: Actions, now: datetime) -> Facts:
    sent = {
        each.id: each.sent_at
        for each in _all(db, CheckIn, col(CheckIn.id).in_(_subjects(actions)))
        if each.sent_at is not None
    }
    written: dict[str, list[datetime]] = defaultdict(list)
    for message in _all(
        db,
        FollowUp,
        col(FollowUp.episode_number).in_(_cases(actions)),
        col(FollowUp.kind) == FollowUpKind.MESSAGE,
        col(FollowUp.opened_at) > min(each.would_at for each in actions) - timedelta(days=1),
    ):
        written[message.episode_number].append(message.opened_at)
    ended = {
        each.case_number: each.ended_at
        for each in _all(db, CheckInPlan, col(CheckInPlan.case_number).in_(_cases(actions)))
        if each.ended_at is not None
    }
    found = {}
    for each in actions:
        due = datetime.combine(date.fromisoformat(each.content["due_on"]), time(), UTC)
        by_hand = [at for at in written[each.case_number] if due <= at <= due + WITHIN]
        if each.subject_id in sent:
            found[each.subject_id] = Did(sent[each.subject_id], How.TOLD)
        elif by_hand:
            found[each.subject_id] = Did(min(by_hand), How.WRITTEN_TO)
        else:
            stopped = each.case_number in ended and ended[each.case_number] < due + WITHIN
            found[each.subject_id] = Did(over=due + WITHIN <= now, stopped=stopped)
    return found


_FACTS: Mapping[ShadowKind, Callable[[Session, Actions, datetime], Facts]] = {
    K.MATCH: _match,
    K.TIMES: _times,
    K.NOTE_DRAFT: _note,
    K.CLAIM: _claim,
    K.COVERAGE: _coverage,
    K.REMINDERS: _reminders,
    K.WAITLIST: _waitlist,
    K.SERIES: _series,
    K.CHECK_IN: _check_in,
}
