"""Is every code that the terminal shows one that can still be used, exactly once?"""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from acts.signers import sign_in
from adapters.operational_store import writing
from cli import codes
from models.errors import NotAllowed
from models.operational import Staff
from tests.cli.conftest import sample

NOON = datetime(2026, 11, 23, 12, 0, 5, tzinfo=UTC)
STEP = int(NOON.timestamp()) // 30


def use_up(staff_id: str, step: int) -> None:
    with writing() as db:
        staff = db.get_one(Staff, staff_id)
        staff.totp_last_step = step
        db.add(staff)


@pytest.mark.parametrize(("used", "ahead"), [(0, 0), (STEP - 1, 0), (STEP, 30)])
def test_code_shown_is_the_first_unused_one(sample_practice: Path, used: int, ahead: int):
    who = sample("ST-101")
    use_up(who.staff_id, used)
    expected = codes.credentials.totp_now(who.totp_secret, datetime.fromtimestamp(NOON.timestamp() + ahead, UTC))
    assert codes.next_code(who, NOON) == expected


def test_no_code_is_shown_when_both_are_used_up(sample_practice: Path):
    use_up("ST-101", STEP + 1)
    with pytest.raises(NotAllowed, match="wait half a minute"):
        codes.next_code(sample("ST-101"), NOON)


def test_two_codes_in_a_row_both_sign_in(sample_practice: Path):
    who = sample("ST-201")
    for _ in range(2):
        assert sign_in(who.email, who.password, codes.next_code(who)).id == "ST-201"


def test_code_of_somebody_who_is_no_sample_is_not_shown(home: Path):
    with pytest.raises(NotAllowed, match="only the sample staff"):
        codes.sample_sign_in("maren.oduya@example.org")
