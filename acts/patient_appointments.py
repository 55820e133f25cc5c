"""What a patient does with an appointment from its link: see it, confirm it, move it, cancel it, ask for a call."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from acts.appointments import end_appointment
from acts.booking import busy_times
from acts.moving import move_appointment, replacement_of
from acts.patient_messages import tell_patient
from acts.patient_visit import LinkClosed, Visit, WhyNot, must_be_open, visit
from acts.reminders import STANDING
from adapters import portal_links
from adapters.operational_store import audit, move_case, one, reading, set_status, writing
from adapters.undelivered import ask_for_a_call
from models.codes import AppointmentStatus, LinkPurpose, Modality, ReferralStatus, SlotStatus
from models.columns import utc_now
from models.errors import MovedOn
from models.operational import Appointment, Clinician, Location, PortalLink, Referral, Slot, Staff, WaitlistOffer
from models.scheduling_codes import WaitlistOfferStatus
from rules import scheduling

R = ReferralStatus
CANCELLED = (AppointmentStatus.CANCELLED, AppointmentStatus.LATE_CANCELLED)
CHOICE_DAYS = 28
MOST_CHOICES = 24
SHORTEST_NOTICE = timedelta(hours=2)


@dataclass(frozen=True)
class BookedTime:
    """One session as its patient sees it; ``late_to_cancel`` by the practice's own window.

    ``ongoing``: of ongoing care, not a first session. ``may_move``: another time can be chosen for it here; ``moved``:
    that has been done.
    """

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
    ongoing: bool
    may_move: bool
    moved: bool

    @property
    def key(self) -> str:
        return self.appointment_id


@dataclass(frozen=True)
class FreeTime:
    """One time to move to; ``starts_at`` is UTC, ``zone`` the patient's own."""

    slot_id: str
    starts_at: datetime
    zone: str
    minutes: int
    modality: Modality
    location_name: str
    clinician_name: str = field(repr=False)
    credential: str = field(repr=False)

    @property
    def key(self) -> str:
        return self.slot_id


def appointment(token: str, proof: str | None) -> BookedTime:
    """The appointment this link is about, as it stands now; raises NotAllowed or LinkClosed."""
    with reading() as db:
        visitor = visit(db, token, proof)
        return _booked(db, visitor, linked_appointment(db, visitor))


def linked_appointment(db: Session, visitor: Visit) -> Appointment:
    """The one appointment the link was made for, whatever became of it.

    A link from before links named one is about its case's newest appointment then; one that cancelled it still shows
    what became of it.
    """
    if visitor.link.used_at is None:
        must_be_open(visitor, LinkPurpose.APPOINTMENT)
    found = db.get(Appointment, visitor.link.subject_id) if visitor.link.subject_id else _newest_then(db, visitor)
    if (
        found is None
        or visitor.link.purpose != LinkPurpose.APPOINTMENT
        or found.case_number != visitor.referral.case_number
    ):
        raise LinkClosed(WhyNot.MOVED_ON)
    return found


def _newest_then(db: Session, visitor: Visit) -> Appointment | None:
    return db.exec(
        select(Appointment)
        .where(
            Appointment.case_number == visitor.referral.case_number,
            Appointment.booked_at <= visitor.link.created_at,
        )
        .order_by(col(Appointment.booked_at).desc())
    ).first()


def _booked(db: Session, visitor: Visit, booked: Appointment) -> BookedTime:
    now = utc_now()
    ends = scheduling.outcome_of_cancellation(now, booked.starts_at)
    moved = replacement_of(db, booked.id) is not None
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
        ongoing=not isinstance(visitor.referral, Referral),
        may_move=not moved and _may_move(visitor, booked),
        moved=moved,
    )


def _may_move(visitor: Visit, booked: Appointment) -> bool:
    """Whether another time can be chosen instead: of a standing session that is to come, and, in ongoing care, of one
    that was just cancelled. A first session that would be late is a coordinator's to move, as its cancelling is."""
    now = utc_now()
    if isinstance(visitor.referral, Referral):
        in_time = scheduling.outcome_of_cancellation(now, booked.starts_at) == AppointmentStatus.CANCELLED
        return booked.status in STANDING and in_time
    return booked.status in CANCELLED or (booked.status in STANDING and booked.starts_at > now)


def confirm(token: str, proof: str | None) -> None:
    """The patient says they will come; twice is once, and of what is cancelled it changes nothing.

    Raises LinkClosed when it is too late to say so.
    """
    with writing() as db:
        visitor = visit(db, token, proof)
        must_be_open(visitor, LinkPurpose.APPOINTMENT)
        booked = linked_appointment(db, visitor)
        if booked.status != AppointmentStatus.BOOKED:
            return
        _must_be_ahead(booked)
        booked.changed_at = booked.confirmed_at = utc_now()
        set_status(db, booked, AppointmentStatus.CONFIRMED, visitor.actor)


def cancel(token: str, proof: str | None, *, wants_new_time: bool) -> AppointmentStatus:
    """Cancel the session; says whether it counts as late. Twice is once.

    A first session in time and a new time wanted: new times are offered. In time and no wish: a person calls. Late: a
    coordinator decides what next, because the practice's window is its own. In ongoing care the patient may choose
    another time on the same page, or ask to be called.
    """
    with writing() as db:
        visitor = visit(db, token, proof)
        booked = linked_appointment(db, visitor)
        if booked.status in CANCELLED:
            return booked.status
        status = end_by_patient(db, visitor, booked)
        if isinstance(visitor.referral, Referral):
            use_up(db, visitor)
            late = status == AppointmentStatus.LATE_CANCELLED
            to = R.MISSED if late else R.READY_TO_OFFER if wants_new_time else R.CONTACT_PATIENT
            move_case(db, visitor.referral, to, actor=visitor.actor, why=status.value, wants_new_time=wants_new_time)
        return status


def end_by_patient(db: Session, visitor: Visit, booked: Appointment) -> AppointmentStatus:
    """Cancel a session for its patient, in the caller's transaction; says whether that was late."""
    if booked.status not in STANDING:
        raise LinkClosed(WhyNot.MOVED_ON)
    _must_be_ahead(booked)
    status = scheduling.outcome_of_cancellation(utc_now(), booked.starts_at)
    end_appointment(db, booked, status, visitor.actor)
    audit(db, visitor.actor, "portal.cancelled", booked, booked.case_number, status=status.value)
    facts = {"appointment_id": booked.id}
    tell_patient(db, visitor.referral, "booking_cancelled", unique_key=f"cancelled:{booked.id}", facts=facts)
    return status


def use_up(db: Session, visitor: Visit) -> None:
    """The link has done its one thing."""
    visitor.link.used_at = visitor.link.used_at or utc_now()
    db.add(visitor.link)


def _must_be_ahead(booked: Appointment) -> None:
    if booked.starts_at <= utc_now():
        raise LinkClosed(WhyNot.MOVED_ON)


def free_times(token: str, proof: str | None) -> list[FreeTime]:
    """The free times of the same clinician to which this appointment can be moved, soonest first.

    Times that are held for somebody on the waitlist are left out. Raises NotAllowed or LinkClosed.
    """
    with reading() as db:
        visitor = visit(db, token, proof)
        booked = linked_appointment(db, visitor)
        if not _may_move(visitor, booked) or replacement_of(db, booked.id) is not None:
            raise LinkClosed(WhyNot.MOVED_ON)
        name, credential = one(db, Staff, booked.clinician_id).name, one(db, Clinician, booked.clinician_id).credential
        return [
            FreeTime(
                slot_id=slot.id,
                starts_at=slot.starts_at,
                zone=visitor.zone,
                minutes=slot.minutes,
                modality=slot.modality,
                location_name=one(db, Location, slot.location_id).name,
                clinician_name=name,
                credential=credential,
            )
            for slot in _slots_to_move_to(db, booked)
        ]


def _slots_to_move_to(db: Session, booked: Appointment) -> list[Slot]:
    earliest = utc_now() + SHORTEST_NOTICE
    held = select(WaitlistOffer.slot_id).where(WaitlistOffer.status == WaitlistOfferStatus.OPEN)
    query = select(Slot).where(
        Slot.clinician_id == booked.clinician_id,
        Slot.status == SlotStatus.OPEN,
        col(Slot.starts_at) >= earliest,
        col(Slot.starts_at) < earliest + timedelta(days=CHOICE_DAYS),
        col(Slot.id).not_in(held),
    )
    if booked.modality != Modality.EITHER:
        query = query.where(col(Slot.modality).in_((booked.modality, Modality.EITHER)))
    slots = db.exec(query.order_by(col(Slot.starts_at))).all()
    busy = busy_times(db, booked.clinician_id, earliest, but_not=booked.id)
    free = [
        slot
        for slot in slots
        if slot.starts_at != booked.starts_at
        and not any(taken.overlaps(slot.starts_at, slot.starts_at + timedelta(minutes=slot.minutes)) for taken in busy)
    ]
    return free[:MOST_CHOICES]


class TimeGone(MovedOn):
    """Somebody else was quicker; the appointment stands as it was."""


def move(token: str, proof: str | None, slot_id: str) -> Appointment:
    """Move this link's appointment to that time; again gives what it was moved to. Raises TimeGone or LinkClosed."""
    try:
        with writing() as db:
            visitor = visit(db, token, proof)
            booked = linked_appointment(db, visitor)
            if (moved := replacement_of(db, booked.id)) is not None:
                return moved
            if not _may_move(visitor, booked):
                raise LinkClosed(WhyNot.MOVED_ON)
            if db.get(Slot, slot_id) is None:
                raise TimeGone("no such time")
            use_up(db, visitor)
            return move_appointment(db, visitor.referral, booked, slot_id, visitor.actor)
    except (LinkClosed, TimeGone):
        raise
    except MovedOn:
        raise TimeGone("the time is taken") from None


def moved_to(token: str, proof: str | None) -> tuple[str, str] | None:
    """The token of the link of what this appointment was moved to, with a proof for this browser, if it was."""
    with reading() as db:
        visitor = visit(db, token, proof)
        booked = linked_appointment(db, visitor)
        new = replacement_of(db, booked.id)
        if new is None:
            return None
        link = db.exec(
            select(PortalLink)
            .where(PortalLink.subject_id == new.id, PortalLink.purpose == LinkPurpose.APPOINTMENT)
            .order_by(col(PortalLink.created_at))
        ).first()
    return (portal_links.token_of(link), portal_links.make_proof(link.id)) if link is not None else None


def ask_to_be_called(token: str, proof: str | None) -> None:
    """The patient would rather speak to somebody about this appointment; twice is one call."""
    with writing() as db:
        visitor = visit(db, token, proof)
        booked = linked_appointment(db, visitor)
        ask_for_a_call(db, visitor.referral, f"call_wanted:{booked.id}")
        audit(db, visitor.actor, "portal.call_wanted", booked, booked.case_number)
