"""Versions that wait: nothing holds before both have signed exactly what was shown; the way back asks nobody."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import select

from acts import recalibrating, waiting_versions
from acts.recalibrating import folder_of, in_force
from adapters import note_templates, risk_versions
from adapters.operational_store import reading, writing
from language.manifests import read_manifest
from language.risk_classifier import SHIPPED
from language.risk_network import NETWORK
from models.codes import Role
from models.columns import utc_now
from models.errors import MovedOn, NotAllowed, WeightsDiffer
from models.operational import AuditEvent, Location, Staff, VersionSignature, WaitingVersion
from models.pilot_codes import WaitedWhy
from tests.factories import make_location, make_signer
from tests.waiting_versions import (
    HOW,
    LABELS,
    reader_version,
    ship_a_second_template,
    sign,
    tell_held_out,
    waiting_reader,
    waiting_template,
)

pytestmark = pytest.mark.usefixtures("home")

SHIPPED_VERSION = read_manifest(SHIPPED).version


@pytest.fixture(autouse=True)
def _held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    tell_held_out(monkeypatch)
    ship_a_second_template(monkeypatch)


@pytest.fixture
def place(home: Any) -> Location:
    return make_location()


@pytest.fixture
def owner(place: Location) -> Staff:
    return make_signer(Role.OWNER, location=place)


@pytest.fixture
def clinician(place: Location) -> Staff:
    return make_signer(location=place)


def rows(record: Any, **where: Any) -> list[Any]:
    with reading() as db:
        return list(db.exec(select(record).filter_by(**where)).all())


def template_at(place: Location) -> str:
    with reading() as db:
        return note_templates.in_force(db, place.id)["SOAP"].version


def test_reader_is_in_force_once_owner_and_clinician_have_signed(owner: Staff, clinician: Staff):
    waiting = waiting_reader(owner.id)
    assert in_force() == SHIPPED
    sign(waiting, owner)
    assert in_force() == SHIPPED
    sign(waiting, clinician)
    assert in_force() == folder_of(waiting.version)
    [promoted] = rows(AuditEvent, action=recalibrating.PROMOTED)
    assert promoted.details["signed"] == waiting.digest and promoted.actor == clinician.id
    signatures = rows(VersionSignature)
    assert {(each.role, each.digest, each.authenticated) for each in signatures} == {
        (Role.OWNER, waiting.digest, HOW),
        (Role.CLINICIAN, waiting.digest, HOW),
    }
    told = rows(AuditEvent, action="version.signed")
    assert [each.details["digest"] for each in told] == [waiting.digest] * 2
    assert rows(WaitingVersion)[0].ended_why == WaitedWhy.SIGNED


def test_what_is_signed_holds_version_place_what_it_replaces_and_figures(clinician: Staff):
    content = waiting_reader(clinician.id).content
    assert content["version"]["digest"] == risk_versions.digest_of(folder_of(content["version"]["version"]))
    assert content["replaces"]["everywhere"] == {
        "version": SHIPPED_VERSION,
        "digest": risk_versions.digest_of(SHIPPED),
    }
    figures = content["figures"]
    assert figures["labels decided since it was made"] == "300" and figures["of which this version would lose"] == "0"
    assert figures["held-out texts of self harm raised"] == "7 of 7, shipped version 7 of 7"
    assert figures["may raise fewer flags"] == "yes"


def test_refused_version_does_not_wait():
    version = reader_version("ST-0")
    done, waiting = waiting_versions.propose_reader(version, LABELS[:710], actor="ST-0")
    assert done.refused and waiting is None and rows(WaitingVersion) == []
    assert rows(AuditEvent, action=recalibrating.REFUSED)[0].subject_id == version


def test_shipped_reader_is_gone_back_to_and_not_proposed():
    with pytest.raises(ValueError, match="go-back"):
        waiting_versions.propose_reader(SHIPPED_VERSION, LABELS, actor="ST-0")


def test_template_is_in_force_at_its_place_alone(place: Location, owner: Staff, clinician: Staff):
    waiting = waiting_template(place, owner)
    assert template_at(place) == "SOAP-1"
    sign(waiting, clinician)
    assert template_at(place) == "SOAP-1", "whoever asked is not the only one who signs"
    sign(waiting, owner)
    assert template_at(place) == "SOAP-2" and template_at(make_location()) == "SOAP-1"
    [chosen] = rows(AuditEvent, action=note_templates.CHOSEN)
    assert (chosen.details["signed"], chosen.details["before"]) == (waiting.digest, "SOAP-1")


def test_template_is_proposed_for_a_place_of_ones_own_and_once(place: Location, owner: Staff):
    with pytest.raises(NotAllowed, match="places of your own"):
        waiting_template(make_location(), owner)
    with pytest.raises(MovedOn, match="already"):
        waiting_template(place, owner, "SOAP-1")
    with pytest.raises(MovedOn, match="no shipped"):
        waiting_template(place, owner, "SOAP-3")
    assert waiting_template(place, owner).id == waiting_template(place, owner).id
    assert len(rows(WaitingVersion)) == 1


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.OWNER, Role.CLINICIAN}))
def test_nobody_else_signs(place: Location, owner: Staff, role: Role):
    waiting = waiting_template(place, owner)
    with pytest.raises(NotAllowed, match="still to sign: owner and clinician"):
        sign(waiting, make_signer(role, location=place))
    with pytest.raises(NotAllowed, match="works where"):
        sign(waiting, make_signer(Role.OWNER, location=make_location()))
    assert rows(VersionSignature) == []


def test_same_role_does_not_sign_twice(place: Location, owner: Staff):
    waiting = waiting_template(place, owner)
    sign(waiting, owner)
    with pytest.raises(NotAllowed, match="still to sign: clinician"):
        sign(waiting, owner)


def test_digest_that_was_not_shown_signs_nothing(place: Location, owner: Staff):
    waiting = waiting_template(place, owner)
    with pytest.raises(MovedOn, match="not as it was shown"):
        waiting_versions.sign(waiting.id, staff_id=owner.id, how=HOW, seen_digest="0" * 64)
    assert rows(VersionSignature) == []


def test_old_figures_are_not_signed(place: Location, owner: Staff):
    waiting = waiting_template(place, owner)
    with writing() as db:
        db.get_one(WaitingVersion, waiting.id).proposed_at = utc_now() - timedelta(days=15)
    with pytest.raises(MovedOn, match="older than 14 days"):
        sign(waiting, owner)
    assert waiting_template(place, owner).id != waiting.id


def test_what_it_would_replace_must_still_be_in_force(owner: Staff, clinician: Staff):
    first, second = waiting_reader(owner.id), recalibrating.recalibrate(LABELS[:900], {}, refit=False, actor="ST-0")
    other = waiting_reader(owner.id, second.version)
    sign(first, owner, clinician)
    with pytest.raises(MovedOn, match="not in force any more"):
        sign(other, owner)
    assert in_force() == folder_of(first.version)


def test_version_that_is_not_intact_is_not_signed(owner: Staff):
    waiting = waiting_reader(owner.id)
    (folder_of(waiting.version) / NETWORK).write_bytes(b"other")
    with pytest.raises(WeightsDiffer):
        sign(waiting, owner)
    assert in_force() == SHIPPED


def test_cut_off_between_record_and_pointer_is_signed_again(owner: Staff, clinician: Staff, monkeypatch):
    waiting = waiting_reader(owner.id)
    sign(waiting, owner)
    with monkeypatch.context() as killed:
        killed.setattr(risk_versions, "put_in_force", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            sign(waiting, clinician)
    assert in_force() == SHIPPED and recalibrating.ways()[0] == waiting.version
    sign(waiting, owner)
    assert in_force() == folder_of(waiting.version)
    assert len(rows(AuditEvent, action=recalibrating.PROMOTED)) == 1 and len(rows(VersionSignature)) == 2
    with pytest.raises(MovedOn, match="waits no longer"):
        sign(waiting, owner)


def test_discarded_version_is_not_signed(place: Location, owner: Staff):
    waiting = waiting_template(place, owner)
    for who in (make_signer(Role.COORDINATOR, location=place), make_signer(Role.OWNER, location=make_location())):
        with pytest.raises(NotAllowed):
            waiting_versions.discard(waiting.id, staff_id=who.id)
    for _ in range(2):
        waiting_versions.discard(waiting.id, staff_id=owner.id)
    assert len(rows(AuditEvent, action="version.discarded")) == 1
    with pytest.raises(MovedOn, match="waits no longer"):
        sign(waiting, owner)


def test_way_back_of_a_template_is_one_act_and_not_a_way_forward(place: Location, owner: Staff, clinician: Staff):
    sign(waiting_template(place, owner), owner, clinician)
    assert waiting_versions.template_ways([place.id], ["SOAP"])[place.id, "SOAP"] == ["SOAP-2", "SOAP-1"]
    for who in (make_signer(Role.BILLER, location=place), make_signer(Role.OWNER, location=make_location())):
        with pytest.raises(NotAllowed):
            waiting_versions.go_back_template(place.id, "SOAP-1", staff_id=who.id)
    waiting_versions.go_back_template(place.id, "SOAP-1", staff_id=clinician.id)
    assert template_at(place) == "SOAP-1"
    newest = rows(AuditEvent, action=note_templates.CHOSEN)[-1]
    assert (newest.actor, newest.details["version"], newest.details["signed"]) == (clinician.id, "SOAP-1", "")
    with pytest.raises(NotAllowed, match="signed anew"):
        waiting_versions.go_back_template(place.id, "SOAP-2", staff_id=clinician.id)


def test_way_back_of_the_reader_is_one_act(owner: Staff, clinician: Staff, place: Location):
    sign(waiting_reader(owner.id), owner, clinician)
    with pytest.raises(NotAllowed):
        waiting_versions.go_back_reader(SHIPPED_VERSION, staff_id=make_signer(Role.ANALYST, location=place).id)
    waiting_versions.go_back_reader(SHIPPED_VERSION, staff_id=clinician.id)
    assert in_force() == SHIPPED and recalibrating.ways() == [SHIPPED_VERSION]


def test_signature_is_never_changed(place: Location, owner: Staff):
    sign(waiting_template(place, owner), owner)
    for change in ("UPDATE version_signature SET digest = ''", "DELETE FROM version_signature"):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), writing() as db:
            db.connection().execute(sa.text(change))
