"""Proving who someone is: signing in, and signing one decision; a one-time code works once."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NoReturn

from sqlalchemy import exists, or_, update
from sqlmodel import col, select

from adapters import credentials, staff_secrets
from adapters.desk_logins import BY_SERVICE, SignedIn
from adapters.oidc import Identity
from adapters.operational_store import audit, one, queue_message, reading, writing
from models.codes import AuthenticatedHow, MessageChannel
from models.columns import utc_now
from models.errors import NotAllowed
from models.operational import Clinician, Licence, RecoveryCode, Staff, StaffLogin
from rules.sign_off import Signer

AWAITED = "awaited|"
"""Stands before the staff id in ``oidc_subject`` until the person came from the sign-in service for the first time."""
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


_STRANGE = _Door("failed_attempts", "locked_until")
# whoever knows an e-mail address may fail at the sign-in page at will: that must not shut out its owner, who comes with
# a browser (or sits at a terminal) that was signed in before
_KNOWN = _Door("browser_failures", "browser_locked_until")
# its dialog asks for no password, so whoever knows a staff id may fail there at will: that must not lock the desk
_PREFECT = _Door("prefect_failures", "prefect_locked_until")


def _door(how: AuthenticatedHow, known: bool) -> _Door:
    if how == AuthenticatedHow.PREFECT_CODE:
        return _PREFECT
    return _KNOWN if known else _STRANGE


def by_email(email: str) -> Staff | None:
    """The member of staff with this address, however it is typed."""
    with reading() as db:
        return db.exec(select(Staff).where(Staff.email == email.strip().lower())).first()


def refuse_stranger(password: str) -> NoReturn:
    """Refuse an address that nobody has, in the time and the words of a wrong password."""
    credentials.verify_password("", password)
    raise NotAllowed(REFUSED)


def sign_in(email: str, password: str, code: str, *, known_as: str = "", enrols: bool = False) -> Staff:
    """The staff member whose e-mail address, password and one-time (or recovery) code these are; raises NotAllowed.

    ``known_as`` is who signed in with this browser before. ``enrols``: somebody who still has to set up their app may
    come with the password alone; the caller lets them do that and nothing else.
    """
    staff = by_email(email)
    how = AuthenticatedHow.DESK_PASSWORD_AND_CODE
    if staff is None:
        refuse_stranger(password)
    known = known_as == staff.id
    if enrols and staff.must_enrol and not code.strip():
        return _first_sign_in(staff, password, known)
    return prove(staff.id, code=code, password=password, how=how, known=known, recovery=True)


def sign_in_by_service(identity: Identity, *, only: str | None) -> Staff:
    """The staff member whom the practice's sign-in service names; ``only``: it must be this one. Raises NotAllowed.

    By the service's own name for them; the first time by a verified e-mail address, where an administrator has
    allowed that. No account is made.
    """
    with writing() as db:
        staff = db.exec(select(Staff).where(Staff.oidc_subject == identity.subject)).first()
        if staff is None and identity.email and only is None:
            staff = db.exec(select(Staff).where(Staff.email == identity.email)).first()
            if staff is not None and staff.active and staff.oidc_subject == f"{AWAITED}{staff.id}":
                staff.oidc_subject, staff.must_enrol = identity.subject, False
                db.add(staff)
                audit(db, staff.id, "staff.oidc_tied", staff)
            else:
                staff = None
        if staff is not None and staff.active and only in (None, staff.id):
            return staff
        audit(db, "system", "sign_in.refused", ("staff", staff.id if staff else "unknown"), how=BY_SERVICE)
    raise NotAllowed(REFUSED)


def prove_by_service(staff_id: str, login_id: str) -> None:
    """Check that this person proved at the practice's sign-in service, within five minutes, who they are; raises
    NotAllowed."""
    with reading() as db:
        login = db.get(StaffLogin, login_id)
        staff = db.get(Staff, staff_id)
    if (
        login is None
        or staff is None
        or not staff.active
        or (login.staff_id, login.how, login.revoked) != (staff_id, BY_SERVICE, False)
        or not SignedIn(staff, login).freshly_proved
    ):
        raise NotAllowed(REFUSED)


def prove(
    staff_id: str,
    *,
    code: str,
    password: str | None,
    how: AuthenticatedHow,
    known: bool = False,
    recovery: bool = False,
) -> Staff:
    """Check the one-time code (and the password, except from Prefect's dialog) and use the code up.

    Four failures are free; the fifth locks the account for a minute, each further one for 2, 4 … up to 60. Three doors
    have a count and a lock of their own: Prefect's dialog, browsers this person signed in with before (``known``), and
    all others. ``recovery``: a recovery code will do instead. Raises NotAllowed with one message for every cause.
    """
    now = utc_now()
    door = _door(how, known)
    with reading() as db:
        staff = db.get(Staff, staff_id)
    # whatever else is wrong, the password is checked: the time an answer takes must not say which part it was
    fits = how == AuthenticatedHow.PREFECT_CODE or _password_fits(staff, password or "", now)
    locked_until = door.lock_of(staff) if staff is not None else None
    if staff is None or not staff.active or (locked_until is not None and locked_until > now):
        raise NotAllowed(REFUSED)
    recovery_digest = credentials.recovery_digest(staff_id, code) if recovery and fits else None
    if recovery_digest is not None:
        used = _use_recovery_code(staff, recovery_digest, now, door)
    else:
        digits = code.replace(" ", "")
        # other scripts' digits would pass for digits and break the comparison
        step = credentials.matching_step(staff_secrets.opened(staff), digits, now) if digits.isascii() else None
        used = fits and step is not None and _use_step(staff_id, step, now, door)
    if not used:
        _count_failure(staff_id, now, how, door)
        raise NotAllowed(REFUSED)
    return staff


def _password_fits(staff: Staff | None, password: str, now: datetime) -> bool:
    fits = credentials.verify_password(staff.password_hash if staff else "", password)
    ended = staff is not None and staff.first_password_until is not None and staff.first_password_until <= now
    return fits and not ended


def _first_sign_in(staff: Staff, password: str, known: bool) -> Staff:
    """Whoever must enrol, by the password they were given; the lock counts as for everybody."""
    now = utc_now()
    how = AuthenticatedHow.DESK_PASSWORD_AND_CODE
    door = _door(how, known)
    fits = _password_fits(staff, password, now)
    locked_until = door.lock_of(staff)
    if not staff.active or (locked_until is not None and locked_until > now):
        raise NotAllowed(REFUSED)
    if not fits or not _pass_door(staff.id, now, door, {}):
        _count_failure(staff.id, now, how, door)
        raise NotAllowed(REFUSED)
    return staff


def _use_step(staff_id: str, step: int, now: datetime, door: _Door) -> bool:
    """Use up a code by compare-and-swap, so that the same code can neither be replayed nor used twice at once."""
    return _pass_door(staff_id, now, door, {"totp_last_step": step}, col(Staff.totp_last_step) < step)


def _pass_door(staff_id: str, now: datetime, door: _Door, values: dict[str, Any], *conditions: Any) -> bool:
    """Clear the count of a door that is open, in one statement.

    The lock is asked again here: many guesses sent at once must not all pass the first look at it.
    """
    with writing() as db:
        passed = db.exec(
            update(Staff)
            .where(col(Staff.id) == staff_id, col(Staff.active).is_(True), door.is_open(now), *conditions)
            .values({**values, door.failures: 0, door.locked_until: None})
        )
        return passed.rowcount == 1


def _use_recovery_code(staff: Staff, digest: str, now: datetime, door: _Door) -> bool:
    """Use up a recovery code, once; its owner is told by e-mail, for somebody else may have found it."""
    this_code = (*_unused(staff.id), col(RecoveryCode.code_hash) == digest)
    if not _pass_door(staff.id, now, door, {}, exists().where(*this_code)):
        return False
    with writing() as db:
        used = db.exec(update(RecoveryCode).where(*this_code).values(used_at=now))
        if used.rowcount != 1:
            return False
        left = len(db.exec(select(RecoveryCode.id).where(*_unused(staff.id))).all())
        audit(db, staff.id, "recovery_code.used", ("staff", staff.id), left=left)
        queue_message(
            db,
            unique_key=f"recovery-code-used:{digest[:16]}",
            channel=MessageChannel.EMAIL,
            template="recovery_code_used",
            case_number=None,
            to_staff_id=staff.id,
        )
    return True


def _unused(staff_id: str) -> tuple[Any, ...]:
    return col(RecoveryCode.staff_id) == staff_id, col(RecoveryCode.used_at).is_(None)


def _count_failure(staff_id: str, now: datetime, how: AuthenticatedHow, door: _Door) -> None:
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
