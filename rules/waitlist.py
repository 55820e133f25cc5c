"""Who is offered a time that has come free, in which order, for how long, and why."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from enum import StrEnum
from zoneinfo import ZoneInfo

from models.codes import Modality
from rules import matching, scheduling
from rules.matching import CandidateClinician, MatchRequest, Way
from rules.messaging import SENDING_HOURS, next_send_time
from rules.scheduling import Interval

PRIORITIES = (1, 2, 3)
LONGEST_AGO = datetime.min.replace(tzinfo=UTC)
# Of the time that is left before a near slot, its first holders may take this share; the next ones need some too.
SHARE_OF_WHAT_IS_LEFT = 4


@dataclass(frozen=True)
class WaitlistPolicy:
    """The practice's own figures.

    ``batch``: how many patients hold a time at once; each of them who is likely to miss (``deepen_at``, a proportion)
    lets in one more, up to ``deepest``. A hold lasts ``hold_minutes``, less for a near time, never under
    ``shortest_hold_minutes`` nor into the last ``last_call_minutes`` before the start. ``most_open``: offers that one
    patient may hold at once.
    """

    batch: int = 3
    deepest: int = 6
    deepen_at: float = 0.3
    hold_minutes: int = 120
    shortest_hold_minutes: int = 15
    last_call_minutes: int = 60
    most_open: int = 2

    def __post_init__(self) -> None:
        fits = 1 <= self.batch <= self.deepest and 0 < self.deepen_at <= 1 and self.most_open >= 1
        if not fits or not 0 < self.shortest_hold_minutes <= self.hold_minutes or self.last_call_minutes < 0:
            raise ValueError("a waitlist needs a batch of at least 1, no deeper than the deepest, and holds that last")


@dataclass(frozen=True)
class FreedTime:
    """One bookable time that came free, UTC."""

    slot_id: str
    clinician_id: str
    location_id: str
    starts_at: datetime
    minutes: int
    modality: Modality

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)


@dataclass(frozen=True)
class Waiting:
    """One patient on the waitlist, as far as a time is concerned.

    ``only_clinician``: None for any who fits. ``own_clinician``: who was assigned to this patient by signature, so
    that only the place of treatment is asked of them. ``not_ready``: why no time may be given yet, "" where one may.
    ``busy``: their other appointments; ``held``: the times they are offered now. ``not_after``: the start of the
    appointment that an accepted time replaces. ``said_no``: the slots they declined or let go by.
    ``miss_estimate``: how likely they are to miss (0 to 1), None where nothing was estimated.
    """

    entry_id: str
    priority: int
    since: datetime
    zone: str
    request: MatchRequest = field(repr=False)
    priority_by_person: bool = True
    only_clinician: str | None = None
    own_clinician: str | None = None
    wanted_times: frozenset[str] = field(default=frozenset(), repr=False)
    min_notice_hours: int = 0
    offers: int = 0
    last_offered_at: datetime | None = None
    not_ready: str = ""
    busy: tuple[Interval, ...] = ()
    held: tuple[Interval, ...] = ()
    not_after: datetime | None = None
    said_no: frozenset[str] = frozenset()
    miss_estimate: float | None = None


class RefusalCode(StrEnum):
    """Why somebody who waits is not offered a time."""

    NOT_READY = "not_ready"
    OTHER_CLINICIAN = "other_clinician"
    NOT_SUITED = "not_suited"
    NO_WAY = "no_way"
    BUSY = "busy"
    NOT_EARLIER = "not_earlier"
    OTHER_TIMES = "other_times"
    SAID_NO = "said_no"
    HOLDS_THIS_HOUR = "holds_this_hour"
    HOLDS_ENOUGH = "holds_enough"
    SHORT_NOTICE = "short_notice"
    TOO_NEAR = "too_near"


WISHES = frozenset(
    {
        *(RefusalCode.NOT_EARLIER, RefusalCode.OTHER_TIMES, RefusalCode.SAID_NO, RefusalCode.HOLDS_THIS_HOUR),
        *(RefusalCode.HOLDS_ENOUGH, RefusalCode.SHORT_NOTICE, RefusalCode.TOO_NEAR),
    }
)
"""What a person on the phone may settle with the patient; everything else stands whoever asks."""


@dataclass(frozen=True)
class Refusal:
    code: RefusalCode
    text: str


@dataclass(frozen=True)
class Hold:
    """From when on a patient can be told of a time, and until when it is theirs to take; UTC."""

    tell_at: datetime
    until: datetime


@dataclass(frozen=True)
class Chosen:
    """One patient who is offered the time; ``rank`` from 1 in this round."""

    entry_id: str
    rank: int
    hold: Hold
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """Who is offered a time, and who stood before them in the list and is not, with what speaks against it first."""

    chosen: tuple[Chosen, ...]
    passed_over: tuple[tuple[str, tuple[Refusal, ...]], ...]


Place = tuple[int, int, int, datetime, datetime, str]


def order(one: Waiting, now: datetime) -> Place:
    """Where somebody stands in the list; smaller is sooner."""
    return place_of(one.priority, one.since, one.offers, one.last_offered_at, one.entry_id, now)


def place_of(
    priority: int, since: datetime, offers: int, last_offered_at: datetime | None, entry_id: str, now: datetime
) -> Place:
    """The place of an entry with these facts: priority, whole weeks waited, fewest offers, longest without one, since.

    Weeks, because two moments are never equal: fairness decides among those who have waited about as long.
    """
    weeks = (now - since) // timedelta(weeks=1)
    return priority, -weeks, offers, last_offered_at or LONGEST_AGO, since, entry_id


def choose(
    time: FreedTime,
    clinician: CandidateClinician,
    waiting: Iterable[Waiting],
    *,
    now: datetime,
    policy: WaitlistPolicy,
    open_now: int = 0,
    likely_to_miss: int = 0,
) -> Choice:
    """Who is offered this time next, first in the list first, beside the ``open_now`` who hold it already.

    ``likely_to_miss``: how many of those are. An estimate decides how many are asked, never who, and never how often
    the time is given away: it goes to the first who accepts.
    """
    depth = min(policy.batch + likely_to_miss, policy.deepest)
    chosen: list[Chosen] = []
    passed: list[tuple[str, tuple[Refusal, ...]]] = []
    holds: dict[str, Hold | None] = {}
    for one in sorted(waiting, key=lambda each: order(each, now)):
        if open_now + len(chosen) >= depth:
            break
        if one.zone not in holds:
            holds[one.zone] = hold_of(now, time.starts_at, one.zone, policy)
        hold = holds[one.zone]
        # the cheapest first: of most who wait, one of these decides
        refusals = (
            _of_the_patient(time, one, policy)
            or _of_the_hold(time, one, hold)
            or _of_the_clinician(time, clinician, one)
        )
        if hold is None or refusals:
            passed.append((one.entry_id, tuple(refusals)))
            continue
        deepens = is_likely_to_miss(one.miss_estimate, policy) and depth < policy.deepest
        depth += deepens
        reasons = _reasons(time, one, now, deepens=deepens)
        chosen.append(Chosen(one.entry_id, len(chosen) + 1, hold, reasons))
    return Choice(tuple(chosen), tuple(passed))


def is_likely_to_miss(estimate: float | None, policy: WaitlistPolicy) -> bool:
    """Whether one more patient is asked beside this one."""
    return estimate is not None and estimate >= policy.deepen_at


def refusals_of(
    time: FreedTime, clinician: CandidateClinician, one: Waiting, *, now: datetime, policy: WaitlistPolicy
) -> tuple[tuple[Refusal, ...], Hold | None]:
    """Every reason not to offer this time to this patient, and how long they would hold it where it can be held."""
    hold = hold_of(now, time.starts_at, one.zone, policy)
    found = (
        *_of_the_patient(time, one, policy),
        *_of_the_clinician(time, clinician, one),
        *_of_the_hold(time, one, hold),
    )
    return found, hold


def _of_the_patient(time: FreedTime, one: Waiting, policy: WaitlistPolicy) -> list[Refusal]:
    found = []
    if one.not_ready:
        found.append(Refusal(RefusalCode.NOT_READY, one.not_ready))
    if any(other.overlaps(time.starts_at, time.ends_at) for other in one.busy):
        found.append(Refusal(RefusalCode.BUSY, "has another appointment then"))
    if one.not_after is not None and time.starts_at >= one.not_after:
        found.append(Refusal(RefusalCode.NOT_EARLIER, "not earlier than the appointment it would replace"))
    if one.wanted_times and (code := scheduling.time_code(time.starts_at, one.zone)) not in one.wanted_times:
        found.append(Refusal(RefusalCode.OTHER_TIMES, f"wants other times than {code}"))
    if time.slot_id in one.said_no:
        found.append(Refusal(RefusalCode.SAID_NO, "said no to this time, or let it go by"))
    if any(other.overlaps(time.starts_at, time.ends_at) for other in one.held):
        found.append(Refusal(RefusalCode.HOLDS_THIS_HOUR, "is offered another time in this hour"))
    if len(one.held) >= policy.most_open:
        found.append(Refusal(RefusalCode.HOLDS_ENOUGH, f"holds {len(one.held)} offers already"))
    return found


def _of_the_hold(time: FreedTime, one: Waiting, hold: Hold | None) -> list[Refusal]:
    if hold is None:
        return [Refusal(RefusalCode.TOO_NEAR, "too near to be offered in the patient's hours")]
    if time.starts_at - hold.tell_at < timedelta(hours=one.min_notice_hours):
        return [Refusal(RefusalCode.SHORT_NOTICE, f"needs {one.min_notice_hours} hours' notice")]
    return []


def _of_the_clinician(time: FreedTime, clinician: CandidateClinician, one: Waiting) -> list[Refusal]:
    """What speaks against this clinician, in this way, at this place."""
    found = list(unsuited(clinician, one))
    if not found and way_of(time, clinician, one) is None:
        found.append(Refusal(RefusalCode.NO_WAY, "cannot be seen in this way at this place"))
    return found


def unsuited(clinician: CandidateClinician, one: Waiting) -> tuple[Refusal, ...]:
    """Why this patient may not have a time of this clinician whatever time it is; () where they may.

    Their own clinician was settled when a person signed. Of a colleague all that matching asks holds, but for a free
    place: one session takes none of their caseload.
    """
    if one.only_clinician not in (None, clinician.clinician_id):
        return (Refusal(RefusalCode.OTHER_CLINICIAN, "waits for another clinician"),)
    if one.own_clinician == clinician.clinician_id:
        return ()
    result = matching.match(one.request, [replace(clinician, open_places=1)], LONGEST_AGO)
    return tuple(
        Refusal(RefusalCode.NOT_SUITED, each.text) for excluded in result.excluded for each in excluded.reasons
    )


def way_of(time: FreedTime, clinician: CandidateClinician, one: Waiting) -> Modality | None:
    """How the session would be held: in the office, by video, or either as they like; None where neither may be.

    In an office only at the location where the patient waits; by video the clinician's place does not matter.
    """
    ways = {way.modality for way in matching.lawful_ways(one.request, clinician) if _fits(time, way, one)}
    if len(ways) > 1:
        return Modality.EITHER
    return next(iter(ways), None)


def _fits(time: FreedTime, way: Way, one: Waiting) -> bool:
    if time.modality not in (way.modality, Modality.EITHER):
        return False
    return way.modality is Modality.TELEHEALTH or way.location_id == time.location_id == one.request.location_id


def hold_of(
    now: datetime,
    starts_at: datetime,
    zone: str,
    policy: WaitlistPolicy,
    sending_hours: tuple[int, int] = SENDING_HOURS,
) -> Hold | None:
    """How long a patient may think about a time, counted in their own sending hours; None when it is too near.

    A quarter of what is left before the last call, at most the practice's hold.
    """
    tell_at = next_send_time(now, zone, sending_hours)
    last_call = starts_at - timedelta(minutes=policy.last_call_minutes)
    shortest = timedelta(minutes=policy.shortest_hold_minutes)
    if last_call - tell_at < shortest:
        return None
    length = max(shortest, (last_call - tell_at) / SHARE_OF_WHAT_IS_LEFT)
    length = min(length, timedelta(minutes=policy.hold_minutes))
    return Hold(tell_at, min(_in_sending_hours(tell_at, length, zone, sending_hours), last_call))


def _in_sending_hours(at: datetime, length: timedelta, zone: str, hours: tuple[int, int]) -> datetime:
    """The moment by which this much of the patient's sending hours has passed; nobody loses a time in their sleep."""
    while True:
        closes = _closing(at, zone, hours)
        if at + length <= closes:
            return at + length
        length -= closes - at
        at = next_send_time(closes, zone, hours)


def _closing(at: datetime, zone: str, hours: tuple[int, int]) -> datetime:
    """When the sending hours end on the local day of ``at``, UTC."""
    day = at.astimezone(ZoneInfo(zone)).date()
    return datetime.combine(day, time_of_day(hours[1]), ZoneInfo(zone)).astimezone(UTC)


def _reasons(time: FreedTime, one: Waiting, now: datetime, *, deepens: bool) -> tuple[str, ...]:
    """Why this patient, in words that hold nothing of what anybody said."""
    days = (now - one.since).days
    own = one.own_clinician == time.clinician_id
    reasons = [
        f"priority {one.priority}" + (", set by a person" if one.priority_by_person else ""),
        f"has waited {days} day{'' if days == 1 else 's'}",
        f"offered {one.offers} time{'' if one.offers == 1 else 's'} before" if one.offers else "never offered before",
        "at a wanted time" if one.wanted_times else "any time suits",
        "with their own clinician" if own else "with a clinician who fits",
    ]
    if deepens:
        reasons.append("may miss it: one more is asked beside them")
    return tuple(reasons)
