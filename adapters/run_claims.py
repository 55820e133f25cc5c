"""Which worker process runs which Prefect run, kept so that a dead worker's runs are found."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from adapters.operational_store import reading, writing
from adapters.processes import provably_dead
from models.columns import utc_now
from models.operational import RunClaim, WorkerBeat

GONE_AFTER = timedelta(days=7)


class RunClaims:
    """The claims of ``adapters.in_process_worker.Claims`` on our own database; every method is one transaction."""

    def claim(self, run_id: UUID, worker_id: str, *, lost_after: timedelta) -> bool:
        """True when the claim is now this worker's: it was free, already its own, or held by a dead worker."""
        now = utc_now()
        try:
            with writing() as db:
                holder = self._holder(db, run_id)
                if holder is None:
                    db.exec(insert(RunClaim).values(run_id=str(run_id), worker_id=worker_id, claimed_at=now))
                    return True
                if holder != worker_id:
                    beat = db.get(WorkerBeat, holder)
                    if beat is not None and now - beat.at < lost_after and not provably_dead(holder):
                        return False
                # only from the holder that was read: of two workers that see the same dead one, one gets the run
                taken = db.exec(
                    update(RunClaim)
                    .where(col(RunClaim.run_id) == str(run_id), col(RunClaim.worker_id) == holder)
                    .values(worker_id=worker_id, claimed_at=now)
                )
                return taken.rowcount == 1
        except IntegrityError:  # another worker inserted its claim first
            return False

    def _holder(self, db: Session, run_id: UUID) -> str | None:
        return db.exec(select(RunClaim.worker_id).where(RunClaim.run_id == str(run_id))).first()

    def release(self, run_id: UUID, worker_id: str) -> None:
        with writing() as db:
            db.exec(delete(RunClaim).where(col(RunClaim.run_id) == str(run_id), col(RunClaim.worker_id) == worker_id))

    def beat(self, worker_id: str) -> None:
        """The worker lives; with its first word those of workers long gone are cleared away."""
        now = utc_now()
        with writing() as db:
            if db.get(WorkerBeat, worker_id) is None:
                held = select(RunClaim.worker_id)
                db.exec(
                    delete(WorkerBeat).where(
                        col(WorkerBeat.at) < now - GONE_AFTER, col(WorkerBeat.worker_id).not_in(held)
                    )
                )
            db.merge(WorkerBeat(worker_id=worker_id, at=now))

    def orphans(self, lost_after: timedelta) -> list[UUID]:
        """Runs claimed by workers that are provably dead or have not beaten for ``lost_after``."""
        since = utc_now() - lost_after
        with reading() as db:
            held = db.exec(select(RunClaim.run_id, RunClaim.worker_id)).all()
            living = set(db.exec(select(WorkerBeat.worker_id).where(col(WorkerBeat.at) > since)).all())
        dead = {worker for _, worker in held if worker not in living or provably_dead(worker)}
        return [UUID(run_id) for run_id, worker in held if worker in dead]
