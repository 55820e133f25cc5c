"""The night of the practice as a list of parts: which there are, which are done, and how one is carried out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.tasks import exponential_backoff
from sqlmodel import col, select

from acts import practice_rounds
from adapters import operational_store as store
from adapters import step_counts
from adapters.log_lines import log_of
from models.columns import utc_now
from models.errors import CountersignError, OutsideUnavailable
from models.operational import Location, NightPart
from models.scheduling_codes import NightPartStatus
from tasks import (
    calendars,
    check_ins,
    night_parts,
    no_show,
    past_appointments,
    pilots,
    reminders,
    retention,
    risk_sample,
    shadow_night,
    surveys,
    waitlist,
)
from tasks.schedule import NIGHT_ZONE
from tasks.steps import in_its_name

log = log_of(__name__)

EVERYWHERE = "all"
ATTEMPTS = 3
"""How often a part is tried in one run."""


@dataclass(frozen=True)
class Part:
    """One part of the night. ``does``: what an analyst reads. ``do``: night and location in, counts out.

    ``by_place``: it can do one location alone; the others belong to the night of the whole practice. ``heavy``: it may
    go to another machine, one task for each location. ``reads``: it waits for the language models.
    """

    name: str
    does: str
    do: Callable[[date, str], dict[str, int]]
    by_place: bool = True
    heavy: bool = False
    reads: bool = False


PARTS: tuple[Part, ...] = (
    Part("referrals", "take in dropped referrals", night_parts.referrals),
    Part("sessions", "take in dropped sessions", night_parts.take_in_sessions),
    Part("clearinghouse", "take in what the clearinghouse left", night_parts.clearinghouse, by_place=False),
    Part("times", "open bookable times", night_parts.times, by_place=False),
    Part("series", "make recurring appointments ahead", calendars.extend_series),
    Part("coverage", "ask about coverage of the next days", night_parts.coverage, heavy=True),
    Part("transcripts", "read and draft the day's sessions", night_parts.transcripts, heavy=True, reads=True),
    # before the reminders: an estimate adds one
    Part("past-appointments", "take in past appointments", past_appointments.take_in, by_place=False),
    Part("no-show", "learn from missed sessions", no_show.learn_and_estimate, by_place=False, heavy=True),
    Part("reminders", "plan reminders", reminders.queue_reminders, heavy=True),
    Part("waitlist", "offer freed times", waitlist.offer_freed_times, heavy=True),
    Part("check-ins", "ask what is due between sessions", check_ins.send_due, heavy=True),
    Part("shadow", "note what the night would do in the shadow", shadow_night.note_night),
    Part("surveys", "ask who began or ended care how satisfied they are", surveys.ask_due),
    Part("waits", "look after every wait", night_parts.waits, by_place=False),
    Part("claims", "send claims", night_parts.claims_out, heavy=True),
    Part("files", "send files to the clearinghouse", night_parts.files_out, by_place=False),
    Part("risk-sample", "draw unflagged intakes for a clinician", risk_sample.draw),
    Part("pilots", "look at the pilots", pilots.look, by_place=False),
    Part("practice-rounds", "give clinicians a practice case", practice_rounds.invite, by_place=False),
    Part("retention", "count who is over their time", retention.count, by_place=False),
    Part("figures", "count the figures of the day", night_parts.figures, by_place=False),
    Part("audit", "verify and anchor the audit", night_parts.audit, by_place=False),
    Part("backup", "back up", night_parts.back_up, by_place=False),
)
"""In the order they are done: what comes in first, what leaves before the backup, which then knows of it."""


class PartFailed(CountersignError):
    """A part could not be done: its name, what kind of failure it was, whether trying again can help."""

    def __init__(self, part: str, kind: str, again: bool) -> None:
        super().__init__(part, kind, again)
        self.part, self.kind, self.again = part, kind, again

    def __str__(self) -> str:
        return f"{self.part} ({self.kind})"


def night_of(night: date | None, location: str, now: datetime | None = None) -> date:
    """The date a night is kept under: the one that was asked for, else today where the location is."""
    if night is not None:
        return night
    with store.reading() as db:
        place = db.get(Location, location)
    return (now or utc_now()).astimezone(ZoneInfo(place.time_zone) if place else NIGHT_ZONE).date()


def parts_of(location: str) -> list[Part]:
    """The parts of one location's night, or of the whole practice's."""
    return [part for part in PARTS if part.by_place or location == EVERYWHERE]


def part_named(name: str) -> Part:
    return next(part for part in PARTS if part.name == name)


def missing(part: Part, night: date, location: str, *, split: bool = False) -> list[str]:
    """For which locations a part is still to be done this night; ``all`` is one pass over everything.

    ``split``: one location at a time, where the part can.
    """
    with store.reading() as db:
        done = set(
            db.exec(
                select(NightPart.location_id).where(
                    NightPart.night == night, NightPart.part == part.name, NightPart.status == NightPartStatus.DONE
                )
            ).all()
        )
        places = db.exec(select(Location.id).order_by(Location.id)).all()
    if EVERYWHERE in done or location in done:
        return []
    if location != EVERYWHERE or not (split and part.by_place and places):
        return [location]
    return [place for place in places if place not in done]


def do_part(name: str, night: date, location: str) -> dict[str, int]:
    """Do one part of one night at one location unless it is done; returns its counts. Raises PartFailed.

    A failure's own words stay here: they may hold what Prefect must not know.
    """
    part = part_named(name)
    known = _begin(part, night, location)
    if known is not None:
        return known
    try:
        counts = in_its_name(part.does)(part.do)(night, location)
    except Exception as failure:
        _end(part, night, location, NightPartStatus.FAILED, failure=type(failure).__name__)
        again = isinstance(failure, OutsideUnavailable) or not isinstance(failure, CountersignError)
        raise PartFailed(name, type(failure).__name__, again) from None
    _end(part, night, location, NightPartStatus.DONE, counts)
    _keep_step_counts()
    return counts


def _keep_step_counts() -> None:
    """On another machine nobody else keeps them; trouble with that is no trouble of the part's."""
    try:
        step_counts.keep()
    except CountersignError as trouble:
        log.warning("what steps read was not kept; it is counted with the next", trouble=trouble)


def _begin(part: Part, night: date, location: str) -> dict[str, int] | None:
    """Note that the part is under way; its counts where it is done already."""
    with store.writing() as db:
        row = db.get(NightPart, (night, part.name, location))
        if row is not None and row.status == NightPartStatus.DONE:
            return dict(row.counts)
        if row is None:
            row = NightPart(
                night=night,
                part=part.name,
                location_id=location,
                status=NightPartStatus.RUNNING,
                started_at=utc_now(),
            )
        row.status, row.started_at, row.finished_at = NightPartStatus.RUNNING, utc_now(), None
        row.attempts, row.failure = row.attempts + 1, ""
        db.add(row)
        store.audit(db, "system", "night.part_began", _subject(part, night, location), attempt=row.attempts)
    return None


def _end(
    part: Part,
    night: date,
    location: str,
    status: NightPartStatus,
    counts: dict[str, int] | None = None,
    failure: str = "",
) -> None:
    with store.writing() as db:
        details: dict[str, Any] = {**(counts or {}), **({"failure": failure} if failure else {})}
        row = db.get_one(NightPart, (night, part.name, location))
        row.status, row.finished_at, row.counts, row.failure = status, utc_now(), counts or {}, failure
        db.add(row)
        store.audit(
            db,
            "system",
            f"night.part_{status.value}",
            _subject(part, night, location),
            **details,
        )


def _subject(part: Part, night: date, location: str) -> tuple[str, str]:
    return ("night_part", f"{night.isoformat()}:{part.name}:{location}")


def records_of(night: date) -> list[NightPart]:
    """What is on record of a night, in the order of its parts."""
    with store.reading() as db:
        found = db.exec(select(NightPart).where(NightPart.night == night).order_by(col(NightPart.location_id))).all()
    order = {part.name: number for number, part in enumerate(PARTS)}
    return sorted(found, key=lambda row: order.get(row.part, len(order)))


def _worth_retrying(_task: Any, _run: Any, state: Any) -> bool:
    failure = getattr(state.data, "result", state.data)
    return not isinstance(failure, PartFailed) or failure.again


def recorded(part: Part) -> Task[[str, date, str], dict[str, int]]:
    """The part as one Prefect task: never cached, tried again where that can help."""
    return Task(
        fn=do_part,
        name=part.does,
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=ATTEMPTS - 1,
        retry_delay_seconds=exponential_backoff(2),
        retry_condition_fn=_worth_retrying,
    )
