"""Counts each night who is over their time, and tells compliance once a week while a list could be signed."""

from datetime import date

from acts import retention
from acts.staff import staff_for_the_audit
from adapters import operational_store as store
from models.codes import MessageChannel
from models.columns import utc_now

TEMPLATE = "retention_due"


def count(night: date, location: str = "all") -> dict[str, int]:
    """How many are over their time now, and how many lines of signed lists are still to do; destroys nothing.

    Whoever may sign is told once in a week, whatever the number and however often this runs; the desk says so anew
    after each night.
    """
    now = utc_now()
    over, unfinished, told = len(retention.due_now(now)), retention.unfinished(), 0
    if over or unfinished:
        year, week, _ = now.date().isocalendar()
        with store.writing() as db:
            for person in staff_for_the_audit(db):
                told += store.queue_message(
                    db,
                    unique_key=f"retention-due:{year}-{week}:{person.id}",
                    channel=MessageChannel.EMAIL,
                    template=TEMPLATE,
                    case_number=None,
                    to_staff_id=person.id,
                )
    return {"over_time": over, "unfinished": unfinished, "told": told}
