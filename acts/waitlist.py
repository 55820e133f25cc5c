"""What people do about the waitlist: join and leave it, set a priority, accept or decline a time, give one by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from acts.appointments import STANDING, end_appointment, standing_appointment
from acts.booking import agreed_modality, book, revoke_offers, take_slot, tell_and_remind, win_slot
from acts.patient_messages import tell_patient
from acts.patient_times import OfferedTime
from acts.patient_visit import LinkClosed, Visit, WhyNot, must_be_open, visit
from acts.session_rooms import take_room
from acts.waitlist_facts import facts_for, time_of
from acts.waitlist_offers import offer_at_once
from adapters import portal_links
from adapters.operational_store import audit, end_entry, one, one_case, reading, set_status, writing
from models.codes import AppointmentStatus, EpisodeStatus, LinkPurpose, Modality, ReferralStatus, Role
from models.columns import new_id, utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import (
    Appointment,
    Clinician,
    Episode,
    Location,
    PortalLink,
    Referral,
    Slot,
    Staff,
    WaitlistEntry,
    WaitlistOffer,
)
from models.scheduling_codes import WaitlistOfferStatus, WaitlistStatus
from rules.scheduling import WEEKDAYS, PartOfDay
from rules.waitlist import PRIORITIES, WISHES, refusals_of, way_of

KEEPERS = (Role.COORDINATOR, Role.CLINICIAN)
LONGEST_NOTICE_HOURS = 14 * 24
TIMES = tuple(f"{day}-{part.value}" for day in WEEKDAYS for part in PartOfDay)
ANY_CLINICIAN = "any"


class TimeGone(MovedOn):
    """The offered time cannot be had any more; ``fate`` says what became of the offer."""

    def __init__(self, fate: WaitlistOfferStatus) -> None:
        super().__init__(f"the offer is {fate.value}")
        self.fate = fate


@dataclass(frozen=True)
class EarlierTime:
    """One offered time as its patient sees it.

    ``fate``: what became of the offer, ``open`` while it can be accepted until ``hold_until`` (UTC). ``instead_of``:
    the start of the appointment that it would replace. ``may_leave``: whether they can take themselves off the list.
    """

    time: OfferedTime
    fate: WaitlistOfferStatus
    hold_until: datetime
    instead_of: datetime | None
    still_waiting: bool
    may_leave: bool


# -- what staff do


def join(
    case_number: str,
    *,
    staff_id: str,
    priority: int,
    clinician: str = "",
    modality: Modality = Modality.EITHER,
    wanted_times: Sequence[str] = (),
    min_notice_hours: int = 4,
    from_appointment_id: str | None = None,
) -> str:
    """Put a patient on the list for an earlier or another time; returns the entry's id.

    ``clinician``: an id, ``any`` for whoever fits, "" for the patient's own. A patient whose first session is booked
    waits to have it earlier, with the same clinician. Raises ValueError for what does not fit, MovedOn where the case
    is on the list or cannot be, NotAllowed.
    """
    _check_wishes(priority, wanted_times, min_notice_hours)
    with writing() as db:
        case = one_case(db, case_number)
        _may_keep(db, case, staff_id)
        if isinstance(case, Referral):
            booked = standing_appointment(db, case_number) if case.status == ReferralStatus.BOOKED else None
            if booked is None:
                raise MovedOn(
                    f"case {case_number} has no booked first session; one that waits is on the list by itself"
                )
            chosen, from_appointment_id = case.clinician_id, booked.id
        elif isinstance(case, Episode) and case.status == EpisodeStatus.ACTIVE:
            chosen = _chosen_clinician(db, case, clinician)
        else:
            raise MovedOn(f"case {case_number} is not in care")
        if from_appointment_id:
            _check_replaced(db, case_number, from_appointment_id)
        if _waiting_entry(db, case_number) is not None:
            raise MovedOn(f"case {case_number} is on the waitlist already")
        entry = WaitlistEntry(
            id=new_id("WL"),
            case_number=case_number,
            patient_id=case.patient_id,
            location_id=case.location_id,
            clinician_id=chosen,
            modality=modality,
            wanted_times=sorted(set(wanted_times), key=TIMES.index),
            min_notice_hours=min_notice_hours,
            priority=priority,
            priority_by=staff_id,
            from_appointment_id=from_appointment_id or None,
        )
        db.add(entry)
        audit(db, staff_id, "waitlist_entry.made", entry, case_number, priority=priority)
        return entry.id


def _check_wishes(priority: int, wanted_times: Sequence[str], min_notice_hours: int) -> None:
    if priority not in PRIORITIES:
        raise ValueError("the priority is 1, 2 or 3")
    if unknown := set(wanted_times) - set(TIMES):
        raise ValueError(f"{len(unknown)} of the wanted times are no times such as mon-am")
    if not 0 <= min_notice_hours <= LONGEST_NOTICE_HOURS:
        raise ValueError(f"the notice is 0 to {LONGEST_NOTICE_HOURS} hours")


def _chosen_clinician(db: Session, case: Episode, clinician: str) -> str | None:
    if clinician == ANY_CLINICIAN:
        return None
    if clinician and db.get(Clinician, clinician) is None:
        raise ValueError("there is no such clinician")
    return clinician or case.clinician_id


def _check_replaced(db: Session, case_number: str, appointment_id: str) -> None:
    later = db.get(Appointment, appointment_id)
    if later is None or later.case_number != case_number:
        raise ValueError("the appointment to replace is not one of this case")
    if later.status not in STANDING or later.starts_at <= utc_now():
        raise MovedOn(f"appointment {appointment_id} does not stand any more")


def _waiting_entry(db: Session, case_number: str) -> WaitlistEntry | None:
    return db.exec(
        select(WaitlistEntry).where(
            WaitlistEntry.case_number == case_number, WaitlistEntry.status == WaitlistStatus.WAITING
        )
    ).first()


def _may_keep(db: Session, case: Any, staff_id: str) -> None:
    staff = one(db, Staff, staff_id)
    if not staff.active or staff.role not in KEEPERS:
        raise NotAllowed("a coordinator or clinician keeps the waitlist")
    if case.location_id not in staff.location_ids:
        raise NotAllowed("the case belongs to another location")


def _entry_to_keep(db: Session, entry_id: str, staff_id: str) -> tuple[WaitlistEntry, Any]:
    """An entry that still waits, with its case, for somebody who may change it."""
    entry = db.get(WaitlistEntry, entry_id, with_for_update=True)
    if entry is None:
        raise MovedOn(f"there is no WaitlistEntry {entry_id}")
    case = one_case(db, entry.case_number)
    _may_keep(db, case, staff_id)
    if entry.status != WaitlistStatus.WAITING:
        raise MovedOn(f"entry {entry_id} waits no longer")
    return entry, case


def set_priority(entry_id: str, *, staff_id: str, priority: int) -> None:
    """A person says how soon this patient needs a time: 1 soonest, 3 last. Nothing else ever sets it."""
    _check_wishes(priority, (), 0)
    with writing() as db:
        entry, _ = _entry_to_keep(db, entry_id, staff_id)
        old = entry.priority
        entry.priority, entry.priority_by = priority, staff_id
        db.add(entry)
        audit(db, staff_id, "waitlist_entry.priority", entry, entry.case_number, old=old, new=priority)


def remove(entry_id: str, *, staff_id: str) -> None:
    """Take a patient off the list; a referral that has no time yet stays until its case goes another way."""
    with writing() as db:
        entry, case = _entry_to_keep(db, entry_id, staff_id)
        if case.status == ReferralStatus.WAITLISTED:
            raise NotAllowed("this referral waits for its first time: send the case another way instead")
        end_entry(db, entry, WaitlistStatus.LEFT, staff_id, why="removed")


def fill_by_hand(entry_id: str, *, slot_id: str, staff_id: str) -> Appointment:
    """Give a time to a patient on the phone; whatever is offered of it to others is revoked.

    Raises MovedOn when the time is gone, NotAllowed where it may not be given: what the patient had wished is theirs
    to change on the phone, who may see them and how is not.
    """
    with writing() as db:
        entry, case = _entry_to_keep(db, entry_id, staff_id)
        offer = db.exec(
            select(WaitlistOffer).where(
                WaitlistOffer.entry_id == entry_id,
                WaitlistOffer.slot_id == slot_id,
                WaitlistOffer.status == WaitlistOfferStatus.OPEN,
            )
        ).first()
        if offer is not None:
            _answer(db, offer, WaitlistOfferStatus.ACCEPTED, staff_id)
        audit(db, staff_id, "waitlist_entry.filled_by_hand", entry, entry.case_number, slot=slot_id)
        return _give(db, entry, case, slot_id, staff_id)


# -- what the patient does


def offered(token: str, proof: str | None) -> EarlierTime:
    """The time this link is about and what became of it; raises NotAllowed."""
    with reading() as db:
        visitor = visit(db, token, proof)
        offer, entry = _offer_of(db, visitor)
        slot = one(db, Slot, offer.slot_id)
        later = db.get(Appointment, entry.from_appointment_id) if entry.from_appointment_id else None
        time = OfferedTime(
            offer_id=offer.id,
            starts_at=slot.starts_at,
            zone=visitor.zone,
            minutes=slot.minutes,
            modality=agreed_modality(slot.modality, entry.modality),
            location_name=one(db, Location, slot.location_id).name,
            clinician_name=one(db, Staff, slot.clinician_id).name,
            credential=one(db, Clinician, slot.clinician_id).credential,
        )
        waiting = entry.status == WaitlistStatus.WAITING
        return EarlierTime(
            time=time,
            fate=_fate(offer),
            hold_until=offer.hold_until,
            instead_of=later.starts_at if later else None,
            still_waiting=waiting,
            may_leave=waiting and visitor.referral.status != ReferralStatus.WAITLISTED,
        )


def _offer_of(db: Session, visitor: Visit) -> tuple[WaitlistOffer, WaitlistEntry]:
    if visitor.link.purpose != LinkPurpose.EARLIER_TIME:
        raise NotAllowed(portal_links.REFUSED)
    offer = db.get(WaitlistOffer, visitor.link.subject_id or "")
    if offer is None or offer.case_number != visitor.link.case_number:
        raise LinkClosed(WhyNot.UNKNOWN)
    return offer, one(db, WaitlistEntry, offer.entry_id)


def _fate(offer: WaitlistOffer) -> WaitlistOfferStatus:
    """What became of an offer; one whose hold has run out is expired, whether or not that was noted yet."""
    over = offer.status == WaitlistOfferStatus.OPEN and offer.hold_until <= utc_now()
    return WaitlistOfferStatus.EXPIRED if over else offer.status


def accept(token: str, proof: str | None) -> Appointment:
    """Book the offered time: the first to accept has it; accepting twice gives the same appointment.

    The later appointment it replaces is cancelled in the same transaction, and its time offered on. Raises TimeGone,
    LinkClosed when the case has moved on, NotAllowed.
    """
    with writing() as db:
        visitor = visit(db, token, proof)
        offer, entry = _offer_of(db, visitor)
        if offer.status == WaitlistOfferStatus.ACCEPTED:
            return _appointment_of(db, offer)
        if (fate := _fate(offer)) != WaitlistOfferStatus.OPEN:
            raise TimeGone(fate)
        must_be_open(visitor, LinkPurpose.EARLIER_TIME)
        try:
            with db.begin_nested():
                _answer(db, offer, WaitlistOfferStatus.ACCEPTED, visitor.actor)
                _use_up(db, visitor)
                return _give(db, entry, visitor.referral, offer.slot_id, visitor.actor)
        except (MovedOn, NotAllowed):  # filled in a way that revoked nothing, or the patient has got something else
            _answer(db, offer, WaitlistOfferStatus.REVOKED, "system", why="cannot_be_kept")
    raise TimeGone(WaitlistOfferStatus.REVOKED)


def decline(token: str, proof: str | None, *, leave: bool = False) -> None:
    """The patient does not want this time, or with ``leave`` none at all; twice is once. The next is asked at once.

    Raises TimeGone, LinkClosed, NotAllowed.
    """
    with writing() as db:
        visitor = visit(db, token, proof)
        offer, entry = _offer_of(db, visitor)
        if offer.status == WaitlistOfferStatus.DECLINED:
            return
        if (fate := _fate(offer)) != WaitlistOfferStatus.OPEN:
            raise TimeGone(fate)
        must_be_open(visitor, LinkPurpose.EARLIER_TIME)
        _answer(db, offer, WaitlistOfferStatus.DECLINED, visitor.actor)
        _use_up(db, visitor)
        if leave and entry.status == WaitlistStatus.WAITING and visitor.referral.status != ReferralStatus.WAITLISTED:
            end_entry(db, entry, WaitlistStatus.LEFT, visitor.actor, why="patient_left")
        offer_at_once(db, offer.slot_id)


def follow_on(token: str, proof: str | None) -> tuple[str, str]:
    """The token of the link to the appointment that came of accepting, with a proof for this browser."""
    with reading() as db:
        visitor = visit(db, token, proof)
        offer, _ = _offer_of(db, visitor)
        appointment = _appointment_of(db, offer)
        link = db.exec(
            select(PortalLink)
            .where(PortalLink.purpose == LinkPurpose.APPOINTMENT, PortalLink.subject_id == appointment.id)
            .order_by(col(PortalLink.created_at))
        ).first()
    if link is None:
        raise LinkClosed(WhyNot.MOVED_ON)
    return portal_links.token_of(link), portal_links.make_proof(link.id)


def _answer(db: Session, offer: WaitlistOffer, to: WaitlistOfferStatus, actor: str, **details: Any) -> None:
    offer.answered_at = utc_now()
    set_status(db, offer, to, actor, slot=offer.slot_id, **details)


def _use_up(db: Session, visitor: Visit) -> None:
    visitor.link.used_at = utc_now()
    db.add(visitor.link)


def _appointment_of(db: Session, offer: WaitlistOffer) -> Appointment:
    found = None
    if offer.status == WaitlistOfferStatus.ACCEPTED:
        found = db.exec(
            select(Appointment)
            .where(Appointment.case_number == offer.case_number, Appointment.slot_id == offer.slot_id)
            .order_by(col(Appointment.booked_at).desc())
        ).first()
    if found is None:
        raise LinkClosed(WhyNot.MOVED_ON)
    return found


# -- the time changes hands


def _give(db: Session, entry: WaitlistEntry, case: Any, slot_id: str, actor: str) -> Appointment:
    """Book the slot for whoever waits, in the caller's transaction; raises MovedOn or NotAllowed."""
    slot = one(db, Slot, slot_id)
    modality = _check_fits(db, entry, slot)
    if case.status == ReferralStatus.WAITLISTED:
        return book(db, case, slot_id, actor)
    end_entry(db, entry, WaitlistStatus.FILLED, actor, slot=slot_id)
    later = _cancel_later(db, entry, case, actor)
    slot = take_slot(db, case, slot_id) if isinstance(case, Referral) else win_slot(db, case.case_number, slot_id)
    audit(db, actor, "slot.booked", slot, case.case_number)
    appointment = Appointment(
        id=new_id("AT"),
        case_number=case.case_number,
        patient_id=case.patient_id,
        clinician_id=slot.clinician_id,
        location_id=slot.location_id,
        slot_id=slot.id,
        replaces_id=later.id if later else None,
        starts_at=slot.starts_at,
        minutes=slot.minutes,
        modality=agreed_modality(modality, entry.modality),
    )
    take_room(db, appointment)
    db.add(appointment)
    db.flush()
    audit(db, actor, "appointment.booked", appointment, case.case_number, replaces=appointment.replaces_id)
    revoke_offers(db, slot, why="slot_taken")
    tell_and_remind(db, case, appointment)
    return appointment


def _check_fits(db: Session, entry: WaitlistEntry, slot: Slot) -> Modality:
    """How the session is held; raises NotAllowed where this patient may not have this time at all."""
    now = utc_now()
    facts = facts_for(db, [slot], now, entry.id)
    waiting, clinician = facts.people[entry.id].waiting, facts.clinicians[slot.clinician_id]
    refusals, _ = refusals_of(time_of(slot), clinician, waiting, now=now, policy=facts.policy_for(slot))
    if never := [each.text for each in refusals if each.code not in WISHES]:
        raise NotAllowed("; ".join(never))
    way = way_of(time_of(slot), clinician, waiting)
    assert way is not None, "no way is a refusal"
    return way


def _cancel_later(db: Session, entry: WaitlistEntry, case: Any, actor: str) -> Appointment | None:
    """Cancel the appointment that the new time replaces; its time is offered on, and the patient's calendar told."""
    if entry.from_appointment_id is None:
        return None
    later = one(db, Appointment, entry.from_appointment_id)
    end_appointment(db, later, AppointmentStatus.CANCELLED, actor)
    facts = {"appointment_id": later.id}
    tell_patient(db, case, "booking_cancelled", unique_key=f"cancelled:{later.id}", facts=facts)
    return later
