"""Whether a queued message may leave for its patient now, later, or not any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from models.codes import MessageChannel
from rules.messaging import SENDING_HOURS, next_send_time

WEEK = timedelta(days=7)
CAPPED = frozenset({"appointment_reminder", "questionnaires_reminder", "check_in", "material_waits", "survey"})
"""Templates that the frequency cap holds back. Whatever else is said to a patient changes something, or is worth
nothing later, as an offered time: it leaves."""


class DropReason(StrEnum):
    """Why a message does not leave; kept with it, in its audit event and on the desk."""

    FORGOTTEN = "forgotten"
    SMS_STOPPED = "sms_stopped"
    NO_CONSENT_TO_TEXTS = "no_consent_to_texts"
    NOT_STANDING = "appointment_not_standing"
    MOVED = "appointment_moved"
    TOO_LATE = "too_late"
    FREQUENCY_CAP = "frequency_cap"


class WaitReason(StrEnum):
    QUIET_HOURS = "quiet_hours"
    FREQUENCY_CAP = "frequency_cap"


@dataclass(frozen=True)
class MessagePolicy:
    """How often a patient is written to: most messages in one local day and in any seven days, all of them counted."""

    most_per_day: int = 3
    most_per_week: int = 10

    def __post_init__(self) -> None:
        if not 1 <= self.most_per_day <= self.most_per_week:
            raise ValueError("a frequency cap lets at least one message a day through, and no more a day than a week")


@dataclass(frozen=True)
class Outgoing:
    """One message that is due, with what is true of its patient at this moment; times UTC, ``zone`` the patient's.

    ``sent``: when this patient was last written to. ``hours``: their own sending hours. For a reminder ``starts_at`` is
    when its appointment begins now, None where none stands, and ``promised`` when it began as the reminder was planned.
    """

    template: str
    channel: MessageChannel
    zone: str
    accepts_texts: bool
    sms_stopped: bool
    forgotten: bool
    sent: Sequence[datetime] = ()
    hours: tuple[int, int] = SENDING_HOURS
    is_reminder: bool = False
    starts_at: datetime | None = None
    promised: datetime | None = None


@dataclass(frozen=True)
class Leave:
    """The answer: leave now, wait until ``until`` because of ``waits``, or never because of ``dropped``."""

    dropped: DropReason | None = None
    waits: WaitReason | None = None
    until: datetime | None = None

    @property
    def now(self) -> bool:
        return self.dropped is None and self.waits is None


def may_leave(message: Outgoing, now: datetime, policy: MessagePolicy) -> Leave:
    """Consent and channel first, then whether it is still true, then quiet hours, then the frequency cap.

    A reminder that could only leave once its appointment has begun is dropped.
    """
    if (wrong := _unwanted(message)) or (wrong := _untrue(message, now)):
        return Leave(dropped=wrong)
    quiet = _after_quiet_hours(message, now)
    capped = None if message.template not in CAPPED else first_under_cap(quiet, message.sent, message.zone, policy)
    until = quiet if capped is None else max(quiet, capped)
    if until > quiet:
        until = _after_quiet_hours(message, until)
    if until <= now:
        return Leave()
    if message.is_reminder and message.starts_at is not None and until >= message.starts_at:
        return Leave(dropped=DropReason.FREQUENCY_CAP if until > quiet else DropReason.TOO_LATE)
    return Leave(waits=WaitReason.FREQUENCY_CAP if until > quiet else WaitReason.QUIET_HOURS, until=until)


def _unwanted(message: Outgoing) -> DropReason | None:
    if message.forgotten:
        return DropReason.FORGOTTEN
    if message.channel != MessageChannel.SMS:
        return None
    if message.sms_stopped:
        return DropReason.SMS_STOPPED
    return None if message.accepts_texts else DropReason.NO_CONSENT_TO_TEXTS


def _untrue(message: Outgoing, now: datetime) -> DropReason | None:
    if not message.is_reminder:
        return None
    if message.starts_at is None:
        return DropReason.NOT_STANDING
    if message.promised is not None and message.promised != message.starts_at:
        return DropReason.MOVED
    return DropReason.TOO_LATE if message.starts_at <= now else None


def _after_quiet_hours(message: Outgoing, at: datetime) -> datetime:
    """Text messages and reminders keep sending hours; an email about something that has changed leaves at once."""
    if message.channel != MessageChannel.SMS and not message.is_reminder:
        return at
    return next_send_time(at, message.zone, message.hours)


def first_under_cap(at: datetime, others: Sequence[datetime], zone: str, policy: MessagePolicy) -> datetime:
    """The first moment from ``at`` on at which one message more stays under the cap, UTC; ``others`` in any order.

    A day is the patient's own from midnight to midnight, a week the seven days before. At most a week is looked ahead,
    for what was written before ``at`` is out of every count by then.
    """
    while over_cap(at, others, zone, policy):
        at = _next_midnight(at, zone)
    return at


def over_cap(at: datetime, others: Sequence[datetime], zone: str, policy: MessagePolicy) -> bool:
    """Whether a message at this moment would be one too many beside the others."""
    day = at.astimezone(ZoneInfo(zone)).date()
    that_day = sum(1 for other in others if other.astimezone(ZoneInfo(zone)).date() == day)
    that_week = sum(1 for other in others if at - WEEK < other <= at)
    return that_day >= policy.most_per_day or that_week >= policy.most_per_week


def _next_midnight(at: datetime, zone: str) -> datetime:
    day = at.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
