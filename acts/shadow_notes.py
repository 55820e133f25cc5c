"""Puts on record what a workflow in the shadow would have done, many actions at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from adapters.operational_store import audit
from models.columns import new_id
from models.operational import ShadowAction
from models.standing import SHADOW_WORKFLOWS, ShadowKind
from rules.sign_off import canonical, digest


@dataclass(frozen=True)
class Would:
    """One thing a workflow would have done. ``content``: ids, enums, counts and digests; nothing else of a person."""

    kind: ShadowKind
    subject_id: str
    case_number: str
    location_id: str
    content: Mapping[str, Any]

    @property
    def digest(self) -> str:
        return digest(canonical({"subject": self.subject_id, "would": self.content}))


def noted(db: Session, kind: ShadowKind, subject_ids: Iterable[str]) -> set[str]:
    """Those of these subjects of which something is noted already."""
    query = select(ShadowAction.subject_id).where(
        col(ShadowAction.subject_id).in_(set(subject_ids)), ShadowAction.kind == kind
    )
    return set(db.exec(query).all())


def keep(db: Session, would: Sequence[Would]) -> int:
    """Note these, each once for its subject and content, in the caller's transaction; returns how many are new."""
    if not would:
        return 0
    known = set(
        db.exec(
            select(ShadowAction.kind, ShadowAction.digest).where(
                col(ShadowAction.subject_id).in_({each.subject_id for each in would}),
                col(ShadowAction.kind).in_({each.kind for each in would}),
            )
        ).all()
    )
    new = {(each.kind, each.digest): each for each in would if (each.kind, each.digest) not in known}
    for (kind, content_digest), each in new.items():
        action = ShadowAction(
            id=new_id("SH"),
            workflow=SHADOW_WORKFLOWS[kind],
            location_id=each.location_id,
            case_number=each.case_number,
            kind=kind,
            subject_id=each.subject_id,
            content=dict(each.content),
            digest=content_digest,
        )
        db.add(action)
        audit(db, "system", "shadow.noted", action, each.case_number, kind=kind.value, digest=content_digest)
    return len(new)
