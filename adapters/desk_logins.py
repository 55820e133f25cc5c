"""The desk's signed-in browsers: opened, recognised, closed; only the SHA-256 of a cookie is kept."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col, select

from adapters.operational_store import audit, reading, writing
from models.columns import utc_now
from models.operational import Staff, StaffLogin

LONGEST = timedelta(hours=12)
IDLE = timedelta(minutes=60)
NOTE_EVERY = timedelta(minutes=1)
FRESH = timedelta(minutes=5)
TERMINAL = "terminal"
BY_SERVICE = "oidc"


@dataclass(frozen=True)
class SignedIn:
    """The person behind a browser, and the login that each of its forms must show the token of."""

    staff: Staff
    login: StaffLogin = field(repr=False)

    def __repr__(self) -> str:
        return f"<signed in {self.staff.id}>"

    @property
    def csrf_token(self) -> str:
        return self.login.csrf_token

    @property
    def freshly_proved(self) -> bool:
        """Whether this person proved in this browser, within the last five minutes, who they are."""
        return self.login.proved_at is not None and utc_now() - self.login.proved_at <= FRESH


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def open_login(staff_id: str, *, how: str = "password", browser: str = "", proved_at: datetime | None = None) -> str:
    """Open a login for a person who has proved who they are (just now, if nothing else is said); returns the cookie's
    value, new each time."""
    token = secrets.token_urlsafe(32)
    now = utc_now()
    login = StaffLogin(
        token_digest=digest_of(token),
        staff_id=staff_id,
        csrf_token=secrets.token_urlsafe(32),
        created_at=now,
        last_seen_at=now,
        proved_at=proved_at or now,
        expires_at=now + LONGEST,
        how=how,
        browser=browser,
    )
    with writing() as db:
        db.add(login)
        audit(db, staff_id, "signed_in", ("staff", staff_id), how=how)
    return token


def recognise(token: str, *, by_hand: bool) -> SignedIn | None:
    """Who this browser is, unless its login is closed, too old, or idle.

    ``by_hand`` False is a page refreshing itself: it must not keep an unattended browser signed in.
    """
    now = utc_now()
    with reading() as db:
        login = db.get(StaffLogin, digest_of(token))
        staff = db.get(Staff, login.staff_id) if login else None
    if login is None or staff is None or not staff.active or login.how == TERMINAL:
        return None
    if not _lives(login):
        return None
    if by_hand and now - login.last_seen_at >= NOTE_EVERY:
        with writing() as db:
            db.exec(
                update(StaffLogin).where(col(StaffLogin.token_digest) == login.token_digest).values(last_seen_at=now)
            )
    return SignedIn(staff, login)


def _lives(login: StaffLogin) -> bool:
    now = utc_now()
    idle = login.how != TERMINAL and now - login.last_seen_at >= IDLE
    return not login.revoked and now < login.expires_at and not idle


def close_login(token: str) -> None:
    """Sign one browser out; harmless when it is not signed in."""
    if not token:
        return
    with writing() as db:
        login = db.get(StaffLogin, digest_of(token))
        if login is not None and not login.revoked:
            _close(db, login, login.staff_id, "signed_out")


def living_logins(staff_id: str) -> list[StaffLogin]:
    """Where a person is signed in now, newest first."""
    with reading() as db:
        found = db.exec(
            select(StaffLogin)
            .where(StaffLogin.staff_id == staff_id, col(StaffLogin.revoked).is_(False))
            .order_by(col(StaffLogin.created_at).desc())
        ).all()
    return [login for login in found if _lives(login)]


def close_one(staff_id: str, login_id: str, actor: str) -> bool:
    """Sign one browser of this person out; ``login_id`` is the digest of its token. Says whether there was one."""
    with writing() as db:
        login = db.get(StaffLogin, login_id)
        if login is None or login.staff_id != staff_id or login.revoked:
            return False
        _close(db, login, actor, "login.revoked")
        return True


def close_all(db: Session, staff_id: str, actor: str, *, but: str = "") -> int:
    """Sign this person out everywhere, but for one login, in the caller's transaction; returns how many it were."""
    found = db.exec(select(StaffLogin).where(StaffLogin.staff_id == staff_id, col(StaffLogin.revoked).is_(False))).all()
    ended = [login for login in found if login.token_digest != but]
    for login in ended:
        _close(db, login, actor, "login.revoked")
    return len(ended)


def _close(db: Session, login: StaffLogin, actor: str, action: str) -> None:
    login.revoked = True
    db.add(login)
    audit(db, actor, action, ("staff", login.staff_id), how=login.how)
