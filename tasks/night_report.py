"""How the practice stands after a night: what was done, who must act, what is overdue, quarantined, failed."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Integer, cast
from sqlmodel import col, func, select

from acts import safety
from acts.scorecard import Wanted, scorecard_of
from adapters import operational_store as store
from models.claim_codes import FileStatus
from models.codes import ApprovalStatus, CaseOwner, QuarantineStatus, Role, ToDoStatus
from models.columns import utc_now
from models.operational import (
    Approval,
    Claim,
    ClearinghouseFile,
    Location,
    QuarantinedRow,
    Referral,
    ToDo,
)
from models.periods import Period
from models.small_cells import FEWEST, tells
from models.transitions import CLAIM_OWNERS, REFERRAL_OWNERS
from rules.scorecard import Figure, outside
from rules.scorecard_words import WORDS, interval_told, told
from tasks import nightly
from tasks.nights import records_of

SCORED = timedelta(days=90)
IN_THE_NIGHT = (
    Figure.LEAKAGE,
    Figure.LATE_CANCELLATIONS,
    Figure.CLEAN_CLAIMS,
    Figure.DENIED_CLAIMS,
    Figure.ADMIN_HOURS,
    Figure.SATISFIED,
)
LIVE = (ToDoStatus.OPEN, ToDoStatus.CLAIMED)


@dataclass(frozen=True)
class PartDone:
    """One part of the night as it stands on record."""

    part: str
    location_id: str
    status: str
    attempts: int
    seconds: int | None
    counts: dict[str, int]
    failure: str = ""


@dataclass(frozen=True)
class NightSummary:
    """The night in counts: its parts, who is waited for and for how many of those too long, what is put aside."""

    night: date
    parts: list[PartDone]
    waiting: dict[str, int] = field(default_factory=dict)
    overdue: dict[str, int] = field(default_factory=dict)
    rows_quarantined: int = 0
    files_refused: int = 0
    figures: dict[str, str] = field(default_factory=dict)


def summary(night: date, location: str = "all") -> NightSummary:
    """What a person reads of a night, of one location or of all; a fixed number of queries."""
    with store.reading() as db:
        waiting: Counter[str] = Counter()
        record: Any
        overdue: Counter[str] = Counter()
        for record, open_ones in (
            (Approval, col(Approval.status) == ApprovalStatus.OPEN),
            (ToDo, col(ToDo.status).in_(LIVE)),
        ):
            late = func.sum(cast(col(record.due_at) < utc_now(), Integer))
            query = select(record.role, func.count(), late).where(open_ones).group_by(record.role)
            if location != "all":
                query = query.where(record.location_id == location)
            for role, count, too_long in db.exec(query).all():
                waiting[_name(role)] += count
                overdue[_name(role)] += int(too_long or 0)
        for record, owners in ((Referral, REFERRAL_OWNERS), (Claim, CLAIM_OWNERS)):
            theirs = [status for status, owner in owners.items() if owner == CaseOwner.PATIENT]
            mine = select(func.count()).select_from(record).where(col(record.status).in_(theirs))
            if location != "all":
                mine = mine.where(record.location_id == location)
            waiting[CaseOwner.PATIENT.value] += db.exec(mine).one()
        rows = db.exec(
            select(func.count()).select_from(
                select(QuarantinedRow.file_id, QuarantinedRow.row)
                .where(QuarantinedRow.status == QuarantineStatus.OPEN)
                .distinct()
                .subquery()
            )
        ).one()
        files = db.exec(
            select(func.count())
            .select_from(ClearinghouseFile)
            .where(col(ClearinghouseFile.outgoing).is_(False), ClearinghouseFile.status == FileStatus.REFUSED)
        ).one()
    return NightSummary(
        night,
        [
            PartDone(
                row.part,
                row.location_id,
                row.status.value,
                row.attempts,
                int((row.finished_at - row.started_at).total_seconds()) if row.finished_at else None,
                row.counts,
                row.failure,
            )
            for row in records_of(night)
            if location in ("all", row.location_id)
        ],
        {name: count for name, count in sorted(waiting.items()) if count},
        {name: count for name, count in sorted(overdue.items()) if count},
        rows,
        files,
        _figures() | _scorecard(night, location),
    )


def _name(role: Role | None) -> str:
    return role.value if role is not None else "nobody"


def _missed_risk() -> dict[str, str]:
    """What the drawn intakes of the last 90 days say; a count from 1 to 4 may tell whose it is, and is not told."""
    found = safety.sample_standing(utc_now())
    read = found.no_risk + found.missed
    small = any(tells(count) for count in (found.missed, read - found.missed, found.drawn))
    rate = found.rate
    known = "not known yet"
    if rate.value is not None and rate.low is not None and rate.high is not None and not small:
        known = f"{rate.value:.1%} ({rate.low:.1%} to {rate.high:.1%})"
    return {
        "unflagged intakes drawn, 90 days": f"fewer than {FEWEST}" if tells(found.drawn) else str(found.drawn),
        "of unflagged intakes, with a missed risk": f"rests on fewer than {FEWEST}" if small else known,
    }


def _scorecard(night: date, location: str) -> dict[str, str]:
    """Some figures of the scorecard over the days before this night, with their intervals and nothing that is few."""
    with store.reading() as db:
        places = tuple(db.exec(select(Location.id).order_by(Location.id)).all())
    wanted = Wanted(
        Period(night - SCORED, night), Period(night - SCORED, night), places if location == "all" else (location,)
    )
    shown = {card.figure: card.now for card in outside(scorecard_of(wanted, night).cards)}
    return {
        f"{WORDS[figure].name.lower()}, last {SCORED.days} days": (
            f"{told(figure, shown[figure].value)} ({interval_told(figure, shown[figure])})"
            if shown[figure].value is not None
            else "not known, or too few to show"
        )
        for figure in IN_THE_NIGHT
    }


def _figures() -> dict[str, str]:
    first, no_shows = nightly.first_appointment_figures.fn()
    return {
        "days to the first session, median": "not known yet" if first.median_days is None else str(first.median_days),
        "days to the first session, nine in ten": "not known yet" if first.p90_days is None else str(first.p90_days),
        "referrals still waiting": str(first.still_waiting),
        **_missed_risk(),
        "no-show rate": "not known yet" if no_shows.rate is None else f"{no_shows.rate:.1%}",
    }
