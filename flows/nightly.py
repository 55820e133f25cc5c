"""What runs at night with nobody watching."""

from prefect import flow

from models.columns import utc_now
from tasks import backups, held_transcripts, reports, waiting, watch
from tasks import nightly as steps


@flow(name="nightly", persist_result=False)
async def nightly() -> dict[str, int]:
    """Opens times ahead, looks after every wait, destroys transcripts nobody agreed to, verifies and anchors the audit,
    reports the day, and backs up."""
    opened = steps.open_times_ahead()
    held_transcripts.destroy_held()
    watch.watch()
    faults = steps.verify_audit()
    steps.anchor_audit()
    figures = steps.first_appointment_figures()
    await reports.publish_waiting(waiting.waiting(), utc_now())
    await reports.publish_figures(figures)
    backed_up = backups.back_up()
    return {"times_opened": opened, "audit_faults": faults, "backup_bytes": backed_up}
