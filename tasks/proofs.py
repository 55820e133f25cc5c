"""Tries a workflow out on the deployed code, in a scratch installation: its audit, its monitoring, its override."""

import sqlite3
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlmodel import select

from acts import standings
from adapters import audit_chain, desk_views, migrating
from adapters import operational_store as store
from adapters.audit_chain import FaultKind
from adapters.settings import settings
from models.audit_chain import OPERATIONAL
from models.codes import Role, ToDoKind
from models.columns import new_id, utc_now
from models.errors import CountersignError, NotAllowed
from models.governance_codes import Level, Workflow
from models.operational import AuditEvent, OutboxMessage, ToDo
from models.standing import DemotionReason, ProofKind
from tasks import trial_cases, watch
from tasks.trial_cases import OWNER, PLACE

SCRATCH = "scratch-installation"
"""A file in the home of an installation that was made to be thrown away; nowhere else is anything tried out."""


class NotProved(CountersignError):
    """What was tried out did not do what it must; the message says what, of made-up cases."""


@dataclass(frozen=True)
class Proved:
    """What came of one proof."""

    workflow: Workflow
    kind: ProofKind
    passed: bool
    why: str
    seconds: float


def begin() -> None:
    """Make the scratch installation; raises NotAllowed anywhere else."""
    _only_in_scratch()
    settings().make_folders()
    migrating.migrate_all()
    trial_cases.make_place()


def _only_in_scratch() -> None:
    if not (settings().home / SCRATCH).exists() or not settings().operational_database.startswith("sqlite"):
        raise NotAllowed("workflows are tried out in a scratch installation, never in one with patients")


def prove(workflow: Workflow) -> list[Proved]:
    """The three proofs of one workflow; what breaks in one is that one's failure."""
    _only_in_scratch()
    return [_tried(workflow, kind, act) for kind, act in PROOFS.items()]


def _tried(workflow: Workflow, kind: ProofKind, act: Callable[[Workflow], None]) -> Proved:
    began = time.perf_counter()
    passed, why = True, ""
    try:
        act(workflow)
    except CountersignError as failure:
        passed, why = False, f"{type(failure).__name__}: {failure}"
    except Exception as failure:  # whatever broke is what the proof is there to find
        passed, why = False, type(failure).__name__
    return Proved(workflow, kind, passed, why, round(time.perf_counter() - began, 3))


def _must(holds: bool, said: str) -> None:
    if not holds:
        raise NotProved(said)


# -- the audit


def _prove_audit(workflow: Workflow) -> None:
    """A step leaves its events in the chain, the chain verifies, and a copy that somebody has altered does not."""
    trial = trial_cases.make(workflow)
    before = trial.stands()
    trial.act()
    _must(trial.stands() != before, f"the step moved nothing: it stands at {before}")
    written = _events(trial.subject)
    _must(bool(written), "the step left no event")
    faults = audit_chain.verify_all()
    _must(not faults, f"the chain of what was done does not verify: {len(faults)} faults")
    with tempfile.TemporaryDirectory(dir=settings().home) as folder:
        copy = Path(folder) / "tampered.db"
        _tampered(copy, written[-1])
        found = audit_chain.verify_chain(OPERATIONAL, f"sqlite:///{copy}").faults
    _must(any(fault.kind == FaultKind.CHANGED for fault in found), "an altered event was not found")


def _events(case_number: str) -> Sequence[int]:
    with store.reading() as db:
        events = db.exec(select(AuditEvent).where(AuditEvent.case_number == case_number)).all()
    return [event.id for event in events if event.id is not None]


def _tampered(copy: Path, event_id: int) -> None:
    """A copy of the database in which somebody has rewritten who did this."""
    database = settings().operational_database.removeprefix("sqlite:///")
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        target.execute("DROP TRIGGER audit_event_no_update")
        target.execute("UPDATE audit_event SET actor = 'somebody-else' WHERE id = ?", (event_id,))
        target.commit()


# -- monitoring


def _prove_monitoring(workflow: Workflow) -> None:
    """What is past its clock is passed on and somebody is told; a watch that has stopped is seen."""
    trial, now = trial_cases.make(workflow), utc_now()
    role = Role.BILLER if workflow is Workflow.CLAIMS else Role.COORDINATOR
    to_do = ToDo(
        id=new_id("TD"),
        unique_key=f"trial:{trial.subject}",
        case_number=trial.subject,
        kind=ToDoKind.CORRECT_CLAIM if workflow is Workflow.CLAIMS else ToDoKind.CARRY_ON_BY_HAND,
        role=role,
        location_id=PLACE,
        opened_at=now - timedelta(days=2),
        due_at=now - timedelta(hours=1),
    )
    with store.writing() as db:
        store.open_to_do(db, to_do)
    watch.watch.fn(now)
    with store.reading() as db:
        passed_on = db.get_one(ToDo, to_do.id).escalations
        told = db.exec(select(OutboxMessage.id).where(OutboxMessage.unique_key.startswith(f"overdue:{to_do.id}:")))  # type: ignore[attr-defined]
        somebody = told.first() is not None
    _must(passed_on == 1 and somebody, "nobody was told of an overdue to-do")
    beats = desk_views.beats()
    silent_after = timedelta(seconds=10 * settings().watch_every_seconds)
    _must(not beats.silent(utc_now()), "a watch that has just looked counts as stopped")
    _must(bool(beats.silent(utc_now() + silent_after)), "a watch that has stopped is not seen")


# -- the override


def _prove_override(workflow: Workflow) -> None:
    """Taken down, a case stands still, a person moves it by hand; let go on, another goes on from where it stood."""
    by_person, by_system = trial_cases.make(workflow), trial_cases.make(workflow)
    before = by_system.stands()
    standings.demote(workflow, PLACE, Level.OFF, staff_id=OWNER, reason=DemotionReason.BEING_CHANGED)
    try:
        for each in (by_person, by_system):
            each.act()
            _must(each.stands() == before, f"held, it was moved from {before} to {each.stands()}")
        by_person.by_hand()
        _must(by_person.stands() != before, "a person could not move it by hand")
    finally:
        with store.writing() as db:
            standings.set_level(db, workflow, PLACE, Level.ASSISTED)
    by_system.act()
    _must(by_system.stands() != before, f"let go on, it still stands at {before}")


PROOFS: Mapping[ProofKind, Callable[[Workflow], None]] = {
    ProofKind.AUDIT: _prove_audit,
    ProofKind.MONITORING: _prove_monitoring,
    ProofKind.OVERRIDE: _prove_override,
}
