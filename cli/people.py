"""Staff accounts at the terminal of the person who runs this machine: list, add, reset."""

from dataclasses import dataclass

from sqlmodel import select

from adapters import credentials
from adapters.operational_store import audit, one, reading, writing
from adapters.sample_practice import sayable_password
from models.codes import Role
from models.columns import new_id
from models.operational import Location, Staff

ACTOR = "command line"


@dataclass(frozen=True)
class NewSignIn:
    """What a member of staff needs to sign in; shown once, kept nowhere."""

    staff_id: str
    email: str
    password: str
    totp_secret: str

    def __repr__(self) -> str:
        return f"NewSignIn({self.staff_id})"


def add(name: str, email: str, role: Role, location_ids: list[str], team: str = "") -> NewSignIn:
    """Make an account; raises ValueError for an address in use, a place that is unknown, or a clinician.

    A clinician also needs licences and panels, which the sample seed writes and the administration pages of a
    later issue will.
    """
    if role == Role.CLINICIAN:
        raise ValueError("a clinician's account needs licences; it cannot be made here")
    address = email.strip().lower()
    fresh = _fresh(new_id("ST"), address)
    with writing() as db:
        known = set(db.exec(select(Location.id)).all())
        if unknown := set(location_ids) - known:
            raise ValueError(f"unknown locations: {', '.join(sorted(unknown))}")
        if db.exec(select(Staff.id).where(Staff.email == address)).first() is not None:
            raise ValueError("this e-mail address has an account")
        staff = Staff(
            id=fresh.staff_id,
            name=name,
            email=address,
            role=role,
            location_ids=sorted(location_ids or known),
            team=team,
            password_hash=credentials.hash_password(fresh.password),
            totp_secret=fresh.totp_secret,
        )
        db.add(staff)
        audit(db, ACTOR, "staff.added", staff, role=role.value)
    return fresh


def reset(email: str) -> NewSignIn:
    """Give a member of staff a new password and code secret, and unlock the account; raises ValueError if unknown."""
    with reading() as db:
        staff_id = db.exec(select(Staff.id).where(Staff.email == email.strip().lower())).first()
    if staff_id is None:
        raise ValueError("no account has this e-mail address")
    fresh = _fresh(staff_id, email.strip().lower())
    with writing() as db:
        staff = one(db, Staff, staff_id)
        staff.password_hash = credentials.hash_password(fresh.password)
        staff.totp_secret = fresh.totp_secret
        staff.failed_attempts, staff.locked_until = 0, None
        staff.prefect_failures, staff.prefect_locked_until = 0, None
        db.add(staff)
        audit(db, ACTOR, "staff.reset", staff)
    return fresh


def _fresh(staff_id: str, email: str) -> NewSignIn:
    return NewSignIn(staff_id, email, sayable_password(), credentials.new_totp_secret())
