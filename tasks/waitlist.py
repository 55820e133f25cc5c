"""What the waitlist needs without anybody asking: holds that end, times offered on, places for referrals that wait."""

from collections import Counter
from datetime import date, datetime, timedelta

import pandas as pd
from sqlmodel import Session, col, select

from acts.booking import revoke_offers
from acts.waitlist_facts import still_free
from acts.waitlist_offers import enter_waitlist, expire_holds, freed_slots, offer_times, was_cancelled
from adapters import operational_store as store
from adapters import waitlist_views
from models.codes import ReferralStatus, SlotStatus
from models.columns import utc_now
from models.operational import Appointment, Referral, Slot, WaitlistEntry, WaitlistOffer
from models.scheduling_codes import WaitlistOfferStatus, WaitlistStatus
from rules import waitlist_fairness
from tasks.shadow_night import note_freed

CHUNK = 1000
TIMES = 250
"""How many times are offered in one transaction; with a batch of three that is fewer than ``CHUNK`` offers."""
LATELY = timedelta(minutes=10)
"""How far back the minute's work looks; what it missed for longer, the night offers."""


def offer_freed_times(night: date, location_id: str = "all") -> dict[str, int]:
    """Offer every time to come that a cancelled appointment left open, of one location or of all; returns counts.

    Whatever night it is run for, it offers what is free now. A transaction and a constant number of queries for each
    ``TIMES`` times; run again, it makes no offer that is there.
    """
    counts: Counter[str] = Counter(entered=0, expired=0, times=0, offers=0)
    now = utc_now()
    places = None if location_id == "all" else [location_id]
    counts["entered"] = _enter_all()
    counts["expired"] = _expire_all(now)
    after: tuple[datetime, str] | None = None
    while True:
        with store.writing() as db:
            slots = freed_slots(db, now, places, after=after, limit=TIMES)
            made = offer_times(db, slots, now)
            if made:
                store.audit(db, "system", "waitlist.night", ("waitlist", night.isoformat()), offers=len(made))
        counts["times"] += len(slots)
        counts["offers"] += len(made)
        if len(slots) < TIMES:
            return dict(counts)
        after = (slots[-1].starts_at, slots[-1].id)


def _enter_all() -> int:
    entered = 0
    while True:
        with store.writing() as db:
            made = enter_waitlist(db, _without_a_place(db, CHUNK))
        entered += made
        if made < CHUNK:
            return entered


def _expire_all(now: datetime) -> int:
    expired = 0
    while True:
        with store.writing() as db:
            ended = expire_holds(db, now, CHUNK)
        expired += ended
        if ended < CHUNK:
            return expired


def _without_a_place(db: Session, limit: int) -> list[Referral]:
    """The referrals that wait for a time and are not on the list."""
    listed = select(WaitlistEntry.case_number).where(WaitlistEntry.status == WaitlistStatus.WAITING)
    query = select(Referral).where(
        Referral.status == ReferralStatus.WAITLISTED, col(Referral.case_number).not_in(listed)
    )
    return list(db.exec(query.order_by(col(Referral.case_number)).limit(limit)).all())


def keep_moving(now: datetime) -> dict[str, int]:
    """The minute's work: referrals enter, offers of what is gone are revoked, holds end, the next are asked."""
    with store.writing() as db:
        entered = enter_waitlist(db, _without_a_place(db, CHUNK))
    with store.writing() as db:
        gone = _gone(db, now)
        for slot in gone:
            revoke_offers(db, slot, why="time_gone")
    with store.writing() as db:
        expired = expire_holds(db, now, CHUNK)
    with store.writing() as db:
        to_offer = _to_offer_on(db, now)
        offers = len(offer_times(db, to_offer, now))
    if to_offer:
        note_freed(to_offer, now)
    return {"entered": entered, "gone": len(gone), "expired": expired, "offers": offers}


def _gone(db: Session, now: datetime) -> list[Slot]:
    """The times that are offered and cannot be had: however they were filled or closed, nobody is left hoping."""
    offered = select(WaitlistOffer.slot_id).where(WaitlistOffer.status == WaitlistOfferStatus.OPEN)
    slots = db.exec(select(Slot).where(col(Slot.id).in_(offered)).limit(CHUNK)).all()
    free = {slot.id for slot in still_free(db, slots, now)}
    return [slot for slot in slots if slot.id not in free]


def _to_offer_on(db: Session, now: datetime) -> list[Slot]:
    """The free times that somebody has just given up, or that have just come free and are offered to nobody yet."""
    given_up = select(WaitlistOffer.slot_id).where(
        col(WaitlistOffer.status).in_(
            (WaitlistOfferStatus.DECLINED, WaitlistOfferStatus.EXPIRED, WaitlistOfferStatus.REVOKED)
        ),
        col(WaitlistOffer.answered_at) >= now - LATELY,
    )
    freed = was_cancelled(Slot, col(Appointment.changed_at) >= now - LATELY)
    query = select(Slot).where(
        Slot.status == SlotStatus.OPEN,
        col(Slot.starts_at) > now,
        col(Slot.id).in_(given_up) | freed,
    )
    return list(db.exec(query.order_by(col(Slot.starts_at), col(Slot.id)).limit(TIMES)).all())


def fairness(location_id: str = "all", now: datetime | None = None) -> pd.DataFrame:
    """Who was on the waitlist in the report's period, who was offered times and who got one; small counts hidden."""
    moment = now or utc_now()
    places = None if location_id == "all" else [location_id]
    entries = waitlist_views.entries_table(moment - waitlist_fairness.PERIOD, moment, places)
    return waitlist_fairness.suppressed(waitlist_fairness.fairness(entries))
