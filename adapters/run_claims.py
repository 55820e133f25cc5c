"""Which worker process runs which Prefect run, kept so that a dead worker's runs are found."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col, select

from adapters.operational_store import reading, writing
from models.columns import utc_now
from models.operational import RunClaim, WorkerBeat


class RunClaims:
    """The claims of ``adapters.in_process_worker.Claims`` on our own database; every method is one transaction."""

    def claim(self, run_id: UUID, worker_id: str, *, lost_after: timedelta) -> bool:
        """True when the claim is now this worker's: it was free, already its own, or held by a dead worker."""
        now = utc_now()
        with writing() as db:
            held = db.get(RunClaim, str(run_id))
            if held is not None and held.worker_id != worker_id:
                beat = db.get(WorkerBeat, held.worker_id)
                if beat is not None and now - beat.at < lost_after:
                    return False
            db.merge(RunClaim(run_id=str(run_id), worker_id=worker_id, claimed_at=now))
            return True

    def release(self, run_id: UUID, worker_id: str) -> None:
        with writing() as db:
            db.exec(delete(RunClaim).where(col(RunClaim.run_id) == str(run_id), col(RunClaim.worker_id) == worker_id))

    def beat(self, worker_id: str) -> None:
        with writing() as db:
            db.merge(WorkerBeat(worker_id=worker_id, at=utc_now()))

    def orphans(self, lost_after: timedelta) -> list[UUID]:
        """Runs claimed by workers that have not beaten for ``lost_after``."""
        since = utc_now() - lost_after
        with reading() as db:
            living = select(WorkerBeat.worker_id).where(col(WorkerBeat.at) > since)
            found = db.exec(select(RunClaim.run_id).where(col(RunClaim.worker_id).not_in(living))).all()
        return [UUID(run_id) for run_id in found]
