"""Makes and reads a patient's signed links, and the proof that a browser passed the birth-date check."""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer
from sqlmodel import Session

from adapters.link_keys import link_keys
from adapters.operational_store import audit, insert_rows
from adapters.settings import settings
from models.codes import LinkPurpose
from models.columns import new_id, utc_now
from models.errors import NotAllowed
from models.operational import PortalLink

LINK_DAYS = 14
PROOF_MINUTES = 30
REFUSED = "the link or its proof does not open anything"
# HMAC-SHA-256 under a key of its own for each salt; the comparison inside takes the same time wherever it fails.
SIGNER = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
# Stricter than the decoder, which skips over what is not base64: one link must not have many spellings.
TOKEN = re.compile(r"[A-Za-z0-9_-]{1,200}\.[A-Za-z0-9_-]{43}")


class MadeLink(NamedTuple):
    """A stored link with the address a patient opens."""

    record: PortalLink
    url: str


class SignedLink(NamedTuple):
    """What a token says once its signature fits."""

    link_id: str
    purpose: LinkPurpose


def make_link(
    db: Session,
    case_number: str,
    purpose: LinkPurpose,
    round: int,
    days: int = LINK_DAYS,
    *,
    subject_id: str | None = None,
) -> MadeLink:
    """Store a fresh link for one case and one purpose, in the caller's transaction.

    ``subject_id``: the one appointment, offer, check-in or material it is about, where the case has several.
    """
    link = new_link(case_number, purpose, round, days, subject_id=subject_id)
    keep_links(db, [link])
    return MadeLink(link, url_of(link))


def new_link(
    case_number: str, purpose: LinkPurpose, round: int, days: int = LINK_DAYS, *, subject_id: str | None = None
) -> PortalLink:
    """A fresh link that is not stored yet."""
    return PortalLink(
        id=new_id("PL"),
        case_number=case_number,
        purpose=purpose,
        subject_id=subject_id,
        round=round,
        expires_at=utc_now() + timedelta(days=days),
    )


def keep_links(db: Session, links: Sequence[PortalLink]) -> None:
    """Store fresh links, in the caller's transaction."""
    db.add_all(links)
    db.flush()
    for link in links:
        days = round((link.expires_at - utc_now()) / timedelta(days=1))
        audit(db, "system", "portal_link.made", link, link.case_number, leads_to=link.purpose.value, days=days)


def make_links(
    db: Session, purpose: LinkPurpose, subjects: Sequence[tuple[str, str, datetime]], now: datetime
) -> dict[str, str]:
    """Store a fresh link for each (case number, subject id, expiry), in the caller's transaction and one statement.

    Returns the link's id by subject.
    """
    rows: list[dict[str, Any]] = [
        {
            "id": new_id("PL"),
            "case_number": case_number,
            "purpose": purpose,
            "subject_id": subject_id,
            "round": 0,
            "created_at": now,
            "expires_at": expires_at,
            "revoked": False,
            "failed_checks": 0,
        }
        for case_number, subject_id, expires_at in subjects
    ]
    if rows:
        insert_rows(db, PortalLink, rows)
    for row in rows:
        days = (row["expires_at"] - now).days
        key = ("portal_link", row["id"])
        audit(db, "system", "portal_link.made", key, row["case_number"], leads_to=purpose.value, days=days)
    return {row["subject_id"]: row["id"] for row in rows}


def _links_for(purpose: LinkPurpose) -> URLSafeSerializer:
    """The purpose is part of what the key is derived from: a signature for one purpose fits no other."""
    return URLSafeSerializer(_keys(), salt=f"portal-link:{purpose.value}", signer_kwargs=SIGNER)


def _proofs() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(_keys(), salt="portal-proof", signer_kwargs=SIGNER)


def _keys() -> list[str]:
    return list(reversed(link_keys()))  # the serialiser signs with the last of its keys and believes all


def token_of(link: PortalLink) -> str:
    """The signed form of a link's id and purpose; under one key the same link always gives the same token."""
    return str(_links_for(link.purpose).dumps(link.id))


def url_of(link: PortalLink) -> str:
    """The address a patient opens."""
    return f"{settings().portal_url}/l/{token_of(link)}"


def read_token(token: str) -> SignedLink:
    """The link inside a token; raises NotAllowed when the signature fits none of the purposes."""
    if TOKEN.fullmatch(token):
        for purpose in LinkPurpose:
            try:
                return SignedLink(str(_links_for(purpose).loads(token)), purpose)
            except BadSignature:
                continue
    raise NotAllowed(REFUSED)


def make_proof(link_id: str) -> str:
    """A signed proof for one link, good for ``PROOF_MINUTES``."""
    return str(_proofs().dumps(link_id))


def check_proof(proof: str | None, link_id: str) -> None:
    """Raises NotAllowed unless the proof is fresh and was given for this link."""
    try:
        proven = _proofs().loads(proof or "", max_age=PROOF_MINUTES * 60)
    except BadSignature as wrong:
        raise NotAllowed(REFUSED) from wrong
    if proven != link_id:
        raise NotAllowed(REFUSED)
