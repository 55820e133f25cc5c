"""Who is at this terminal? A sign-in of its own, for half an hour, like a browser's on the desk."""

import hashlib
import secrets
from datetime import timedelta
from pathlib import Path

from acts.signers import by_email, sign_in
from adapters.desk_logins import TERMINAL
from adapters.operational_store import audit, reading, writing
from adapters.settings import settings
from models.columns import utc_now
from models.errors import NotAllowed
from models.operational import Staff, StaffLogin
from rules.access import may_open

MINUTES = 30
NOT_SIGNED_IN = "sign in first: countersign sign-in"


def begin(email: str, password: str, code: str) -> Staff:
    """Sign in at this terminal; raises NotAllowed with one message for every cause."""
    # whoever can type here is on the machine itself, so failures of strangers at the desk do not lock this door
    known = by_email(email)
    staff = sign_in(email, password, code, known_as=known.id if known is not None else "")
    token = secrets.token_urlsafe(32)
    with writing() as db:
        login = StaffLogin(
            token_digest=_digest(token),
            staff_id=staff.id,
            csrf_token=secrets.token_urlsafe(16),
            expires_at=utc_now() + timedelta(minutes=MINUTES),
            proved_at=utc_now(),
            how=TERMINAL,
            browser="Terminal",
        )
        db.add(login)
        audit(db, staff.id, "terminal.signed_in", staff)
    path = _token_file()
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(token)
    return staff


def end() -> None:
    """Sign out at this terminal; harmless when nobody is signed in."""
    path = _token_file()
    if not path.exists():
        return
    with writing() as db:
        login = db.get(StaffLogin, _digest(path.read_text()))
        if login is not None:
            login.revoked = True
            db.add(login)
            audit(db, login.staff_id, "terminal.signed_out", ("staff", login.staff_id))
    path.unlink()


def who() -> Staff:
    """The member of staff who is signed in at this terminal; raises NotAllowed when nobody is."""
    path = _token_file()
    if not path.exists():
        raise NotAllowed(NOT_SIGNED_IN)
    with reading() as db:
        login = db.get(StaffLogin, _digest(path.read_text()))
        if login is None or login.revoked or login.how != TERMINAL or login.expires_at <= utc_now():
            raise NotAllowed(NOT_SIGNED_IN)
        staff = db.get(Staff, login.staff_id)
    if staff is None or not staff.active:
        raise NotAllowed(NOT_SIGNED_IN)
    return staff


def who_may_open(route: str) -> Staff:
    """Whoever is signed in at this terminal, if they may open the desk's page of the same purpose."""
    me = who()
    permission = may_open(route, me.role)
    if not permission.allowed:
        raise NotAllowed("; ".join(permission.reasons))
    return me


def _token_file() -> Path:
    return settings().home / "terminal-sign-in"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
