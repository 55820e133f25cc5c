"""Tests of signed links and of the proof that goes with them."""

import stat
from base64 import urlsafe_b64decode
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from itsdangerous import TimestampSigner
from sqlmodel import select

from adapters import portal_links
from adapters.link_keys import link_keys, rotate_link_key
from adapters.operational_store import reading, writing
from models.codes import LinkPurpose
from models.columns import utc_now
from models.errors import NotAllowed
from models.operational import AuditEvent, PortalLink
from tests.factories import make_referral

pytestmark = pytest.mark.usefixtures("home")


def stored(purpose: LinkPurpose = LinkPurpose.QUESTIONNAIRES) -> PortalLink:
    referral = make_referral()
    with writing() as db:
        return portal_links.make_link(db, referral.case_number, purpose, 0).record


def test_link_is_stored_audited_and_read_back_from_its_url() -> None:
    referral = make_referral()
    with writing() as db:
        made = portal_links.make_link(db, referral.case_number, LinkPurpose.CHOOSE_TIME, 3, days=2)
    start, _, token = made.url.rpartition("/l/")
    assert start == "http://127.0.0.1:8481"
    assert portal_links.read_token(token) == (made.record.id, LinkPurpose.CHOOSE_TIME)
    assert portal_links.url_of(made.record) == made.url
    with reading() as db:
        kept = db.get(PortalLink, made.record.id)
        events = [(event.action, event.purpose) for event in db.exec(select(AuditEvent)).all()]
    assert kept is not None
    assert (kept.purpose, kept.round, kept.used_at) == (LinkPurpose.CHOOSE_TIME, 3, None)
    assert abs(kept.expires_at - utc_now() - timedelta(days=2)) < timedelta(minutes=1)
    assert events == [("portal_link.made", "")]  # a purpose of use; what the link is for is a detail


def test_url_names_neither_case_nor_patient_nor_purpose() -> None:
    referral = make_referral()
    with writing() as db:
        made = portal_links.make_link(db, referral.case_number, LinkPurpose.QUESTIONNAIRES, 0)
    token = made.url.rpartition("/l/")[2]
    said = made.url + urlsafe_b64decode(token.split(".")[0] + "==").decode()
    for secret in (referral.case_number, referral.patient_id, *LinkPurpose):
        assert secret not in said


@pytest.mark.parametrize("token", ["", "PL-1", "PL-1.abc", "..", "ÿ", "a" * 5000, "\x00", "InBMLTEi." + "A" * 43])
def test_token_without_our_signature_is_refused(token: str) -> None:
    with pytest.raises(NotAllowed):
        portal_links.read_token(token)


@pytest.mark.parametrize("change", ["{0}~", "~{0}", "{0}\n", "{0}==", "{1}.{2}.{2}", "{1}~.{2}"])
def test_token_has_one_spelling(change: str) -> None:
    token = portal_links.token_of(stored())
    with pytest.raises(NotAllowed):
        portal_links.read_token(change.format(token, *token.split(".")))


def test_every_changed_character_breaks_the_signature() -> None:
    link = stored()
    token = portal_links.token_of(link)
    for at in range(len(token) - 1):  # the very last one holds two bits that mean nothing
        forged = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        with pytest.raises(NotAllowed):
            portal_links.read_token(forged)


@pytest.mark.parametrize("purpose", LinkPurpose)
@pytest.mark.parametrize("other", LinkPurpose)
def test_purpose_is_part_of_the_signature(purpose: LinkPurpose, other: LinkPurpose) -> None:
    link = stored(purpose)
    token = portal_links.token_of(link)
    assert portal_links.read_token(token).purpose is purpose
    assert (portal_links.token_of(link.model_copy(update={"purpose": other})) == token) is (other is purpose)


def test_token_signed_by_another_installation_is_refused(home: Path) -> None:
    token = portal_links.token_of(stored())
    (home / "link-signing-key").write_text("another-key")
    with pytest.raises(NotAllowed):
        portal_links.read_token(token)


# -- a change of key


def test_links_sent_before_a_change_of_key_open_until_two_changes_later() -> None:
    link = stored()
    tokens = [portal_links.token_of(link)]
    for known in (2, 3, 3):
        assert rotate_link_key() == known
        tokens.append(portal_links.token_of(link))
    assert len(set(tokens)) == 4
    assert [portal_links.read_token(token).link_id for token in tokens[1:]] == [link.id] * 3
    with pytest.raises(NotAllowed):
        portal_links.read_token(tokens[0])


def test_proof_survives_a_change_of_key() -> None:
    proof = portal_links.make_proof("PL-1")
    rotate_link_key()
    portal_links.check_proof(proof, "PL-1")


def test_forgetting_old_keys_closes_every_link_and_proof() -> None:
    token, proof = portal_links.token_of(stored()), portal_links.make_proof("PL-1")
    assert rotate_link_key(forget_old=True) == 1
    with pytest.raises(NotAllowed):
        portal_links.read_token(token)
    with pytest.raises(NotAllowed):
        portal_links.check_proof(proof, "PL-1")


def test_key_file_is_made_once_for_this_user_alone(home: Path) -> None:
    with ThreadPoolExecutor(8) as at_once:
        known = {each.result() for each in [at_once.submit(link_keys) for _ in range(16)]}
    assert len(known) == 1
    assert stat.S_IMODE((home / "link-signing-key").stat().st_mode) == 0o600
    assert [path.name for path in home.glob("link-signing*")] == ["link-signing-key"]


# -- the proof of the birth date


def test_proof_is_for_one_link_and_is_no_token() -> None:
    link = stored()
    proof = portal_links.make_proof(link.id)
    portal_links.check_proof(proof, link.id)
    for wrong, link_id in ((proof, "PL-2"), (None, link.id), (portal_links.token_of(link), link.id)):
        with pytest.raises(NotAllowed):
            portal_links.check_proof(wrong, link_id)
    with pytest.raises(NotAllowed):
        portal_links.read_token(proof)


@pytest.mark.parametrize(("seconds", "good"), [(1800, True), (1801, False)])
def test_proof_ends_after_half_an_hour(seconds: int, good: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    now = int(utc_now().timestamp())
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda signer: now)
    proof = portal_links.make_proof("PL-1")
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda signer: now + seconds)
    if good:
        portal_links.check_proof(proof, "PL-1")
    else:
        with pytest.raises(NotAllowed):
            portal_links.check_proof(proof, "PL-1")
