"""Plans the reminders of appointments, of one that is booked as of a whole night's."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from acts import pilot_shadows
from acts.pilot_arms import Placed, Subject, placed
from acts.pilot_shadows import Beside
from acts.practice_clocks import message_policy, reminder_policy, reminder_policy_with
from adapters.operational_store import audit, open_to_dos, queue_messages, set_statuses
from adapters.portal_links import LINK_DAYS, make_links
from adapters.undelivered import CALL_KEY, call_to_do
from models.codes import AppointmentStatus, LinkPurpose, MessageChannel, MessageStatus, Modality
from models.columns import new_id
from models.operational import (
    Appointment,
    Location,
    NoShowEstimate,
    OutboxMessage,
    Patient,
    PortalLink,
    PracticeSetting,
    ReminderPreference,
    ToDo,
)
from models.pilot_codes import VersionKind
from rules import reminders
from rules.outgoing import WEEK, MessagePolicy
from rules.reminders import ReminderPlan, ReminderPolicy, ReminderWish, Visit, Worked

TEMPLATE = "appointment_reminder"
KINDS = (VersionKind.REMINDER_PLAN,)
STANDING = (AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED)
WORKED = "reminders_worked"
"""Setting in which each night notes what has worked, so that one booking need not read the whole past."""


@dataclass(frozen=True)
class Planned:
    """What became of the appointments: how many, the reminders queued for them, those that a person calls about."""

    appointments: int = 0
    messages: int = 0
    calls: int = 0


@dataclass(frozen=True)
class Figures:
    """What every plan is made by; read once for many."""

    reminders: ReminderPolicy
    messages: MessagePolicy
    worked: tuple[Worked, ...]


@dataclass
class _Around:
    """What the plans of some appointments need to know, by patient or by appointment."""

    patients: dict[str, Patient]
    zones: dict[str, str]
    preferences: dict[str, ReminderPreference]
    risks: dict[str, float]
    links: dict[str, str]
    written_to: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))

    def apart(self) -> "_Around":
        """The same for other plans, which count their own reminders."""
        written_to = defaultdict(list, {patient: list(at) for patient, at in self.written_to.items()})
        return replace(self, written_to=written_to)


def figures(db: Session) -> Figures:
    """The practice's plan, its frequency cap, and what has worked as the last night saw it."""
    stored = db.get(PracticeSetting, WORKED)
    return Figures(
        reminder_policy(db),
        message_policy(db),
        tuple(
            Worked(Modality(modality), MessageChannel(channel), reminders.read_plan(plan), count, confirmed)
            for modality, channel, plan, count, confirmed in (json.loads(stored.value) if stored else ())
        ),
    )


def plan_for(db: Session, appointments: Sequence[Appointment], now: datetime, by: Figures | None = None) -> Planned:
    """Queue the reminders of these appointments, in the caller's transaction and in a fixed number of queries.

    What was queued for them before is dropped, so that planning again, for another start or another wish, sends nothing
    twice. Of an appointment that is further ahead than the practice plans nothing is queued yet: the night does it.
    """
    by = by or figures(db)
    due = _due(appointments, now, by)
    if not due:
        return Planned()
    _drop_queued(db, due)
    around = _around(db, due, now)
    untouched = around.apart()
    trials = dict(zip((each.id for each in due), placed(db, KINDS, [_subject(each) for each in due]), strict=True))
    new = _new_figures(db, [trial for trial in trials.values() if trial is not None and trial.has_new], by)
    plans = {each.id: _plan(each, around, now, _figures_of(trials[each.id], by, new)) for each in due}
    _make_missing_links(db, [each for each in due if plans[each.id].reminders], around, now)
    messages = [message for each in due for message in _messages(each, plans[each.id], around)]
    queue_messages(db, messages)
    calls = [_call(each, now) for each in due if plans[each.id].channel is None]
    opened = open_to_dos(db, calls)
    for each in due:
        _note(db, each, plans[each.id], trials[each.id])
    shadowed = {id: trial for id, trial in trials.items() if trial is not None and trial.arm is None}
    if shadowed:
        pilot_shadows.keep(db, lambda: _would_plan(db, due, plans, shadowed, untouched, now, by))
    return Planned(len(due), len(messages), opened)


def _would_plan(
    db: Session,
    due: Sequence[Appointment],
    plans: Mapping[str, ReminderPlan],
    shadowed: Mapping[str, Placed],
    around: _Around,
    now: datetime,
    by: Figures,
) -> list[Beside]:
    """What the new plan of a pilot in shadow would have sent, beside what is sent."""
    new = _new_figures(db, list(shadowed.values()), by)
    found = []
    for each in due:
        trial = shadowed.get(each.id)
        would = _plan(each, around, now, new[trial.pilot.id] if trial is not None else by)
        if trial is None:
            continue
        plan = plans[each.id]
        same = (plan.channel, plan.reminders) == (would.channel, would.reminders)
        counts = (len(plan.reminders), len(would.reminders))
        found.append(Beside(trial, each.id, trial.unit_id, each.location_id, *counts, same))
    return found


def would_plan(
    db: Session, appointments: Sequence[Appointment], now: datetime, by: Figures
) -> list[tuple[Appointment, ReminderPlan]]:
    """The plans that these appointments would have, by the practice's own figures; keeps and queues nothing."""
    due = _due(appointments, now, by)
    if not due:
        return []
    around = _around(db, due, now)
    return [(each, _plan(each, around, now, by)) for each in due]


def _due(appointments: Sequence[Appointment], now: datetime, by: Figures) -> list[Appointment]:
    ahead = now + timedelta(days=by.reminders.ahead_days)
    return sorted((each for each in appointments if now < each.starts_at <= ahead), key=lambda each: each.starts_at)


def _subject(appointment: Appointment) -> Subject:
    return Subject(appointment.location_id, appointment.case_number, appointment.patient_id, appointment.clinician_id)


def _new_figures(db: Session, trials: Sequence[Placed], by: Figures) -> dict[str, Figures]:
    """The figures of each new plan that is tried on some of them, by pilot."""
    versions = {trial.pilot.id: trial.version for trial in trials}
    return {
        pilot: replace(by, reminders=reminder_policy_with(db, version.content)) for pilot, version in versions.items()
    }


def _figures_of(trial: Placed | None, by: Figures, new: dict[str, Figures]) -> Figures:
    return new[trial.pilot.id] if trial is not None and trial.has_new else by


def _drop_queued(db: Session, appointments: Sequence[Appointment]) -> None:
    ids = {each.id for each in appointments}
    queued = db.exec(
        select(OutboxMessage).where(
            col(OutboxMessage.case_number).in_({each.case_number for each in appointments}),
            OutboxMessage.template == TEMPLATE,
            OutboxMessage.status == MessageStatus.QUEUED,
        )
    ).all()
    theirs = [message for message in queued if message.facts.get("appointment_id") in ids]
    set_statuses(db, theirs, MessageStatus.DROPPED, "system", why="planned_again")


def _around(db: Session, appointments: Sequence[Appointment], now: datetime) -> _Around:
    people = {each.patient_id for each in appointments}
    ids = [each.id for each in appointments]
    places = {place.id: place.time_zone for place in db.exec(select(Location)).all()}
    patients = {each.id: each for each in db.exec(select(Patient).where(col(Patient.id).in_(people))).all()}
    preferences = db.exec(select(ReminderPreference).where(col(ReminderPreference.patient_id).in_(people))).all()
    estimates = db.exec(
        select(NoShowEstimate.appointment_id, NoShowEstimate.probability).where(
            col(NoShowEstimate.appointment_id).in_(ids)
        )
    ).all()
    links = db.exec(
        select(PortalLink).where(
            col(PortalLink.subject_id).in_(ids),
            PortalLink.purpose == LinkPurpose.APPOINTMENT,
            col(PortalLink.revoked).is_(False),
        )
    ).all()
    starts = {each.id: each.starts_at for each in appointments}
    around = _Around(
        patients,
        {each.id: patients[each.patient_id].time_zone or places[each.location_id] for each in appointments},
        {each.patient_id: each for each in preferences},
        dict(estimates),
        {link.subject_id or "": link.id for link in links if link.expires_at > starts[link.subject_id or ""]},
    )
    moment = sa.func.coalesce(OutboxMessage.sent_at, OutboxMessage.not_before)
    for patient_id, at in db.exec(
        select(OutboxMessage.to_patient_id, moment).where(
            col(OutboxMessage.to_patient_id).in_(people),
            col(OutboxMessage.not_before) > now - WEEK,
            col(OutboxMessage.status).in_((MessageStatus.QUEUED, MessageStatus.SENT)),
        )
    ).all():
        around.written_to[patient_id or ""].append(at)
    return around


def _plan(appointment: Appointment, around: _Around, now: datetime, by: Figures) -> ReminderPlan:
    patient = around.patients[appointment.patient_id]
    preference = around.preferences.get(patient.id)
    written_to = around.written_to[patient.id]
    plan = reminders.plan_reminders(
        Visit(
            starts_at=appointment.starts_at,
            modality=appointment.modality,
            zone=around.zones[appointment.id],
            channels=channels_of(patient, preference),
            wish=wish_of(preference),
            risk=around.risks.get(appointment.id),
            others=tuple(written_to),
        ),
        now,
        by.reminders,
        by.messages,
        by.worked,
    )
    written_to.extend(reminder.at for reminder in plan.reminders)  # the patient's next appointment counts them too
    return plan


def channels_of(patient: Patient, preference: ReminderPreference | None) -> tuple[MessageChannel, ...]:
    """Where this patient can be reminded and agrees to be, the usual channel first; none means that a person calls."""
    if patient.forgotten_at is not None:
        return ()
    texts = accepts_texts(patient, preference) and patient.phone and patient.sms_stopped_at is None
    found = (MessageChannel.SMS if texts else None, MessageChannel.EMAIL if patient.email else None)
    usual_first = found if patient.preferred_channel == "sms" else reversed(found)
    return tuple(channel for channel in usual_first if channel is not None)


def accepts_texts(patient: Patient, preference: ReminderPreference | None) -> bool:
    """Whether this patient has asked for text messages, at intake or for their reminders."""
    asked = preference is not None and preference.channel == MessageChannel.SMS
    return asked or patient.preferred_channel == "sms"


def wish_of(preference: ReminderPreference | None) -> ReminderWish:
    """A stored preference as the rule reads it."""
    if preference is None:
        return ReminderWish()
    begins, ends = preference.not_before_hour, preference.not_after_hour
    hours = None if begins is None and ends is None else (begins or 0, 24 if ends is None else ends)
    return ReminderWish(tuple(preference.hours_before), preference.channel, hours)


def _make_missing_links(db: Session, appointments: Sequence[Appointment], around: _Around, now: datetime) -> None:
    """Each appointment has one link, which its confirmation and all its reminders show."""
    missing = [
        (each.case_number, each.id, now + timedelta(days=link_days(each, now)))
        for each in appointments
        if each.id not in around.links
    ]
    around.links.update(make_links(db, LinkPurpose.APPOINTMENT, missing, now))


def link_days(appointment: Appointment, now: datetime) -> int:
    """For how many days an appointment's link opens: until the day after it."""
    return max(LINK_DAYS, (appointment.starts_at - now).days + 2)


def _messages(appointment: Appointment, plan: ReminderPlan, around: _Around) -> list[dict[str, Any]]:
    if plan.channel is None:
        return []
    round = appointment.reminder_round + 1
    return [
        {
            "id": new_id("MS"),
            "unique_key": f"appointment-reminder:{appointment.id}:{round}:{reminder.hours}",
            "channel": plan.channel,
            "template": TEMPLATE,
            "case_number": appointment.case_number,
            "to_patient_id": appointment.patient_id,
            "facts": {
                "appointment_id": appointment.id,
                "link_id": around.links[appointment.id],
                "starts_at": appointment.starts_at.isoformat(),
            },
            "not_before": reminder.at,
        }
        for reminder in plan.reminders
    ]


def _call(appointment: Appointment, now: datetime) -> ToDo:
    key = f"{CALL_KEY}{appointment.case_number}:{TEMPLATE}:{appointment.id}"
    by = max(now + timedelta(hours=2), appointment.starts_at - timedelta(hours=24))
    return call_to_do(key, appointment.case_number, appointment.location_id, by)


def _note(db: Session, appointment: Appointment, plan: ReminderPlan, trial: Placed | None) -> None:
    appointment.reminders_for = appointment.starts_at
    appointment.reminder_round += 1
    appointment.reminder_channel = plan.channel
    appointment.reminder_plan = reminders.spelled(plan.hours_before)
    db.add(appointment)
    audit(
        db,
        "system",
        "appointment.reminders_planned",
        appointment,
        appointment.case_number,
        plan=appointment.reminder_plan,
        channel=plan.channel.value if plan.channel else "call",
        count=len(plan.reminders),
        reasons=list(plan.reasons),
        left_out=list(plan.left_out),
        **({"pilot": trial.pilot.id, "arm": trial.arm.value} if trial is not None and trial.arm else {}),
    )


def plan_again_for(db: Session, patient_id: str, now: datetime) -> Planned:
    """Plan anew what is planned for this patient: their wish, their address or their consent has changed."""
    standing = db.exec(
        select(Appointment).where(
            Appointment.patient_id == patient_id,
            col(Appointment.status).in_(STANDING),
            col(Appointment.starts_at) > now,
            col(Appointment.reminders_for).is_not(None),
        )
    ).all()
    return plan_for(db, standing, now)


def note_what_worked(db: Session, now: datetime) -> int:
    """Count what past appointments' patients confirmed by how they were reminded, for the plans to come; returns rows.

    By modality, channel and plan alone; an appointment whose patient cancelled counts as not confirmed.
    """
    policy = reminder_policy(db)
    ways = (col(Appointment.modality), col(Appointment.reminder_channel), col(Appointment.reminder_plan))
    rows = db.connection().execute(
        sa.select(*ways, sa.func.count(), sa.func.count(col(Appointment.confirmed_at)))
        .where(
            col(Appointment.starts_at) > now - timedelta(days=policy.history_days),
            col(Appointment.starts_at) <= now,
            col(Appointment.reminder_channel).is_not(None),
        )
        .group_by(*ways)
    )
    counts = sorted([kind, channel or "", plan or "", seen, confirmed] for kind, channel, plan, seen, confirmed in rows)
    value = json.dumps(counts)
    stored = db.get(PracticeSetting, WORKED)
    if stored is None or stored.value != value:
        db.merge(PracticeSetting(name=WORKED, value=value))
        audit(db, "system", "reminders.learned", ("practice_setting", WORKED), rows=len(counts))
    return len(counts)
