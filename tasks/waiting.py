"""Who waits for whom: every open wait, as the orchestrator may show it."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from adapters import operational_store as store
from models.codes import ApprovalStatus, ReferralStatus, Role, Workflow
from models.operational import Approval, Referral, ToDo
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


CASES_OF: dict[Workflow, str] = {Workflow.REFERRAL: "RF-", Workflow.NOTES: "SN-"}
"""How the case numbers of each workflow begin; what is no case yet (a row to correct) belongs to intake."""


def of_workflow(waits: list[Waiting], workflow: Workflow) -> list[Waiting]:
    """The waits of one workflow's cases; a workflow that has no cases yet has none."""
    prefix = CASES_OF.get(workflow)
    if prefix is None:
        return []
    others = tuple(each for each in CASES_OF.values() if each != prefix)
    return [
        one
        for one in waits
        if one.case_number.startswith(prefix)
        or (workflow == Workflow.REFERRAL and not one.case_number.startswith(others))
    ]


def waiting(location: str = "all") -> list[Waiting]:
    """Every open wait: for whom, since when, due when; the most overdue first."""
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
