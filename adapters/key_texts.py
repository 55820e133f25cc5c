"""Reads keys as they stand in a file or the environment: 32 bytes each, in base64."""

import base64

from models.errors import CountersignError

KEY_BYTES = 32


def secrets_in(text: str, where: str, what: str, refusal: type[CountersignError]) -> list[bytes]:
    """The keys in a text, apart by blanks, commas or lines; a ``refusal`` names ``where``, never the text."""
    found: list[bytes] = []
    for word in text.replace(",", " ").split():
        try:
            secret = base64.b64decode(word.replace("-", "+").replace("_", "/"), validate=True)
        except ValueError:
            raise refusal(f"{where}: {what} {len(found) + 1} is no base64") from None
        if len(secret) != KEY_BYTES:
            raise refusal(f"{where}: {what} {len(found) + 1} has {len(secret)} bytes, not {KEY_BYTES}")
        found.append(secret)
    if not found:
        raise refusal(f"{where}: there is no {what}")
    return found
