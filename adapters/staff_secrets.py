"""The one-time-code secrets of staff accounts, which lie in the operational database sealed by the master key."""

import logging

from sqlmodel import select

from adapters import keyring
from adapters.operational_store import audit, reading, writing
from adapters.settings import settings
from models.errors import SealBroken
from models.operational import Staff

logger = logging.getLogger(__name__)

PURPOSE = "totp"


def sealed(staff_id: str, secret: str) -> str:
    """The secret as it is stored; no secret is stored as none."""
    return keyring.seal_secret(PURPOSE, staff_id, secret) if secret else ""


def opened(staff: Staff) -> str:
    """The secret of this person's app; none where there is none, or where what is stored is not what was sealed.

    A secret that lies open, or that was sealed for somebody else, was put there by somebody who may write to the
    database: it proves nothing.
    """
    return _opened(staff.id, staff.totp_secret)


def opened_pending(staff: Staff) -> str:
    """The secret of the app that this person is setting up."""
    return _opened(staff.id, staff.totp_pending)


def _opened(staff_id: str, stored: str) -> str:
    if not stored:
        return ""
    try:
        return keyring.open_secret(PURPOSE, staff_id, stored)
    except SealBroken as broken:
        logger.error("%s", broken)
        return ""


def seal_what_lies_open() -> int:
    """Seal the secrets from before there were seals; once only, so that an open one put there later stays useless."""
    mark = settings().keys_folder / "staff-secrets-sealed"
    if mark.exists():
        return 0
    with reading() as db:
        ids = [each.id for each in db.exec(select(Staff)).all() if _lies_open(each)]
    for staff_id in ids:
        with writing() as db:
            staff = db.get_one(Staff, staff_id)
            if _lies_open(staff):
                staff.totp_secret = sealed(staff_id, staff.totp_secret)
                db.add(staff)
                audit(db, "system", "staff.secret_sealed", staff)
    mark.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    mark.touch(mode=0o600)
    return len(ids)


def _lies_open(staff: Staff) -> bool:
    return bool(staff.totp_secret) and not keyring.is_sealed(staff.totp_secret)
