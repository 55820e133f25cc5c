"""Proving who someone is: signing in, and signing one decision; a one-time code works once."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import or_, update
from sqlmodel import col, select

from adapters import credentials
from adapters.operational_store import audit, one, reading, writing
from models.codes import AuthenticatedHow
from models.columns import utc_now
from models.errors import NotAllowed
from models.operational import Clinician, Licence, Staff
from rules.sign_off import Signer

FREE_ATTEMPTS = 5
LONGEST_LOCK_MINUTES = 60
REFUSED = "the sign-in data do not fit, or the account is locked for a while"


@dataclass(frozen=True)
class _Door:
    """Where one way of proving oneself keeps its failures and its lock, by column name of ``Staff``."""

    failures: str
    locked_until: str

    def lock_of(self, staff: Staff) -> datetime | None:
        return getattr(staff, self.locked_until)  # type: ignore[no-any-return]

    def is_open(self, now: datetime) -> Any:
        """The SQL condition that this door is not locked at this moment."""
        locked_until = col(getattr(Staff, self.locked_until))
        return or_(locked_until.is_(None), locked_until <= now)


_WITH_PASSWORD = _Door("failed_attempts", "locked_until")
# its dialog asks for no password, so whoever knows a staff id may fail there at will: that must not lock the desk
_PREFECT = _Door("prefect_failures", "prefect_locked_until")


def _door(how: AuthenticatedHow) -> _Door:
    return _PREFECT if how == AuthenticatedHow.PREFECT_CODE else _WITH_PASSWORD


def sign_in(email: str, password: str, code: str) -> Staff:
    """The staff member whose e-mail address, password and one-time code these are; raises NotAllowed."""
    with reading() as db:
        staff = db.exec(select(Staff).where(Staff.email == email.strip().lower())).first()
    if staff is None:
        credentials.hash_password(password)  # an unknown address takes as long as a wrong password
        raise NotAllowed(REFUSED)
    return prove(staff.id, code=code, password=password, how=AuthenticatedHow.DESK_PASSWORD_AND_CODE)


def prove(staff_id: str, *, code: str, password: str | None, how: AuthenticatedHow) -> Staff:
    """Check the one-time code (and the password, except from Prefect's dialog) and use the code up.

    Four failures are free; the fifth locks the account for a minute, each further one for 2, 4 … up to 60; Prefect's
    dialog has a count and a lock of its own. Raises NotAllowed with one message for every cause.
    """
    now = utc_now()
    door = _door(how)
    with reading() as db:
        staff = db.get(Staff, staff_id)
    if staff is None or not staff.active:
        raise NotAllowed(REFUSED)
    locked_until = door.lock_of(staff)
    if locked_until is not None and locked_until > now:
        raise NotAllowed(REFUSED)
    digits = code.replace(" ", "")
    # other scripts' digits would pass for digits and break the comparison
    step = credentials.matching_step(staff.totp_secret, digits, now) if digits.isascii() else None
    needs_password = how != AuthenticatedHow.PREFECT_CODE
    fits = step is not None and (not needs_password or credentials.verify_password(staff.password_hash, password or ""))
    if not fits or step is None or not _use_step(staff_id, step, now, door):
        _count_failure(staff_id, now, how)
        raise NotAllowed(REFUSED)
    return staff


def _use_step(staff_id: str, step: int, now: datetime, door: _Door) -> bool:
    """Use up a code by compare-and-swap, so that the same code can neither be replayed nor used twice at once.

    The lock is asked again here: many guesses sent at once must not all pass the first look at it.
    """
    with writing() as db:
        used = db.exec(
            update(Staff)
            .where(
                col(Staff.id) == staff_id,
                col(Staff.active).is_(True),
                col(Staff.totp_last_step) < step,
                door.is_open(now),
            )
            .values({"totp_last_step": step, door.failures: 0, door.locked_until: None})
        )
        return used.rowcount == 1


def _count_failure(staff_id: str, now: datetime, how: AuthenticatedHow) -> None:
    door = _door(how)
    failures = col(getattr(Staff, door.failures))
    this_one = col(Staff.id) == staff_id
    with writing() as db:
        # counted by the database, so that failures at the same moment are all counted
        db.exec(update(Staff).where(this_one).values({door.failures: failures + 1}))
        count = db.exec(select(failures).where(this_one)).one()
        over = count - FREE_ATTEMPTS
        if over >= 0:
            until = now + timedelta(minutes=min(2 ** min(over, 10), LONGEST_LOCK_MINUTES))
            db.exec(update(Staff).where(this_one).values({door.locked_until: until}))
        audit(db, staff_id, "sign_in.refused", ("staff", staff_id), how=how.value, failures=count)


def signer_facts(staff_id: str, on: date) -> Signer:
    """What the gate must know of this person; licences count while they are valid on that day."""
    with reading() as db:
        staff = one(db, Staff, staff_id)
        clinician = db.get(Clinician, staff_id)
        licences = (
            db.exec(select(Licence).where(Licence.clinician_id == staff_id, col(Licence.expires_on) >= on)).all()
            if clinician
            else []
        )
    return Signer(
        staff_id=staff.id,
        role=staff.role,
        active=staff.active,
        location_ids=frozenset(staff.location_ids),
        licensed_states=frozenset(licence.state for licence in licences),
    )
