"""Keeping records no longer than they must be: what is over its time is listed, signed for by a person, destroyed.

Nothing is destroyed without a signature, and nothing of somebody under a hold. What destroying means is
acts/forgetting.py: the keys of the content go, so that it can never be read again.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session, col, func, select

from acts.forgetting import forget, pairs_of_one, same_among, same_person
from adapters import therapy_store
from adapters.operational_store import CASES, audit, one, one_case, reading, writing
from models.codes import AppointmentStatus, Role
from models.columns import new_id, utc_now
from models.errors import MovedOn, NotAllowed, SignatureMismatch
from models.operational import (
    Appointment,
    Episode,
    LegalHold,
    NightPart,
    PastAppointment,
    Patient,
    RetentionItem,
    RetentionList,
    SessionNote,
    Staff,
)
from models.retention_codes import RetentionOutcome
from models.scheduling_codes import NightPartStatus
from models.therapy_text import TherapyText
from rules import retention
from rules.retention import Due, Kept

HELD = (AppointmentStatus.ATTENDED, AppointmentStatus.NO_SHOW)


@dataclass(frozen=True)
class Shown:
    """One list with its lines, in the order they were listed."""

    head: RetentionList
    items: list[RetentionItem]


# -- who is over their time


def due_now(now: datetime) -> list[Due]:
    """Who is over their time on this day, longest first; somebody with two records only if both are."""
    with reading() as db:
        found = retention.due(_everybody(db), now.astimezone(UTC).date())
        over = {each.kept.patient_id for each in found}
        pairs = pairs_of_one(db)
        return [each for each in found if set(same_among(pairs, each.kept.patient_id)) <= over]


def _everybody(db: Session) -> list[Kept]:
    """What is known of each patient that was not forgotten yet, in a fixed number of queries."""
    last: dict[str, list[datetime]] = defaultdict(list)
    open_cases: dict[str, int] = defaultdict(int)
    for record in CASES:
        for patient_id, since, closed_at in db.exec(
            select(record.patient_id, record.status_since, record.closed_at)
        ).all():
            last[patient_id].append(since)
            open_cases[patient_id] += closed_at is None
    seen = set()
    for patient_id, at, status in db.exec(
        select(Appointment.patient_id, Appointment.starts_at, Appointment.status)
    ).all():
        last[patient_id].append(at)
        seen |= {patient_id} if status in HELD else set()
    for past_patient, at in db.exec(select(PastAppointment.patient_id, PastAppointment.starts_at)).all():
        if past_patient is not None:
            last[past_patient].append(at)
            seen.add(past_patient)
    for patient_id, at in db.exec(select(SessionNote.patient_id, SessionNote.started_at)).all():
        last[patient_id].append(at)
        seen.add(patient_id)
    seen |= set(db.exec(select(Episode.patient_id)).all())
    held = set(db.exec(select(LegalHold.patient_id).where(col(LegalHold.lifted_at).is_(None))).all())
    return [
        Kept(
            patient_id=patient.id,
            born_on=patient.birth_date,
            state=patient.state,
            last_contact_on=max([*last[patient.id], patient.created_at]).astimezone(UTC).date(),
            seen=patient.id in seen,
            open_cases=open_cases[patient.id],
            held=patient.id in held,
        )
        for patient in db.exec(select(Patient).where(col(Patient.forgotten_at).is_(None))).all()
    ]


@dataclass(frozen=True)
class Notice:
    """What the last night counted: who is over their time, and lines of signed lists that are still to do."""

    counted_at: datetime
    over_time: int
    unfinished: int


def unfinished() -> int:
    """How many lines of signed lists nothing was done about yet: the list broke off, and is gone on with by hand."""
    waiting = (
        select(func.count())
        .select_from(RetentionItem)
        .join(RetentionList, col(RetentionList.id) == col(RetentionItem.list_id))
        .where(RetentionItem.outcome == RetentionOutcome.LISTED, col(RetentionList.signed_at).is_not(None))
    )
    with reading() as db:
        return int(db.exec(waiting).one())


def notice() -> Notice | None:
    """What compliance is to be told on the desk; None where the last night found nothing, or a list was signed since.

    The night has counted: whoever opens a page of the desk need not wait for it again.
    """
    with reading() as db:
        night = db.exec(
            select(NightPart)
            .where(NightPart.part == "retention", NightPart.status == NightPartStatus.DONE)
            .order_by(col(NightPart.night).desc())
            .limit(1)
        ).first()
        if night is None or night.finished_at is None:
            return None
        found = Notice(night.finished_at, night.counts.get("over_time", 0), night.counts.get("unfinished", 0))
        signed = select(RetentionList.id).where(col(RetentionList.signed_at) > night.finished_at).limit(1)
        if not (found.over_time or found.unfinished) or db.exec(signed).first() is not None:
            return None
    return found


# -- lists


def make_list(staff_id: str) -> str:
    """List whoever is over their time now; returns its id. Raises ValueError when nobody is."""
    found = due_now(utc_now())
    if not found:
        raise ValueError("nobody is over their time")
    with writing() as db:
        _may(db, staff_id)
        list_id = new_id("RL")
        items = [
            RetentionItem(
                id=f"{list_id}-{number}",
                list_id=list_id,
                patient_id=each.kept.patient_id,
                last_contact_on=each.kept.last_contact_on,
                kept_until=each.term.kept_until,
                rule=each.term.rule,
            )
            for number, each in enumerate(found, start=1)
        ]
        head = RetentionList(id=list_id, made_by=staff_id, digest=digest_of(items))
        db.add(head)
        db.flush()
        db.add_all(items)
        audit(db, staff_id, "retention_list.made", head, count=len(items), digest=head.digest)
    return list_id


def digest_of(items: Sequence[RetentionItem]) -> str:
    """The SHA-256 of what a list says; what became of its lines is no part of it."""
    lines = sorted(
        [each.patient_id, each.last_contact_on.isoformat(), each.kept_until.isoformat(), each.rule] for each in items
    )
    return hashlib.sha256(json.dumps(lines, separators=(",", ":")).encode()).hexdigest()


def shown(list_id: str) -> Shown:
    with reading() as db:
        return Shown(one(db, RetentionList, list_id), _items(db, list_id))


def lists() -> list[RetentionList]:
    """Every list, the newest first."""
    with reading() as db:
        return list(db.exec(select(RetentionList).order_by(col(RetentionList.made_at).desc())).all())


def _items(db: Session, list_id: str) -> list[RetentionItem]:
    found = db.exec(select(RetentionItem).where(RetentionItem.list_id == list_id)).all()
    return sorted(found, key=lambda each: (each.kept_until, each.patient_id))


def sign(list_id: str, *, staff_id: str, seen_digest: str) -> None:
    """Sign a list, for whoever has just proved who they are; again changes nothing.

    Raises NotAllowed unless compliance signs, SignatureMismatch where the list is not what was seen.
    """
    with writing() as db:
        _may(db, staff_id)
        head = one(db, RetentionList, list_id)
        if not seen_digest == head.digest == digest_of(_items(db, list_id)):
            raise SignatureMismatch(f"list {list_id} is not what you were shown")
        if head.signed_at is not None:
            return
        head.signed_by, head.signed_at = staff_id, utc_now()
        db.add(head)
        audit(db, staff_id, "retention_list.signed", head, digest=head.digest)


def apply(list_id: str, *, staff_id: str) -> int:
    """Destroy what is on a signed list, each line once; returns how many. A line that is held, open or no longer over
    its time by now is left, with why. Raises NotAllowed for a list nobody signed."""
    with reading() as db:
        _may(db, staff_id)
        head = one(db, RetentionList, list_id)
        if head.signed_at is None or head.digest != digest_of(_items(db, list_id)):
            raise NotAllowed(f"list {list_id} is not signed")
        waiting = [each for each in _items(db, list_id) if each.outcome == RetentionOutcome.LISTED]
    still = {each.kept.patient_id for each in due_now(utc_now())} if waiting else set()
    return sum(_apply_line(each, each.patient_id in still, staff_id) for each in waiting)


def _apply_line(item: RetentionItem, still_due: bool, staff_id: str) -> bool:
    with reading() as db:
        people = same_person(db, item.patient_id)
        held = any(_held(db, each) for each in people)
        gone = all(one(db, Patient, each).forgotten_at is not None for each in people)
    outcome, said = RetentionOutcome.DESTROYED, ""
    if held:
        outcome = RetentionOutcome.HELD
    elif not still_due and not gone:  # gone: destroyed by an earlier try, which died before it could say so
        outcome = RetentionOutcome.NOT_DUE
    else:
        try:
            reason = TherapyText(f"retention, list {item.list_id}")
            forget(item.patient_id, staff_id=staff_id, reason=reason, over_time=True)
        except MovedOn as refusal:
            outcome, said = RetentionOutcome.NOT_YET, str(refusal)
    with writing() as db:
        present = one(db, RetentionItem, item.id)
        if present.outcome != RetentionOutcome.LISTED:
            return False
        present.outcome, present.said, present.done_at = outcome, said, utc_now()
        db.add(present)
        audit(db, staff_id, f"retention.{outcome.value}", ("patient", item.patient_id), list=item.list_id)
    return outcome == RetentionOutcome.DESTROYED


# -- holds


def place_hold(patient_id: str, *, staff_id: str, reason: TherapyText) -> str:
    """Keep this patient's records whatever their time, and their other records too; raises ValueError without a reason,
    MovedOn where there is a hold or nobody of that id."""
    if reason.is_blank:
        raise ValueError("a reason is needed")
    with reading() as db:
        _may(db, staff_id)
        one(db, Patient, patient_id)
        if _held(db, patient_id):
            raise MovedOn(f"patient {patient_id} is under a hold already")
    words_id, hold_id = new_id("LH"), new_id("HD")
    therapy_store.keep_to_do_words(words_id, "", answer=reason, actor=staff_id)
    with writing() as db:
        hold = LegalHold(id=hold_id, patient_id=patient_id, placed_by=staff_id, words_id=words_id)
        db.add(hold)
        audit(db, staff_id, "legal_hold.placed", hold, words=words_id, patient=patient_id)
    return hold_id


def lift_hold(hold_id: str, *, staff_id: str) -> None:
    """End a hold; again changes nothing."""
    with writing() as db:
        _may(db, staff_id)
        hold = one(db, LegalHold, hold_id)
        if hold.lifted_at is None:
            hold.lifted_at, hold.lifted_by = utc_now(), staff_id
            db.add(hold)
            audit(db, staff_id, "legal_hold.lifted", hold, patient=hold.patient_id)


def holds() -> list[LegalHold]:
    """The holds in force, oldest first."""
    with reading() as db:
        found = db.exec(
            select(LegalHold).where(col(LegalHold.lifted_at).is_(None)).order_by(col(LegalHold.placed_at))
        ).all()
    return list(found)


def _held(db: Session, patient_id: str) -> bool:
    found = select(LegalHold.id).where(LegalHold.patient_id == patient_id, col(LegalHold.lifted_at).is_(None))
    return db.exec(found).first() is not None


def _may(db: Session, staff_id: str) -> None:
    staff = one(db, Staff, staff_id)
    if not staff.active or staff.role != Role.COMPLIANCE:
        raise NotAllowed("compliance does this")


def patient_of(case_number: str) -> str:
    """Who a case is about; raises MovedOn for no case."""
    with reading() as db:
        return str(one_case(db, case_number).patient_id)
