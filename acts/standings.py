"""How far each workflow goes at each location: anybody takes it down, an owner signs it up, the lock judges it."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select, update

from acts import shadow_reading
from acts.practice_clocks import lock_policy
from acts.sending import HELD
from acts.staff import staff_of
from acts.standing_facts import Facts, gather
from adapters.operational_store import audit, case_record_of, queue_message, reading, set_statuses, writing
from models.codes import AuthenticatedHow, MessageChannel, MessageStatus, Role, ToDoKind, ToDoStatus
from models.columns import new_id, utc_now
from models.errors import MovedOn, NotAllowed
from models.governance_codes import Level, Workflow
from models.operational import LevelChange, Location, OutboxMessage, ShadowAction, Staff, ToDo, WorkflowStanding
from models.standing import HELD_LEVELS, SHIPPED, TEMPLATES, DemotionReason
from rules import standing as rules
from rules.shadow import Figure, against_going_up
from rules.sign_off import canonical, digest
from rules.standing import Judgement, LockPolicy

GOES_DOWN_BY = frozenset({Role.OWNER, Role.ADMIN, Role.CLINICIAN, Role.COORDINATOR, Role.COMPLIANCE})
"""Who may take a workflow down at a location of theirs, with one click and no signature."""


@dataclass(frozen=True)
class Standing:
    """One workflow at one location as a page shows it: its record, who would have to change for it to go up."""

    record: WorkflowStanding
    against: dict[Level, tuple[str, ...]]
    """Of each level above the present one what stands against it; () where an owner may sign it now."""
    content: dict[Level, str]
    """Of each of them exactly what would be signed."""
    shadow: tuple[Figure, ...] = ()
    """What came of each kind of action that was noted, where it is set to shadow."""

    @property
    def held(self) -> bool:
        return self.record.runs_as in HELD_LEVELS


def overview(location_ids: Collection[str] | None = None) -> list[Standing]:
    """Every workflow at these locations (None: at every one), judged by what is on record at this moment; writes
    nothing. What the shadow noted is read of these locations alone."""
    now = utc_now()
    with reading() as db:
        facts, policy = gather(db, now), lock_policy(db)
        rows = {(each.workflow, each.location_id): each for each in db.exec(select(WorkflowStanding)).all()}
        places = [place for place in facts.places if location_ids is None or place in location_ids]
        shadows = {pair: _shadow(db, record, now) for pair, record in rows.items() if pair[1] in places}
    found = []
    for workflow in Workflow:
        for place in places:
            # of no session any more: what is put on it here is shown and never written
            record = rows.get((workflow, place)) or _as_shipped(workflow, place)
            judged = _judged(record, facts, policy)
            _show(record, judged, facts.version, now)
            up = [level for level in Level if level.rank > record.level.rank]
            shadow = shadows.get((workflow, place), ())
            against = {level: _against(record, level, judged, facts, policy, shadow) for level in up}
            content = {level: _content(record, level, judged, facts, policy, shadow) for level in up}
            found.append(Standing(record, against, content, shadow))
    return found


def held_now() -> dict[tuple[Workflow, str], WorkflowStanding]:
    """What is held where, as the records say; () mostly, so that a page may ask it each time."""
    with reading() as db:
        held = db.exec(select(WorkflowStanding).where(col(WorkflowStanding.runs_as).in_(HELD_LEVELS))).all()
    return {(each.workflow, each.location_id): each for each in held}


def noted_in_shadow() -> set[tuple[Workflow, str]]:
    """Of which workflows at which locations anything was ever noted in the shadow."""
    with reading() as db:
        found = db.exec(select(ShadowAction.workflow, ShadowAction.location_id).distinct()).all()
    return {(Workflow(workflow), place) for workflow, place in found}


def fewest() -> int:
    """Below how many a share says nothing, as the practice has set it."""
    with reading() as db:
        return lock_policy(db).fewest


def history(limit: int = 50) -> Sequence[LevelChange]:
    """The newest changes of a level that people made."""
    with reading() as db:
        return db.exec(select(LevelChange).order_by(col(LevelChange.at).desc(), col(LevelChange.id)).limit(limit)).all()


def demote(
    workflow: Workflow,
    location_id: str,
    to: Level,
    *,
    staff_id: str,
    reason: DemotionReason,
    now: datetime | None = None,
) -> WorkflowStanding:
    """Take a workflow down at a location, at once; at the present level or below it changes nothing.

    From this transaction's end on no step, batch or message of it acts there. Cases stand where they are, and go on
    from there. Raises NotAllowed, or ValueError for a level above the present one.
    """
    moment = now or utc_now()
    with writing() as db:
        staff = db.get(Staff, staff_id)
        if staff is None or not staff.active or staff.role not in GOES_DOWN_BY:
            raise NotAllowed("an owner, administrator, clinician, coordinator or compliance officer does this")
        if location_id not in staff.location_ids:
            raise NotAllowed("this is another location's")
        record = _row(db, workflow, location_id)
        if to.rank > record.level.rank:
            raise ValueError("going up needs an owner's signature")
        if to == record.level:
            return record
        content = canonical(
            {"workflow": workflow.value, "location": location_id, "to": to.value, "reason": reason.value}
        )
        _change(db, record, to, by=staff_id, reason=reason.value, content=content, how=None, now=moment)
        record.runs_as = min(record.runs_as, to, key=lambda level: level.rank)
        db.add(record)
        return record


def promote(
    workflow: Workflow,
    location_id: str,
    to: Level,
    *,
    staff_id: str,
    how: AuthenticatedHow,
    seen_digest: str,
    now: datetime | None = None,
) -> WorkflowStanding:
    """Let a workflow go further at a location, signed by an owner who has just proved who they are.

    What is signed is what was shown: the level, every check and the limits; ``seen_digest`` is its digest. Raises
    NotAllowed with what stands against it, or MovedOn where something has changed since the page was shown.
    """
    moment = now or utc_now()
    with writing() as db:
        staff = db.get(Staff, staff_id)
        if staff is None or not staff.active or staff.role is not Role.OWNER:
            raise NotAllowed("an owner signs this")
        if location_id not in staff.location_ids:
            raise NotAllowed("this is another location's")
        facts, policy = gather(db, moment), lock_policy(db)
        record = _row(db, workflow, location_id)
        judged = _judged(record, facts, policy)
        if to.rank <= record.level.rank:
            raise MovedOn(f"it is at the level {record.level.value} already")
        shadow = _shadow(db, record, moment)
        if against := _against(record, to, judged, facts, policy, shadow):
            raise NotAllowed("; ".join(against))
        content = _content(record, to, judged, facts, policy, shadow)
        if digest(content) != seen_digest:
            raise MovedOn("the checks read otherwise now: look at them again")
        _change(db, record, to, by=staff_id, reason="limits_met", content=content, how=how, now=moment)
        _apply(db, record, _judged(record, facts, policy), facts.version, moment)
        return record


def set_level(db: Session, workflow: Workflow, location_id: str, to: Level) -> WorkflowStanding:
    """Put a level in force without a signature: for a scratch installation, whose workflows are tried out."""
    record = _row(db, workflow, location_id)
    before = record.runs_as
    record.level = record.runs_as = to
    record.version += 1
    db.add(record)
    db.flush()
    _follow(db, record, before)
    return record


def judge_all(now: datetime | None = None) -> dict[str, int]:
    """Judge every workflow at every location and write down what has changed; returns how many are held and locked.

    A lock that closes pages the owners; one that opens wakes what stood still. Judging again changes nothing.
    """
    moment = now or utc_now()
    with reading() as db:
        facts = gather(db, moment)  # before the writers' turn: counting takes longer than writing
    counts = {"held": 0, "locked": 0}
    with writing() as db:
        policy = lock_policy(db)
        for workflow in Workflow:
            for place in facts.places:
                record = _row(db, workflow, place)
                _apply(db, record, _judged(record, facts, policy), facts.version, moment)
                counts["held"] += record.runs_as in HELD_LEVELS
                counts["locked"] += bool(record.locked)
    return counts


# -- one workflow at one location


def _row(db: Session, workflow: Workflow, location_id: str) -> WorkflowStanding:
    found = db.get(WorkflowStanding, (workflow, location_id), with_for_update=True)
    if found is not None:
        return found
    if db.get(Location, location_id) is None:
        raise MovedOn(f"there is no location {location_id}")
    return _as_shipped(workflow, location_id)


def _as_shipped(workflow: Workflow, location_id: str) -> WorkflowStanding:
    level = SHIPPED[workflow]
    return WorkflowStanding(workflow=workflow, location_id=location_id, level=level, runs_as=level)


def _judged(record: WorkflowStanding, facts: Facts, policy: LockPolicy) -> Judgement:
    return rules.judge(
        record.workflow,
        record.level,
        proofs=facts.proofs[record.workflow],
        staffing=facts.staffing[record.location_id],
        counted=facts.counted[record.workflow, record.location_id],
        policy=policy,
    )


def _shadow(db: Session, record: WorkflowStanding, now: datetime) -> tuple[Figure, ...]:
    if record.level is not Level.SHADOW:
        return ()
    found = shadow_reading.rows(db, record.workflow, record.location_id, now)
    return tuple(shadow_reading.figures(record.workflow, found))


def _against(
    record: WorkflowStanding, to: Level, judged: Judgement, facts: Facts, policy: LockPolicy, shadow: Sequence[Figure]
) -> tuple[str, ...]:
    return rules.against_promotion(
        record.level,
        to,
        judged,
        proofs=facts.proofs[record.workflow],
        cases=facts.cases[record.workflow, record.location_id],
        policy=policy,
        shadow=(
            against_going_up(shadow, policy.shadow_agreement_at_least, policy.fewest)
            if record.level is Level.SHADOW
            else ()
        ),
    )


def _content(
    record: WorkflowStanding, to: Level, judged: Judgement, facts: Facts, policy: LockPolicy, shadow: Sequence[Figure]
) -> str:
    """Exactly what an owner signs: how each check stands, the limits, and out of the shadow what came of it there; not
    the other counts, which move by the minute."""
    return canonical(
        {
            **({"shadow": [each.as_signed() for each in shadow]} if record.level is Level.SHADOW else {}),
            "workflow": record.workflow.value,
            "location": record.location_id,
            "from": record.level.value,
            "to": to.value,
            "code_version": facts.version,
            "checks": {check.name: check.passed for check in judged.checks},
            "limits": asdict(policy),
            "standing": record.version,
        }
    )


def _show(record: WorkflowStanding, judged: Judgement, version: str, now: datetime) -> None:
    """Put a judgement on the record."""
    record.locked, record.runs_as = judged.locked, judged.runs_as
    record.reasons, record.checks = list(judged.reasons), [asdict(check) for check in judged.checks]
    record.budget = [asdict(line) for line in judged.budget]
    record.code_version, record.judged_at = version, now


def _apply(db: Session, record: WorkflowStanding, judged: Judgement, version: str, now: datetime) -> None:
    """Put a judgement in force; the audit hears what it changes, not how often it was made."""
    before, was_locked = record.runs_as, record.locked
    _show(record, judged, version, now)
    db.add(record)
    db.flush()
    if judged.locked != bool(was_locked):
        action = "workflow.locked" if judged.locked else "workflow.unlocked"
        audit(db, "system", action, _subject(record), level=record.level.value, reasons=list(judged.reasons))
        record.version += 1
        if judged.locked and before not in HELD_LEVELS:
            _tell_owners(db, record)
    elif before != record.runs_as:
        audit(
            db, "system", "workflow.runs_as", _subject(record), level=record.level.value, runs_as=record.runs_as.value
        )
        record.version += 1
    _follow(db, record, before)


def _change(
    db: Session,
    record: WorkflowStanding,
    to: Level,
    *,
    by: str,
    reason: str,
    content: str,
    how: AuthenticatedHow | None,
    now: datetime,
) -> None:
    """A person's change: the record, the history with what was signed, the audit."""
    change = LevelChange(
        id=new_id("LV"),
        workflow=record.workflow,
        location_id=record.location_id,
        old=record.level,
        new=to,
        by=by,
        authenticated=how,
        reason=reason,
        content=content,
        digest=digest(content),
        at=now,
    )
    db.add(change)
    action = "workflow.promoted" if to.rank > record.level.rank else "workflow.demoted"
    audit(
        db,
        by,
        action,
        _subject(record),
        location=record.location_id,
        old=record.level.value,
        new=to.value,
        reason=reason,
        digest=change.digest,
        how=how.value if how else None,
    )
    record.level, record.changed_by, record.changed_at = to, by, now
    record.version += 1


def _subject(record: WorkflowStanding) -> tuple[str, str]:
    return ("workflow_standing", f"{record.workflow.value}:{record.location_id}")


def _follow(db: Session, record: WorkflowStanding, before: Level) -> None:
    """What stood still because of this workflow goes on, once it is held no more."""
    if before not in HELD_LEVELS or record.runs_as in HELD_LEVELS:
        return
    if record.workflow.prefix is not None:
        case = case_record_of(record.workflow.prefix)
        here = (col(case.location_id) == record.location_id, col(case.closed_at).is_(None))
        db.exec(update(case).where(*here).values(wake_wanted=True).execution_options(synchronize_session=False))
        # kept here and not in the case's moves: a case that a person has not moved still stands where it stood
        to_dos = db.exec(
            select(ToDo).where(
                ToDo.kind == ToDoKind.CARRY_ON_BY_HAND,
                ToDo.location_id == record.location_id,
                col(ToDo.case_number).startswith(record.workflow.prefix),
                ToDo.status == ToDoStatus.OPEN,
            )
        ).all()
        set_statuses(db, to_dos, ToDoStatus.SUPERSEDED, "system")
    templates = [template for template, workflow in TEMPLATES.items() if workflow is record.workflow]
    waiting = (col(OutboxMessage.status) == MessageStatus.QUEUED, col(OutboxMessage.failure) == HELD)
    db.exec(
        update(OutboxMessage)
        .where(*waiting, col(OutboxMessage.template).in_(templates))
        .values(not_before=utc_now())
        .execution_options(synchronize_session=False)
    )


def _tell_owners(db: Session, record: WorkflowStanding) -> None:
    """A workflow that stops by itself must not do so unseen."""
    for person in staff_of(db, Role.OWNER, record.location_id):
        queue_message(
            db,
            unique_key=f"locked:{record.workflow.value}:{record.location_id}:{record.version}:{person.id}",
            channel=MessageChannel.PAGE,
            template="page_workflow_locked",
            case_number=None,
            to_staff_id=person.id,
            urgent=True,
        )


def signed(change: LevelChange) -> dict[str, Any]:
    """What was signed with this change; raises ValueError where the row is not what was signed."""
    if digest(change.content) != change.digest:
        raise ValueError(f"level change {change.id} is not what was signed")
    return dict(json.loads(change.content))
