"""Opening a case that is not one's own, for a written reason and a few hours, while compliance is told."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from adapters import therapy_store
from adapters.operational_store import audit, one, one_case, queue_message, reading, writing
from models.codes import MessageChannel, Role
from models.columns import new_id, utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import AuditEvent, BreakGlass, Staff
from models.purposes import PurposeOfUse
from models.therapy_text import TherapyText
from rules.access import BREAKERS, SHORTEST_REASON

OPEN_FOR = timedelta(hours=4)
REVIEW_WITHIN = timedelta(hours=24)
WATCHERS = (Role.COMPLIANCE, Role.OWNER, Role.ADMIN)


@dataclass(frozen=True)
class Opened:
    """One emergency opening with what was looked at under it."""

    glass: BreakGlass
    reads: int


def break_glass(case_number: str, staff_id: str, reason: TherapyText) -> BreakGlass:
    """Open a case for this person, who has just proved who they are; compliance is paged at once.

    Raises NotAllowed, MovedOn, or ValueError when the reason says too little.
    """
    if len(reason.unwrap().strip()) < SHORTEST_REASON:
        raise ValueError(f"say in at least {SHORTEST_REASON} characters why you need this case now")
    with reading() as db:
        one_case(db, case_number)
        staff = one(db, Staff, staff_id)
    if staff.role not in BREAKERS or not staff.active:
        raise NotAllowed("only who treats patients or runs intake opens a case in an emergency")
    now = utc_now()
    glass = BreakGlass(
        id=new_id("BG"),
        staff_id=staff_id,
        case_number=case_number,
        words_id=new_id("BW"),
        at=now,
        expires_at=now + OPEN_FOR,
    )
    # the words first: an opening without its reason must not exist
    therapy_store.keep_to_do_words(glass.words_id, case_number, answer=reason, actor=staff_id)
    with writing() as db:
        db.add(glass)
        audit(db, staff_id, "break_glass.opened", glass, case_number, words=glass.words_id, minutes=240)
        page_watchers(db, glass, "opened")
    return glass


def page_watchers(db: Session, glass: BreakGlass, key: str) -> int:
    """Page every compliance officer (the owner, else an administrator, where there is none); returns how many."""
    for role in WATCHERS:
        found = db.exec(select(Staff.id).where(Staff.role == role, col(Staff.active).is_(True))).all()
        if found:
            break
    for staff_id in found:
        queue_message(
            db,
            unique_key=f"break-glass:{glass.id}:{key}:{staff_id}",
            channel=MessageChannel.PAGE,
            template="break_glass",
            case_number=glass.case_number,
            to_staff_id=staff_id,
            urgent=True,
        )
    return len(found)


def note_read(staff_id: str, case_number: str, page: str) -> None:
    """Put on record that a page of the case was looked at under this person's newest emergency opening."""
    glass = next(each for each in reversed(open_ones(staff_id)) if each.case_number == case_number)
    with writing() as db:
        purpose = PurposeOfUse.BREAK_THE_GLASS
        audit(db, staff_id, "break_glass.read", glass, case_number, purpose=purpose, page=page)


def open_ones(staff_id: str) -> list[BreakGlass]:
    """The emergency openings of this person that hold now."""
    with reading() as db:
        return list(
            db.exec(
                select(BreakGlass)
                .where(
                    BreakGlass.staff_id == staff_id,
                    col(BreakGlass.expires_at) > utc_now(),
                    col(BreakGlass.reviewed_at).is_(None),
                )
                .order_by(col(BreakGlass.at))
            ).all()
        )


def all_openings(limit: int = 200) -> list[Opened]:
    """Every opening, those nobody has reviewed first, then the newest."""
    with reading() as db:
        found = db.exec(
            select(BreakGlass)
            .order_by(col(BreakGlass.reviewed_at).is_not(None), col(BreakGlass.at).desc())
            .limit(limit)
        ).all()
        counts = dict(
            db.exec(
                select(AuditEvent.subject_id, func.count())
                .where(
                    AuditEvent.action == "break_glass.read",
                    col(AuditEvent.subject_id).in_([glass.id for glass in found]),
                )
                .group_by(col(AuditEvent.subject_id))
            ).all()
        )
    return [Opened(glass, counts.get(glass.id, 0)) for glass in found]


def one_opening(glass_id: str) -> tuple[BreakGlass, list[AuditEvent]]:
    """One opening and what was looked at under it; raises MovedOn when there is none."""
    with reading() as db:
        glass = one(db, BreakGlass, glass_id)
        reads = db.exec(
            select(AuditEvent)
            .where(AuditEvent.subject_kind == "break_glass", AuditEvent.subject_id == glass_id)
            .order_by(col(AuditEvent.id))
        ).all()
        return glass, list(reads)


def review(glass_id: str, staff_id: str) -> None:
    """Record that compliance has looked at an opening; ends it at once. Raises NotAllowed, MovedOn."""
    with writing() as db:
        glass = db.get_one(BreakGlass, one(db, BreakGlass, glass_id).id, with_for_update=True)
        if glass.staff_id == staff_id:
            raise NotAllowed("somebody else reviews what you opened")
        if glass.reviewed_at is not None:
            raise MovedOn("this opening has been reviewed already")
        now = utc_now()
        glass.reviewed_at, glass.reviewed_by = now, staff_id
        db.add(glass)
        audit(db, staff_id, "break_glass.reviewed", glass, glass.case_number)


def remind_of_unreviewed(now: datetime) -> int:
    """Page again about openings nobody has reviewed for a day, once a day; returns how many openings."""
    with writing() as db:
        late = db.exec(
            select(BreakGlass).where(col(BreakGlass.reviewed_at).is_(None), col(BreakGlass.at) <= now - REVIEW_WITHIN)
        ).all()
        for glass in late:
            days = (now - glass.at) // REVIEW_WITHIN
            page_watchers(db, glass, f"unreviewed-{days}")
    return len(late)
