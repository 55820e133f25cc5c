"""What the desk shows of received files: counts, broken rows, the files to correct."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import col, select

from adapters.operational_store import one, reading
from adapters.settings import settings
from models.claim_codes import CLEARINGHOUSE
from models.codes import QuarantineStatus, RowOutcome
from models.operational import IntakeFile, IntakeRow, QuarantinedRow

FILES_SHOWN = 50


@dataclass(frozen=True)
class ReceivedFile:
    """One file and what became of its rows."""

    file: IntakeFile
    outcomes: Mapping[RowOutcome, int]


@dataclass(frozen=True)
class FixFile:
    """A file of rows to correct; ``token`` names it in an address, because its own name may hold a person's."""

    token: str
    name: str
    path: Path


def received_files() -> list[ReceivedFile]:
    """The newest files first; what a payer sent is shown with the claims."""
    with reading() as db:
        files = db.exec(
            select(IntakeFile)
            .where(IntakeFile.kind != CLEARINGHOUSE)
            .order_by(col(IntakeFile.received_at).desc())
            .limit(FILES_SHOWN)
        ).all()
        rows = db.exec(
            select(IntakeRow.file_id, IntakeRow.outcome).where(col(IntakeRow.file_id).in_([file.id for file in files]))
        ).all()
        broken = db.exec(
            select(QuarantinedRow.file_id, QuarantinedRow.row)
            .where(col(QuarantinedRow.file_id).in_([file.id for file in files]))
            .distinct()
        ).all()
    outcomes = Counter((file_id, outcome) for file_id, outcome in rows)
    outcomes.update((file_id, RowOutcome.QUARANTINED) for file_id, _ in broken)
    return [ReceivedFile(file, {outcome: outcomes[(file.id, outcome)] for outcome in RowOutcome}) for file in files]


def quarantined_rows() -> list[QuarantinedRow]:
    """The faults nobody has dealt with: those that cannot wait first, then the newest, in the order of their file."""
    with reading() as db:
        return list(
            db.exec(
                select(QuarantinedRow)
                .where(QuarantinedRow.status == QuarantineStatus.OPEN)
                .order_by(
                    col(QuarantinedRow.urgent).desc(),
                    col(QuarantinedRow.at).desc(),
                    col(QuarantinedRow.row),
                    col(QuarantinedRow.field),
                )
            ).all()
        )


def urgent_rows() -> list[QuarantinedRow]:
    """The broken rows that may hold a risk and wait to be read, oldest first; one fault stands for its row."""
    faults = sorted((fault for fault in quarantined_rows() if fault.urgent), key=lambda fault: fault.at)
    return list({(fault.file_id, fault.row): fault for fault in reversed(faults)}.values())[::-1]


def faults_of_row(fault_id: str) -> list[QuarantinedRow]:
    """Every fault of the row that this one is of; raises MovedOn when there is no such fault."""
    with reading() as db:
        fault = one(db, QuarantinedRow, fault_id)
        return list(
            db.exec(
                select(QuarantinedRow)
                .where(QuarantinedRow.file_id == fault.file_id, QuarantinedRow.row == fault.row)
                .order_by(col(QuarantinedRow.field))
            ).all()
        )


def fix_files() -> list[FixFile]:
    folder = settings().to_fix_folder
    found = sorted(folder.glob("*.csv")) if folder.exists() else []
    return [
        FixFile(hashlib.sha256(path.name.encode()).hexdigest()[:16], path.name, path)
        for path in found
        if path.is_file() and not path.is_symlink() and not path.name.startswith(".")
    ]
