"""The words of a letter or message exactly as a clinician signed them, compared with their digest each time."""

import hashlib
import json

from sqlmodel import Session, select

from adapters import therapy_store
from models.codes import SIGNED
from models.errors import NotSignedOff, SignatureMismatch
from models.operational import Decision


def signed_letter(db: Session, approval_id: str, *, actor: str, where: str) -> str:
    """What was signed under this approval; raises NotSignedOff or SignatureMismatch: then nothing leaves."""
    decision = db.exec(select(Decision).where(Decision.approval_id == approval_id)).first()
    if decision is None or decision.verdict not in SIGNED:
        raise NotSignedOff(f"approval {approval_id} is not signed")
    try:
        words = therapy_store.decision_words(decision.id, actor=actor, where=where)
    except KeyError:
        raise NotSignedOff(f"decision {decision.id} has no content") from None
    signed = words.signed_content.unwrap()
    if hashlib.sha256(signed.encode("utf-8")).hexdigest() != decision.signed_digest:
        raise SignatureMismatch(f"decision {decision.id} signed something else")
    letter = str(json.loads(signed).get("letter", ""))
    if not letter.strip():
        raise SignatureMismatch(f"decision {decision.id} signed no letter")
    return letter
