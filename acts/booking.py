"""Books one time for one case: the slot goes to whoever is first, whether on the portal or on the phone."""

from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col, select

from acts.appointments import STANDING
from acts.patient_messages import tell_patient
from acts.reminders import link_days, plan_for
from acts.session_rooms import take_room
from acts.waitlist_offers import fill_entries, revoke_waitlist_offers
from adapters.operational_store import CaseRecord, audit, move_case, one, set_status
from adapters.portal_links import make_link
from adapters.undelivered import ask_for_a_call
from models.codes import LinkPurpose, MessageChannel, Modality, OfferStatus, ReferralStatus, SlotStatus
from models.columns import new_id, utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import Appointment, Clinician, Offer, Referral, Slot
from rules.scheduling import Interval

R = ReferralStatus
# The table of moves knows no shortcut, so that a booking by phone leaves the same trail as one on the portal.
WAY_TO_BOOKED: dict[ReferralStatus, tuple[ReferralStatus, ...]] = {
    R.OFFERED: (R.BOOKED,),
    R.READY_TO_OFFER: (R.OFFERED, R.BOOKED),
    R.WAITLISTED: (R.READY_TO_OFFER, R.OFFERED, R.BOOKED),
    R.MISSED: (R.READY_TO_OFFER, R.OFFERED, R.BOOKED),
    R.CONTACT_PATIENT: (R.READY_TO_OFFER, R.OFFERED, R.BOOKED),
}
LONGEST_APPOINTMENT = timedelta(hours=8)


def book(db: Session, referral: Referral, slot_id: str, actor: str) -> Appointment:
    """Book this time, in the caller's transaction: appointment, offers, case, confirmation, reminders, link.

    Raises MovedOn when the time is gone or the case is past booking, NotAllowed when the time is not with the
    clinician who was signed for.
    """
    if referral.status not in WAY_TO_BOOKED:
        raise MovedOn(f"case {referral.case_number} is not waiting for a time")
    slot = take_slot(db, referral, slot_id)
    audit(db, actor, "slot.booked", slot, referral.case_number)
    fill_entries(db, referral.case_number, actor, slot.id)
    appointment = Appointment(
        id=new_id("AT"),
        case_number=referral.case_number,
        patient_id=referral.patient_id,
        clinician_id=slot.clinician_id,
        location_id=slot.location_id,
        slot_id=slot.id,
        starts_at=slot.starts_at,
        minutes=slot.minutes,
        modality=agreed_modality(slot.modality, referral.modality),
    )
    take_room(db, appointment)
    db.add(appointment)
    db.flush()
    audit(db, actor, "appointment.booked", appointment, referral.case_number)
    _accept_offer(db, referral, slot, actor)
    for status in WAY_TO_BOOKED[referral.status]:
        move_case(db, referral, status, actor=actor, slot=slot.id)
    revoke_offers(db, slot, why="slot_taken")
    tell_and_remind(db, referral, appointment)
    return appointment


def agreed_modality(offered: Modality, wished: Modality) -> Modality:
    """In person or by video: what the slot says, else what the patient wished; ``either`` if nobody said."""
    return wished if offered is Modality.EITHER else offered


def take_slot(db: Session, case: CaseRecord, slot_id: str) -> Slot:
    """Win a slot of the assigned clinician by compare-and-swap; raises MovedOn for the one who comes second."""
    if one(db, Slot, slot_id).clinician_id != case.clinician_id:
        raise NotAllowed(f"slot {slot_id} is not with the clinician assigned to {case.case_number}")
    return win_slot(db, case.case_number, slot_id)


def win_slot(db: Session, case_number: str, slot_id: str) -> Slot:
    """Win any slot for a case by compare-and-swap; raises MovedOn for the one who comes second."""
    slot = one(db, Slot, slot_id)
    gone = MovedOn(f"slot {slot_id} is gone")
    # Two of a clinician's slots may overlap; their row is the lock that lets only one booking look at a time.
    db.get(Clinician, slot.clinician_id, with_for_update=True)
    if slot.starts_at <= utc_now() or _clinician_is_busy(db, slot):
        raise gone
    won = db.exec(
        update(Slot)
        .where(col(Slot.id) == slot_id, col(Slot.status) == SlotStatus.OPEN)
        .values(status=SlotStatus.BOOKED, case_number=case_number)
        .execution_options(synchronize_session=False)
    )
    if won.rowcount == 0:
        raise gone
    db.refresh(slot)
    return slot


def _clinician_is_busy(db: Session, slot: Slot) -> bool:
    ends = slot.starts_at + timedelta(minutes=slot.minutes)
    return any(each.overlaps(slot.starts_at, ends) for each in busy_times(db, slot.clinician_id, slot.starts_at, ends))


def busy_times(
    db: Session, clinician_id: str, begins: datetime, ends: datetime | None = None, *, but_not: str = ""
) -> list[Interval]:
    """When this clinician's standing appointments are, from ``begins`` to ``ends`` (None: on and on), UTC."""
    query = select(Appointment).where(
        Appointment.clinician_id == clinician_id,
        col(Appointment.status).in_(STANDING),
        Appointment.starts_at > begins - LONGEST_APPOINTMENT,
        Appointment.id != but_not,
    )
    if ends is not None:
        query = query.where(Appointment.starts_at < ends)
    found = db.exec(query).all()
    return [Interval(each.starts_at, each.starts_at + timedelta(minutes=each.minutes)) for each in found]


def _accept_offer(db: Session, referral: Referral, slot: Slot, actor: str) -> None:
    """The offer of this very slot, if there is one; the case's other offers end when it leaves the status."""
    offer = db.exec(
        select(Offer).where(
            Offer.case_number == referral.case_number,
            Offer.slot_id == slot.id,
            Offer.status == OfferStatus.OPEN,
        )
    ).first()
    if offer is not None:
        set_status(db, offer, OfferStatus.ACCEPTED, actor)


def revoke_offers(db: Session, slot: Slot, *, why: str) -> None:
    """Nobody is shown a time that cannot be had; a case left without a time is offered new ones."""
    revoke_waitlist_offers(db, slot, why=why)
    others = db.exec(select(Offer).where(Offer.slot_id == slot.id, Offer.status == OfferStatus.OPEN)).all()
    for offer in others:
        set_status(db, offer, OfferStatus.REVOKED, "system", why=why)
        # On PostgreSQL the other patient may be choosing at this moment; then their own booking settles it.
        with suppress(MovedOn), db.begin_nested():
            offer_anew_if_none_left(db, offer.case_number)


def offer_anew_if_none_left(db: Session, case_number: str) -> bool:
    """Send a case whose last offered time is gone back to be offered new ones; says whether it did."""
    referral = one(db, Referral, case_number)
    left = db.exec(select(Offer.id).where(Offer.case_number == case_number, Offer.status == OfferStatus.OPEN)).first()
    if referral.status != R.OFFERED or left is not None:
        return False
    move_case(db, referral, R.READY_TO_OFFER, actor="system", why="offers_taken")
    return True


def tell_and_remind(db: Session, referral: CaseRecord, appointment: Appointment) -> None:
    """Confirm a booked time to the patient, with a link to it, and plan its reminders."""
    if tell_of_booking(db, referral, appointment) is not None:
        plan_for(db, [appointment], utc_now())


def tell_of_booking(
    db: Session, case: CaseRecord, appointment: Appointment, template: str = "booking_confirmed"
) -> MessageChannel | None:
    """Tell a patient of a booked time, with the link of its appointment; None where a person calls instead."""
    days = link_days(appointment, utc_now())
    link = make_link(db, case.case_number, LinkPurpose.APPOINTMENT, 0, days, subject_id=appointment.id).record
    facts = {"appointment_id": appointment.id, "link_id": link.id}
    told = tell_patient(db, case, template, unique_key=f"booked:{appointment.id}", facts=facts)
    if told is None:
        ask_for_a_call(db, case, f"{template}:{appointment.id}")
    return told
