"""Draws each night a few intakes that nothing flagged, so that a clinician sees what the screening may have missed."""

from datetime import date, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from acts.case_to_dos import open_for_case
from adapters import operational_store as store
from models.codes import ApprovalKind, Role, ToDoKind
from models.operational import Approval, PracticeSetting, Referral, ToDo

SIZE = "risk_sample_size"
"""The practice's setting of how many a night."""
SHIPPED_SIZE = 5
RECEIVED_WITHIN = timedelta(days=7)
LATEST_ZONE = ZoneInfo("America/Los_Angeles")


def draw(night: date, location: str = "all") -> dict[str, int]:
    """Put a random sample of the week's unflagged intakes before clinicians; the same night draws the same.

    Random by the SHA-256 of the installation, the night and the case, so that anybody can draw it again and nobody can
    choose. What was drawn is on record as a to-do of its case.
    """
    key = f"risk-sample:{night.isoformat()}:"
    until = datetime.combine(night, datetime.min.time(), LATEST_ZONE) + timedelta(days=1)
    reviewed = select(Approval.case_number).where(Approval.kind == ApprovalKind.RISK_REVIEW)
    seen = select(ToDo.case_number).where(ToDo.kind == ToDoKind.REVIEW_UNFLAGGED)
    unflagged = (
        select(Referral.case_number)
        .where(
            col(Referral.risk_cleared).is_(True),
            col(Referral.received_at) >= until - RECEIVED_WITHIN,
            col(Referral.received_at) < until,
            col(Referral.case_number).not_in(reviewed),
            col(Referral.case_number).not_in(seen),
        )
        .order_by(col(Referral.case_number))
    )
    if location != "all":
        unflagged = unflagged.where(Referral.location_id == location)
    seed = f"{store.installation_id()}:{night.isoformat()}"
    with store.writing() as db:
        kept = db.get(PracticeSetting, SIZE)
        wanted = int(kept.value) if kept is not None else SHIPPED_SIZE
        drawn = db.exec(select(ToDo.id).where(col(ToDo.unique_key).startswith(key, autoescape=True))).all()
        numbers = db.exec(unflagged).all()
        by_lot = sorted(numbers, key=lambda number: sha256(f"{seed}:{number}".encode()).digest())
        chosen = by_lot[: max(0, wanted - len(drawn))]
        for case in db.exec(select(Referral).where(col(Referral.case_number).in_(chosen))).all():
            open_for_case(db, case, ToDoKind.REVIEW_UNFLAGGED, f"{key}{case.case_number}", role=Role.CLINICIAN)
    return {"unflagged": len(numbers), "drawn": len(chosen)}
