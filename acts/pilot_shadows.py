"""What a new version would do beside the present one, put on record and never at the cost of what is done."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from acts.pilot_arms import Placed
from adapters.log_lines import log_of
from adapters.missing_rows import insert_unless_there
from adapters.operational_store import audit
from models.columns import utc_now
from models.operational import PilotShadow

log = log_of(__name__)


@dataclass(frozen=True)
class Beside:
    """What both versions would do with one subject (appointment, session, freed time), in counts."""

    trial: Placed
    subject_id: str
    unit_id: str
    location_id: str
    present: int
    new: int
    same: bool


def keep(db: Session, work_out: Callable[[], Sequence[Beside]]) -> None:
    """Work out and keep what would have been, in the caller's transaction; what fails leaves it as if nothing was."""
    try:
        with db.begin_nested():
            _keep(db, work_out())
    except Exception as trouble:  # whatever it is, a trial keeps nobody from their reminder, draft or offer
        _not_worked_out(trouble)


def worked_out(work_out: Callable[[], Sequence[Beside]]) -> Sequence[Beside]:
    """What would have been, worked out where it must be before anything is done; nothing where that fails."""
    try:
        return work_out()
    except Exception as trouble:  # as in keep
        _not_worked_out(trouble)
        return ()


def _not_worked_out(trouble: Exception) -> None:
    log.error("what a version in shadow would do was not worked out", trouble=trouble)


def _keep(db: Session, found: Sequence[Beside]) -> None:
    if not found:
        return
    now = utc_now()
    rows = [
        {
            "pilot_id": each.trial.pilot.id,
            "subject_id": each.subject_id,
            "unit_id": each.unit_id,
            "location_id": each.location_id,
            "present": float(each.present),
            "new": float(each.new),
            "same": each.same,
            "at": now,
        }
        for each in found
    ]
    insert_unless_there(db, PilotShadow, rows)
    for pilot_id in sorted({each.trial.pilot.id for each in found}):
        count = sum(each.trial.pilot.id == pilot_id for each in found)
        audit(db, "system", "pilot.shadowed", ("pilot", pilot_id), count=count)
