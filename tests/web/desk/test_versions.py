"""Versions waiting: who sees, signs, discards and goes back, and that nothing holds before it is signed."""

import re
from typing import Any

import pytest

from acts import recalibrating
from adapters import note_templates, risk_versions
from adapters.operational_store import reading
from models.codes import Role
from models.operational import Location, Staff, VersionSignature, WaitingVersion
from tests.factories import make_location, make_signer
from tests.waiting_versions import ship_a_second_template, sign, tell_held_out, waiting_reader, waiting_template
from tests.web.desk.conftest import PASSWORD
from tests.web.desk.test_pilots import find, main_of


@pytest.fixture(autouse=True)
def _shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    tell_held_out(monkeypatch)
    ship_a_second_template(monkeypatch)


@pytest.fixture
def waiting(place: Location) -> WaitingVersion:
    return waiting_template(place, make_signer(Role.ADMIN, location=place))


def sign_at(seat: Any, waiting: WaitingVersion, **fields: str) -> Any:
    shown = seat.get(f"/versions/{waiting.id}").text
    hidden = dict(re.findall(r'name="(seen_digest)" value="(\w+)"', shown))
    return seat.post(f"/versions/{waiting.id}/sign", **hidden | {"current": PASSWORD, "code": seat.code()} | fields)


def template_at(place: Location) -> str:
    with reading() as db:
        return note_templates.in_force(db, place.id)["SOAP"].version


def test_owner_and_clinician_sign_what_they_see_and_it_is_in_force(at_the_desk, place: Location, waiting):
    owner, clinician = at_the_desk(Role.OWNER), at_the_desk(Role.CLINICIAN)
    assert "still to sign: practice owner and clinician" in main_of(owner.get("/versions"))
    page = main_of(owner.get(f"/versions/{waiting.id}"))
    assert waiting.digest in page and "Nothing was measured" in page and "in the place of SOAP-1" in page
    assert sign_at(owner, waiting).headers["location"].endswith("done=signed")
    assert template_at(place) == "SOAP-1"
    assert 'name="seen_digest"' not in owner.get(f"/versions/{waiting.id}").text
    assert sign_at(clinician, waiting).headers["location"].endswith("done=in-force")
    assert template_at(place) == "SOAP-2"
    assert "In force since" in main_of(owner.get(f"/versions/{waiting.id}"))
    back = clinician.post("/versions/back", version="SOAP-1", location=place.id)
    assert back.headers["location"].endswith("done=back") and template_at(place) == "SOAP-1"


def test_figures_of_a_reader_are_shown_before_it_is_signed(at_the_desk, place: Location):
    waiting = waiting_reader(make_signer(Role.COMPLIANCE, location=place).id)
    shown = main_of(at_the_desk(Role.OWNER).get(f"/versions/{waiting.id}"))
    for words in ("Log loss on them, this version", "Flags on them that clinicians confirmed", "7 of 7, shipped"):
        assert words in shown
    assert "Everywhere" in shown


def test_template_that_is_not_shipped_any_more_is_named_and_not_signed(at_the_desk, waiting, monkeypatch):
    left = {name: each for name, each in note_templates.all_templates().items() if name != "SOAP-2"}
    monkeypatch.setattr(note_templates, "all_templates", lambda: left)
    owner = at_the_desk(Role.OWNER)
    assert "SOAP-2" in main_of(owner.get(f"/versions/{waiting.id}"))
    assert "There is no note template SOAP-2" in main_of(sign_at(owner, waiting))
    assert find(VersionSignature) == []


def test_version_that_was_cut_off_is_signed_once_more(at_the_desk, place: Location, monkeypatch: pytest.MonkeyPatch):
    owner, clinician = make_signer(Role.OWNER, location=place), make_signer(location=place)
    waiting = waiting_reader(owner.id)
    with monkeypatch.context() as killed:
        killed.setattr(risk_versions, "put_in_force", lambda _: None)
        sign(waiting, owner, clinician)
    seat = at_the_desk(Role.OWNER)
    assert "Sign once more" in main_of(seat.get(f"/versions/{waiting.id}"))
    assert sign_at(seat, waiting).headers["location"].endswith("done=in-force")
    assert recalibrating.in_force() == recalibrating.folder_of(waiting.version)
    shown = seat.get(f"/versions/{waiting.id}").text
    assert "In force since" in shown and 'name="seen_digest"' not in shown


@pytest.mark.parametrize("fields", [{"code": "000000"}, {"current": "wrong"}, {"seen_digest": "0" * 64}])
def test_wrong_proof_or_digest_signs_nothing(at_the_desk, waiting, fields: dict[str, str]):
    assert sign_at(at_the_desk(Role.OWNER), waiting, **fields).status_code == 422
    assert find(VersionSignature) == []


def test_refusal_is_said_before_a_code_is_used(at_the_desk, place: Location, waiting):
    sign(waiting, make_signer(Role.OWNER, location=place))
    owner = at_the_desk(Role.OWNER)
    assert "Still to sign: clinician" in main_of(sign_at(owner, waiting))
    with reading() as db:
        assert db.get_one(Staff, owner.staff.id).totp_last_step == owner.staff.totp_last_step


@pytest.mark.parametrize("role", [Role.OWNER, Role.CLINICIAN, Role.COMPLIANCE, Role.ADMIN, Role.ANALYST])
def test_reader_of_the_page_does_only_what_they_may(at_the_desk, place: Location, waiting, role: Role):
    seat = at_the_desk(role)
    shown = seat.get(f"/versions/{waiting.id}").text
    assert ("Put it in force" in shown) is (role in (Role.OWNER, Role.CLINICIAN))
    assert ("Discard" in shown) is (role != Role.ANALYST)
    answer = seat.post(f"/versions/{waiting.id}/discard")
    assert answer.status_code == (403 if role == Role.ANALYST else 303)
    assert "discarded" in main_of(seat.get("/versions")) or role == Role.ANALYST


def test_version_of_another_place_is_not_shown(at_the_desk, waiting):
    elsewhere = make_location()
    other = waiting_template(elsewhere, make_signer(Role.ADMIN, location=elsewhere))
    owner = at_the_desk(Role.OWNER)
    assert other.id not in owner.get("/versions").text and waiting.id in owner.get("/versions").text
    for answer in (owner.get(f"/versions/{other.id}"), owner.post(f"/versions/{other.id}/discard")):
        assert answer.status_code == 403
    assert owner.get("/versions/WV-none").status_code == 409


def test_way_back_to_what_never_held_is_refused(at_the_desk, place: Location):
    owner = at_the_desk(Role.OWNER)
    assert owner.post("/versions/back", version="SOAP-2", location=place.id).status_code == 403
    assert "no version" in main_of(owner.post("/versions/back", version="risk-none"))
    assert "nothing before it" in main_of(owner.get("/versions"))
