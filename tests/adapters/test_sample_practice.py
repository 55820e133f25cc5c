"""Is the sample practice complete, valid, seeded once, and closed to other users of the machine?"""

from pathlib import Path

import pytest
from sqlmodel import select

from adapters import credentials, staff_secrets
from adapters.operational_store import reading
from adapters.sample_practice import CLINICIANS, LOCATIONS, sample_sign_ins, seed_sample_practice
from models.codes import Role
from models.operational import Clinician, Licence, PanelMembership, Slot, Staff
from models.roster import read_npi


def test_npi_check_knows_a_right_and_a_wrong_number():
    assert read_npi("1234567893")
    assert not read_npi("1234567890")


@pytest.mark.parametrize("npi", [one.npi for one in CLINICIANS])
def test_clinician_has_a_valid_npi(npi: str):
    assert npi.startswith("1")
    assert read_npi(npi)


def test_practice_has_its_people(sample_practice: Path):
    with reading() as db:
        staff = db.exec(select(Staff)).all()
        assert len(db.exec(select(Clinician)).all()) == 12
        licences = {one.state for one in db.exec(select(Licence)).all()}
        payers = {one.payer_code for one in db.exec(select(PanelMembership)).all()}
    assert {one.role for one in staff} == set(Role)
    assert licences == {"CA", "IL", "NJ", "NY", "OR", "WA", "WI"}
    assert payers == {"AETNA", "BCBS", "CIGNA", "MEDICAID_OR", "UHC"}
    assert all(one.email.endswith("@example.org") for one in staff)


@pytest.mark.parametrize(("location_id", "state"), [(place[0], place[2]) for place in LOCATIONS])
def test_location_has_two_on_call_clinicians_licensed_there(sample_practice: Path, location_id: str, state: str):
    on_call = [one for one in CLINICIANS if one.location_id == location_id and one.on_call]
    assert len(on_call) >= 2
    assert all(state in one.licences for one in on_call)


def test_seeding_again_changes_nothing(sample_practice: Path):
    before = (sample_practice / "sample-sign-ins.json").read_bytes()
    assert not seed_sample_practice()
    assert (sample_practice / "sample-sign-ins.json").read_bytes() == before
    with reading() as db:
        assert len(db.exec(select(Staff)).all()) == 20


def test_sign_ins_fit_the_accounts_and_are_closed_to_others(sample_practice: Path):
    assert (sample_practice / "sample-sign-ins.json").stat().st_mode & 0o077 == 0
    one = sample_sign_ins()[0]
    with reading() as db:
        staff = db.get_one(Staff, one.staff_id)
    assert credentials.verify_password(staff.password_hash, one.password)
    assert staff_secrets.opened(staff) == one.totp_secret and one.totp_secret not in staff.totp_secret
    assert one.password not in repr(one)


def test_every_clinician_has_open_slots(sample_practice: Path):
    with reading() as db:
        with_slots = set(db.exec(select(Slot.clinician_id)).all())
    assert with_slots == {one.staff_id for one in CLINICIANS}


def test_passwords_differ():
    assert len({credentials.sayable_password() for _ in range(50)}) == 50
