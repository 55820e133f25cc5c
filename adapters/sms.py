"""Sends a text message: into the outbox folder, until a gateway takes this file's place."""

from adapters.private_files import write_private
from adapters.settings import settings


def send_sms(message_id: str, to: str, body: str, folder: str = "sms") -> None:
    """Write ``<folder>/<message id>.txt``; the same id again overwrites its file. ``to`` is E.164."""
    write_private(settings().outbox_folder / folder / f"{message_id}.txt", f"To: {to}\n\n{body}\n".encode())
