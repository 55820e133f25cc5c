"""Sends an email: through SMTP, or into the outbox folder as a file any mail program opens."""

import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urlsplit

from adapters.calendar_invite import CalendarFacts, calendar_method, write_calendar
from adapters.private_files import write_private
from adapters.settings import settings
from models.errors import OutsideRefused, OutsideUnavailable

TIMEOUT_SECONDS = 20


@dataclass(frozen=True, repr=False)
class Email:
    """One email; ``message_id`` is the outbox row's id and the Message-ID, the same at every attempt."""

    message_id: str
    to: str
    subject: str
    body: str
    calendar: CalendarFacts | None = None

    def __repr__(self) -> str:
        return f"<email {self.message_id}>"


def write_email(email: Email, sent_at: datetime) -> EmailMessage:
    """The message as it goes over the wire; raises OutsideRefused for an address no header can hold."""
    sender = settings().mail_from
    message = EmailMessage(policy=SMTP)
    try:
        message["From"], message["To"], message["Subject"] = sender, email.to, email.subject
    except ValueError as broken:
        raise OutsideRefused(f"message {email.message_id}: a header cannot be written") from broken
    message["Message-ID"] = f"<{email.message_id}@{sender.rpartition('@')[2]}>"
    message["Date"] = format_datetime(sent_at)
    # Out-of-office replies to an automatic message would come back to a box that nobody reads.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(email.body)
    if email.calendar is not None:
        message.add_attachment(
            write_calendar(email.calendar, sent_at),
            maintype="text",
            subtype="calendar",
            filename="appointment.ics",
            params={"method": calendar_method(email.calendar), "charset": "utf-8"},
        )
    return message


def send_email(email: Email, sent_at: datetime, folder: str = "email") -> None:
    """Hand the email to the carrier; raises OutsideUnavailable (try again) or OutsideRefused (for good).

    Without ``smtp_url`` it becomes ``<folder>/<message id>.eml`` in the outbox; the same id overwrites it.
    """
    message = write_email(email, sent_at)
    if not settings().smtp_url:
        write_private(settings().outbox_folder / folder / f"{email.message_id}.eml", message.as_bytes())
        return
    try:
        _over_smtp(message, urlsplit(settings().smtp_url))
    except smtplib.SMTPRecipientsRefused as refused:
        codes = [code for code, _ in refused.recipients.values()]
        raise _by_code(email, max(codes)) from None
    except smtplib.SMTPResponseException as answered:
        raise _by_code(email, answered.smtp_code) from None
    except (smtplib.SMTPException, OSError) as trouble:
        raise OutsideUnavailable(f"message {email.message_id}: {type(trouble).__name__}") from None


def _by_code(email: Email, code: int) -> OutsideUnavailable | OutsideRefused:
    """RFC 5321 §4.2.1: 4xx may work later, 5xx will not. Its words may quote the address: left out."""
    said = f"message {email.message_id}: the mail server answered {code}"
    return OutsideRefused(said) if code >= 500 else OutsideUnavailable(said)


def _over_smtp(message: EmailMessage, url: SplitResult) -> None:
    """``smtp://`` takes STARTTLS where it is offered, ``smtps://`` is TLS from the start."""
    host = url.hostname or "localhost"
    context = ssl.create_default_context()
    carrier: smtplib.SMTP
    if url.scheme == "smtps":
        carrier = smtplib.SMTP_SSL(host, url.port or 465, timeout=TIMEOUT_SECONDS, context=context)
    else:
        carrier = smtplib.SMTP(host, url.port or 587, timeout=TIMEOUT_SECONDS)
    with carrier:
        carrier.ehlo()
        if url.scheme != "smtps" and carrier.has_extn("starttls"):
            carrier.starttls(context=context)
            carrier.ehlo()
        elif url.scheme != "smtps" and not _is_this_machine(host):
            raise OutsideRefused("the mail server offers no encryption, and nothing goes in the clear")
        if url.username:
            carrier.login(unquote(url.username), unquote(url.password or ""))
        carrier.send_message(message)


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
