"""Keys at the terminal: who may rotate them and forget a patient, and what they are told."""

import pytest

from adapters import keyring, therapy_store
from models.codes import ReferralStatus, Role
from models.columns import utc_now
from models.errors import Forgotten, NotAllowed
from models.operational import Staff
from models.therapy_text import TherapyText
from tests.cli.conftest import Calls
from tests.factories import make_patient, make_referral, make_staff

WORDS = "krindlespat"


def at_the_terminal(patch: pytest.MonkeyPatch, role: Role) -> Staff:
    staff = make_staff(role=role)
    patch.setattr("cli.login.who", lambda: staff)
    return staff


@pytest.fixture
def case(home):
    found = make_referral(ReferralStatus.CLOSED_DECLINED, patient=make_patient(), closed_at=utc_now())
    therapy_store.add_text(found.case_number, "referral_text", TherapyText(WORDS))
    return found


def words(case_number: str) -> list[str]:
    return [each.text.unwrap() for each in therapy_store.texts(case_number, actor="test", where="test")]


def test_rotation_names_the_keys_and_keeps_the_old_one(case, call: Calls, monkeypatch):
    at_the_terminal(monkeypatch, Role.ADMIN)
    old = keyring.active_master_key()
    said = call("rotate-keys").output
    assert f"Active master key {keyring.active_master_key().id}: 1 data keys" in said
    assert f"Still known, for backups made before: {old.id}" in said
    said = call("rotate-keys", "--drop-old").output
    assert "Dropped: " in said and old.id in said and "Still known" not in said
    assert len(keyring.master_keys()) == 1 and words(case.case_number) == [WORDS]


def test_forgetting_asks_once_more(case, call: Calls, monkeypatch):
    at_the_terminal(monkeypatch, Role.COMPLIANCE)
    call("forget", case.patient_id, "--reason", "asked for it", typed="n\n")
    assert words(case.case_number) == [WORDS]
    said = call("forget", case.patient_id, "--reason", "asked for it", typed="y\n").output
    assert f"Forgotten: {case.patient_id}; cases {case.case_number}." in said and "1 keys destroyed" in said
    with pytest.raises(Forgotten):
        words(case.case_number)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.COMPLIANCE, Role.ADMIN}))
def test_other_roles_do_neither(case, call: Calls, monkeypatch, role: Role):
    at_the_terminal(monkeypatch, role)
    before = keyring.active_master_key()
    with pytest.raises(NotAllowed):
        call("rotate-keys")
    with pytest.raises(NotAllowed):
        call("forget", case.patient_id, "--reason", "asked for it", "--yes")
    assert keyring.active_master_key() == before and words(case.case_number) == [WORDS]


def test_both_need_a_sign_in(case, call: Calls):
    for command in (("rotate-keys",), ("forget", case.patient_id, "--reason", "x", "--yes")):
        with pytest.raises(NotAllowed, match="sign in first"):
            call(*command)
