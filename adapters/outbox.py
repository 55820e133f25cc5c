"""Sends what lies in the outbox: at least once, under an id that never changes.

A message is leased before it goes to its carrier and marked sent right after. A crash between the two sends
it again when the lease ends (at once where the sender is provably dead), with the same message id: a file is
overwritten, a mail server sees the same Message-ID. Whether a message may still leave is looked at once more here:
the signature of a signed letter, and what ``may_leave`` knows of consent, appointments, quiet hours and how often a
patient is written to (acts/sending.py).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col, select

from adapters import undelivered
from adapters.calendar_invite import CalendarFacts
from adapters.email import Email, send_email
from adapters.log_lines import log_of
from adapters.message_words import MessageFacts, known_language, render
from adapters.operational_store import audit, one, one_case, reading, set_status, writing
from adapters.portal_links import url_of
from adapters.practice import practice_name
from adapters.processes import own_name, provably_dead
from adapters.settings import settings
from adapters.signed_letters import signed_letter
from adapters.sms import send_sms
from adapters.spoken_times import spoken_time
from models.codes import MessageChannel, MessageStatus, Modality
from models.columns import utc_now
from models.errors import (
    ContractBroken,
    CountersignError,
    MovedOn,
    NotSignedOff,
    OutsideRefused,
    OutsideUnavailable,
    SignatureMismatch,
)
from models.operational import (
    Appointment,
    Location,
    OutboxMessage,
    Patient,
    PortalLink,
    Slot,
    Staff,
    WaitlistOffer,
)
from models.scheduling_codes import WaitlistOfferStatus

log = log_of(__name__)

MOST_ATTEMPTS = 5
LEASE = timedelta(minutes=2)
BACKOFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=1))
PLACES = {
    Modality.TELEHEALTH: {"en": "by video", "es": "por video"},
    Modality.EITHER: {"en": "in person or by video", "es": "en persona o por video"},
}
CALENDAR_TEMPLATES = frozenset({"booking_confirmed", "booking_moved", "booking_cancelled"})
ACTOR = "outbox"


@dataclass(frozen=True)
class SendCounts:
    """What became of the messages that were due; ``later`` failed and will be tried again."""

    sent: int = 0
    later: int = 0
    failed: int = 0
    dropped: int = 0


@dataclass(frozen=True, repr=False)
class _Letter:
    """A message with its recipient and words, ready for its carrier."""

    to: str
    subject: str
    body: str
    by_email: bool
    calendar: CalendarFacts | None = None


class Unwanted(Exception):
    """This message must not leave any more; ``reason`` is kept with it, ``call`` whether somebody must tell instead."""

    def __init__(self, reason: str, *, call: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.call = call


class NotYet(Exception):
    """This message may leave from ``until`` on, for a reason that is kept with it."""

    def __init__(self, reason: str, until: datetime) -> None:
        super().__init__(reason)
        self.reason = reason
        self.until = until


MayLeave = Callable[[Session, OutboxMessage, Patient, datetime], None]
"""Looks at a message to a patient right before it leaves; raises Unwanted or NotYet."""


def unasked(db: Session, message: OutboxMessage, patient: Patient, now: datetime) -> None:
    """Asks nothing; stands for ``may_leave`` where only the carriers are looked at."""


def send_due(now: datetime, limit: int = 50, may_leave: MayLeave = unasked) -> SendCounts:
    """Send up to ``limit`` queued messages whose time has come, urgent ones first."""
    _free_dead_leases(now)
    counts = SendCounts()
    for message_id in _due(now, limit):
        message = _lease(message_id, now)
        if message is not None:
            outcome = _send(message, now, may_leave)
            counts = replace(counts, **{outcome: getattr(counts, outcome) + 1})
    if counts != SendCounts():
        log.info("outbox", sent=counts.sent, later=counts.later, failed=counts.failed, unwanted=counts.dropped)
    return counts


def _free_dead_leases(now: datetime) -> None:
    """Make due again what a process held that is provably dead; other leases end by the clock."""
    leased = (col(OutboxMessage.status) == MessageStatus.QUEUED, col(OutboxMessage.leased_by).is_not(None))
    with reading() as db:
        holders = db.exec(select(OutboxMessage.leased_by).where(*leased).distinct()).all()
    dead = [holder for holder in holders if holder is not None and provably_dead(holder)]
    if not dead:
        return
    with writing() as db:
        db.exec(
            update(OutboxMessage)
            .where(*leased, col(OutboxMessage.leased_by).in_(dead))
            .values(not_before=now, leased_by=None)
        )


def _due(now: datetime, limit: int) -> list[str]:
    with reading() as db:
        return list(
            db.exec(
                select(OutboxMessage.id)
                .where(OutboxMessage.status == MessageStatus.QUEUED, col(OutboxMessage.not_before) <= now)
                .order_by(col(OutboxMessage.urgent).desc(), col(OutboxMessage.not_before), OutboxMessage.id)
                .limit(limit)
            ).all()
        )


def _lease(message_id: str, now: datetime) -> OutboxMessage | None:
    """Take a message for one attempt, so that a second sender leaves it alone; None when it is taken."""
    with writing() as db:
        taken = db.exec(
            update(OutboxMessage)
            .where(
                col(OutboxMessage.id) == message_id,
                col(OutboxMessage.status) == MessageStatus.QUEUED,
                col(OutboxMessage.not_before) <= now,
            )
            .values(attempts=OutboxMessage.attempts + 1, not_before=now + LEASE, leased_by=own_name())
        )
        return one(db, OutboxMessage, message_id) if taken.rowcount else None


def _send(message: OutboxMessage, now: datetime, may_leave: MayLeave) -> str:
    """One attempt at one message; says which of ``SendCounts`` it adds to."""
    try:
        with reading() as db:
            letter = _write(db, message, now, may_leave)
        _carry(message, letter, now)
    except Unwanted as unwanted:
        return _drop(message, unwanted)
    except NotYet as early:
        return _wait(message, early)
    except OutsideUnavailable as trouble:
        if message.attempts >= MOST_ATTEMPTS:
            return _finish(message, MessageStatus.FAILED, trouble, now)
        return _try_later(message, trouble, now)
    except (OutsideRefused, SignatureMismatch, NotSignedOff, ContractBroken, MovedOn) as refused:
        return _finish(message, MessageStatus.FAILED, refused, now)
    return _finish(message, MessageStatus.SENT, None, now)


def _carry(message: OutboxMessage, letter: _Letter, now: datetime) -> None:
    """Hand a message to its carrier; the database is closed meanwhile."""
    page = message.channel == MessageChannel.PAGE
    try:
        if letter.by_email:
            email = Email(message.id, letter.to, letter.subject, letter.body, letter.calendar)
            send_email(email, now, "page" if page else "email")
        else:
            send_sms(message.id, letter.to, letter.body.strip(), "page" if page else "sms")
    except OSError as trouble:
        raise OutsideUnavailable(f"message {message.id}: {type(trouble).__name__}") from None


def _finish(message: OutboxMessage, status: MessageStatus, trouble: CountersignError | None, now: datetime) -> str:
    with writing() as db:
        row = one(db, OutboxMessage, message.id)
        if row.status != MessageStatus.QUEUED:
            return status.value
        row.leased_by = None
        row.failure = _failure(trouble)
        row.sent_at = now if status == MessageStatus.SENT else None
        set_status(db, row, status, ACTOR, attempts=row.attempts, failure=row.failure)
        if status == MessageStatus.FAILED:
            undelivered.make_it_work(db, row, ACTOR)
    return status.value


def _drop(message: OutboxMessage, unwanted: Unwanted) -> str:
    with writing() as db:
        row = one(db, OutboxMessage, message.id)
        if row.status == MessageStatus.QUEUED:
            row.leased_by, row.failure = None, unwanted.reason
            set_status(db, row, MessageStatus.DROPPED, ACTOR, why=unwanted.reason)
            if unwanted.call:
                undelivered.make_it_work(db, row, ACTOR)
    return MessageStatus.DROPPED.value


def _wait(message: OutboxMessage, early: NotYet) -> str:
    """Put off until it may leave; that was no attempt."""
    with writing() as db:
        row = one(db, OutboxMessage, message.id)
        row.leased_by, row.failure = None, early.reason
        row.attempts -= 1
        row.not_before = early.until
        db.add(row)
        audit(db, ACTOR, "message.waits", row, row.case_number, why=early.reason)
    return "later"


def _try_later(message: OutboxMessage, trouble: CountersignError, now: datetime) -> str:
    with writing() as db:
        row = one(db, OutboxMessage, message.id)
        row.leased_by = None
        row.failure = _failure(trouble)
        row.not_before = now + BACKOFF[message.attempts - 1]
        db.add(row)
        audit(db, ACTOR, "message.not_sent", row, row.case_number, attempts=row.attempts, failure=row.failure)
    return "later"


def _failure(trouble: CountersignError | None) -> str | None:
    return None if trouble is None else f"{type(trouble).__name__}: {trouble}"


# -- who gets it, and the words


def _write(db: Session, message: OutboxMessage, now: datetime, may_leave: MayLeave) -> _Letter:
    if message.to_staff_id is not None:
        return _to_staff(db, message)
    patient = one(db, Patient, message.to_patient_id or "")
    may_leave(db, message, patient, now)
    return _to_patient(db, message, patient)


def _to_staff(db: Session, message: OutboxMessage) -> _Letter:
    """A page: by email where a mail server is set, else as a text message, which stays a file."""
    staff = one(db, Staff, message.to_staff_id or "")
    facts = MessageFacts(
        channel=message.channel.value,
        practice=practice_name(db),
        practice_phone="",
        case_number=message.case_number or "",
        desk_url=settings().desk_url,
        prefect_url=settings().prefect_ui_url,
        run_id=message.facts.get("run_id", ""),
        trouble=message.facts.get("trouble", ""),
        staff_id=message.facts.get("staff_id", ""),
        by_staff_id=message.facts.get("by_staff_id", ""),
    )
    words = render(message.template, "en", facts)
    by_email = bool(settings().smtp_url) or staff.phone is None or message.channel == MessageChannel.EMAIL
    return _Letter(staff.email if by_email else staff.phone or "", words.subject, words.body, by_email)


def _to_patient(db: Session, message: OutboxMessage, patient: Patient) -> _Letter:
    by_email = message.channel == MessageChannel.EMAIL
    if not by_email and patient.sms_stopped_at is not None:
        raise Unwanted("sms_stopped", call=True)
    if "offer_id" in message.facts:
        offer = one(db, WaitlistOffer, message.facts["offer_id"])
        if offer.status != WaitlistOfferStatus.OPEN or offer.hold_until <= utc_now():
            raise Unwanted("offer_ended", call=False)  # the time went elsewhere before anybody heard of it
    to = patient.email if by_email else patient.phone
    if not to:
        raise OutsideRefused(f"message {message.id}: the patient has no address on this channel")
    facts, calendar = _patient_facts(db, message, patient)
    words = render(message.template, patient.language, facts)
    return _Letter(to, words.subject, words.body, by_email, calendar if by_email else None)


def _patient_facts(db: Session, message: OutboxMessage, patient: Patient) -> tuple[MessageFacts, CalendarFacts | None]:
    case = one_case(db, message.case_number or "")
    location = one(db, Location, case.location_id)
    facts = MessageFacts(
        channel=message.channel.value,
        practice=practice_name(db),
        practice_phone=location.phone,
        link=url_of(one(db, PortalLink, message.facts["link_id"])) if "link_id" in message.facts else "",
        letter=_signed(db, message),
        amount=message.facts.get("amount", ""),
        paid=message.facts.get("paid", ""),
        returned=message.facts.get("returned", ""),
    )
    if "slot_id" in message.facts:
        slot = one(db, Slot, message.facts["slot_id"])
        zone = patient.time_zone or location.time_zone
        return replace(facts, when=spoken_time(slot.starts_at, zone, known_language(patient.language))), None
    if "appointment_id" not in message.facts:
        return facts, None
    appointment = one(db, Appointment, message.facts["appointment_id"])
    language = known_language(patient.language)
    place = _place(db, appointment, language)
    zone = patient.time_zone or location.time_zone
    facts = replace(facts, when=spoken_time(appointment.starts_at, zone, language), place=place)
    if message.template not in CALENDAR_TEMPLATES:
        return facts, None
    return facts, CalendarFacts(
        uid=f"{appointment.id}@{settings().mail_from.rpartition('@')[2]}",
        starts_at=appointment.starts_at,
        minutes=appointment.minutes,
        place=place,
        language=language,
        cancelled=message.template == "booking_cancelled",
    )


def _place(db: Session, appointment: Appointment, language: str) -> str:
    if appointment.modality in PLACES:
        return PLACES[appointment.modality][language]
    return one(db, Location, appointment.location_id).name


def _signed(db: Session, message: OutboxMessage) -> str:
    """The words of a signed message, "" for one that needs no signature; else nothing leaves."""
    if message.approval_id is None:
        return ""
    return signed_letter(db, message.approval_id, actor=ACTOR, where="outbox")
