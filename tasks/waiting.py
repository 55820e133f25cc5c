"""Who waits for whom: every open wait, as the orchestrator may show it."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from adapters import operational_store as store
from models.claim_codes import FileStatus
from models.codes import ApprovalStatus, CaseFlow, ClaimStatus, ReferralStatus, Role
from models.operational import Approval, Claim, ClearinghouseFile, Referral, ToDo
from tasks import quarantine
from tasks.waits import LIVE

R = ReferralStatus


@dataclass(frozen=True)
class Waiting:
    """One open wait, as the orchestrator may show it: ids, roles, times."""

    case_number: str
    wait: str
    owner: str
    who: str
    location_id: str
    since: datetime
    due_at: datetime | None


CASES_OF: dict[CaseFlow, str] = {
    CaseFlow.REFERRAL: "RF-",
    CaseFlow.NOTES: "SN-",
    CaseFlow.CLAIMS: "CL-",
    CaseFlow.BETWEEN_SESSIONS: "BS-",
}
"""How the case numbers of each workflow begin; what is no case yet (a row to correct) belongs to intake."""
FILES_OF: dict[CaseFlow, str] = {CaseFlow.CLAIMS: "XF-"}
"""How the files begin that wait for somebody in a workflow of their own."""


def of_workflow(waits: list[Waiting], workflow: CaseFlow) -> list[Waiting]:
    """The waits of one workflow's cases and files; a workflow that has no cases yet has none."""
    if workflow not in CASES_OF:
        return []
    own = _beginnings(workflow)
    others = tuple(each for other in CASES_OF if other != workflow for each in _beginnings(other))
    return [
        one
        for one in waits
        if one.case_number.startswith(own) or (workflow == CaseFlow.REFERRAL and not one.case_number.startswith(others))
    ]


def _beginnings(workflow: CaseFlow) -> tuple[str, ...]:
    return tuple(each[workflow] for each in (CASES_OF, FILES_OF) if workflow in each)


def waiting(location: str = "all") -> list[Waiting]:
    """Every open wait: for whom, since when, due when; the most overdue first.

    What payers owe has a clock of its own (``claim.answer_by``), and a patient's balance none: the claims' own report
    counts both.
    """
    with store.reading() as db:
        found = [
            Waiting(
                a.case_number,
                a.kind.label,
                a.role.value,
                a.assigned_to or "nobody",
                a.location_id,
                a.opened_at,
                a.due_at,
            )
            for a in db.exec(select(Approval).where(Approval.status == ApprovalStatus.OPEN)).all()
        ]
        found += [
            Waiting(
                t.case_number,
                t.kind.label,
                t.role.value,
                t.claimed_by or "anyone",
                t.location_id,
                t.opened_at,
                t.due_at,
            )
            for t in db.exec(select(ToDo).where(col(ToDo.status).in_(LIVE))).all()
        ]
        found += [
            Waiting(r.case_number, r.status.label, "patient", "the patient", r.location_id, r.status_since, None)
            for r in db.exec(
                select(Referral).where(col(Referral.status).in_((R.QUESTIONNAIRES_REQUESTED, R.OFFERED, R.BOOKED)))
            ).all()
        ]
        found += [
            Waiting(c.case_number, c.status.label, "patient", "the patient", c.location_id, c.status_since, None)
            for c in db.exec(select(Claim).where(Claim.status == ClaimStatus.MISSING_INFORMATION)).all()
        ]
        found += [
            Waiting(
                file.id,
                f"refused file ({file.kind.value})",
                Role.BILLER.value,
                "anyone",
                "",
                file.finished_at or file.at,
                (file.finished_at or file.at) + quarantine.TO_CORRECT,
            )
            for file in db.exec(
                select(ClearinghouseFile).where(
                    col(ClearinghouseFile.outgoing).is_(False), ClearinghouseFile.status == FileStatus.REFUSED
                )
            ).all()
        ]
    found += [
        Waiting(
            row.file_id,
            f"row {row.row} to correct",
            Role.COORDINATOR.value,
            "anyone",
            "",
            row.at,
            quarantine.due_at(row),
        )
        for row in quarantine.open_rows()
    ]
    found = [one for one in found if location in ("all", one.location_id)]
    return sorted(found, key=lambda one: (one.due_at is None, one.due_at or one.since, one.case_number))
