"""The desk's signed-in browsers: opened, recognised, closed; only the SHA-256 of a cookie is kept."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import update
from sqlmodel import col

from adapters.operational_store import audit, reading, writing
from models.columns import utc_now
from models.operational import Staff, StaffLogin

LONGEST = timedelta(hours=12)
IDLE = timedelta(minutes=60)
NOTE_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class SignedIn:
    """The person behind a browser, and the token that each of its forms must show."""

    staff: Staff
    csrf_token: str

    def __repr__(self) -> str:
        return f"<signed in {self.staff.id}>"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def open_login(staff_id: str) -> str:
    """Open a login for a person who has proved who they are; returns the cookie's value."""
    token = secrets.token_urlsafe(32)
    now = utc_now()
    login = StaffLogin(
        token_digest=_digest(token),
        staff_id=staff_id,
        csrf_token=secrets.token_urlsafe(32),
        created_at=now,
        last_seen_at=now,
        expires_at=now + LONGEST,
    )
    with writing() as db:
        db.add(login)
        audit(db, staff_id, "signed_in", ("staff", staff_id))
    return token


def recognise(token: str, *, by_hand: bool) -> SignedIn | None:
    """Who this browser is, unless its login is closed, too old, or idle.

    ``by_hand`` False is a page refreshing itself: it must not keep an unattended browser signed in.
    """
    now = utc_now()
    with reading() as db:
        login = db.get(StaffLogin, _digest(token))
        staff = db.get(Staff, login.staff_id) if login else None
    if login is None or staff is None or not staff.active or login.revoked:
        return None
    if now >= login.expires_at or now - login.last_seen_at >= IDLE:
        return None
    if by_hand and now - login.last_seen_at >= NOTE_EVERY:
        with writing() as db:
            db.exec(
                update(StaffLogin).where(col(StaffLogin.token_digest) == login.token_digest).values(last_seen_at=now)
            )
    return SignedIn(staff, login.csrf_token)


def close_login(token: str) -> None:
    with writing() as db:
        login = db.get(StaffLogin, _digest(token))
        if login is not None and not login.revoked:
            login.revoked = True
            db.add(login)
            audit(db, login.staff_id, "signed_out", ("staff", login.staff_id))
