"""The one-time-code secrets in the database: sealed, bound to their owner, useless when put there openly."""

from pathlib import Path

import pytest

from adapters import keyring, staff_secrets
from adapters.migrating import migrate_all
from adapters.operational_store import reading, writing
from adapters.settings import settings
from models.operational import Staff
from tests.factories import TOTP_SECRET, make_staff

pytestmark = pytest.mark.usefixtures("home")


def stored(staff: Staff) -> Staff:
    with reading() as db:
        return db.get_one(Staff, staff.id)


def put(staff: Staff, secret: str) -> None:
    with writing() as db:
        db.get_one(Staff, staff.id).totp_secret = secret


def test_secret_is_stored_sealed_and_opens():
    staff = make_staff(totp_secret=TOTP_SECRET)
    assert keyring.is_sealed(stored(staff).totp_secret) and TOTP_SECRET not in stored(staff).totp_secret
    assert staff_secrets.opened(stored(staff)) == TOTP_SECRET


def test_no_secret_stays_none():
    assert staff_secrets.sealed("ST-1", "") == "" and staff_secrets.opened(make_staff()) == ""


def test_secret_of_another_or_in_the_open_proves_nothing(caplog: pytest.LogCaptureFixture):
    mine, other = make_staff(totp_secret=TOTP_SECRET), make_staff(totp_secret="A" * 32)
    put(mine, stored(other).totp_secret)
    assert staff_secrets.opened(stored(mine)) == ""
    put(mine, TOTP_SECRET)
    assert staff_secrets.opened(stored(mine)) == ""
    assert mine.id in caplog.text and TOTP_SECRET not in caplog.text


def test_secrets_from_before_are_sealed_once(home: Path):
    staff = make_staff()
    put(staff, TOTP_SECRET)
    mark = settings().keys_folder / "staff-secrets-sealed"
    assert mark.exists()  # the migration of this installation made it
    migrate_all()
    assert stored(staff).totp_secret == TOTP_SECRET  # put there later: it stays open, and useless
    mark.unlink()
    migrate_all()
    assert staff_secrets.opened(stored(staff)) == TOTP_SECRET
    assert staff_secrets.seal_what_lies_open() == 0
