"""When something is due, overdue, to be reminded of or to be paged about."""

from collections.abc import Set
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from models.codes import ApprovalKind, RiskLevel, ToDoKind
from rules.messaging import ReminderPlan
from rules.sign_off import WORRYING_KINDS


@dataclass(frozen=True)
class ClockPolicy:
    """The practice's clocks; every figure can be set by the practice (minutes, hours, local times)."""

    high_minutes: int = 60
    page_again_minutes: int = 15
    moderate_by: time = time(17, 0)
    low_by: time = time(12, 0)
    day_ends: time = time(17, 0)
    assignment_hours: int = 24
    letter_hours: int = 48
    note_hours: int = 48
    message_hours: int = 24
    to_do_hours: int = 24
    warm_handoff_hours: int = 2
    holidays: Set[date] = field(default_factory=frozenset)


class PatientWaitStep(StrEnum):
    NOTHING = "nothing"
    REMIND = "remind"
    CALL = "call"


def is_working_day(day: date, policy: ClockPolicy) -> bool:
    return day.weekday() < 5 and day not in policy.holidays


def next_working_day(day: date, policy: ClockPolicy) -> date:
    following = day + timedelta(days=1)
    while not is_working_day(following, policy):
        following += timedelta(days=1)
    return following


def approval_due(
    kind: ApprovalKind, level: RiskLevel | None, opened_at: datetime, zone: str, policy: ClockPolicy
) -> datetime:
    """When a sign-off is due (UTC): high risk within the hour round the clock, moderate the same day, low the next
    working day; the practice's own figures for the rest.

    A moderate review opened after the day's end, or on a day without work, is due at the start of the night
    rather than days later: never later than 12 hours after opening.
    """
    if kind in WORRYING_KINDS:
        local = opened_at.astimezone(ZoneInfo(zone))
        if level == RiskLevel.HIGH or level is None:
            return opened_at + timedelta(minutes=policy.high_minutes)
        if level == RiskLevel.MODERATE:
            by = datetime.combine(local.date(), policy.moderate_by, local.tzinfo)
            if local < by and is_working_day(local.date(), policy):
                return max(by, local + timedelta(minutes=policy.high_minutes)).astimezone(opened_at.tzinfo)
            return opened_at + timedelta(hours=12)
        day = next_working_day(local.date(), policy)
        return datetime.combine(day, policy.low_by, local.tzinfo).astimezone(opened_at.tzinfo)
    hours = {
        ApprovalKind.ASSIGNMENT: policy.assignment_hours,
        ApprovalKind.SESSION_NOTE: policy.note_hours,
        ApprovalKind.MESSAGE: policy.message_hours,
    }
    return opened_at + timedelta(hours=hours.get(kind, policy.letter_hours))


def to_do_due(kind: ToDoKind, opened_at: datetime, policy: ClockPolicy) -> datetime:
    hours = policy.warm_handoff_hours if kind == ToDoKind.WARM_HANDOFF else policy.to_do_hours
    return opened_at + timedelta(hours=hours)


def page_now(
    level: RiskLevel | None,
    *,
    opened_at: datetime,
    due_at: datetime,
    seen_at: datetime | None,
    last_paged_at: datetime | None,
    now: datetime,
    policy: ClockPolicy,
) -> bool:
    """Whether a risk review or an escalation must page the clinician on call: high at once and again until seen; any
    level once it is overdue and unseen. A high one that was seen and is overdue pages again until it is decided."""
    overdue = now >= due_at
    if seen_at is not None and not (level == RiskLevel.HIGH and overdue):
        return False
    if level != RiskLevel.HIGH and not overdue:
        return False
    return last_paged_at is None or now - last_paged_at >= timedelta(minutes=policy.page_again_minutes)


def escalations_owed(due_at: datetime, now: datetime, policy: ClockPolicy) -> int:
    """How many times an overdue item should have been passed on: at its due time, then every day after."""
    if now < due_at:
        return 0
    return 1 + (now - due_at) // timedelta(days=1)


def reminders_owed(plan: ReminderPlan, now: datetime) -> int:
    """How many reminders should have left by now."""
    return sum(now >= moment for moment in plan.reminders)


def patient_wait_step(plan: ReminderPlan, reminders_sent: int, now: datetime) -> PatientWaitStep:
    """What a wait for the patient asks for now: nothing, another reminder, or a call by a person."""
    if now >= plan.call_due:
        return PatientWaitStep.CALL
    return PatientWaitStep.REMIND if reminders_owed(plan, now) > reminders_sent else PatientWaitStep.NOTHING
