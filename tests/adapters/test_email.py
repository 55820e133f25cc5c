"""Tests of email: what a message holds, and how it leaves as a file or through SMTP."""

import email
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from icalendar import Calendar

from adapters.calendar_invite import CalendarFacts
from adapters.email import Email, send_email, write_email
from adapters.settings import settings
from models.errors import OutsideRefused, OutsideUnavailable

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
STARTS = datetime(2026, 12, 1, 22, 30, tzinfo=UTC)
LETTER = Email("MS-7", "patient@example.org", "Harbor Group: su visita está reservada", "Hola:\n\nuna línea\n")
FACTS = CalendarFacts("AT-1@practice.example.org", STARTS, 50, "Harbor Street")


def read_back(data: bytes) -> EmailMessage:
    return email.message_from_bytes(data, policy=default)  # type: ignore[return-value]


def test_email_keeps_its_words_and_its_message_id(home: Path) -> None:
    message = read_back(write_email(LETTER, NOW).as_bytes())
    assert message["Message-ID"] == "<MS-7@practice.example.org>"
    assert message["Subject"] == LETTER.subject
    assert message["To"] == LETTER.to
    assert message.get_content().replace("\r\n", "\n") == LETTER.body


def test_email_without_a_mail_server_is_one_private_file_per_id(home: Path) -> None:
    send_email(LETTER, NOW)
    send_email(Email("MS-7", LETTER.to, "again", "again"), NOW)
    files = list((home / "outbox" / "email").iterdir())
    assert [file.name for file in files] == ["MS-7.eml"]
    assert read_back(files[0].read_bytes())["Subject"] == "again"
    assert files[0].stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("cancelled", "method"), [(False, "PUBLISH"), (True, "CANCEL")])
def test_email_carries_a_neutral_calendar_entry_in_utc(home: Path, cancelled: bool, method: str) -> None:
    facts = CalendarFacts(FACTS.uid, STARTS, 50, "Harbor Street", "es", cancelled)
    message = read_back(write_email(Email("MS-8", LETTER.to, "s", "b", facts), NOW).as_bytes())
    (attached,) = message.iter_attachments()
    assert attached.get_content_type() == "text/calendar"
    assert attached["Content-Type"].params["method"] == method
    calendar = Calendar.from_ical(attached.get_content())
    (event,) = calendar.walk("VEVENT")
    assert calendar["METHOD"] == method
    assert (event["SUMMARY"], event["UID"], event["LOCATION"]) == ("Cita", FACTS.uid, "Harbor Street")
    assert event["DTSTART"].to_ical() == b"20261201T223000Z"
    assert event["DTEND"].to_ical() == b"20261201T232000Z"


@pytest.mark.parametrize("to", ["a@example.org\nBcc: b@example.org", "a@example.org\r\nX: y"])
def test_email_refuses_an_address_that_would_add_a_header(home: Path, to: str) -> None:
    with pytest.raises(OutsideRefused) as refused:
        write_email(Email("MS-9", to, "s", "b"), NOW)
    assert "example.org" not in str(refused.value)


def test_email_prints_without_its_words() -> None:
    assert repr(LETTER) == "<email MS-7>"


# -- through SMTP


@dataclass
class MailServer:
    """What the server on the other side was told, and what it answers to the recipient and to the data."""

    recipient_answer: str = "250 ok"
    data_answer: str = "250 ok"
    received: list[bytes] = field(default_factory=list)
    port: int = 0


@pytest.fixture
def mail_server(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    server = MailServer()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 here")
            while line := self.rfile.readline():
                command = line[:4].upper().strip()
                if command == b"DATA":
                    self.say("354 go on")
                    lines = []
                    while (part := self.rfile.readline()) not in (b".\r\n", b""):
                        lines.append(part)
                    server.received.append(b"".join(lines))
                    self.say(server.data_answer)
                elif command == b"QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say(server.recipient_answer if command == b"RCPT" else "250 ok")

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        server.port = listening.server_address[1]
        monkeypatch.setenv("COUNTERSIGN_SMTP_URL", f"smtp://127.0.0.1:{server.port}")
        settings.cache_clear()
        yield server
        listening.shutdown()


def test_smtp_gets_the_same_message_id_at_every_attempt(mail_server: MailServer) -> None:
    send_email(LETTER, NOW)
    send_email(LETTER, NOW)
    ids = [read_back(data)["Message-ID"] for data in mail_server.received]
    assert ids == ["<MS-7@practice.example.org>"] * 2


@pytest.mark.parametrize(
    ("recipient", "data", "error"),
    [
        ("550 no such user patient@example.org", "250 ok", OutsideRefused),
        ("450 busy", "250 ok", OutsideUnavailable),
        ("250 ok", "554 no", OutsideRefused),
        ("250 ok", "451 later", OutsideUnavailable),
    ],
)
def test_smtp_answers_say_whether_to_try_again(
    mail_server: MailServer, recipient: str, data: str, error: type[Exception]
) -> None:
    mail_server.recipient_answer, mail_server.data_answer = recipient, data
    with pytest.raises(error) as refused:
        send_email(LETTER, NOW)
    assert "patient@" not in str(refused.value)


def test_smtp_server_that_is_away_is_tried_later(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as closed:
        port = closed.server_address[1]
    monkeypatch.setenv("COUNTERSIGN_SMTP_URL", f"smtp://127.0.0.1:{port}")
    settings.cache_clear()
    with pytest.raises(OutsideUnavailable):
        send_email(LETTER, NOW)


def test_smtp_without_encryption_is_for_this_machine_only(
    mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.email._is_this_machine", lambda host: False)
    with pytest.raises(OutsideRefused):
        send_email(LETTER, NOW)
    assert mail_server.received == []
