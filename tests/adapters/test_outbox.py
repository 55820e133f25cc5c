"""Tests of sending: what leaves, once or again, what must not leave, and the words of every message."""

import email
import json
import re
import subprocess
import sys
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from sqlmodel import select

from adapters import outbox
from adapters.message_words import LANGUAGES, MessageFacts, render
from adapters.operational_store import reading, writing
from adapters.outbox import BACKOFF, LEASE, SendCounts, send_due
from adapters.processes import name_of
from adapters.settings import CHECKOUT
from adapters.undelivered import CALL_KEY, POST_KEY
from models.codes import (
    AppointmentStatus,
    ApprovalKind,
    LinkPurpose,
    MessageChannel,
    MessageStatus,
    Modality,
    ReferralStatus,
    Role,
    Verdict,
)
from models.columns import utc_now
from models.errors import ContractBroken, OutsideUnavailable
from models.operational import Appointment, AuditEvent, OutboxMessage, Patient, PracticeSetting, Referral, ToDo
from rules.messaging import OPT_OUT_WORDS, is_opt_out, sensitive_words
from tests.factories import (
    make_appointment,
    make_approval,
    make_clinician,
    make_decision,
    make_location,
    make_message,
    make_patient,
    make_portal_link,
    make_referral,
    make_slot,
    make_staff,
)

TEMPLATES = CHECKOUT / "templates" / "messages"
NAMES = sorted({path.name.split(".")[0] for path in TEMPLATES.glob("*.txt.j2")})
ABOUT_ACCESS = {"break_glass", "recovery_code_used", "rights_changed"}
TO_STAFF = {name for name in NAMES if name.startswith("page_")} | {"overdue_sign_off", "retention_due"} | ABOUT_ACCESS
SIGNED = {"closing_letter"}


def queued(template: str = "waitlisted", *, person: dict | None = None, **given: object) -> OutboxMessage:
    patient = make_patient(**(person or {}))
    referral = make_referral(given.pop("status", ReferralStatus.WAITLISTED), patient=patient)  # type: ignore[arg-type]
    return make_message(patient, template=template, case_number=referral.case_number, **given)


def row(message: OutboxMessage) -> OutboxMessage:
    with reading() as db:
        found = db.get(OutboxMessage, message.id)
    assert found is not None
    return found


def sent_files(home: Path, folder: str = "email") -> list[Path]:
    place = home / "outbox" / folder
    return sorted(place.iterdir()) if place.exists() else []


def mail(path: Path) -> EmailMessage:
    return email.message_from_bytes(path.read_bytes(), policy=default)  # type: ignore[return-value]


def body_of(path: Path) -> str:
    part = mail(path).get_body()
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


# -- what leaves


def test_due_message_is_sent_once_and_marked(home: Path) -> None:
    message = queued()
    now = utc_now()
    assert send_due(now) == SendCounts(sent=1)
    assert send_due(now + timedelta(days=1)) == SendCounts()
    kept = row(message)
    assert (kept.status, kept.attempts, kept.sent_at) == (MessageStatus.SENT, 1, now)
    assert [path.name for path in sent_files(home)] == [f"{message.id}.eml"]
    with reading() as db:
        actions = [event.action for event in db.exec(select(AuditEvent)).all()]
    assert "outbox_message.sent" in actions


@pytest.mark.parametrize(("seconds", "sent"), [(-1, 0), (0, 1)])
def test_message_waits_for_its_time(home: Path, seconds: int, sent: int) -> None:
    due = utc_now() + timedelta(hours=1)
    queued(not_before=due)
    assert send_due(due + timedelta(seconds=seconds)).sent == sent


def test_urgent_messages_go_first_and_the_limit_holds(home: Path) -> None:
    early = queued(not_before=utc_now() - timedelta(hours=2))
    urgent = queued(urgent=True)
    assert send_due(utc_now(), limit=1).sent == 1
    assert [row(each).status for each in (early, urgent)] == [MessageStatus.QUEUED, MessageStatus.SENT]


def test_crash_after_the_carrier_sends_again_under_the_same_id(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    message = queued()
    now = utc_now()

    def crash(*_: object) -> str:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "_finish", crash)
        with pytest.raises(SystemExit):
            send_due(now)
    assert row(message).status == MessageStatus.QUEUED
    assert send_due(now + LEASE - timedelta(seconds=1)) == SendCounts()
    assert send_due(now + LEASE) == SendCounts(sent=1)
    assert [path.name for path in sent_files(home)] == [f"{message.id}.eml"]
    assert mail(sent_files(home)[0])["Message-ID"] == f"<{message.id}@practice.example.org>"


def test_message_of_a_sender_that_is_provably_dead_leaves_at_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    message, other = queued(), queued()
    now = utc_now()
    dead = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    with monkeypatch.context() as patch:
        name = name_of(dead.pid)
        patch.setattr(outbox, "own_name", lambda: name)
        assert outbox._lease(message.id, now) is not None
    assert outbox._lease(other.id, now) is not None  # by this very process, which lives
    assert send_due(now) == SendCounts()
    dead.kill()
    dead.wait()
    assert send_due(now) == SendCounts(sent=1)
    assert [(row(each).status, row(each).leased_by is None) for each in (message, other)] == [
        (MessageStatus.SENT, True),
        (MessageStatus.QUEUED, False),
    ]


def test_message_taken_by_another_sender_is_left_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    queued()
    now = utc_now()
    real = outbox._due

    def due_but_taken(at, limit):
        found = real(at, limit)
        for each in found:
            assert outbox._lease(each, at) is not None
        return found

    monkeypatch.setattr(outbox, "_due", due_but_taken)
    assert send_due(now) == SendCounts()


def test_carrier_that_is_away_is_tried_with_growing_pauses_then_given_up(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = queued()

    def away(*_: object) -> None:
        raise OutsideUnavailable("message: the mail server answered 451")

    monkeypatch.setattr(outbox, "send_email", away)
    now = utc_now()
    for pause in BACKOFF:
        assert send_due(now) == SendCounts(later=1)
        assert row(message).not_before == now + pause
        now += pause
    assert send_due(now) == SendCounts(failed=1)
    kept = row(message)
    assert (kept.status, kept.attempts) == (MessageStatus.FAILED, 5)
    assert kept.failure == "OutsideUnavailable: message: the mail server answered 451"


@pytest.mark.parametrize(
    ("template", "status", "after"),
    [
        ("questionnaires_invite", ReferralStatus.QUESTIONNAIRES_REQUESTED, ReferralStatus.CONTACT_PATIENT),
        ("times_offered", ReferralStatus.OFFERED, ReferralStatus.CONTACT_PATIENT),
        ("times_offered", ReferralStatus.BOOKED, ReferralStatus.BOOKED),
        ("waitlisted", ReferralStatus.WAITLISTED, ReferralStatus.WAITLISTED),
    ],
)
def test_patient_who_cannot_be_written_to_is_called(
    home: Path, template: str, status: ReferralStatus, after: ReferralStatus
) -> None:
    message = queued(template, person={"email": None}, status=status)
    assert send_due(utc_now()) == SendCounts(failed=1)
    with reading() as db:
        case = db.get(Referral, message.case_number)
    assert case is not None and case.status == after


def test_one_broken_message_does_not_hold_up_the_others(home: Path) -> None:
    broken, good = queued("no_such_template"), queued()
    assert send_due(utc_now()) == SendCounts(sent=1, failed=1)
    assert row(broken).status == MessageStatus.FAILED
    assert row(good).status == MessageStatus.SENT


def to_dos_about(message: OutboxMessage) -> list[ToDo]:
    with reading() as db:
        return list(db.exec(select(ToDo).where(ToDo.case_number == message.case_number)).all())


def booked_with(template: str, person: dict, hours_ahead: float = 96, **appointment: object) -> OutboxMessage:
    """A message about a first session to a patient like this."""
    location, patient = make_location(), make_patient(**person)
    clinician = make_clinician(location=location)
    referral = make_referral(ReferralStatus.BOOKED, patient=patient, location=location, clinician_id=clinician.id)
    slot = make_slot(clinician, location, hours_ahead=hours_ahead)
    booked = make_appointment(referral, slot, **appointment)
    facts = {"appointment_id": booked.id}
    return make_message(patient, template=template, case_number=referral.case_number, facts=facts)


@pytest.mark.parametrize(
    ("template", "status", "calls"),
    [
        ("waitlisted", ReferralStatus.WAITLISTED, 1),
        ("no_times_yet", ReferralStatus.WAITLISTED, 1),
        ("waitlisted", ReferralStatus.CLOSED_WITHDRAWN, 0),
        ("times_offered", ReferralStatus.BOOKED, 0),
    ],
)
def test_failed_message_that_still_matters_is_a_coordinators_call(
    home: Path, template: str, status: ReferralStatus, calls: int
) -> None:
    message = queued(template, person={"email": None}, status=status)
    assert send_due(utc_now()) == SendCounts(failed=1)
    found = to_dos_about(message)
    assert len(found) == calls
    assert all((each.role, each.unique_key.startswith(CALL_KEY)) == (Role.COORDINATOR, True) for each in found)


@pytest.mark.parametrize(
    ("template", "appointment", "hours_ahead", "calls"),
    [
        ("booking_confirmed", {}, 96, 1),
        ("appointment_reminder", {"status": AppointmentStatus.CONFIRMED}, 96, 1),
        ("appointment_reminder", {"status": AppointmentStatus.CANCELLED}, 96, 0),
        ("booking_cancelled", {"status": AppointmentStatus.CANCELLED}, 96, 1),
        ("booking_cancelled", {"status": AppointmentStatus.CANCELLED}, -1, 0),
        ("appointment_reminder", {}, -1, 0),
    ],
)
def test_lost_message_about_a_session_is_a_call_while_the_session_is_to_come(
    home: Path, template: str, appointment: dict, hours_ahead: float, calls: int
) -> None:
    message = booked_with(template, {"email": None}, hours_ahead, **appointment)
    assert send_due(utc_now()) == SendCounts(failed=1)
    assert len(to_dos_about(message)) == calls
    with reading() as db:
        assert db.get_one(Referral, message.case_number).status == ReferralStatus.BOOKED


def test_two_lost_messages_about_one_matter_are_one_call(home: Path) -> None:
    first = booked_with("appointment_reminder", {"email": None})
    make_message(
        template=first.template, case_number=first.case_number, to_patient_id=first.to_patient_id, facts=first.facts
    )
    assert send_due(utc_now()) == SendCounts(failed=2)
    assert len(to_dos_about(first)) == 1


def test_message_dropped_because_of_a_stop_is_a_call(home: Path) -> None:
    message = queued(channel=MessageChannel.SMS, person={"sms_stopped_at": utc_now()})
    assert send_due(utc_now()) == SendCounts(dropped=1)
    assert len(to_dos_about(message)) == 1


def test_page_that_fails_is_no_call(home: Path) -> None:
    staff = make_staff(role=Role.CLINICIAN)
    referral = make_referral(ReferralStatus.WAITLISTED)
    page = make_message(
        template="no_such_template", case_number=referral.case_number, to_staff_id=staff.id, channel=MessageChannel.PAGE
    )
    assert send_due(utc_now()) == SendCounts(failed=1)
    assert to_dos_about(page) == []


# -- what must not leave


def test_text_message_is_dropped_when_the_patient_stopped_them(home: Path) -> None:
    message = queued(channel=MessageChannel.SMS, person={"sms_stopped_at": utc_now()})
    other = queued(channel=MessageChannel.SMS)
    assert send_due(utc_now()) == SendCounts(sent=1, dropped=1)
    assert row(message).status == MessageStatus.DROPPED
    assert [path.name for path in sent_files(home, "sms")] == [f"{other.id}.txt"]


def letter(signed: str, **decision: object) -> OutboxMessage:
    location = make_location()
    patient = make_patient()
    referral = make_referral(ReferralStatus.CLOSING_LETTER, patient=patient, location=location)
    approval = make_approval(ApprovalKind.CLOSING_LETTER, referral=referral, content=signed)
    if decision.pop("decided", True):
        make_decision(approval, make_staff(location=location, role=Role.CLINICIAN), signed, **decision)
    return make_message(patient, template="closing_letter", case_number=referral.case_number, approval_id=approval.id)


SIGNED_LETTER = json.dumps({"kind": "closing_letter", "letter": "Dear Alex,\n\nword for word as signed.\n"})


@pytest.mark.parametrize("verdict", [Verdict.APPROVE, Verdict.EDIT_AND_APPROVE])
def test_signed_letter_leaves_word_for_word(home: Path, verdict: Verdict) -> None:
    letter(SIGNED_LETTER, verdict=verdict)
    assert send_due(utc_now()) == SendCounts(sent=1)
    assert body_of(sent_files(home)[0]).strip() == "Dear Alex,\n\nword for word as signed."


@pytest.mark.parametrize(
    ("signed", "decision", "failure"),
    [
        (SIGNED_LETTER, {"decided": False}, "NotSignedOff"),
        (SIGNED_LETTER, {"verdict": Verdict.REJECT}, "NotSignedOff"),
        (SIGNED_LETTER, {"verdict": Verdict.RETURN}, "NotSignedOff"),
        (SIGNED_LETTER, {"signed_digest": "0" * 64}, "SignatureMismatch"),
        ('{"letter": " "}', {}, "SignatureMismatch"),
    ],
)
def test_letter_that_is_not_what_was_signed_stays(home: Path, signed: str, decision: dict, failure: str) -> None:
    message = letter(signed, **decision)
    assert send_due(utc_now()) == SendCounts(failed=1)
    kept = row(message)
    assert kept.status == MessageStatus.FAILED
    assert (kept.failure or "").startswith(failure)
    assert [each.unique_key for each in to_dos_about(message)] == [f"{POST_KEY}{message.approval_id}"]
    assert sent_files(home) == []


# -- the words


def facts(channel: str) -> MessageFacts:
    return MessageFacts(
        channel=channel,
        practice="Harbor Group",
        practice_phone="+1 503 555 0140",
        case_number="RF-000042",
        desk_url="http://127.0.0.1:8480",
        link="http://127.0.0.1:8481/l/token",
        when="Tuesday, December 1 at 2:30 PM (Pacific Time)",
        place="Harbor Street",
        letter="the letter",
    )


@pytest.mark.parametrize("channel", ["email", "sms"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [name for name in NAMES if name not in SIGNED])
def test_no_message_names_the_service_or_a_diagnosis(name: str, language: str, channel: str) -> None:
    words = render(name, language, facts(channel))
    assert sensitive_words(words.subject + "\n" + words.body) == ()
    assert "{" not in words.subject + words.body


@pytest.mark.parametrize("name", [name for name in NAMES if name not in TO_STAFF])
def test_every_message_to_patients_is_written_in_both_languages(name: str) -> None:
    english, spanish = (render(name, language, facts("email")) for language in LANGUAGES)
    assert english.subject != spanish.subject


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [name for name in NAMES if name not in TO_STAFF | SIGNED])
def test_text_messages_are_short_say_who_writes_and_how_to_stop(name: str, language: str) -> None:
    words = render(name, language, facts("sms"))
    assert words.body.startswith("Harbor Group")
    assert "STOP" in words.body
    assert "\n" not in words.body.strip()
    assert len(words.body) <= 320


ANSWERS = re.compile(
    r"(?:reply|answer|text|send|responda|conteste|env[ií]e|escriba)\s+(?:with\s+|con\s+|back\s+)?[\"“«]?(\w+)",
    re.IGNORECASE,
)


@pytest.mark.parametrize("channel", ["email", "sms"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [name for name in NAMES if name not in TO_STAFF | SIGNED])
def test_only_the_stop_itself_is_asked_for_as_an_answer(name: str, language: str, channel: str) -> None:
    """A patient who would change an appointment must never be told to write a word that stops all messages."""
    words = render(name, language, facts(channel)).body
    asked = {word for word in ANSWERS.findall(words) if is_opt_out(word)}
    assert asked <= {"STOP"}
    for sentence in re.split(r"[.:!?]\s", words):
        if "STOP" in sentence:
            assert not re.search(r"visit|appointment|time|visita|cita|hora", sentence, re.IGNORECASE), sentence
    shouted = {word for word in re.findall(r"\b[A-ZÁÉÍÓÚÑ]{3,}\b", words) if is_opt_out(word)}
    assert shouted <= {"STOP"}


@pytest.mark.parametrize("word", sorted({*OPT_OUT_WORDS, "stop"}))
def test_answer_pattern_sees_every_opt_out_word(word: str) -> None:
    first = word.split()[0]
    assert ANSWERS.findall(f"Reply {word.upper()} to cancel your visit.") == [first.upper()]


@pytest.mark.parametrize("name", ["overdue_sign_off", "page_risk_review"])
def test_pages_to_staff_hold_the_case_number_and_the_desk_only(name: str) -> None:
    words = render(name, "en", facts("page"))
    assert "RF-000042" in words.body and "http://127.0.0.1:8480" in words.body
    assert len(words.body) < 100


def test_render_falls_back_to_english_and_refuses_an_unknown_template() -> None:
    assert render("waitlisted", "vi", facts("email")) == render("waitlisted", "en", facts("email"))
    with pytest.raises(ContractBroken):
        render("../../pyproject", "en", facts("email"))


def booking(home: Path, template: str, **given: object) -> OutboxMessage:
    location = make_location()
    clinician = make_clinician(location=location)
    patient = make_patient(language="es", time_zone="America/New_York")
    referral = make_referral(ReferralStatus.BOOKED, patient=patient, location=location)
    slot = make_slot(clinician, location, starts_at=utc_now().replace(year=2027, month=1, day=5, hour=19, minute=30))
    link = make_portal_link(referral, LinkPurpose.APPOINTMENT)
    appointment = Appointment(
        id="AT-T1",
        case_number=referral.case_number,
        patient_id=patient.id,
        clinician_id=clinician.id,
        location_id=location.id,
        slot_id=slot.id,
        starts_at=slot.starts_at,
        minutes=50,
        modality=given.pop("modality", Modality.OFFICE),
    )
    with writing() as db:
        db.add(appointment)
    return make_message(
        patient,
        template=template,
        case_number=referral.case_number,
        facts={"appointment_id": "AT-T1", "link_id": link.record.id},
        **given,
    )


@pytest.mark.parametrize(
    ("modality", "place"),
    [
        (Modality.OFFICE, "Harbor Street"),
        (Modality.TELEHEALTH, "por video"),
        (Modality.EITHER, "en persona o por video"),
    ],
)
def test_confirmation_says_when_in_the_patients_zone_and_where(home: Path, modality: Modality, place: str) -> None:
    booking(home, "booking_confirmed", modality=modality)
    assert send_due(utc_now()).sent == 1
    (path,) = sent_files(home)
    body = body_of(path)
    assert "martes, 5 de enero a las 2:30 p. m. (hora del Este)" in body
    assert place in body
    assert "/l/" in body
    assert [part.get_content_type() for part in mail(path).iter_attachments()] == ["text/calendar"]


@pytest.mark.parametrize(
    ("template", "method"),
    [("booking_confirmed", "PUBLISH"), ("booking_cancelled", "CANCEL"), ("appointment_reminder", None)],
)
def test_calendar_goes_with_a_booking_and_its_end_only(home: Path, template: str, method: str | None) -> None:
    booking(home, template)
    send_due(utc_now())
    attached = list(mail(sent_files(home)[0]).iter_attachments())
    assert [part["Content-Type"].params["method"] for part in attached] == ([method] if method else [])


def test_text_message_has_no_calendar(home: Path) -> None:
    message = booking(home, "booking_confirmed", channel=MessageChannel.SMS)
    assert send_due(utc_now()).sent == 1
    assert sent_files(home) == []
    assert [path.name for path in sent_files(home, "sms")] == [f"{message.id}.txt"]


@pytest.mark.parametrize(("phone", "name"), [("+15035550141", "txt"), (None, "eml")])
def test_page_to_staff_lies_in_its_own_folder(home: Path, phone: str | None, name: str) -> None:
    staff = make_staff(phone=phone)
    message = make_message(
        None, channel=MessageChannel.PAGE, template="page_risk_review", to_staff_id=staff.id, urgent=True
    )
    assert send_due(utc_now()).sent == 1
    assert [path.name for path in sent_files(home, "page")] == [f"{message.id}.{name}"]


def test_practice_calls_itself_by_its_own_setting(home: Path) -> None:
    with writing() as db:
        db.add(PracticeSetting(name="practice_name", value=json.dumps("Maple Group")))
    queued()
    send_due(utc_now())
    assert mail(sent_files(home)[0])["Subject"].startswith("Maple Group")


def test_outbox_leaves_nothing_about_a_person_in_its_failure(home: Path) -> None:
    message = queued("no_such_template", person={"family_name": "Marker"})
    send_due(utc_now())
    with reading() as db:
        patient = db.get(Patient, message.to_patient_id)
    failure = row(message).failure
    assert patient is not None and failure
    assert "Marker" not in failure and str(patient.email) not in failure
