"""Makes and reads a patient's signed links, and the proof that a browser passed the birth-date check."""

from datetime import timedelta
from typing import NamedTuple

from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer
from sqlmodel import Session

from adapters.operational_store import audit
from adapters.settings import settings
from models.codes import LinkPurpose
from models.columns import new_id, utc_now
from models.errors import NotAllowed
from models.operational import PortalLink

LINK_DAYS = 14
PROOF_MINUTES = 60
REFUSED = "the link or its proof does not open anything"


class MadeLink(NamedTuple):
    """A stored link with the address a patient opens."""

    record: PortalLink
    url: str


def make_link(db: Session, case_number: str, purpose: LinkPurpose, round: int, days: int = LINK_DAYS) -> MadeLink:
    """Store a fresh link for one case and one purpose, in the caller's transaction."""
    link = PortalLink(
        id=new_id("PL"),
        case_number=case_number,
        purpose=purpose,
        round=round,
        expires_at=utc_now() + timedelta(days=days),
    )
    db.add(link)
    db.flush()
    audit(db, "system", "portal_link.made", link, case_number, purpose=purpose.value, days=days)
    return MadeLink(link, url_of(link.id))


def token_of(link_id: str) -> str:
    """The signed form of a link's id; the same id always gives the same token."""
    return str(URLSafeSerializer(settings().signing_key(), salt="portal").dumps(link_id))


def url_of(link_id: str) -> str:
    """The address a patient opens."""
    return f"{settings().portal_url}/l/{token_of(link_id)}"


def read_token(token: str) -> str:
    """The link id inside a token; raises NotAllowed when the signature does not fit."""
    try:
        return str(URLSafeSerializer(settings().signing_key(), salt="portal").loads(token))
    except BadSignature as wrong:
        raise NotAllowed(REFUSED) from wrong


def make_proof(link_id: str) -> str:
    """A signed proof for one link, good for ``PROOF_MINUTES``."""
    return str(URLSafeTimedSerializer(settings().signing_key(), salt="portal-proof").dumps(link_id))


def check_proof(proof: str | None, link_id: str) -> None:
    """Raises NotAllowed unless the proof is fresh and was given for this link."""
    serializer = URLSafeTimedSerializer(settings().signing_key(), salt="portal-proof")
    try:
        proven = serializer.loads(proof or "", max_age=PROOF_MINUTES * 60)
    except BadSignature as wrong:
        raise NotAllowed(REFUSED) from wrong
    if proven != link_id:
        raise NotAllowed(REFUSED)
