"""Opens what somebody has to do about a case, due by the practice's clocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from acts.practice_clocks import clock_policy
from adapters.operational_store import CaseRecord, open_to_do, open_to_dos
from models.codes import Role, ToDoKind
from models.columns import new_id, utc_now
from models.operational import Appointment, EligibilityCheck, Series, ToDo
from rules import clocks


@dataclass(frozen=True)
class Asked:
    """One thing that somebody has to do about; ``by``: due no later than this, whatever the clocks say."""

    case_number: str
    location_id: str
    unique_key: str
    by: datetime


def open_for_cases(db: Session, kind: ToDoKind, asked: Sequence[Asked], *, role: Role = Role.COORDINATOR) -> int:
    """Open a to-do about each of these unless its key exists, in a fixed number of queries; returns how many were
    new."""
    if not asked:
        return 0
    due_at = clocks.to_do_due(kind, utc_now(), clock_policy(db))
    to_dos = [
        ToDo(
            id=new_id("TD"),
            unique_key=each.unique_key,
            case_number=each.case_number,
            kind=kind,
            role=role,
            location_id=each.location_id,
            due_at=min(due_at, each.by),
        )
        for each in asked
    ]
    return open_to_dos(db, to_dos)


def open_for_case(
    db: Session,
    about: CaseRecord | EligibilityCheck | Series | Appointment,
    kind: ToDoKind,
    unique_key: str,
    *,
    role: Role = Role.COORDINATOR,
    to_do_id: str = "",
    by: datetime | None = None,
) -> bool:
    """Open a to-do of this kind at the case's place unless its key exists; says whether it was new.

    ``by``: due no later than this, whatever the clocks say.
    """
    due_at = clocks.to_do_due(kind, utc_now(), clock_policy(db))
    to_do = ToDo(
        id=to_do_id or new_id("TD"),
        unique_key=unique_key,
        case_number=about.case_number,
        kind=kind,
        role=role,
        location_id=about.location_id,
        due_at=min(due_at, by or due_at),
    )
    return open_to_do(db, to_do)
