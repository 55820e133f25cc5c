"""How the two audit chains stand: their newest event, when they were last verified and anchored."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from adapters import operational_store as store
from adapters.audit_anchors import last_anchor, read_head
from adapters.audit_chain import Verdict
from models.audit_chain import CHAINS
from models.operational import AuditEvent

VERIFIED = "audit.verified"


@dataclass(frozen=True)
class ChainStatus:
    """One chain; ``faults`` is what the last verification found."""

    database: str
    last_id: int
    verified_at: datetime | None
    faults: int
    anchored_at: str
    anchored_id: int


def note_verified(verdicts: list[Verdict], actor: str) -> None:
    """Keep what a verification found, as an event of its own for each chain."""
    with store.writing() as db:
        for verdict in verdicts:
            store.audit(
                db,
                actor,
                VERIFIED,
                ("audit", verdict.database),
                events=verdict.events,
                last_id=verdict.last_id,
                faults=verdict.fault_count,
            )


def chains() -> list[ChainStatus]:
    """Both chains as they stand now."""
    found = []
    for chain in CHAINS:
        with store.reading() as db:
            verified = db.exec(
                select(AuditEvent)
                .where(AuditEvent.action == VERIFIED, AuditEvent.subject_id == chain.database)
                .order_by(col(AuditEvent.id).desc())
                .limit(1)
            ).first()
        anchor = last_anchor(chain)
        found.append(
            ChainStatus(
                database=chain.database,
                last_id=read_head(chain)[0],
                verified_at=verified.at if verified else None,
                faults=int(verified.details["faults"]) if verified else 0,
                anchored_at=anchor.at if anchor else "",
                anchored_id=anchor.last_id if anchor else 0,
            )
        )
    return found
