"""Offers times that came free to the patients who wait for one, takes such offers back, ends places on the list."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import exists
from sqlmodel import Session, col, select, tuple_

from acts import pilot_shadows
from acts.patient_messages import channel_for, tell_patient
from acts.pilot_shadows import Beside
from acts.waitlist_facts import Person, WaitlistFacts, facts_for, still_free, time_of
from adapters.held_places import held_places
from adapters.log_lines import log_of
from adapters.operational_store import audit, end_entry, one_case, open_to_dos, queue_messages, set_status
from adapters.portal_links import keep_links, new_link
from adapters.undelivered import CALL_KEY, WITHIN
from models.codes import (
    AppointmentStatus,
    LinkPurpose,
    MessageChannel,
    MessageStatus,
    ReferralStatus,
    Role,
    SlotStatus,
    ToDoKind,
)
from models.columns import new_id, utc_now
from models.governance_codes import Workflow
from models.operational import (
    Appointment,
    OutboxMessage,
    PortalLink,
    Referral,
    Slot,
    ToDo,
    WaitlistEntry,
    WaitlistOffer,
)
from models.scheduling_codes import WaitlistOfferStatus, WaitlistStatus
from models.transitions import check_transition
from rules import waitlist
from rules.waitlist import Choice, Chosen, WaitlistPolicy

log = log_of(__name__)

OFFERED = "earlier_time_offered"
TAKEN = "earlier_time_taken"
FREED_BY = (AppointmentStatus.CANCELLED, AppointmentStatus.LATE_CANCELLED)
DEEP = 10
"""Of how many the order in the list is noted where nothing is offered."""
LOWEST_PRIORITY = max(waitlist.PRIORITIES)


def message_key(offer_id: str) -> str:
    """The outbox's key of the message that tells of an offer."""
    return f"earlier-time:{offer_id}"


def offer_times(db: Session, slots: Sequence[Slot], now: datetime) -> list[WaitlistOffer]:
    """Offer these times to those who stand first in the list and fit, beside whoever holds them already.

    In the caller's transaction and in a constant number of queries, however many times there are. A time that is not
    open, or past, or at a location where this is held, is passed over; run again, it makes no offer that is there.
    """
    held = held_places(db, Workflow.SCHEDULING) if slots else set()
    free = still_free(db, [slot for slot in slots if slot.location_id not in held], now)
    if not free:
        return []
    facts = facts_for(db, free, now, keep=True)
    made: list[tuple[WaitlistOffer, Slot]] = []
    beside: list[Beside] = []
    for slot in _soonest_first(free):
        choice = _choose(facts, slot, facts.policy_for(slot), now)
        if choice is None:
            continue
        beside += pilot_shadows.worked_out(partial(_would_choose, facts, slot, choice, now))
        made += [(offer, slot) for offer in _offers_of(facts, slot, choice, now)]
    _keep(db, facts, made)
    if beside:
        pilot_shadows.keep(db, lambda: beside)
    return [offer for offer, _ in made]


def _choose(facts: WaitlistFacts, slot: Slot, policy: WaitlistPolicy, now: datetime) -> Choice | None:
    """Who is next for a time by this rule; None where its clinician is not known any more."""
    clinician = facts.clinicians.get(slot.clinician_id)
    if clinician is None:
        return None
    return waitlist.choose(
        time_of(slot),
        clinician,
        facts.may_be_asked(slot, policy),
        now=now,
        policy=policy,
        open_now=len(facts.open_on[slot.id]),
        likely_to_miss=facts.likely_to_miss(slot, policy),
    )


def _would_choose(facts: WaitlistFacts, slot: Slot, choice: Choice, now: datetime) -> list[Beside]:
    """Whom the rule in shadow would have asked beside those who are; each time is compared when it is first offered.

    The unit is the freed time: nobody is in an arm, and of clinicians there are too few to count.
    """
    shadow = facts.shadow_for(slot)
    if shadow is None or slot.id in facts.batches:
        return []
    trial, policy = shadow
    would = _choose(facts, slot, policy, now)
    if would is None or not (choice.chosen or would.chosen):
        return []
    asked, others = ([each.entry_id for each in one.chosen] for one in (choice, would))
    return [Beside(trial, slot.id, slot.id, slot.location_id, len(asked), len(others), asked == others)]


@dataclass(frozen=True)
class WouldOffer:
    """Whom a freed time would be offered now, first in the list first, and who would stand behind them."""

    slot: Slot
    case_number: str
    offered: tuple[str, ...]
    ranked: tuple[str, ...]


def would_offer(db: Session, slots: Sequence[Slot], now: datetime) -> list[WouldOffer]:
    """What ``offer_times`` would do if it were not held, in as many queries; offers nothing and keeps nothing."""
    free = still_free(db, slots, now)
    if not free:
        return []
    facts = facts_for(db, free, now)
    found = []
    for slot in _soonest_first(free):
        policy = facts.policy_for(slot)
        choice = _choose(facts, slot, policy, now)
        if choice is None or not choice.chosen:
            continue
        in_order = _choose(facts, slot, replace(policy, batch=DEEP, deepest=DEEP), now) or choice
        offers = _offers_of(facts, slot, choice, now)
        offered, ranked = (tuple(each.entry_id for each in one) for one in (offers, in_order.chosen))
        found.append(WouldOffer(slot, offers[0].case_number, offered, ranked))
    return found


def _soonest_first(slots: Sequence[Slot]) -> list[Slot]:
    return sorted(slots, key=lambda each: (each.starts_at, each.id))


def _offers_of(facts: WaitlistFacts, slot: Slot, choice: Choice, now: datetime) -> list[WaitlistOffer]:
    """The offers of one time, on no record yet; they count for the next choice."""
    batch = facts.batches.get(slot.id, 0) + 1
    made = []
    for chosen in choice.chosen:
        offer = _offer(facts.people[chosen.entry_id].entry, slot, chosen, batch, now)
        facts.note_offer(offer, slot)
        made.append(offer)
    return made


def _offer(entry: WaitlistEntry, slot: Slot, chosen: Chosen, batch: int, now: datetime) -> WaitlistOffer:
    return WaitlistOffer(
        id=new_id("WO"),
        entry_id=entry.id,
        case_number=entry.case_number,
        slot_id=slot.id,
        batch=batch,
        rank=chosen.rank,
        reasons=list(chosen.reasons),
        offered_at=now,
        hold_until=chosen.hold.until,
    )


def _keep(db: Session, facts: WaitlistFacts, made: list[tuple[WaitlistOffer, Slot]]) -> None:
    """Store the offers, their links, and what tells each patient of theirs: a message, or somebody who calls."""
    if not made:
        return
    db.add_all([offer for offer, _ in made])
    links, messages, calls = [], [], []
    for offer, slot in made:
        person = facts.people[offer.entry_id]
        person.entry.offers, person.entry.last_offered_at = person.waiting.offers, offer.offered_at
        db.add(person.entry)
        details: dict[str, Any] = {"slot": slot.id, "entry": offer.entry_id, "batch": offer.batch, "rank": offer.rank}
        audit(db, "system", "waitlist_offer.made", offer, offer.case_number, **details)
        channel = channel_for(person.patient)
        if channel is None:
            calls.append(_call(offer, person))
            continue
        link = _link(offer, slot, person)
        links.append(link)
        messages.append(_message(offer, slot, person, channel, link))
    db.flush()
    keep_links(db, links)
    queue_messages(db, messages)
    open_to_dos(db, calls)


def _link(offer: WaitlistOffer, slot: Slot, person: Person) -> PortalLink:
    """It opens until the day after, so that whoever comes late is told what became of the time."""
    days = (slot.starts_at - offer.offered_at).days + 2
    return new_link(offer.case_number, LinkPurpose.EARLIER_TIME, person.case.round, days, subject_id=offer.id)


def _message(
    offer: WaitlistOffer, slot: Slot, person: Person, channel: MessageChannel, link: PortalLink
) -> dict[str, Any]:
    tell_at = offer.offered_at
    if channel == MessageChannel.SMS:
        tell_at = waitlist.next_send_time(tell_at, person.waiting.zone)
    return {
        "id": new_id("MS"),
        "unique_key": message_key(offer.id),
        "channel": channel,
        "template": OFFERED,
        "case_number": offer.case_number,
        "to_patient_id": person.patient.id,
        "facts": {"offer_id": offer.id, "slot_id": slot.id, "link_id": link.id},
        "not_before": tell_at,
    }


def _call(offer: WaitlistOffer, person: Person) -> ToDo:
    """Who cannot be written to is called: the phone must be no reason to wait longer."""
    return ToDo(
        id=new_id("TD"),
        unique_key=f"{CALL_KEY}{offer.case_number}:{OFFERED}:{offer.id}",
        case_number=offer.case_number,
        kind=ToDoKind.TELL_PATIENT,
        role=Role.COORDINATOR,
        location_id=person.entry.location_id,
        due_at=min(offer.offered_at + WITHIN, offer.hold_until),
    )


# -- when a time or a place on the list comes to its end


def after_end(db: Session, appointment: Appointment, actor: str) -> None:
    """What the end of an appointment means for the waitlist: whoever wanted to move from it wants so no longer, and a
    time that came free is offered at once."""
    for entry in db.exec(
        select(WaitlistEntry).where(
            WaitlistEntry.from_appointment_id == appointment.id, WaitlistEntry.status == WaitlistStatus.WAITING
        )
    ).all():
        end_entry(db, entry, WaitlistStatus.LEFT, actor, why="appointment_ended")
    if appointment.status in FREED_BY:
        for slot_id in db.exec(select(Slot.id).where(*_of_its_time(appointment))).all():
            offer_at_once(db, slot_id)


def _of_its_time(appointment: Appointment) -> tuple[Any, ...]:
    """The bookable time of an appointment, whether or not it was booked by it: a clinician has one at a moment."""
    return (Slot.clinician_id == appointment.clinician_id, col(Slot.starts_at) == appointment.starts_at)


def offer_at_once(db: Session, slot_id: str) -> None:
    """Offer a time to whoever is next, in the caller's transaction and never at its cost."""
    try:
        with db.begin_nested():
            offer_times(db, [db.get_one(Slot, slot_id, populate_existing=True)], utc_now())
    except Exception as trouble:  # whatever it is, nobody is kept from cancelling; the watch offers the time again
        log.error("a freed time was not offered", subject=slot_id, trouble=trouble)


def revoke_waitlist_offers(db: Session, slot: Slot, *, why: str) -> int:
    """Take back every open offer of a time that went elsewhere, and tell those who had heard of it; says how many."""
    offers = db.exec(
        select(WaitlistOffer).where(WaitlistOffer.slot_id == slot.id, WaitlistOffer.status == WaitlistOfferStatus.OPEN)
    ).all()
    for offer in offers:
        offer.answered_at = utc_now()
        set_status(db, offer, WaitlistOfferStatus.REVOKED, "system", why=why)
        if _has_heard(db, offer):
            case = one_case(db, offer.case_number)
            tell_patient(db, case, TAKEN, unique_key=f"{TAKEN}:{offer.id}", facts={"slot_id": slot.id})
    return len(offers)


def offered_by_waitlist(db: Session, case_number: str) -> bool:
    """Whether this case is offered a time that came free, and may still accept it."""
    query = select(WaitlistOffer.id).where(
        WaitlistOffer.case_number == case_number, WaitlistOffer.status == WaitlistOfferStatus.OPEN
    )
    return db.exec(query).first() is not None


def _has_heard(db: Session, offer: WaitlistOffer) -> bool:
    """Whether the message of an offer has left, or is leaving now; the outbox drops it otherwise."""
    message = db.exec(select(OutboxMessage).where(OutboxMessage.unique_key == message_key(offer.id))).first()
    if message is None:
        return False
    return message.status == MessageStatus.SENT or message.leased_by is not None


def fill_entries(db: Session, case_number: str, actor: str, slot_id: str) -> None:
    """A case that got a time waits for none any more; an offer of another time ends with its place on the list."""
    for entry in db.exec(
        select(WaitlistEntry).where(
            WaitlistEntry.case_number == case_number, WaitlistEntry.status == WaitlistStatus.WAITING
        )
    ).all():
        end_entry(db, entry, WaitlistStatus.FILLED, actor, slot=slot_id)


def freed_slots(
    db: Session,
    now: datetime,
    location_ids: Sequence[str] | None = None,
    *,
    after: tuple[datetime, str] | None = None,
    limit: int = 1000,
) -> list[Slot]:
    """The times to come that a cancelled appointment left open, soonest first, from behind ``after`` (start, id)."""
    query = select(Slot).where(Slot.status == SlotStatus.OPEN, Slot.starts_at > now, was_cancelled(Slot))
    if location_ids is not None:
        query = query.where(col(Slot.location_id).in_(location_ids))
    if after is not None:
        query = query.where(tuple_(col(Slot.starts_at), col(Slot.id)) > after)
    return list(db.exec(query.order_by(col(Slot.starts_at), col(Slot.id)).limit(limit)).all())


def was_cancelled(slot: Any, *more: Any) -> Any:
    """Whether an appointment at the time of this slot was cancelled; ``more``: what else is asked of it."""
    return exists().where(
        Appointment.clinician_id == slot.clinician_id,
        Appointment.starts_at == slot.starts_at,
        col(Appointment.status).in_(FREED_BY),
        *more,
    )


def expire_holds(db: Session, now: datetime, limit: int = 1000) -> int:
    """End the offers whose hold has run out, in two queries; returns how many."""
    ended = db.exec(
        select(WaitlistOffer)
        .where(WaitlistOffer.status == WaitlistOfferStatus.OPEN, col(WaitlistOffer.hold_until) <= now)
        .order_by(col(WaitlistOffer.hold_until), col(WaitlistOffer.id))
        .limit(limit)
    ).all()
    for offer in ended:
        check_transition(offer.status, WaitlistOfferStatus.EXPIRED)
        offer.status, offer.answered_at = WaitlistOfferStatus.EXPIRED, now
        db.add(offer)
        audit(db, "system", "waitlist_offer.expired", offer, offer.case_number, slot=offer.slot_id)
    db.flush()
    return len(ended)


# -- referrals that wait


def enter_waitlist(db: Session, referrals: Sequence[Referral], actor: str = "system") -> int:
    """Give each referral that waits for a time its place on the list, unless it has one; returns how many are new.

    One that was on the list before keeps its priority and the wait it had: being offered times that did not suit, or
    missing one, does not send anybody to the end.
    """
    waiting = [referral for referral in referrals if referral.status == ReferralStatus.WAITLISTED]
    if not waiting:
        return 0
    numbers = [referral.case_number for referral in waiting]
    earlier: dict[str, WaitlistEntry] = {}
    on_list = set()
    for entry in db.exec(
        select(WaitlistEntry)
        .where(col(WaitlistEntry.case_number).in_(numbers))
        .order_by(col(WaitlistEntry.ended_at), col(WaitlistEntry.id))
    ).all():
        earlier[entry.case_number] = entry
        if entry.status == WaitlistStatus.WAITING:
            on_list.add(entry.case_number)
    made = [
        _entry_of(referral, earlier.get(referral.case_number))
        for referral in waiting
        if referral.case_number not in on_list
    ]
    db.add_all(made)
    for entry in made:
        audit(db, actor, "waitlist_entry.made", entry, entry.case_number, priority=entry.priority)
    return len(made)


def _entry_of(referral: Referral, before: WaitlistEntry | None) -> WaitlistEntry:
    return WaitlistEntry(
        id=new_id("WL"),
        case_number=referral.case_number,
        patient_id=referral.patient_id,
        location_id=referral.location_id,
        clinician_id=referral.clinician_id,
        modality=referral.modality,
        wanted_times=list(referral.preferred_times),
        priority=before.priority if before else LOWEST_PRIORITY,
        priority_by=before.priority_by if before else "",
        since=before.since if before else referral.status_since,
        offers=before.offers if before else 0,
        last_offered_at=before.last_offered_at if before else None,
    )
