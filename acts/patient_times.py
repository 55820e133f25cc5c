"""What a patient does with the times that are offered: choose one, say that none suits, or end it all."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, col, select

from acts.appointments import standing_appointment
from acts.booking import agreed_modality, book, offer_anew_if_none_left
from acts.patient_appointments import end_by_patient, use_up
from acts.patient_messages import tell_patient
from acts.patient_visit import LinkClosed, Visit, WhyNot, must_be_open, visit
from adapters import portal_links
from adapters.operational_store import move_case, one, reading, set_status, writing
from models.codes import LinkPurpose, Modality, OfferStatus, ReferralStatus, SlotStatus
from models.columns import utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import Appointment, Clinician, Location, Offer, PortalLink, Referral, Slot, Staff

R = ReferralStatus


@dataclass(frozen=True)
class OfferedTime:
    """One time to choose; ``starts_at`` is UTC, ``zone`` the patient's own."""

    offer_id: str
    starts_at: datetime
    zone: str
    minutes: int
    modality: Modality
    location_name: str
    clinician_name: str = field(repr=False)
    credential: str = field(repr=False)

    @property
    def key(self) -> str:
        return self.offer_id


class TimeTaken(MovedOn):
    """Somebody else was quicker; ``others_left`` says whether other offered times can still be chosen."""

    def __init__(self, others_left: bool) -> None:
        super().__init__("the offered time is taken")
        self.others_left = others_left


def offered_times(token: str, proof: str | None) -> list[OfferedTime]:
    """The offered times that are still free, soonest first; raises NotAllowed or LinkClosed."""
    with reading() as db:
        visitor = visit(db, token, proof)
        must_be_open(visitor, LinkPurpose.CHOOSE_TIME)
        return [_offered(db, visitor, offer, slot) for offer, slot in _open_offers(db, visitor.referral)]


def _open_offers(db: Session, referral: Referral) -> list[tuple[Offer, Slot]]:
    rows = db.exec(
        select(Offer, Slot)
        .join(Slot, col(Slot.id) == col(Offer.slot_id))
        .where(
            Offer.case_number == referral.case_number,
            Offer.status == OfferStatus.OPEN,
            Slot.status == SlotStatus.OPEN,
            col(Slot.starts_at) > utc_now(),
        )
        .order_by(col(Slot.starts_at))
    ).all()
    return [(offer, slot) for offer, slot in rows]


def _offered(db: Session, visitor: Visit, offer: Offer, slot: Slot) -> OfferedTime:
    return OfferedTime(
        offer_id=offer.id,
        starts_at=slot.starts_at,
        zone=visitor.zone,
        minutes=slot.minutes,
        modality=agreed_modality(slot.modality, visitor.referral.modality),
        location_name=one(db, Location, slot.location_id).name,
        clinician_name=one(db, Staff, slot.clinician_id).name,
        credential=one(db, Clinician, slot.clinician_id).credential,
    )


def choose(token: str, proof: str | None, offer_id: str) -> Appointment:
    """Book the time of this offer; choosing it twice gives the same appointment.

    Raises TimeTaken when somebody else was quicker; then the offer is gone, and a case without any other time
    is offered new ones.
    """
    try:
        with writing() as db:
            visitor = visit(db, token, proof)
            offer = _own_offer(db, visitor, offer_id)
            if offer.status == OfferStatus.ACCEPTED:
                return _appointment_of(db, offer)
            if offer.status == OfferStatus.REVOKED:
                raise MovedOn(f"offer {offer_id} is revoked")
            must_be_open(visitor, LinkPurpose.CHOOSE_TIME)
            visitor.link.used_at = utc_now()
            db.add(visitor.link)
            return book(db, visitor.referral, offer.slot_id, visitor.actor)
    except LinkClosed:
        raise
    except MovedOn:
        raise TimeTaken(_give_up_taken_offer(token, proof, offer_id)) from None


def _own_offer(db: Session, visitor: Visit, offer_id: str) -> Offer:
    offer = db.get(Offer, offer_id)
    if offer is None or offer.case_number != visitor.referral.case_number:
        raise LinkClosed(WhyNot.UNKNOWN)
    return offer


def _appointment_of(db: Session, offer: Offer) -> Appointment:
    found = db.exec(
        select(Appointment)
        .where(Appointment.case_number == offer.case_number, Appointment.slot_id == offer.slot_id)
        .order_by(col(Appointment.booked_at).desc())
    ).first()
    if found is None:
        raise LinkClosed(WhyNot.MOVED_ON)
    return found


def _give_up_taken_offer(token: str, proof: str | None, offer_id: str) -> bool:
    """Revoke the offer that could not be kept; says whether other times are left to choose."""
    with writing() as db:
        visitor = visit(db, token, proof)
        if visitor.referral.status == R.READY_TO_OFFER and visitor.link.used_at is None:
            return False
        must_be_open(visitor, LinkPurpose.CHOOSE_TIME)
        offer = _own_offer(db, visitor, offer_id)
        if offer.status == OfferStatus.OPEN:
            set_status(db, offer, OfferStatus.REVOKED, "system", why="slot_taken")
        left = {other.id for other, _ in _open_offers(db, visitor.referral)}
        if not left:
            offer_anew_if_none_left(db, visitor.referral.case_number)
        return bool(left)


def follow_on(token: str, proof: str | None) -> tuple[str, str]:
    """The token of the link that came of choosing a time, with a proof for this browser; raises LinkClosed."""
    with reading() as db:
        visitor = visit(db, token, proof)
        link = db.exec(
            select(PortalLink)
            .where(
                PortalLink.case_number == visitor.referral.case_number,
                PortalLink.purpose == LinkPurpose.APPOINTMENT,
                PortalLink.created_at >= visitor.link.created_at,
            )
            .order_by(col(PortalLink.created_at))
        ).first()
    if visitor.link.purpose != LinkPurpose.CHOOSE_TIME or visitor.link.used_at is None or link is None:
        raise LinkClosed(WhyNot.MOVED_ON)
    return portal_links.token_of(link), portal_links.make_proof(link.id)


def none_suit(token: str, proof: str | None) -> None:
    """No offered time suits: the case goes to the waitlist, where a person looks; twice is once."""
    with writing() as db:
        visitor = visit(db, token, proof)
        referral = visitor.referral
        if visitor.link.used_at is not None and referral.status == R.WAITLISTED:
            return
        must_be_open(visitor, LinkPurpose.CHOOSE_TIME)
        use_up(db, visitor)
        move_case(db, referral, R.WAITLISTED, actor=visitor.actor, why="none_suit")
        tell_patient(db, referral, "waitlisted", unique_key=f"waitlisted:{visitor.link.id}")


def withdraw(token: str, proof: str | None) -> None:
    """The patient wants no first session any more: the case closes, from whatever link; twice is once.

    A clinician's to-do about a flagged answer stays open: withdrawing does not make it unsaid.
    """
    with writing() as db:
        visitor = visit(db, token, proof)
        if not isinstance(visitor.referral, Referral):
            raise NotAllowed(f"case {visitor.referral.case_number} is not ended from a link")
        if visitor.referral.status == R.CLOSED_WITHDRAWN:
            return
        must_be_open(visitor, *LinkPurpose)
        booked = standing_appointment(db, visitor.referral.case_number)
        if booked is not None:
            end_by_patient(db, visitor, booked)
        use_up(db, visitor)
        move_case(db, visitor.referral, R.CLOSED_WITHDRAWN, actor=visitor.actor)
