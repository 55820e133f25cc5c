"""How one patient wants to be reminded: as they say it themselves, or as staff note it for them."""

from dataclasses import dataclass

from sqlmodel import Session, select

from acts.patient_visit import must_be_open, visit
from acts.practice_clocks import reminder_policy
from acts.reminders import plan_again_for, wish_of
from adapters.operational_store import audit, one, reading, writing
from models.codes import LinkPurpose, MessageChannel, Role
from models.columns import utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import Episode, Patient, Referral, ReminderPreference, Staff
from rules.reminders import ReminderWish, ordered

KEEPERS = (Role.COORDINATOR, Role.CLINICIAN)
LANGUAGES = ("en", "es")
"""The languages that messages are written in."""


@dataclass(frozen=True)
class Wished:
    """What is on record, and what can be chosen: ``may_text`` while there is a number that was not stopped.

    ``usual_hours`` is the practice's plan.
    """

    wish: ReminderWish
    language: str
    may_text: bool
    may_email: bool
    texts_stopped: bool
    usual_hours: tuple[int, ...]


def wished_by(patient_id: str) -> Wished:
    """What this patient wants now."""
    with reading() as db:
        return _wished(db, one(db, Patient, patient_id))


def wished_by_visitor(token: str, proof: str | None) -> Wished:
    """What the patient behind this link wants now; raises NotAllowed or LinkClosed."""
    with reading() as db:
        visitor = visit(db, token, proof)
        must_be_open(visitor, LinkPurpose.APPOINTMENT)
        return _wished(db, visitor.patient)


def _wished(db: Session, patient: Patient) -> Wished:
    return Wished(
        wish=wish_of(db.get(ReminderPreference, patient.id)),
        language=patient.language if patient.language in LANGUAGES else "en",
        may_text=patient.phone is not None and patient.sms_stopped_at is None,
        may_email=patient.email is not None,
        texts_stopped=patient.sms_stopped_at is not None,
        usual_hours=ordered(reminder_policy(db).hours_before),
    )


def set_by_visitor(token: str, proof: str | None, wish: ReminderWish, language: str) -> None:
    """Keep what the patient chose on their own page, and plan their reminders anew.

    Raises NotAllowed, LinkClosed, or ValueError for a channel that cannot reach them.
    """
    with writing() as db:
        visitor = visit(db, token, proof)
        must_be_open(visitor, LinkPurpose.APPOINTMENT)
        _keep(db, visitor.patient, wish, language, visitor.actor)


def set_by_staff(patient_id: str, wish: ReminderWish, language: str, staff_id: str) -> None:
    """Keep what the patient told a member of staff; raises NotAllowed, MovedOn, or ValueError likewise."""
    with writing() as db:
        patient, staff = one(db, Patient, patient_id), one(db, Staff, staff_id)
        if not staff.active or staff.role not in KEEPERS:
            raise NotAllowed("a coordinator or clinician notes this")
        if not _places(db, patient_id) & set(staff.location_ids):
            raise NotAllowed("the patient belongs to another location")
        if patient.forgotten_at is not None:
            raise MovedOn(f"patient {patient_id} is forgotten")
        _keep(db, patient, wish, language, staff_id)


def _places(db: Session, patient_id: str) -> set[str]:
    found = (
        db.exec(select(case.location_id).where(case.patient_id == patient_id)).all() for case in (Referral, Episode)
    )
    return {place for places in found for place in places}


def _keep(db: Session, patient: Patient, wish: ReminderWish, language: str, actor: str) -> None:
    if language not in LANGUAGES:
        raise ValueError("choose one of the languages")
    if wish.channel == MessageChannel.SMS and (patient.phone is None or patient.sms_stopped_at is not None):
        raise ValueError("text messages cannot reach this patient")
    if wish.channel == MessageChannel.EMAIL and patient.email is None:
        raise ValueError("there is no e-mail address on record")
    if patient.language in (None, *LANGUAGES):  # whoever speaks another language keeps it: we write English to them
        patient.language = language
    begins, ends = wish.hours_of_day or (None, None)
    db.add(patient)
    db.merge(
        ReminderPreference(
            patient_id=patient.id,
            hours_before=list(wish.hours_before),
            channel=wish.channel,
            not_before_hour=begins,
            not_after_hour=ends,
            set_by=actor,
            set_at=utc_now(),
        )
    )
    audit(
        db,
        actor,
        "patient.reminders_wished",
        patient,
        hours=list(wish.hours_before),
        channel=wish.channel.value if wish.channel else "usual",
        hours_of_day=list(wish.hours_of_day or ()),
        language=language,
    )
    db.flush()
    plan_again_for(db, patient.id, utc_now())
