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
        places = _unflagged(db, night, location)
        by_lot = sorted(places, key=lambda number: sha256(f"{seed}:{number}".encode()).digest())
        chosen = set(by_lot[:wanted])
        record = RiskDraw(
            id=draw_id, night=night, location_id=location, wanted=wanted, intakes=len(places), drawn=len(chosen)
        )
        db.add(record)
        db.flush()
        store.audit(db, "system", "risk_sample.drawn", record, unflagged=record.intakes, drawn=record.drawn)
        keys = {number: f"risk-sample:{night.isoformat()}:{number}" for number in chosen}
        for case in db.exec(select(Referral).where(col(Referral.case_number).in_(chosen))).all():
            open_for_case(db, case, ToDoKind.REVIEW_UNFLAGGED, keys[case.case_number], role=Role.CLINICIAN)
        opened = dict(db.exec(select(ToDo.case_number, ToDo.id).where(col(ToDo.unique_key).in_(keys.values()))).all())
        stood = [
            {"case_number": number, "draw_id": draw_id, "location_id": place, "to_do_id": opened.get(number)}
            for number, place in places.items()
        ]
        if stood:
            store.insert_rows(db, RiskDrawCase, stood)
    return {"unflagged": len(places), "drawn": len(chosen)}


def _unflagged(db: Session, night: date, location: str) -> dict[str, str]:
    """The intakes that nothing flagged and that stood in no draw, received by the end of the night's day, with their
    location."""
    until = datetime.combine(night, datetime.min.time(), LATEST_ZONE) + timedelta(days=1)
    reviewed = select(Approval.case_number).where(Approval.kind == ApprovalKind.RISK_REVIEW)
    read = select(ToDo.case_number).where(ToDo.kind == ToDoKind.REVIEW_UNFLAGGED)
    unflagged = (
        select(Referral.case_number, Referral.location_id)
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
    return dict(db.exec(unflagged).all())
