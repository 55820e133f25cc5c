"""Who works where: the active staff of a role at a place."""

from sqlmodel import Session, col, select

from models.codes import Role
from models.operational import Staff


def staff_of(db: Session, role: Role, location_id: str) -> list[Staff]:
    """The active staff of a role at a place, by id."""
    found = db.exec(select(Staff).where(Staff.role == role, col(Staff.active).is_(True)).order_by(col(Staff.id))).all()
    return [person for person in found if location_id in person.location_ids]


def clinicians_on_call(db: Session, location_id: str) -> list[Staff]:
    """The clinicians on call at a place; if none is, every clinician there."""
    here = staff_of(db, Role.CLINICIAN, location_id)
    return [person for person in here if person.on_call] or here


def staff_for_the_system(db: Session) -> list[Staff]:
    """Who looks after the runs themselves: the active analysts; without any the admins, then the owners."""
    for role in (Role.ANALYST, Role.ADMIN, Role.OWNER):
        query = select(Staff).where(Staff.role == role, col(Staff.active).is_(True)).order_by(col(Staff.id))
        if found := list(db.exec(query).all()):
            return found
    return []


def staff_for_the_audit(db: Session) -> list[Staff]:
    """Who hears of a broken audit: the active compliance officers; without any the owners."""
    for role in (Role.COMPLIANCE, Role.OWNER):
        query = select(Staff).where(Staff.role == role, col(Staff.active).is_(True)).order_by(col(Staff.id))
        if found := list(db.exec(query).all()):
            return found
    return []
