"""When and how a patient is reminded of one appointment, each choice with its reason."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import sqrt

from models.codes import MessageChannel, Modality
from rules.messaging import SENDING_HOURS, next_send_time
from rules.outgoing import MessagePolicy, over_cap

SHORTEST_HOURS, LONGEST_HOURS = 2, 168
MOST_REMINDERS = 4
SURE = 1.96
"""Two-sided 95 % in Wilson's interval (Wilson, J Am Stat Assoc 1927;22:209-212)."""


@dataclass(frozen=True)
class ReminderPolicy:
    """The practice's plan of reminders; hours are elapsed hours before the start.

    The default, 72 h with an easy way to cancel and 24 h, is a convention: no trial fixes the best hours. ``plans`` are
    the plans that what has worked may choose instead. ``high_risk``: from which estimate on there is one reminder more,
    ``extra_hours`` before. What has worked counts from ``history_least`` appointments on and if it confirmed more by
    at least ``history_margin``. Appointments are planned ``ahead_days`` ahead.
    """

    hours_before: tuple[int, ...] = (72, 24)
    plans: tuple[tuple[int, ...], ...] = ((72, 24), (96, 24), (48, 24), (48,), (24,))
    sending_hours: tuple[int, int] = SENDING_HOURS
    extra_hours: int = 4
    high_risk: float = 0.3
    history_least: int = 100
    history_margin: float = 0.05
    history_days: int = 180
    ahead_days: int = 8

    def __post_init__(self) -> None:
        for hours in (self.hours_before, *self.plans, (self.extra_hours,)):
            check_hours(hours)
        opens, closes = self.sending_hours
        if not SENDING_HOURS[0] <= opens < closes <= SENDING_HOURS[1]:
            raise ValueError(f"sending hours lie within {SENDING_HOURS[0]} and {SENDING_HOURS[1]}")
        longest = max(max(hours) for hours in (self.hours_before, *self.plans))
        if self.ahead_days * 24 < longest:
            raise ValueError("reminders are planned before the first of them is due")


def check_hours(hours: Sequence[int]) -> None:
    """Raises ValueError unless these are one to four different numbers of hours between 2 and 168."""
    if not 1 <= len(hours) <= MOST_REMINDERS or len(set(hours)) != len(hours):
        raise ValueError(f"there are 1 to {MOST_REMINDERS} reminders, each at an hour of its own")
    if any(not SHORTEST_HOURS <= each <= LONGEST_HOURS for each in hours):
        raise ValueError(f"a reminder comes {SHORTEST_HOURS} to {LONGEST_HOURS} hours before")


@dataclass(frozen=True)
class ReminderWish:
    """What a patient wants; empty means the practice's plan. ``hours_of_day``: from and until, on their own clock."""

    hours_before: tuple[int, ...] = ()
    channel: MessageChannel | None = None
    hours_of_day: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.hours_before:
            check_hours(self.hours_before)
        if self.channel not in (None, MessageChannel.EMAIL, MessageChannel.SMS):
            raise ValueError("a patient is reminded by e-mail or by text message")
        if self.hours_of_day is not None and not 0 <= self.hours_of_day[0] < self.hours_of_day[1] <= 24:
            raise ValueError("the hours of the day begin before they end")


@dataclass(frozen=True)
class Worked:
    """How many past appointments of a kind were reminded in one way, and how many of them their patients confirmed."""

    modality: Modality
    channel: MessageChannel
    hours_before: tuple[int, ...]
    appointments: int
    confirmed: int

    @property
    def share(self) -> float:
        return self.confirmed / self.appointments if self.appointments else 0.0

    @property
    def at_least(self) -> float:
        """The lower end of Wilson's interval for the share."""
        if not self.appointments:
            return 0.0
        n, z2 = self.appointments, SURE * SURE
        middle = self.share + z2 / (2 * n)
        half = SURE * sqrt(self.share * (1 - self.share) / n + z2 / (4 * n * n))
        return (middle - half) / (1 + z2 / n)


@dataclass(frozen=True)
class Visit:
    """The appointment to remind of, and who comes; times UTC, ``zone`` the patient's.

    ``channels``: those that this patient can be reached by and accepts, the usual one first. ``risk``: the estimate of
    a missed appointment, None where there is none. ``others``: when else this patient is or was written to.
    """

    starts_at: datetime
    modality: Modality
    zone: str
    channels: tuple[MessageChannel, ...]
    wish: ReminderWish = field(default_factory=ReminderWish)
    risk: float | None = None
    others: tuple[datetime, ...] = ()


@dataclass(frozen=True)
class Reminder:
    """One reminder: leave at ``at`` (UTC), which the plan calls ``hours`` before."""

    at: datetime
    hours: int


@dataclass(frozen=True)
class ReminderPlan:
    """The reminders of one appointment, soonest first; ``channel`` None means that a person calls.

    ``hours_before`` is the plan without what the risk added, so that plans are compared with their like.
    ``left_out``: why a reminder of the plan is not there.
    """

    channel: MessageChannel | None
    hours_before: tuple[int, ...]
    reminders: tuple[Reminder, ...]
    reasons: tuple[str, ...]
    left_out: tuple[str, ...] = ()


def plan_reminders(
    visit: Visit,
    since: datetime,
    policy: ReminderPolicy,
    messages: MessagePolicy,
    worked: Sequence[Worked] = (),
) -> ReminderPlan:
    """When to remind of an appointment, from ``since`` on: what the patient wants, else what has worked for similar
    appointments, else the practice's plan; inside sending hours on the patient's clock and under the frequency cap.

    Hours before are elapsed hours, hours of the day are on the wall clock, on days when the clocks change too.
    """
    if not visit.channels:
        return ReminderPlan(
            None, ordered(policy.hours_before), (), ("nobody can write to this patient: a person calls",)
        )
    channel, hours, reasons = _choose(visit, policy, worked)
    window, why_window = _window(visit.wish, policy)
    extra: tuple[int, ...] = ()
    if visit.risk is not None:
        if visit.risk >= policy.high_risk and policy.extra_hours not in hours:
            extra = (policy.extra_hours,)
        reasons += (f"estimate {visit.risk:.0%}: {'one reminder more' if extra else 'no reminder more'}",)
    reminders, left_out = _timed(visit, (*hours, *extra), window, since, messages)
    return ReminderPlan(channel, hours, reminders, (*reasons, *why_window), left_out)


def _choose(
    visit: Visit, policy: ReminderPolicy, worked: Sequence[Worked]
) -> tuple[MessageChannel, tuple[int, ...], tuple[str, ...]]:
    """Channel and hours: a wish is kept to; only what nobody wished for may follow what has worked."""
    wish, usual = visit.wish, visit.channels[0]
    channel = wish.channel if wish.channel in visit.channels and wish.channel else usual
    wished_channel = wish.channel is not None and wish.channel == channel
    hours = ordered(wish.hours_before or policy.hours_before)
    reasons = [f"hours: {'the patient wants it so' if wish.hours_before else 'the practice plan'}"]
    reasons.append(f"{channel.value}: {'the patient wants it so' if wished_channel else 'the usual channel'}")
    if wish.channel is not None and not wished_channel:
        reasons.append(f"{wish.channel.value} is wanted and not possible now")
    channels = (channel,) if wished_channel else visit.channels
    plans = {hours} if wish.hours_before else {hours, *map(ordered, policy.plans)}
    if len(channels) * len(plans) == 1:
        return channel, hours, tuple(reasons)
    better, why = _better(visit.modality, channel, hours, channels, plans, policy, worked)
    if better is None:
        return channel, hours, (*reasons, why)
    return better.channel, better.hours_before, (why,)


def _better(
    modality: Modality,
    channel: MessageChannel,
    hours: tuple[int, ...],
    channels: Sequence[MessageChannel],
    plans: Set[tuple[int, ...]],
    policy: ReminderPolicy,
    worked: Sequence[Worked],
) -> tuple[Worked | None, str]:
    """The way that confirmed more of the same kind of appointment, where enough were seen to say so; and why (not)."""
    alike = [each for each in worked if each.modality is modality and each.appointments >= policy.history_least]
    present = next((each for each in alike if each.channel == channel and each.hours_before == hours), None)
    if present is None:
        return None, f"fewer than {policy.history_least} similar appointments to learn from"
    rivals = [each for each in alike if each.channel in channels and each.hours_before in plans]
    best = max(
        rivals, key=lambda each: (each.share, each is present, each.appointments, each.channel, each.hours_before)
    )
    if best.share - present.share < policy.history_margin or best.at_least <= present.share:
        return None, f"nothing has worked better for {present.appointments} similar appointments"
    return best, (
        f"{best.channel.value} {spelled(best.hours_before)} h: {best.share:.0%} of {best.appointments} similar "
        f"appointments were confirmed, with {present.channel.value} {spelled(present.hours_before)} h "
        f"{present.share:.0%} of {present.appointments}"
    )


def _window(wish: ReminderWish, policy: ReminderPolicy) -> tuple[tuple[int, int], tuple[str, ...]]:
    """The hours in which to write; a patient's own count as far as they lie in the practice's."""
    if wish.hours_of_day is None:
        return policy.sending_hours, ()
    opens = max(wish.hours_of_day[0], policy.sending_hours[0])
    closes = min(wish.hours_of_day[1], policy.sending_hours[1])
    if opens >= closes:
        return policy.sending_hours, ("the wanted hours lie in quiet hours: the practice hours are kept",)
    return (opens, closes), (f"between {opens}:00 and {closes}:00: the patient wants it so",)


def _timed(
    visit: Visit, hours: Sequence[int], window: tuple[int, int], since: datetime, messages: MessagePolicy
) -> tuple[tuple[Reminder, ...], tuple[str, ...]]:
    """Each hour of the plan as a moment; the first of the plan goes first where not all of them fit under the cap."""
    found: list[Reminder] = []
    left_out: list[str] = []
    for each in hours:
        due = visit.starts_at - timedelta(hours=each)
        at = next_send_time(due, visit.zone, window)
        others = [*visit.others, *(reminder.at for reminder in found)]
        if due <= since:
            left_out.append(f"{each} h: its time has passed")
        elif at >= visit.starts_at:
            left_out.append(f"{each} h: no sending hour is left before the start")
        elif any(reminder.at == at for reminder in found):
            left_out.append(f"{each} h: at the same moment as another")
        elif over_cap(at, others, visit.zone, messages):
            left_out.append(f"{each} h: frequency cap")
        else:
            found.append(Reminder(at, each))
    return tuple(sorted(found, key=lambda reminder: reminder.at)), tuple(left_out)


def ordered(hours: Iterable[int]) -> tuple[int, ...]:
    """A plan with its earliest reminder first."""
    return tuple(sorted(hours, reverse=True))


def spelled(hours: Iterable[int]) -> str:
    """A plan as it is stored and shown: ``72+24``."""
    return "+".join(str(each) for each in ordered(hours))


def read_plan(text: str) -> tuple[int, ...]:
    """The hours of a stored plan; raises ValueError for anything else."""
    return tuple(int(each) for each in text.split("+"))
