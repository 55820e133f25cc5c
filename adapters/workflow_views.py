"""What the map of a workflow is made from: its cases, their moves and what went wrong, as the audit tells."""

import ast
from collections.abc import Collection
from typing import Any

import pandas as pd
from sqlalchemy import func
from sqlmodel import Session, col, select

from adapters.desk_views import case_facts
from adapters.operational_store import CASE_RECORDS, CaseRecord, reading
from adapters.settings import CHECKOUT
from models.case_facts import CaseFacts
from models.governance_codes import Workflow
from models.operational import AuditEvent, IntakeFile, QuarantinedRow
from models.workflow_steps import STATUSES

FLOW_FILES = {
    Workflow.REFERRAL: "referral_to_first_session.py",
    Workflow.NOTES: "session_to_note_draft.py",
    Workflow.CLAIMS: "eligibility_to_claim.py",
    Workflow.FOLLOW_UP: "between_sessions.py",
}
"""Where each workflow is told, in the room of the flows."""
WAITS = "wait_for_somebody"
CASES = ["case", "location", "opened_at", "status"]
MOVES = ["event", "case", "at", "old", "new", "rerouted"]
TROUBLES = ["event", "case", "at", "action"]
OF_NO_CASE = ("row.quarantined", "file.refused")
SESSION_FILES = ("sessions", "transcript")
"""Kinds of received files that belong to the notes."""
OTHER_FILES = (*SESSION_FILES, "appointments", "clearinghouse")
"""Kinds that hold no referral."""
LISTED = 500


def record_of(workflow: Workflow) -> type[Any]:
    """The record of the workflow's cases."""
    return CASE_RECORDS[(workflow.prefix or "").rstrip("-")]


def tables(
    workflow: Workflow, location_ids: Collection[str], troubles: Collection[str]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Cases, moves and what went wrong at these locations, as rules.workflow_map takes them; ``troubles``: the actions
    that tell of it."""
    with reading() as db:
        return (
            _cases(db, workflow, location_ids),
            _moves(db, workflow, location_ids),
            _troubles(db, workflow, location_ids, troubles),
        )


def _theirs(workflow: Workflow, location_ids: Collection[str]) -> Any:
    record = record_of(workflow)
    return select(record.case_number).where(col(record.location_id).in_(location_ids))


def _cases(db: Session, workflow: Workflow, location_ids: Collection[str]) -> pd.DataFrame:
    """A case begins with the first event about it; one that no event tells of, with its present status."""
    record = record_of(workflow)
    theirs = _theirs(workflow, location_ids)
    first = dict(
        db.exec(
            select(AuditEvent.case_number, func.min(AuditEvent.at))
            .where(col(AuditEvent.case_number).in_(theirs))
            .group_by(AuditEvent.case_number)
        ).all()
    )
    rows = db.exec(
        select(record.case_number, record.location_id, record.status, record.status_since).where(
            col(record.location_id).in_(location_ids)
        )
    ).all()
    return pd.DataFrame(
        [(number, place, first.get(number, since), status.value) for number, place, status, since in rows],
        columns=CASES,
    )


def _moves(db: Session, workflow: Workflow, location_ids: Collection[str]) -> pd.DataFrame:
    rows = db.exec(
        select(AuditEvent.id, AuditEvent.case_number, AuditEvent.at, AuditEvent.details).where(
            AuditEvent.action == "case.moved", col(AuditEvent.case_number).in_(_theirs(workflow, location_ids))
        )
    ).all()
    return pd.DataFrame(
        [
            (event, number, at, said["old"], said["new"], bool(said.get("rerouted", False)))
            for event, number, at, said in rows
        ],
        columns=MOVES,
    )


def _troubles(db: Session, workflow: Workflow, location_ids: Collection[str], actions: Collection[str]) -> pd.DataFrame:
    told: list[Any] = list(
        db.exec(
            select(AuditEvent.id, AuditEvent.case_number, AuditEvent.at, AuditEvent.action).where(
                col(AuditEvent.action).in_(actions),
                col(AuditEvent.case_number).in_(_theirs(workflow, location_ids)),
            )
        ).all()
    )
    if workflow in (Workflow.REFERRAL, Workflow.NOTES):
        told += _of_no_case(db, of_sessions=workflow == Workflow.NOTES)
    return pd.DataFrame([tuple(row) for row in told], columns=TROUBLES).astype({"at": "datetime64[us, UTC]"})


def _of_no_case(db: Session, *, of_sessions: bool) -> list[Any]:
    """Rows and files that never became a case: of every location, for nobody knows yet whose they are."""
    kind = col(IntakeFile.kind)
    files = select(IntakeFile.id).where(kind.in_(SESSION_FILES) if of_sessions else kind.not_in(OTHER_FILES))
    rows = select(QuarantinedRow.id).where(col(QuarantinedRow.file_id).in_(files))
    belongs = col(AuditEvent.subject_id).in_(files) | col(AuditEvent.subject_id).in_(rows)
    return list(
        db.exec(
            select(AuditEvent.id, AuditEvent.case_number, AuditEvent.at, AuditEvent.action).where(
                col(AuditEvent.action).in_(OF_NO_CASE),
                col(AuditEvent.subject_kind).in_(("quarantined_row", "intake_file")),
                belongs,
            )
        ).all()
    )


def waiting(
    workflow: Workflow, location_ids: Collection[str], status: str = ""
) -> tuple[list[CaseRecord], dict[str, CaseFacts]]:
    """The open cases that stand in a status now, longest there first, with what decides who may see each."""
    record = record_of(workflow)
    query = select(record).where(col(record.location_id).in_(location_ids), col(record.closed_at).is_(None))
    if status:
        query = query.where(record.status == STATUSES[workflow](status))
    with reading() as db:
        found = list(db.exec(query.order_by(record.status_since).limit(LISTED)).all())
        return found, case_facts(db, found)


def flow_steps(workflow: Workflow) -> dict[str, str]:
    """What the workflow's flow does in each status that it acts in, by the name of its step: read from its own lines,
    so that the map cannot tell of another flow. A status that is not in it waits for somebody."""
    names = {member.name: member.value for member in STATUSES[workflow]}
    tree = ast.parse((CHECKOUT / "flows" / FLOW_FILES[workflow]).read_text())
    [choice] = [node for node in ast.walk(tree) if isinstance(node, ast.Match)]
    steps: dict[str, str] = {}
    for case in choice.cases:
        values = [node.attr for node in ast.walk(case.pattern) if isinstance(node, ast.Attribute)]
        done = [_name(node.func) for line in case.body for node in ast.walk(line) if isinstance(node, ast.Call)]
        for name in values:
            steps[names[name]] = ", ".join(each.replace("_", " ") for each in done)
    return steps


def _name(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
