"""The sealed form of one content field: AES-256-GCM under a data key, bound to the place where it stands.

``cs1.<data key id>.<version>.<base64 of nonce and ciphertext>``. The associated data are format, table, record id,
field, data key id and version: the same ciphertext opens nowhere else and as no other version.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.keyring import KEY_BYTES, NONCE_BYTES, bound_to
from models.errors import SealBroken

FORMAT = "cs1"
ALTERED = "has been altered, cut or put in another's place"


@dataclass(frozen=True)
class Place:
    """Where a content field stands."""

    table: str
    record_id: str
    field: str

    def __str__(self) -> str:
        return f"{self.table} {self.record_id}, field {self.field}"

    def broken(self, what: str) -> SealBroken:
        return SealBroken(f"{self} {what}", table=self.table, record_id=self.record_id, field=self.field)


class DataKey:
    """One data key while it is in use; printing it shows its id only."""

    __slots__ = ("_cipher", "_marks", "id")

    def __init__(self, key_id: str, secret: bytes) -> None:
        self.id = key_id
        self._cipher = AESGCM(secret)
        self._marks = hmac.digest(secret, b"countersign marks", "sha256")

    def __repr__(self) -> str:
        return f"<data key {self.id}>"

    def seal(self, place: Place, version: int, text: str) -> str:
        sealed = base64.urlsafe_b64encode(self.seal_bytes(place, version, text.encode())).decode()
        return f"{FORMAT}.{self.id}.{version}.{sealed}"

    def seal_bytes(self, place: Place, version: int, data: bytes) -> bytes:
        """Nonce and ciphertext."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, _bound(place, self.id, version))

    def open(self, place: Place, form: str) -> str:
        """The text; raises SealBroken naming the place."""
        key_id, version, payload = parts_of(place, form)
        if key_id != self.id:
            raise place.broken(ALTERED)
        try:
            raw = base64.b64decode(payload.encode(), altchars=b"-_", validate=True)
        except ValueError:
            raise place.broken(ALTERED) from None
        return self.open_bytes(place, version, raw).decode()

    def open_bytes(self, place: Place, version: int, sealed: bytes) -> bytes:
        """What ``seal_bytes`` sealed; raises SealBroken naming the place."""
        try:
            bound = _bound(place, self.id, version)
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
        except (InvalidTag, ValueError):  # altered, another's, another version's, another key's, or cut
            raise place.broken(ALTERED) from None

    def mark(self, text: str) -> str:
        """A digest of a text that tells nothing to whoever has not this key."""
        return hmac.digest(self._marks, text.encode(), "sha256").hex()[:32]


def fresh_secret() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def parts_of(place: Place, form: str) -> tuple[str, int, str]:
    """(data key id, version, payload) of a sealed form; raises SealBroken when it is none."""
    parts = form.split(".")
    if len(parts) != 4 or parts[0] != FORMAT or not parts[2].isdecimal():
        raise place.broken("is not sealed")
    return parts[1], int(parts[2]), parts[3]


def digest_of(form: str) -> str:
    """What the ledger keeps of a sealed form."""
    return hashlib.sha256(form.encode()).hexdigest()


def _bound(place: Place, key_id: str, version: int) -> bytes:
    return bound_to("content", FORMAT, place.table, place.record_id, place.field, key_id, version)
