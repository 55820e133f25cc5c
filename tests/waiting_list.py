"""A clinician's booked time that is about to come free, and the patients who wait for it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sqlmodel import select

from acts import patient
from acts.appointments import end_appointment
from adapters import portal_links
from adapters.operational_store import reading, writing
from models.codes import AppointmentStatus, LinkPurpose, Modality, Role
from models.operational import (
    Appointment,
    Episode,
    Location,
    OutboxMessage,
    Patient,
    PortalLink,
    Referral,
    Slot,
    Staff,
    WaitlistEntry,
    WaitlistOffer,
)
from tests.factories import (
    BIRTH_DATE,
    make_appointment,
    make_entry,
    make_episode,
    make_location,
    make_patient,
    make_signer,
    make_slot,
)


@dataclass
class Practice:
    """A clinician with a coordinator, one booked time that is about to come free, and whoever waits for it."""

    place: Location = field(default_factory=make_location)
    clinician: Staff = field(init=False)
    coordinator: Staff = field(init=False)
    slot: Slot = field(init=False)
    booked: Appointment = field(init=False)
    days: Iterator[int] = field(default_factory=lambda: count(10))
    hours: Iterator[int] = field(default_factory=lambda: count(98, 2))

    def __post_init__(self) -> None:
        self.clinician = make_signer(location=self.place)
        self.coordinator = make_signer(Role.COORDINATOR, location=self.place)
        self.slot = make_slot(self.clinician, self.place, modality=Modality.EITHER)  # type: ignore[arg-type]
        self.booked = make_appointment(self.in_care(), self.slot)  # type: ignore[arg-type]

    def in_care(self, **person: Any) -> Episode:
        return make_episode(clinician=self.clinician, location=self.place, patient=make_patient(**person))

    def later(self, case: Episode | Referral) -> Appointment:
        """Each on a day of its own, the first in ten days."""
        slot = make_slot(self.clinician, self.place, hours_ahead=24 * next(self.days))  # type: ignore[arg-type]
        return make_appointment(case, slot)  # type: ignore[arg-type]

    def waits(self, **given: Any) -> WaitlistEntry:
        """A patient in care on the list for an earlier time than their appointment in ten days."""
        person = {name: given.pop(name) for name in list(given) if name in Patient.model_fields}
        case = self.in_care(**person)
        return make_entry(case, from_appointment_id=self.later(case).id, **given)

    def cancel(self, appointment: Appointment | None = None) -> None:
        with writing() as db:
            end_appointment(
                db, db.get_one(Appointment, (appointment or self.booked).id), AppointmentStatus.CANCELLED, "test"
            )


def offers(**of: Any) -> list[WaitlistOffer]:
    with reading() as db:
        query = select(WaitlistOffer).order_by(WaitlistOffer.batch, WaitlistOffer.rank)  # type: ignore[arg-type]
        for name, value in of.items():
            query = query.where(getattr(WaitlistOffer, name) == value)
        return list(db.exec(query).all())


def now_of(record: Any, key: str) -> Any:
    with reading() as db:
        return db.get_one(record, key)


def opened(offer: WaitlistOffer) -> tuple[str, str]:
    """The patient's link of an offer, opened with the right birth date."""
    with reading() as db:
        link = db.exec(select(PortalLink).where(PortalLink.subject_id == offer.id)).one()
    token = portal_links.token_of(link)
    return token, patient.verify(token, BIRTH_DATE)


def messages(template: str) -> list[OutboxMessage]:
    with reading() as db:
        return list(db.exec(select(OutboxMessage).where(OutboxMessage.template == template)).all())


def proven(offer: WaitlistOffer) -> tuple[str, str]:
    """The link with the proof of before, once it is used."""
    with reading() as db:
        link = db.exec(
            select(PortalLink).where(PortalLink.subject_id == offer.id, PortalLink.purpose == LinkPurpose.EARLIER_TIME)
        ).one()
    return portal_links.token_of(link), portal_links.make_proof(link.id)
