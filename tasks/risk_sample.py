"""Draws each night a few intakes that nothing flagged, so that a clinician sees what the screening may have missed."""

from datetime import date, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from acts.case_to_dos import open_for_case
from adapters import operational_store as store
from models.codes import ApprovalKind, Role, ToDoKind
from models.operational import Approval, PracticeSetting, Referral, RiskDraw, RiskDrawCase, ToDo

SIZE = "risk_sample_size"
"""The practice's setting of how many a night."""
SHIPPED_SIZE = 5
RECEIVED_WITHIN = timedelta(days=30)
"""Of older intakes none is drawn any more; far longer than a screening waits for its questionnaires."""
LATEST_ZONE = ZoneInfo("America/Los_Angeles")


def draw(night: date, location: str = "all") -> dict[str, int]:
    """Put a random sample of the unflagged intakes that stood in no draw yet before clinicians.

    Random by the SHA-256 of the installation, the night and the case, so that anybody can draw it again and nobody can
    choose. Which intakes stood in the draw is kept with it: each stands in one draw of its life, so that its chance is
    known for good. The same night again, at the same place, draws nothing more, whatever the size is by then.
    """
    draw_id = f"risk-sample:{night.isoformat()}:{location}"
    seed = f"{store.installation_id()}:{night.isoformat()}"
    with store.writing() as db:
        done = db.get(RiskDraw, draw_id)
        if done is not None:
            return {"unflagged": done.intakes, "drawn": done.drawn}
        kept = db.get(PracticeSetting, SIZE)
        wanted = max(0, int(kept.value)) if kept is not None else SHIPPED_SIZE
        cases = {case.case_number: case for case in _unflagged(db, night, location)}
        by_lot = sorted(cases, key=lambda number: sha256(f"{seed}:{number}".encode()).digest())
        chosen = set(by_lot[:wanted])
        record = RiskDraw(
            id=draw_id, night=night, location_id=location, wanted=wanted, intakes=len(cases), drawn=len(chosen)
        )
        db.add(record)
        db.flush()
        store.audit(db, "system", "risk_sample.drawn", record, unflagged=record.intakes, drawn=record.drawn)
        keys = {number: f"risk-sample:{night.isoformat()}:{number}" for number in chosen}
        for number in sorted(chosen):
            open_for_case(db, cases[number], ToDoKind.REVIEW_UNFLAGGED, keys[number], role=Role.CLINICIAN)
        opened = dict(db.exec(select(ToDo.case_number, ToDo.id).where(col(ToDo.unique_key).in_(keys.values()))).all())
        db.add_all(
            RiskDrawCase(case_number=number, draw_id=draw_id, location_id=case.location_id, to_do_id=opened.get(number))
            for number, case in sorted(cases.items())
        )
    return {"unflagged": len(cases), "drawn": len(chosen)}


def _unflagged(db: Session, night: date, location: str) -> list[Referral]:
    """The intakes that nothing flagged and that stood in no draw, received by the end of the night's day."""
    until = datetime.combine(night, datetime.min.time(), LATEST_ZONE) + timedelta(days=1)
    reviewed = select(Approval.case_number).where(Approval.kind == ApprovalKind.RISK_REVIEW)
    read = select(ToDo.case_number).where(ToDo.kind == ToDoKind.REVIEW_UNFLAGGED)
    unflagged = (
        select(Referral)
        .where(
            col(Referral.risk_cleared).is_(True),
            col(Referral.received_at) >= until - RECEIVED_WITHIN,
            col(Referral.received_at) < until,
            col(Referral.case_number).not_in(reviewed),
            col(Referral.case_number).not_in(read),
            col(Referral.case_number).not_in(select(RiskDrawCase.case_number)),
        )
        .order_by(col(Referral.case_number))
    )
    if location != "all":
        unflagged = unflagged.where(Referral.location_id == location)
    return list(db.exec(unflagged).all())
