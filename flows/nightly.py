"""What runs at night with nobody watching."""

from prefect import flow

from models.columns import utc_now
from tasks import nightly as steps
from tasks import reports, watch


@flow(name="nightly", persist_result=False)
async def nightly() -> dict[str, int]:
    """Opens bookable times ahead, looks after every wait, verifies and anchors the audit, and reports the day."""
    opened = steps.open_times_ahead()
    watch.watch()
    faults = steps.verify_audit()
    steps.anchor_audit()
    figures = steps.first_appointment_figures()
    await reports.publish_waiting(watch.waiting(), utc_now())
    await reports.publish_figures(figures)
    return {"times_opened": opened, "audit_faults": faults}
