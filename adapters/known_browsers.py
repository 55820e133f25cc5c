"""Which member of staff has signed in with this browser before: a signed cookie says so, for ninety days."""

import hashlib
import secrets

from itsdangerous import BadData, URLSafeTimedSerializer

from adapters.operational_store import reading
from adapters.secret_files import kept_secret
from adapters.settings import settings
from models.operational import Staff

SECONDS = 90 * 24 * 3600


def mark_of(staff: Staff) -> str:
    """The cookie's value; it opens nothing, and ends with the password it was made under."""
    return kept_for_browser("known browser of a member of staff").dumps([staff.id, _password_mark(staff)])


def staff_of(mark: str) -> str:
    """Whose browser this is; empty for a stranger's."""
    try:
        staff_id, password_mark = kept_for_browser("known browser of a member of staff").loads(mark, max_age=SECONDS)
    except (BadData, ValueError, TypeError):
        return ""
    with reading() as db:
        staff = db.get(Staff, staff_id)
    return staff.id if staff is not None and password_mark == _password_mark(staff) else ""


def _password_mark(staff: Staff) -> str:
    return hashlib.sha256(f"{staff.id}\0{staff.password_hash}".encode()).hexdigest()[:16]


def kept_for_browser(purpose: str) -> URLSafeTimedSerializer:
    """Signs what the desk has a browser keep for it; what was signed for one purpose is nothing for another."""
    key = kept_secret(settings().home / "desk-cookie-key", lambda: secrets.token_urlsafe(48))
    how = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
    return URLSafeTimedSerializer(key, salt=purpose, signer_kwargs=how)
