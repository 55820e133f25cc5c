"""The door to the operational database: transactions, audit, moves of cases, numbers."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Engine, insert, tuple_, update
from sqlmodel import Session, col, select

from adapters.held_places import is_held
from adapters.settings import settings
from models import audit_chain, databases
from models.codes import (
    ApprovalStatus,
    CaseStatus,
    MessageChannel,
    MessageStatus,
    OfferStatus,
    ReferralStatus,
    ToDoKind,
    ToDoStatus,
)
from models.columns import new_id, utc_now
from models.errors import Held, MovedOn, StaleLease
from models.governance_codes import workflow_of
from models.operational import (
    Approval,
    Claim,
    Episode,
    FollowUp,
    Heartbeat,
    NumberSequence,
    Offer,
    OperationalRecord,
    OutboxMessage,
    PortalLink,
    PracticeSetting,
    Referral,
    SessionNote,
    ToDo,
    WaitlistEntry,
    WaitlistOffer,
)
from models.scheduling_codes import WaitlistOfferStatus, WaitlistStatus
from models.standing import goes_on_held
from models.transitions import check_transition

OUTLIVE_A_MOVE = (
    ToDoKind.WARM_HANDOFF,
    ToDoKind.COVERAGE_PROBLEM,
    ToDoKind.TELL_PATIENT,
    ToDoKind.REVIEW_UNFLAGGED,
)
"""To-dos about the patient rather than about where the case stands."""
Record = TypeVar("Record", bound=OperationalRecord)
CaseRecord = Referral | SessionNote | Claim | Episode | FollowUp
"""A record of one case; a new workflow adds its own kind. Ongoing care alone has no run of its own."""
CASE_RECORDS: dict[str, type[Any]] = {
    "RF": Referral,
    "SN": SessionNote,
    "CL": Claim,
    "EP": Episode,
    "BS": FollowUp,
}
"""Which kind of case a number's first letters name."""
CASES: tuple[type[Any], ...] = tuple(CASE_RECORDS.values())


@cache
def engine_for(url: str) -> Engine:
    return databases.open_engine(url)


@contextmanager
def writing() -> Iterator[Session]:
    """One writing transaction on the operational database."""
    with databases.writing(engine_for(settings().operational_database)) as db:
        yield db


@contextmanager
def reading() -> Iterator[Session]:
    with databases.reading(engine_for(settings().operational_database)) as db:
        yield db


def one(db: Session, record: type[Record], key: str) -> Record:
    """The record with this key; raises MovedOn when there is none."""
    found = db.get(record, key)
    if found is None:
        raise MovedOn(f"there is no {_in_words(record)} {key}")
    return found


def _in_words(record: type[Any]) -> str:
    """A record type as a person reads it: SessionNote → session note."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", record.__name__).lower()


def case_record_of(case_number: str) -> type[Any]:
    """The record type of a case by its number; a number of no workflow counts as a referral's that is not there."""
    return CASE_RECORDS.get(case_number.partition("-")[0], Referral)


def one_case(db: Session, case_number: str) -> Any:
    """The case with this number, of whatever workflow; raises MovedOn when there is none."""
    return one(db, case_record_of(case_number), case_number)


def audit(
    db: Session,
    actor: str,
    action: str,
    subject: OperationalRecord | tuple[str, str],
    case_number: str | None = None,
    *,
    where: str = "",
    purpose: str = "",
    **details: Any,
) -> None:
    """Append one event to the audit, in the caller's transaction and at its end. ``details``: ids, enums, counts.

    ``where`` is the page of a read, ``purpose`` why it was read (models.purposes).
    """
    kind, key = subject if isinstance(subject, tuple) else _name_of(subject)
    audit_chain.collect(
        db,
        audit_chain.OPERATIONAL,
        at=utc_now(),
        actor=actor,
        action=action,
        subject_kind=kind,
        subject_id=key,
        case_number=case_number,
        where=where,
        purpose=purpose,
        details=details,
    )


def _name_of(record: OperationalRecord) -> tuple[str, str]:
    key = getattr(record, "case_number", "") if isinstance(record, CaseRecord) else getattr(record, "id", "")
    return str(record.__tablename__), str(key)


def next_number(db: Session, name: str) -> int:
    """The next number of a sequence; concurrent callers queue on its row."""
    return next_numbers(db, name, 1)[0]


def next_numbers(db: Session, name: str, count: int) -> range:
    """The next so many numbers of a sequence, in one step; concurrent callers queue on its row."""
    moved = db.exec(
        update(NumberSequence).where(col(NumberSequence.name) == name).values(last=NumberSequence.last + count)
    )
    if moved.rowcount == 0:
        db.add(NumberSequence(name=name, last=count))
        db.flush()
        return range(1, count + 1)
    last = db.exec(select(NumberSequence.last).where(NumberSequence.name == name)).one()
    return range(last - count + 1, last + 1)


def new_case_number(db: Session) -> str:
    return f"RF-{next_number(db, 'case'):06d}"


def new_session_number(db: Session) -> str:
    return f"SN-{next_number(db, 'session'):06d}"


def new_claim_number(db: Session) -> str:
    return f"CL-{next_number(db, 'claim'):06d}"


def new_claim_numbers(db: Session, count: int) -> list[str]:
    return [f"CL-{number:06d}" for number in next_numbers(db, "claim", count)]


def new_episode_number(db: Session) -> str:
    return f"EP-{next_number(db, 'episode'):06d}"


def new_follow_up_number(db: Session) -> str:
    return f"BS-{next_number(db, 'follow_up'):06d}"


def new_follow_up_numbers(db: Session, count: int) -> list[str]:
    return [f"BS-{number:06d}" for number in next_numbers(db, "follow_up", count)]


def take_case(case_number: str) -> int:
    """Take the case for one leg of its run; returns the fencing token that every write of this leg must show."""
    record = case_record_of(case_number)
    with writing() as db:
        moved = db.exec(
            update(record)
            .where(col(record.case_number) == case_number)
            .values(fence=record.fence + 1, wake_wanted=False, wake_tried_at=None)
        )
        if moved.rowcount == 0:
            raise MovedOn(f"there is no case {case_number}")
        return int(db.exec(select(record.fence).where(record.case_number == case_number)).one())


def take_cases(record: type[Any], case_numbers: Sequence[str]) -> dict[str, int]:
    """The same of many cases of one kind, by case; one that is not there is left out."""
    these = col(record.case_number).in_(case_numbers)
    with writing() as db:
        db.exec(update(record).where(these).values(fence=record.fence + 1, wake_wanted=False, wake_tried_at=None))
        return dict(db.exec(select(record.case_number, record.fence).where(these)).all())


def check_fence(case: CaseRecord, fence: int | None) -> None:
    if fence is not None and case.fence != fence:
        raise StaleLease(f"case {case.case_number}: another leg has taken over")


def check_not_held(db: Session, case: CaseRecord) -> None:
    """Refuse a step of a case that must stand still now; raises Held.

    Asked in the transaction that writes: writers take turns, so no step acts after a demotion was written.
    """
    if goes_on_held(case.status):
        return
    if is_held(db, workflow_of(case.case_number), case.location_id):
        raise Held(f"case {case.case_number}: its workflow is held at {case.location_id}")


def move_case(
    db: Session,
    case: CaseRecord,
    to: CaseStatus,
    *,
    actor: str,
    fence: int | None = None,
    **details: Any,
) -> None:
    """Move a case to its next status by compare-and-swap, with its audit event.

    Ends whatever waited in the old status (open sign-offs, to-dos, offers, links), and asks for the run to be
    woken when somebody else than the run itself (``fence`` None) moved it. Raises MovedOn or StaleLease.
    """
    record: Any = type(case)
    old = case.status
    check_fence(case, fence)  # first: a leg that was overtaken must hear so, whatever the status has become
    if fence is not None:
        check_not_held(db, case)
    check_transition(old, to)
    now = utc_now()
    values: dict[str, Any] = {"status": to, "status_since": now, "version": case.version + 1, "came_from": old}
    if fence is None:
        values["wake_wanted"] = True
    if to.is_closed or old.is_closed:  # a claim is opened again when its payer takes a decision back
        values["closed_at"] = now if to.is_closed else None
    if to == ReferralStatus.READY_TO_SCREEN and isinstance(case, Referral):
        values["risk_cleared"] = False  # whatever was cleared before, there is something to read again
    db.flush()
    moved = db.exec(
        update(record)
        .where(
            col(record.case_number) == case.case_number,
            col(record.version) == case.version,
            col(record.fence) == case.fence,
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount == 0:
        raise MovedOn(f"case {case.case_number} has moved on")
    db.refresh(case)
    _end_waits(db, case, old, actor)
    audit(db, actor, "case.moved", case, case.case_number, old=old.value, new=to.value, **details)


def move_cases(
    db: Session,
    cases: Sequence[CaseRecord],
    to: CaseStatus,
    *,
    actor: str,
    details: Mapping[str, Mapping[str, Any]] | None = None,
    by_nobody: bool = False,
) -> None:
    """Move many cases of one kind, not referrals, as ``move_case`` moves one, in a fixed number of queries.

    Either all of them move, or MovedOn is raised. ``details``: what the audit says of each, by case number.
    ``by_nobody``: a batch moves cases that have no run yet, or whose run has nothing to hear of it.
    """
    if not cases:
        return
    record: Any = type(cases[0])
    old = {case.case_number: case.status for case in cases}
    for status in set(old.values()):
        check_transition(status, to)
    now = utc_now()
    values: dict[str, Any] = {
        "status": to,
        "status_since": now,
        "version": record.version + 1,
        "came_from": record.status,
        "closed_at": now if to.is_closed else None,
    }
    if not by_nobody:
        values["wake_wanted"] = True
    db.flush()
    as_read = tuple_(record.case_number, record.version, record.fence)
    moved = db.exec(
        update(record)
        .where(as_read.in_([(case.case_number, case.version, case.fence) for case in cases]))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != len(old):
        raise MovedOn(f"{len(old) - moved.rowcount} of {len(old)} cases have moved on")
    present = select(record).where(col(record.case_number).in_(list(old)))
    db.exec(present.execution_options(populate_existing=True)).all()
    _end_staff_waits(db, list(old), actor)
    for case in cases:
        number = case.case_number
        said = (details or {}).get(number, {})
        audit(db, actor, "case.moved", case, number, old=old[number].value, new=to.value, **said)


def _end_waits(db: Session, case: CaseRecord, old: CaseStatus, actor: str) -> None:
    """A case that has left a status leaves nothing open behind it."""
    _end_staff_waits(db, [case.case_number], actor)
    if isinstance(case, Referral):
        _end_patient_waits(db, case.case_number, old, actor)
    waits = isinstance(case, Referral | Episode)
    if waits and (case.status.is_closed or old in (ReferralStatus.WAITLISTED, ReferralStatus.BOOKED)):
        leave_waitlist(db, case.case_number, actor)


def _end_staff_waits(db: Session, numbers: Sequence[str], actor: str) -> None:
    for approval in db.exec(
        select(Approval).where(col(Approval.case_number).in_(numbers), Approval.status == ApprovalStatus.OPEN)
    ).all():
        set_status(db, approval, ApprovalStatus.SUPERSEDED, actor)
    for to_do in db.exec(
        select(ToDo).where(
            col(ToDo.case_number).in_(numbers),
            col(ToDo.status).in_((ToDoStatus.OPEN, ToDoStatus.CLAIMED)),
            col(ToDo.kind).not_in(OUTLIVE_A_MOVE),
        )
    ).all():
        set_status(db, to_do, ToDoStatus.SUPERSEDED, actor)


def _end_patient_waits(db: Session, number: str, old: CaseStatus, actor: str) -> None:
    if old == ReferralStatus.OFFERED:
        for offer in db.exec(select(Offer).where(Offer.case_number == number, Offer.status == OfferStatus.OPEN)).all():
            set_status(db, offer, OfferStatus.REVOKED, actor)
    if old in (ReferralStatus.OFFERED, ReferralStatus.QUESTIONNAIRES_REQUESTED, ReferralStatus.BOOKED):
        for link in db.exec(
            select(PortalLink).where(PortalLink.case_number == number, col(PortalLink.revoked).is_(False))
        ).all():
            if link.used_at is None:
                link.revoked = True
                db.add(link)


def leave_waitlist(db: Session, case_number: str, actor: str) -> None:
    """Nobody is offered times for a case that has got one, or wants none any more."""
    for entry in db.exec(
        select(WaitlistEntry).where(
            WaitlistEntry.case_number == case_number, WaitlistEntry.status == WaitlistStatus.WAITING
        )
    ).all():
        end_entry(db, entry, WaitlistStatus.LEFT, actor)


def end_entry(db: Session, entry: WaitlistEntry, to: WaitlistStatus, actor: str, **details: Any) -> None:
    """End one patient's place on the waitlist; what they are offered meanwhile is theirs to take no longer."""
    entry.ended_at = utc_now()
    set_status(db, entry, to, actor, **details)
    for offer in db.exec(
        select(WaitlistOffer).where(
            WaitlistOffer.entry_id == entry.id, WaitlistOffer.status == WaitlistOfferStatus.OPEN
        )
    ).all():
        offer.answered_at = utc_now()
        set_status(db, offer, WaitlistOfferStatus.REVOKED, actor, why=f"entry_{to.value}")


def set_status(db: Session, record: Any, to: StrEnum, actor: str, **details: Any) -> None:
    """Change the status of any other record through its transition table, with its audit event."""
    old = record.status
    check_transition(old, to)
    record.status = to
    db.add(record)
    db.flush()
    audit(db, actor, f"{record.__tablename__}.{to.value}", record, getattr(record, "case_number", None), **details)


def set_statuses(db: Session, records: Iterable[Any], to: StrEnum, actor: str, **details: Any) -> None:
    """Change the status of many records of one kind likewise, in one statement."""
    changed = list(records)
    for record in changed:
        check_transition(record.status, to)
        record.status = to
    db.add_all(changed)
    db.flush()
    for record in changed:
        number = getattr(record, "case_number", None)
        audit(db, actor, f"{record.__tablename__}.{to.value}", record, number, **details)


def want_wake(db: Session, case_number: str) -> None:
    """Ask the worker to resume this case's run; a wake-up may be lost or repeated without harm."""
    record = case_record_of(case_number)
    db.exec(update(record).where(col(record.case_number) == case_number).values(wake_wanted=True))


def queue_message(
    db: Session,
    *,
    unique_key: str,
    channel: MessageChannel,
    template: str,
    case_number: str | None,
    to_patient_id: str | None = None,
    to_staff_id: str | None = None,
    facts: dict[str, Any] | None = None,
    not_before: datetime | None = None,
    approval_id: str | None = None,
    urgent: bool = False,
) -> bool:
    """Put a message into the outbox unless its key is there already; says whether it was added."""
    if db.exec(select(OutboxMessage.id).where(OutboxMessage.unique_key == unique_key)).first() is not None:
        return False
    message = OutboxMessage(
        id=new_id("MS"),
        unique_key=unique_key,
        channel=channel,
        template=template,
        case_number=case_number,
        to_patient_id=to_patient_id,
        to_staff_id=to_staff_id,
        facts=facts or {},
        not_before=not_before or utc_now(),
        approval_id=approval_id,
        urgent=urgent,
    )
    db.add(message)
    audit(db, "system", "message.queued", message, case_number, template=template, channel=channel.value)
    return True


def queue_messages(db: Session, messages: Sequence[dict[str, Any]]) -> int:
    """Put many messages to patients into the outbox, each unless its key is there already; returns how many were added.

    Each holds ``id`` and what ``queue_message`` asks for, all of them the same fields. As rows, not as records: a night
    makes hundreds of thousands.
    """
    known = _known_keys(db, OutboxMessage, [message["unique_key"] for message in messages])
    new = [message for message in messages if message["unique_key"] not in known]
    if not new:
        return 0
    fresh = {"urgent": False, "status": MessageStatus.QUEUED, "created_at": utc_now(), "attempts": 0}
    insert_rows(db, OutboxMessage, [{**fresh, **message} for message in new])
    for message in new:
        details = {"template": message["template"], "channel": message["channel"].value}
        audit(db, "system", "message.queued", ("outbox_message", message["id"]), message["case_number"], **details)
    return len(new)


def insert_rows(db: Session, record: type[OperationalRecord], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows in one statement, every column named that has no null."""
    db.flush()
    table: Any = record
    db.connection().execute(insert(table.__table__), list(rows))


def open_to_dos(db: Session, to_dos: Sequence[ToDo]) -> int:
    """Open many to-dos, each unless its key exists; returns how many were added."""
    known = _known_keys(db, ToDo, [to_do.unique_key for to_do in to_dos])
    new = [to_do for to_do in to_dos if to_do.unique_key not in known]
    db.add_all(new)
    db.flush()
    for to_do in new:
        audit(db, "system", "to_do.opened", to_do, to_do.case_number, kind=to_do.kind.value)
    return len(new)


def _known_keys(db: Session, record: Any, keys: Sequence[str]) -> set[str]:
    """Which of these unique keys are used already."""
    if not keys:
        return set()
    return set(db.exec(select(record.unique_key).where(col(record.unique_key).in_(keys))).all())


def open_to_do(db: Session, to_do: ToDo) -> bool:
    """Open a to-do unless its unique key exists; says whether it was added."""
    if db.exec(select(ToDo.id).where(ToDo.unique_key == to_do.unique_key)).first() is not None:
        return False
    db.add(to_do)
    audit(db, "system", "to_do.opened", to_do, to_do.case_number, kind=to_do.kind.value)
    return True


def beat(db: Session, name: str) -> None:
    """Record that a part of the system lives (dead-man switch)."""
    db.merge(Heartbeat(name=name, at=utc_now()))


def installation_id() -> str:
    """An opaque name of this database, made once, so that its case numbers are told from another database's."""
    with reading() as db:
        known = db.get(PracticeSetting, "installation_id")
    if known is None:
        with writing() as db:
            known = db.get(PracticeSetting, "installation_id")
            if known is None:
                known = PracticeSetting(name="installation_id", value=new_id("IN"))
                db.add(known)
    return known.value
