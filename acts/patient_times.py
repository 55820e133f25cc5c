"""What a patient does with times: choose one that is offered, confirm it, cancel it, or end it all."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, col, select

from acts.appointments import end_appointment, standing_appointment
from acts.booking import agreed_modality, book, offer_anew_if_none_left
from acts.patient_messages import tell_patient
from acts.patient_visit import LinkClosed, Visit, WhyNot, must_be_open, visit
from adapters import portal_links
from adapters.operational_store import audit, move_case, one, reading, set_status, writing
from models.codes import (
    AppointmentStatus,
    LinkPurpose,
    Modality,
    OfferStatus,
    ReferralStatus,
    SlotStatus,
)
from models.columns import utc_now
from models.errors import MovedOn
from models.operational import Appointment, Clinician, Location, Offer, PortalLink, Referral, Slot, Staff
from rules import scheduling

R = ReferralStatus
CANCELLED = (AppointmentStatus.CANCELLED, AppointmentStatus.LATE_CANCELLED)


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


@dataclass(frozen=True)
class BookedTime:
    """A booked first session as its patient sees it; ``late_to_cancel`` by the practice's own window."""

    appointment_id: str
    status: AppointmentStatus
    starts_at: datetime
    zone: str
    minutes: int
    modality: Modality
    location_name: str
    clinician_name: str = field(repr=False)
    credential: str = field(repr=False)
    over: bool
    late_to_cancel: bool


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
        _use_up(db, visitor)
        move_case(db, referral, R.WAITLISTED, actor=visitor.actor, why="none_suit")
        tell_patient(db, referral, "waitlisted", unique_key=f"waitlisted:{visitor.link.id}")


def _use_up(db: Session, visitor: Visit) -> None:
    visitor.link.used_at = utc_now()
    db.add(visitor.link)


# -- the booked first session


def appointment(token: str, proof: str | None) -> BookedTime:
    """The appointment this link is about, as it stands now; raises NotAllowed or LinkClosed."""
    with reading() as db:
        visitor = visit(db, token, proof)
        return _booked(db, visitor, _linked_appointment(db, visitor))


def _linked_appointment(db: Session, visitor: Visit) -> Appointment:
    """The case's newest appointment: a link that cancelled it still shows what became of it."""
    if visitor.link.used_at is None:
        must_be_open(visitor, LinkPurpose.APPOINTMENT)
    found = db.exec(
        select(Appointment)
        .where(
            Appointment.case_number == visitor.referral.case_number,
            Appointment.booked_at <= visitor.link.created_at,
        )
        .order_by(col(Appointment.booked_at).desc())
    ).first()
    if found is None or visitor.link.purpose != LinkPurpose.APPOINTMENT:
        raise LinkClosed(WhyNot.MOVED_ON)
    return found


def _booked(db: Session, visitor: Visit, booked: Appointment) -> BookedTime:
    now = utc_now()
    ends = scheduling.outcome_of_cancellation(now, booked.starts_at)
    return BookedTime(
        appointment_id=booked.id,
        status=booked.status,
        starts_at=booked.starts_at,
        zone=visitor.zone,
        minutes=booked.minutes,
        modality=booked.modality,
        location_name=one(db, Location, booked.location_id).name,
        clinician_name=one(db, Staff, booked.clinician_id).name,
        credential=one(db, Clinician, booked.clinician_id).credential,
        over=booked.starts_at <= now,
        late_to_cancel=ends == AppointmentStatus.LATE_CANCELLED,
    )


def confirm(token: str, proof: str | None) -> None:
    """The patient says they will come; twice is once. Raises LinkClosed when it is too late to say so."""
    with writing() as db:
        visitor = visit(db, token, proof)
        must_be_open(visitor, LinkPurpose.APPOINTMENT)
        booked = _linked_appointment(db, visitor)
        if booked.status == AppointmentStatus.CONFIRMED:
            return
        _must_be_ahead(booked)
        booked.changed_at = utc_now()
        set_status(db, booked, AppointmentStatus.CONFIRMED, visitor.actor)


def cancel(token: str, proof: str | None, *, wants_new_time: bool) -> AppointmentStatus:
    """Cancel the first session; says whether it counts as late. Twice is once.

    In time and a new time wanted: new times are offered. In time and no wish: a person calls. Late: a
    coordinator decides what next, because the practice's window is its own.
    """
    with writing() as db:
        visitor = visit(db, token, proof)
        booked = _linked_appointment(db, visitor)
        if booked.status in CANCELLED:
            return booked.status
        status = _end(db, visitor, booked)
        late = status == AppointmentStatus.LATE_CANCELLED
        to = R.MISSED if late else R.READY_TO_OFFER if wants_new_time else R.CONTACT_PATIENT
        move_case(db, visitor.referral, to, actor=visitor.actor, why=status.value, wants_new_time=wants_new_time)
        return status


def withdraw(token: str, proof: str | None) -> None:
    """The patient wants no first session any more: the case closes, from whatever link; twice is once.

    A clinician's to-do about a flagged answer stays open: withdrawing does not make it unsaid.
    """
    with writing() as db:
        visitor = visit(db, token, proof)
        if visitor.referral.status == R.CLOSED_WITHDRAWN:
            return
        must_be_open(visitor, *LinkPurpose)
        booked = standing_appointment(db, visitor.referral.case_number)
        if booked is not None:
            _end(db, visitor, booked)
        _use_up(db, visitor)
        move_case(db, visitor.referral, R.CLOSED_WITHDRAWN, actor=visitor.actor)


def _end(db: Session, visitor: Visit, booked: Appointment) -> AppointmentStatus:
    _must_be_ahead(booked)
    status = scheduling.outcome_of_cancellation(utc_now(), booked.starts_at)
    end_appointment(db, booked, status, visitor.actor)
    audit(db, visitor.actor, "portal.cancelled", booked, booked.case_number, status=status.value)
    _use_up(db, visitor)
    tell_patient(
        db,
        visitor.referral,
        "booking_cancelled",
        unique_key=f"cancelled:{booked.id}",
        facts={"appointment_id": booked.id},
    )
    return status


def _must_be_ahead(booked: Appointment) -> None:
    if booked.starts_at <= utc_now():
        raise LinkClosed(WhyNot.MOVED_ON)
