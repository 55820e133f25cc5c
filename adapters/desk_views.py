"""What the desk's lists show: what waits, cases, counts, the audit, and whether the system still checks."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from adapters.operational_store import CASES, CaseRecord, reading
from adapters.settings import settings
from models.case_facts import CaseFacts
from models.codes import (
    ApprovalKind,
    ApprovalStatus,
    CaseOwner,
    ReferralStatus,
    RiskLevel,
    Role,
    ToDoKind,
    ToDoStatus,
)
from models.columns import utc_now
from models.operational import (
    Approval,
    BreakGlass,
    Decision,
    Heartbeat,
    Location,
    Patient,
    Referral,
    Staff,
    ToDo,
    WorkerBeat,
)
from models.transitions import REFERRAL_OWNERS

WATCH = "watch-waits"
MISSED_WATCHES = 3
WORKER_SILENT = timedelta(seconds=60)
CASES_SHOWN = 500
URGENCY = {RiskLevel.HIGH: 0, RiskLevel.MODERATE: 1, RiskLevel.LOW: 2, None: 3}
CLAIM_TO_DOS = (ToDoKind.CORRECT_CLAIM, ToDoKind.REVIEW_REMITTANCE, ToDoKind.ANSWER_DENIAL)
"""To-dos that are done on their claim's page."""
MONEY_TO_DOS = (*CLAIM_TO_DOS, ToDoKind.COVERAGE_PROBLEM, ToDoKind.POST_STATEMENT, ToDoKind.UNPAID_BALANCE)
"""To-dos about what is billed."""
WAITING_TO_DO = (ToDoStatus.OPEN, ToDoStatus.CLAIMED)


@dataclass(frozen=True)
class Waiting:
    """One sign-off or to-do that waits, as a row of the queue; ``href`` is its page."""

    id: str
    href: str
    kind: ApprovalKind | ToDoKind
    case_number: str
    patient_id: str
    patient_name: str
    location_id: str
    level: RiskLevel | None
    opened_at: datetime
    due_at: datetime
    assigned_to: str | None
    clinician_id: str | None
    facts: CaseFacts
    seen: bool = False
    role: Role | None = None
    unique_key: str = ""

    @property
    def is_to_do(self) -> bool:
        return self.role is not None

    @property
    def order(self) -> tuple[int, datetime, str]:
        """Most urgent first, then by due time; a clinician's to-do holds words that nobody has weighed yet, so it
        stands beside the high risks."""
        unread = self.role == Role.CLINICIAN
        return (URGENCY[RiskLevel.HIGH if unread else self.level], self.due_at, self.id)


@dataclass(frozen=True)
class CaseRow:
    """One case in the list; ``due_at`` is that of its open sign-off or to-do, if it waits for staff."""

    case_number: str
    patient_id: str
    patient_name: str
    location_id: str
    status: ReferralStatus
    owner: CaseOwner
    since: datetime
    due_at: datetime | None
    who: str | None
    facts: CaseFacts


@dataclass(frozen=True)
class Beats:
    """When the parts that keep the waits moving last said that they live; ``None`` = never."""

    watched_at: datetime | None
    worker_at: datetime | None

    def silent(self, now: datetime) -> tuple[tuple[str, datetime], ...]:
        """Which part has stopped, and since when: the dead-man switch."""
        allowed = timedelta(seconds=MISSED_WATCHES * settings().watch_every_seconds)
        parts = (("checking waits", self.watched_at, allowed), ("moving cases on", self.worker_at, WORKER_SILENT))
        return tuple((what, at) for what, at, longest in parts if at is not None and now - at > longest)

    @property
    def never_watched(self) -> bool:
        return self.watched_at is None


def beats() -> Beats:
    with reading() as db:
        watch = db.get(Heartbeat, WATCH)
        worker = db.exec(select(func.max(WorkerBeat.at))).one()
    return Beats(watch.at if watch else None, worker)


def places() -> dict[str, Location]:
    with reading() as db:
        return {place.id: place for place in db.exec(select(Location).order_by(Location.id)).all()}


def staff_names() -> dict[str, str]:
    with reading() as db:
        return dict(db.exec(select(Staff.id, Staff.name)).all())


def open_sign_offs(kinds: Collection[ApprovalKind], location_ids: Collection[str], staff_id: str) -> list[Waiting]:
    """The open sign-offs of these kinds at these locations, or given to this person by name."""
    with reading() as db:
        found = [
            each
            for record in CASES
            for each in db.exec(
                select(Approval, Patient, record)
                .join(record, col(record.case_number) == col(Approval.case_number))
                .join(Patient, col(Patient.id) == col(record.patient_id))
                .where(
                    Approval.status == ApprovalStatus.OPEN,
                    col(Approval.kind).in_(kinds),
                    col(Approval.location_id).in_(location_ids) | (col(Approval.assigned_to) == staff_id),
                )
            ).all()
        ]
        facts = case_facts(db, [referral for _, _, referral in found])
    return [
        Waiting(
            id=approval.id,
            href=page_of(approval),
            kind=approval.kind,
            case_number=approval.case_number,
            patient_id=patient.id,
            patient_name=f"{patient.given_name} {patient.family_name}",
            location_id=approval.location_id,
            level=approval.level,
            opened_at=approval.opened_at,
            due_at=approval.due_at,
            assigned_to=approval.assigned_to,
            clinician_id=referral.clinician_id,
            facts=facts[referral.case_number],
            seen=approval.seen_at is not None,
        )
        for approval, patient, referral in found
    ]


def open_to_dos(location_ids: Collection[str], staff_id: str) -> list[Waiting]:
    """The open to-dos at these locations, or given to this person by name."""
    with reading() as db:
        found = [
            each
            for record in CASES
            for each in db.exec(
                select(ToDo, Patient, record)
                .join(record, col(record.case_number) == col(ToDo.case_number))
                .join(Patient, col(Patient.id) == col(record.patient_id))
                .where(
                    col(ToDo.status).in_(WAITING_TO_DO),
                    col(ToDo.location_id).in_(location_ids) | (col(ToDo.assigned_to) == staff_id),
                )
            ).all()
        ]
        facts = case_facts(db, [referral for _, _, referral in found])
    return [
        Waiting(
            id=to_do.id,
            href=page_of_to_do(to_do),
            kind=to_do.kind,
            case_number=to_do.case_number,
            patient_id=patient.id,
            patient_name=f"{patient.given_name} {patient.family_name}",
            location_id=to_do.location_id,
            level=None,
            opened_at=to_do.opened_at,
            due_at=to_do.due_at,
            assigned_to=to_do.claimed_by or to_do.assigned_to,
            clinician_id=referral.clinician_id,
            facts=facts[referral.case_number],
            role=to_do.role,
            unique_key=to_do.unique_key,
        )
        for to_do, patient, referral in found
    ]


def page_of_to_do(to_do: ToDo) -> str:
    """Where a to-do is done."""
    return f"/claims/{to_do.case_number}" if to_do.kind in CLAIM_TO_DOS else f"/to-dos/{to_do.id}"


def page_of(approval: Approval) -> str:
    """Where a sign-off is read and signed."""
    if approval.kind == ApprovalKind.SESSION_NOTE:
        return f"/notes/{approval.case_number}/draft"
    return f"/approvals/{approval.id}"


def facts_of(case_numbers: Collection[str]) -> dict[str, CaseFacts]:
    """The same by number, of cases of any kind."""
    with reading() as db:
        found = [
            case
            for record in CASES
            for case in db.exec(select(record).where(col(record.case_number).in_(case_numbers)))
        ]
        return case_facts(db, found)


def case_facts(db: Session, referrals: Iterable[CaseRecord]) -> dict[str, CaseFacts]:
    """What decides who may see each of these cases."""
    cases = {referral.case_number: referral for referral in referrals}
    staff = {person.id: person for person in db.exec(select(Staff)).all()}
    people: dict[str, set[str]] = defaultdict(set)
    opened_for: dict[str, set[str]] = defaultdict(set)
    for glass in db.exec(
        select(BreakGlass).where(
            col(BreakGlass.case_number).in_(list(cases)),
            col(BreakGlass.expires_at) > utc_now(),
            col(BreakGlass.reviewed_at).is_(None),
        )
    ).all():
        opened_for[glass.case_number].add(glass.staff_id)
    open_for: dict[str, list[str | None]] = defaultdict(list)
    for approval in db.exec(select(Approval).where(col(Approval.case_number).in_(list(cases)))).all():
        people[approval.case_number].add(approval.assigned_to or "")
        if approval.status == ApprovalStatus.OPEN and approval.role == Role.CLINICIAN:
            open_for[approval.case_number].append(approval.assigned_to)
    waiting_for_clinician = set()
    for to_do in db.exec(select(ToDo).where(col(ToDo.case_number).in_(list(cases)), ToDo.role == Role.CLINICIAN)).all():
        people[to_do.case_number] |= {to_do.assigned_to or "", to_do.claimed_by or "", to_do.done_by or ""}
        if to_do.status in WAITING_TO_DO:
            waiting_for_clinician.add(to_do.case_number)
    for number, signer in db.exec(
        select(Decision.case_number, Decision.staff_id).where(col(Decision.case_number).in_(list(cases)))
    ).all():
        people[number].add(signer)
    return {
        number: replace(
            _facts(referral, people[number] | {referral.clinician_id or ""}, open_for[number], staff),
            clinician_to_do=number in waiting_for_clinician,
            opened_for=frozenset(opened_for[number]),
        )
        for number, referral in cases.items()
    }


def _facts(referral: CaseRecord, people: set[str], open_for: list[str | None], staff: dict[str, Staff]) -> CaseFacts:
    known = [staff[person] for person in people if person in staff]
    return CaseFacts(
        location_id=referral.location_id,
        people=frozenset(person.id for person in known),
        teams=frozenset(person.team for person in known if person.team and referral.location_id in person.location_ids),
        review_open=bool(open_for),
        unassigned_review=None in open_for,
    )


def cases(
    location_ids: Collection[str],
    *,
    number: str = "",
    status: str = "",
    open_only: bool = True,
    limit: int = CASES_SHOWN,
) -> list[CaseRow]:
    """The cases at these locations, longest in their present status first; ``status`` "" = any."""
    query = (
        select(Referral, Patient)
        .join(Patient, col(Patient.id) == col(Referral.patient_id))
        .where(col(Referral.location_id).in_(location_ids))
    )
    if number:
        query = query.where(col(Referral.case_number).contains(number.strip().upper(), autoescape=True))
    if status:
        query = query.where(Referral.status == ReferralStatus(status))
    elif open_only and not number:
        query = query.where(col(Referral.closed_at).is_(None))
    with reading() as db:
        found = db.exec(query.order_by(col(Referral.status_since)).limit(limit)).all()
        facts = case_facts(db, [referral for referral, _ in found])
        waits = _waits(db, [referral.case_number for referral, _ in found])
    return [_case_row(referral, patient, facts[referral.case_number], waits) for referral, patient in found]


def _case_row(
    referral: Referral, patient: Patient, facts: CaseFacts, waits: dict[str, tuple[datetime, str | None]]
) -> CaseRow:
    due_at, who = waits.get(referral.case_number, (None, None))
    return CaseRow(
        case_number=referral.case_number,
        patient_id=patient.id,
        patient_name=f"{patient.given_name} {patient.family_name}",
        location_id=referral.location_id,
        status=referral.status,
        owner=REFERRAL_OWNERS[referral.status],
        since=referral.status_since,
        due_at=due_at,
        who=who,
        facts=facts,
    )


def _waits(db: Session, numbers: list[str]) -> dict[str, tuple[datetime, str | None]]:
    """The due time and the person of what each case waits for; a sign-off goes before a to-do."""
    to_dos = db.exec(select(ToDo).where(col(ToDo.case_number).in_(numbers), col(ToDo.status).in_(WAITING_TO_DO))).all()
    approvals = db.exec(
        select(Approval).where(col(Approval.case_number).in_(numbers), Approval.status == ApprovalStatus.OPEN)
    ).all()
    waits: dict[str, tuple[datetime, str | None]] = {
        to_do.case_number: (to_do.due_at, to_do.claimed_by) for to_do in to_dos
    }
    waits.update({approval.case_number: (approval.due_at, approval.assigned_to) for approval in approvals})
    return waits


def counts_by_status(location_ids: Collection[str]) -> dict[str, dict[ReferralStatus, int]]:
    """How many cases stand where: location → status → count."""
    with reading() as db:
        found = db.exec(
            select(Referral.location_id, Referral.status, func.count())
            .where(col(Referral.location_id).in_(location_ids))
            .group_by(Referral.location_id, Referral.status)
        ).all()
    counts: dict[str, dict[ReferralStatus, int]] = {place: {} for place in sorted(location_ids)}
    for place, status, count in found:
        counts[place][ReferralStatus(status)] = count
    return counts


def overdue_counts(location_ids: Collection[str], now: datetime) -> dict[str, int]:
    """How many sign-offs and to-dos are past due, by location."""
    counts = dict.fromkeys(sorted(location_ids), 0)
    with reading() as db:
        for record, waiting in ((Approval, (ApprovalStatus.OPEN,)), (ToDo, WAITING_TO_DO)):
            table: Any = record
            for place, count in db.exec(
                select(table.location_id, func.count())
                .where(table.location_id.in_(location_ids), table.status.in_(waiting), table.due_at < now)
                .group_by(table.location_id)
            ).all():
                counts[place] += count
    return counts
