"""Tells the analysts about a run that failed, crashed or is late, without flooding them."""

from datetime import datetime, timedelta

from sqlmodel import col, select

from acts.staff import staff_for_the_system
from adapters import operational_store as store
from adapters.log_lines import log_of
from models.codes import MessageChannel, RunTrouble
from models.columns import utc_now
from models.operational import OutboxMessage
from tasks.steps import step

log = log_of(__name__)

TOLD_AGAIN_AFTER = timedelta(minutes=15)
TEMPLATE = "page_run_trouble"


@step("tell the analysts")
def tell_analysts(run_id: str, trouble: RunTrouble, now: datetime | None = None) -> int:
    """Page whoever looks after the runs; returns how many were told.

    One page of a kind in a quarter of an hour: a fault that fails every run would send hundreds otherwise, and the
    page leads to the list of all of them. Each run stands in the audit, told or not.
    """
    moment = now or utc_now()
    with store.writing() as db:
        people = staff_for_the_system(db)
        if not people:
            log.error("there is nobody to tell", run=run_id, trouble=trouble)
        told = sum(_page(db, person.id, run_id, trouble, moment) for person in people)
        store.audit(db, "prefect", f"run.{trouble.value}", ("flow_run", run_id), told=told)
    return told


def _page(db: store.Session, staff_id: str, run_id: str, trouble: RunTrouble, now: datetime) -> bool:
    of_this_kind = f"run-{trouble.value}:{staff_id}:"
    recent = select(OutboxMessage.id).where(
        col(OutboxMessage.unique_key).startswith(of_this_kind, autoescape=True),
        col(OutboxMessage.created_at) > now - TOLD_AGAIN_AFTER,
    )
    if db.exec(recent).first() is not None:
        return False
    # two alarms at the same moment name the same quarter of an hour: the second finds the first's key
    quarter = int(now.timestamp() // TOLD_AGAIN_AFTER.total_seconds())
    return store.queue_message(
        db,
        unique_key=f"{of_this_kind}{quarter}",
        channel=MessageChannel.PAGE,
        template=TEMPLATE,
        case_number=None,
        to_staff_id=staff_id,
        facts={"run_id": run_id, "trouble": trouble.value},
        urgent=True,
    )
