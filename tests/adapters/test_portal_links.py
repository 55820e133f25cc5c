"""Tests of signed links and of the proof that goes with them."""

from datetime import timedelta

import pytest
from itsdangerous import TimestampSigner
from sqlmodel import select

from adapters import portal_links
from adapters.operational_store import reading, writing
from models.codes import LinkPurpose
from models.columns import utc_now
from models.errors import NotAllowed
from models.operational import AuditEvent, PortalLink
from tests.factories import make_referral

pytestmark = pytest.mark.usefixtures("home")


def test_link_is_stored_audited_and_read_back_from_its_url() -> None:
    referral = make_referral()
    with writing() as db:
        made = portal_links.make_link(db, referral.case_number, LinkPurpose.CHOOSE_TIME, 3, days=2)
    start, _, token = made.url.rpartition("/l/")
    assert start == "http://127.0.0.1:8481"
    assert portal_links.read_token(token) == made.record.id
    assert portal_links.url_of(made.record.id) == made.url
    with reading() as db:
        kept = db.get(PortalLink, made.record.id)
        events = [event.action for event in db.exec(select(AuditEvent)).all()]
    assert kept is not None
    assert (kept.purpose, kept.round, kept.used_at) == (LinkPurpose.CHOOSE_TIME, 3, None)
    assert abs(kept.expires_at - utc_now() - timedelta(days=2)) < timedelta(minutes=1)
    assert events == ["portal_link.made"]


def test_url_holds_no_case_number() -> None:
    referral = make_referral()
    with writing() as db:
        made = portal_links.make_link(db, referral.case_number, LinkPurpose.QUESTIONNAIRES, 0)
    assert referral.case_number not in made.url
    assert referral.patient_id not in made.url


@pytest.mark.parametrize("token", ["", "PL-1", "PL-1.abc", "..", "ÿ"])
def test_token_without_our_signature_is_refused(token: str) -> None:
    with pytest.raises(NotAllowed):
        portal_links.read_token(token)


def test_token_signed_by_another_installation_is_refused(home, tmp_path, monkeypatch) -> None:
    token = portal_links.token_of("PL-1")
    (home / "link-signing-key").write_text("another key")
    with pytest.raises(NotAllowed):
        portal_links.read_token(token)


def test_proof_is_for_one_link_and_is_no_token() -> None:
    proof = portal_links.make_proof("PL-1")
    portal_links.check_proof(proof, "PL-1")
    for wrong, link_id in ((proof, "PL-2"), (None, "PL-1"), (portal_links.token_of("PL-1"), "PL-1")):
        with pytest.raises(NotAllowed):
            portal_links.check_proof(wrong, link_id)
    with pytest.raises(NotAllowed):
        portal_links.read_token(proof)


@pytest.mark.parametrize(("seconds", "good"), [(3600, True), (3601, False)])
def test_proof_ends_after_an_hour(seconds: int, good: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    now = int(utc_now().timestamp())
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda signer: now)
    proof = portal_links.make_proof("PL-1")
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda signer: now + seconds)
    if good:
        portal_links.check_proof(proof, "PL-1")
    else:
        with pytest.raises(NotAllowed):
            portal_links.check_proof(proof, "PL-1")
