"""Holds back, after a restore, whatever claim may have left between the backup and now, so that none is sent twice."""

from collections.abc import Container

from sqlmodel import Session, col, select, update

from adapters.operational_store import audit, move_case, writing
from models.claim_codes import ExceptionQueue, FileKind, FileStatus
from models.claim_findings import blocking
from models.codes import ClaimStatus
from models.columns import utc_now
from models.governance_codes import Level, Workflow
from models.operational import (
    Claim,
    ClaimSubmission,
    ClearinghouseFile,
    EligibilityCheck,
    NumberSequence,
    WorkflowStanding,
)

SKIPPED = 10_000
"""Numbers that are not used: more than any practice can have given out since the backup."""
SEEN_OUTSIDE = ("interchange", "claim")
"""The sequences whose numbers payers see: one that was used after the backup must not come again."""
UNKNOWN = "restored from a backup: whether this file has left is not known"


def hold_back(left: Container[str]) -> list[str]:
    """Give claims that may have left to billers; returns what a person should know, in words with counts only.

    ``left``: names of files that are known to have left. Those are not sent again by themselves (adapters.sent_marks).
    """
    with writing() as db:
        queued = db.exec(
            select(ClearinghouseFile)
            .where(col(ClearinghouseFile.outgoing).is_(True), ClearinghouseFile.status == FileStatus.QUEUED)
            .order_by(col(ClearinghouseFile.id))
        ).all()
        unsure = [file for file in queued if file.name not in left]
        held = sum(_hold_file(db, file) for file in unsure)
        ready = db.exec(
            select(Claim).where(Claim.status == ClaimStatus.READY_TO_SEND).order_by(col(Claim.case_number))
        ).all()
        for claim in ready:
            _to_biller(db, claim, ExceptionQueue.FILE, "this claim")
        signed_again = _ask_for_signatures(db)
        _skip_numbers(db)
    findings = []
    if held or ready:
        findings.append(
            f"{held} claims of {len(unsure)} queued files and {len(ready)} that were ready may have left after the "
            "backup: they wait for a biller, who asks the clearinghouse"
        )
    if signed_again:
        findings.append("claims leave with a biller's signature only, until they are let leave by themselves again")
    return findings


def _hold_file(db: Session, file: ClearinghouseFile) -> int:
    """Never send it by itself; returns how many claims of it went to a biller. A receipt of it is still heard."""
    file.status = FileStatus.SENT if file.kind == FileKind.CLAIMS else FileStatus.REJECTED
    file.problem = UNKNOWN
    db.add(file)
    audit(db, "system", "file.held_back", file, kind=file.kind.value, control=file.control_number or 0)
    for check in db.exec(
        select(EligibilityCheck).where(EligibilityCheck.file_id == file.id, col(EligibilityCheck.answered_at).is_(None))
    ).all():
        check.file_id, check.not_before = None, utc_now()  # to ask twice does no harm
        db.add(check)
    claims = db.exec(
        select(Claim)
        .join(ClaimSubmission, col(ClaimSubmission.case_number) == col(Claim.case_number))
        .where(ClaimSubmission.file_id == file.id, Claim.status == ClaimStatus.SENT)
        .order_by(col(Claim.case_number))
    ).all()
    for claim in claims:
        _to_biller(db, claim, ExceptionQueue.NO_ANSWER, f"file {file.name}")
    return len(claims)


def _to_biller(db: Session, claim: Claim, queue: ExceptionQueue, what: str) -> None:
    claim.queue = queue.value
    claim.findings = [
        blocking(
            "restored",
            "The backup is older than this file may be: ask the clearinghouse before sending again.",
            f"Ask whether {what} has arrived. Wait for the payer if it has; if not, have it built again.",
        )
    ]
    db.add(claim)
    move_case(db, claim, ClaimStatus.CORRECTION, actor="system", queue=claim.queue, why="restored")


def _ask_for_signatures(db: Session) -> bool:
    """No claim that was under way leaves before a biller has looked; says whether any could have."""
    live = db.exec(
        select(WorkflowStanding).where(
            WorkflowStanding.workflow == Workflow.CLAIMS, WorkflowStanding.level == Level.LIVE
        )
    ).all()
    for standing in live:
        standing.level = Level.ASSISTED
        standing.runs_as = min(standing.runs_as, Level.ASSISTED, key=lambda level: level.rank)
        standing.version += 1
        standing.changed_by, standing.changed_at = "system", utc_now()
        standing.reasons = ["restored from a backup: claims are signed again until an owner lets them go"]
        db.add(standing)
        subject = ("workflow_standing", f"{standing.workflow.value}:{standing.location_id}")
        audit(db, "system", "claims.signed_again", subject, location=standing.location_id)
    return bool(live)


def _skip_numbers(db: Session) -> None:
    for name in SEEN_OUTSIDE:
        moved = db.exec(
            update(NumberSequence).where(col(NumberSequence.name) == name).values(last=NumberSequence.last + SKIPPED)
        )
        if moved.rowcount:
            audit(db, "system", "numbers.skipped", ("number_sequence", name), count=SKIPPED)
