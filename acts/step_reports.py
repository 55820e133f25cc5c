"""What the register's pages show: each step's value against its risk, what to automate next, who read what."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlmodel import Session, col, select

from acts.practice_clocks import admin_time_policy, measured_minutes
from adapters import audit_pages, step_counts
from adapters.operational_store import audit, reading, writing
from models.audit_chain import OPERATIONAL, THERAPY
from models.automated_steps import AutomatedStep, Removes, StepByHand
from models.codes import ToDoStatus
from models.declared_reads import DECLARED
from models.operational import Approval, ToDo
from models.step_register import BY_HAND, STEPS
from rules.admin_time import AdminTimePolicy, DoneTask, admin_minutes
from rules.minimum_necessary import StepReadsFound, compare
from rules.next_step import Candidate, Judged, ranked
from rules.reclaimed_time import in_force
from rules.step_value import minutes_removed, times_done

PERIOD = timedelta(days=90)
IN_THERAPY_AUDIT = ("claim.built", "transcript.kept")
"""Actions of the register that stand in the therapy database's audit."""


@dataclass(frozen=True)
class Days:
    """A period of whole days in UTC; both count."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        return datetime.combine(self.first, time(), UTC)

    @property
    def until(self) -> datetime:
        return datetime.combine(self.last + timedelta(days=1), time(), UTC)


@dataclass(frozen=True)
class StepShown:
    """One entry with what it did in the period; ``removes``: its minutes as they are in force."""

    step: AutomatedStep
    removes: Removes
    runs: int
    times: int
    minutes: float


@dataclass(frozen=True)
class ByHandShown:
    """One thing done by hand with its place among the candidates, or why it has none."""

    entry: StepByHand
    judged: Judged


def steps_in(days: Days) -> list[StepShown]:
    """Every automated step with how often it did its work and the minutes that removed, in the register's order."""
    totals = step_counts.totals(days.first, days.last)
    actions: dict[str, list[str]] = defaultdict(list)
    for each in {action for step in STEPS for action in step.removes.counted_by}:
        actions[THERAPY.database if each in IN_THERAPY_AUDIT else OPERATIONAL.database].append(each)
    by_audit = audit_pages.done_by_itself(actions, days.since, days.until)
    with reading() as db:
        removes = in_force(measured_minutes(db))
    shown = []
    for step in STEPS:
        mine = totals.get(step.name, step_counts.StepTotals())
        times = times_done(step, mine.runs, mine.days, by_audit, step.workflow.prefix if step.workflow else None)
        shown.append(StepShown(step, removes[step.name], mine.runs, times, minutes_removed(removes[step.name], times)))
    return shown


def by_hand_in(days: Days) -> list[ByHandShown]:
    """What people did by hand, ranked by which to automate next; minutes measured from finished to-dos and reviews."""
    entries = {entry.kind.value: entry for entry in BY_HAND}
    with reading() as db:
        policy = admin_time_policy(db)
        done = _to_dos(db, days) | _reviews(db, days)
    candidates = [_candidate(entry, done.get(entry.kind.value, ()), policy) for entry in BY_HAND]
    return [ByHandShown(entries[each.candidate.name], each) for each in ranked(candidates)]


def _candidate(entry: StepByHand, done: Sequence[DoneTask], policy: AdminTimePolicy) -> Candidate:
    return Candidate(
        name=entry.kind.value,
        times=len(done),
        minutes_each=admin_minutes(done, policy) / len(done) if done else None,
        clinical=entry.clinical.scale,
        compliance=entry.compliance.scale,
        on_record=True,  # a to-do ends with its outcome, a signature with its decision: both are audited
        kept_by=entry.kept_by,
        undone_by=entry.undone_by,
    )


def _to_dos(db: Session, days: Days) -> dict[str, list[DoneTask]]:
    """From claimed to done, by kind."""
    found: dict[str, list[DoneTask]] = defaultdict(list)
    for kind, claimed_at, done_at in db.exec(
        select(ToDo.kind, ToDo.claimed_at, ToDo.done_at).where(
            ToDo.status == ToDoStatus.DONE, col(ToDo.done_at) >= days.since, col(ToDo.done_at) < days.until
        )
    ).all():
        if claimed_at and done_at:
            found[str(kind)].append(DoneTask(claimed_at, done_at))
    return found


def _reviews(db: Session, days: Days) -> dict[str, list[DoneTask]]:
    """From first seen to signed, by kind."""
    found: dict[str, list[DoneTask]] = defaultdict(list)
    for kind, seen_at, decided_at in db.exec(
        select(Approval.kind, Approval.seen_at, Approval.decided_at).where(
            col(Approval.decided_at) >= days.since, col(Approval.decided_at) < days.until
        )
    ).all():
        if seen_at and decided_at and seen_at <= decided_at:
            found[str(kind)].append(DoneTask(seen_at, decided_at))
    return found


def reads_in(days: Days) -> list[StepReadsFound]:
    """What each step read in the period against what it declared; also a step that ran under no declared name."""
    totals = step_counts.totals(days.first, days.last)
    names = [step.name for step in STEPS]
    unknown = sorted(set(totals) - set(names))
    found = []
    for name in [*names, *unknown]:
        mine = totals.get(name, step_counts.StepTotals())
        found.append(compare(name, DECLARED.get(name), mine.runs, mine.fields, mine.refused))
    return found


HEADS = ("step", "runs", "field", "runs_in_which_it_was_read", "declared", "never_read", "times_refused")
FEWEST_SHOWN = 5


def reads_as_csv(days: Days, *, actor: str) -> str:
    """The report as CSV, one row for each step and field; a count below five is hidden. The export is audited."""
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\r\n")
    lines.writerow(HEADS)
    for each in reads_in(days):
        lines.writerows(_lines(each))
    with writing() as db:
        audit(
            db,
            actor,
            "step_reads.exported",
            ("step_reads", "all"),
            begin=days.first.isoformat(),
            end=days.last.isoformat(),
        )
    return written.getvalue()


def _lines(each: StepReadsFound) -> Iterator[tuple[str, ...]]:
    runs = _hidden(each.runs)
    for one in each.fields:
        yield each.step, runs, one.name, _hidden(one.runs), "yes" if one.declared else "no", "", ""
    for name in each.never_read:
        yield each.step, runs, name, "0", "yes", "to look at" if each.to_narrow else "too few runs to say", ""
    for kind, times in each.refused:
        yield each.step, runs, kind, "0", "no", "", _hidden(times)


def _hidden(count: int) -> str:
    return str(count) if count == 0 or count >= FEWEST_SHOWN else f"fewer than {FEWEST_SHOWN}"
