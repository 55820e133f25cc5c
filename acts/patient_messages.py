"""What is written to a patient, on which channel and when; and what a patient's text message back means."""

from datetime import datetime
from typing import Any

import phonenumbers
from sqlmodel import Session, col, select

from acts.alarms import TEXT_MESSAGE, open_for_clinician, page_on_call, words_worry
from acts.reminders import plan_again_for
from adapters import therapy_store, undelivered
from adapters.operational_store import CaseRecord, audit, one, queue_message, reading, set_status, writing
from models.codes import MessageChannel, MessageStatus
from models.columns import new_id, utc_now
from models.operational import Location, OutboxMessage, Patient, Referral
from models.therapy_text import TherapyText
from rules import messaging


def zone_of(db: Session, referral: CaseRecord, patient: Patient) -> str:
    """The patient's own time zone, or their location's where it is not known."""
    return patient.time_zone or one(db, Location, referral.location_id).time_zone


def channel_for(patient: Patient) -> MessageChannel | None:
    """Where this patient can be written to; None means that a person calls.

    A text message only to somebody who prefers it and has not stopped it; who prefers the phone is written
    to by email where we have an address, because a link cannot be read out.
    """
    if patient.preferred_channel == "sms" and patient.phone and patient.sms_stopped_at is None:
        return MessageChannel.SMS
    return MessageChannel.EMAIL if patient.email else None


def tell_patient(
    db: Session,
    referral: CaseRecord,
    template: str,
    *,
    unique_key: str,
    facts: dict[str, Any] | None = None,
    at: datetime | None = None,
    approval_id: str | None = None,
) -> MessageChannel | None:
    """Queue one message to the patient of a case, in the caller's transaction.

    ``at``: not before this moment (UTC); a text message waits for sending hours besides. Returns the channel,
    or None when the patient cannot be written to: then a person must call. ``approval_id``: it leaves only as signed.
    """
    patient = one(db, Patient, referral.patient_id)
    channel = channel_for(patient)
    if channel is None:
        audit(db, "system", "message.no_channel", referral, referral.case_number, template=template)
        return None
    when = at or utc_now()
    if channel == MessageChannel.SMS:
        when = messaging.next_send_time(when, zone_of(db, referral, patient))
    queue_message(
        db,
        unique_key=unique_key,
        channel=channel,
        template=template,
        case_number=referral.case_number,
        to_patient_id=patient.id,
        facts=facts,
        not_before=when,
        approval_id=approval_id,
    )
    return channel


def hear_text_message(sender: str, body: TherapyText) -> bool:
    """Take in a text message from a phone; says whether it stopped further text messages.

    A stop holds at once for every patient with this number, and what is queued for it is dropped. Anything
    else is kept with the patient's open cases, or with their last one when all are closed, and put before a
    clinician; what worries pages who is on call.
    """
    phone = _as_stored(sender)
    if phone is None:
        return False
    if messaging.is_opt_out(body.unwrap()):
        with writing() as db:
            for patient in db.exec(select(Patient).where(Patient.phone == phone)).all():
                _stop(db, patient)
        return True
    for referral in _cases_to_hear(phone):
        _keep_message(referral, body)
    return False


def _as_stored(sender: str) -> str | None:
    try:
        number = phonenumbers.parse(sender, "US")
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _stop(db: Session, patient: Patient) -> None:
    """Nothing leaves as a text message any more; reminders go on by email, where there is an address."""
    actor = f"patient:{patient.id}"
    if patient.sms_stopped_at is None:
        patient.sms_stopped_at = utc_now()
        db.add(patient)
        audit(db, actor, "patient.sms_stopped", patient)
        db.flush()
        plan_again_for(db, patient.id, utc_now())
    for message in db.exec(
        select(OutboxMessage).where(
            OutboxMessage.to_patient_id == patient.id,
            OutboxMessage.channel == MessageChannel.SMS,
            OutboxMessage.status == MessageStatus.QUEUED,
        )
    ).all():
        set_status(db, message, MessageStatus.DROPPED, actor)
        undelivered.make_it_work(db, message, actor)


def _cases_to_hear(phone: str) -> list[Referral]:
    """The open cases of every patient with this number; of a patient without any, the last closed one."""
    with reading() as db:
        found = db.exec(
            select(Referral)
            .join(Patient, col(Patient.id) == col(Referral.patient_id))
            .where(Patient.phone == phone)
            .order_by(col(Referral.received_at), col(Referral.case_number))
        ).all()
    heard = [referral for referral in found if not referral.status.is_closed]
    last = {referral.patient_id: referral for referral in found}
    return heard + [last[each] for each in sorted(last.keys() - {referral.patient_id for referral in heard})]


def _keep_message(referral: Referral, body: TherapyText) -> None:
    """The to-do first: a crash before the text is kept with its case still leaves its words before a clinician."""
    to_do_id = new_id("TD")
    key = f"text-message:{to_do_id}"
    actor = f"patient:{referral.patient_id}"
    therapy_store.keep_to_do_words(to_do_id, referral.case_number, question=body, actor=actor)
    worrying = words_worry(body)
    with writing() as db:
        open_for_clinician(db, referral, key, to_do_id)
        if worrying:
            page_on_call(db, referral, key)
    therapy_store.add_text(
        referral.case_number, "patient_words", body, source_key=f"{TEXT_MESSAGE}{to_do_id}", actor=actor
    )
