"""What staff do for incoming referrals: drop a file, type a referral in, dismiss a broken row."""

import csv
import io
from collections.abc import Mapping

from sqlmodel import select

from adapters import therapy_store
from adapters.operational_store import audit, one, set_status, writing
from adapters.private_files import write_private
from adapters.settings import settings
from models.codes import QuarantineStatus
from models.columns import new_id, utc_now
from models.errors import ContractBroken
from models.operational import QuarantinedRow
from models.referral_table import COLUMN_NAMES, REQUIRED_COLUMNS
from models.therapy_text import TherapyText


def drop_file(content: bytes, staff_id: str) -> str:
    """Put a referral file into the intake folder under a name of our own, because a sender's may hold a person's.

    Returns the name. Raises ContractBroken for an empty or too large file; everything else is for its contract.
    """
    if not content.strip():
        raise ContractBroken("the file is empty", field="file")
    if len(content) > settings().largest_file:
        raise ContractBroken(f"the file is larger than {settings().largest_file_mb} MB", field="file")
    suffix = ".json" if content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{") else ".csv"
    drop_id = new_id("DR")
    name = f"desk-{utc_now():%Y%m%d-%H%M%S}-{drop_id[-6:]}{suffix}"
    with writing() as db:
        audit(db, staff_id, "file.dropped", ("drop", drop_id), bytes=len(content))
    write_private(settings().intake_folder / name, content)
    return name


def enter_referral(cells: Mapping[str, str], staff_id: str) -> str:
    """Drop one referral typed in by staff, as a one-row file that goes through the same contract as any other.

    ``cells``: text by column name; our number and the present time are added. Returns our number for it. Raises
    ContractBroken naming the first column that cannot be read.
    """
    external_id = new_id("DESK")
    row = {**cells, "external_id": external_id, "received_at": utc_now().isoformat(timespec="seconds")}
    for column in REQUIRED_COLUMNS:
        if not row.get(column, "").strip():
            raise ContractBroken(f"{column} is empty", field=column)
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=COLUMN_NAMES, lineterminator="\r\n")
    writer.writeheader()
    writer.writerow(row)
    drop_file(out.getvalue().encode("utf-8-sig"), staff_id)
    return external_id


def dismiss_row(fault_id: str, *, staff_id: str, reason: TherapyText) -> None:
    """Take a broken row off the list for good: this fault and the same row's others; raises MovedOn when it is gone.

    The row itself stays in quarantine, so that a dismissal can be looked into.
    """
    if reason.is_blank:
        raise ValueError("a reason is needed")
    note_id = new_id("DM")
    therapy_store.keep_to_do_words(note_id, "", answer=reason, actor=staff_id)
    with writing() as db:
        fault = one(db, QuarantinedRow, fault_id)
        same_row = db.exec(
            select(QuarantinedRow).where(
                QuarantinedRow.file_id == fault.file_id,
                QuarantinedRow.row == fault.row,
                QuarantinedRow.status == fault.status,
            )
        ).all()
        for each in same_row:
            set_status(db, each, QuarantineStatus.DISMISSED, staff_id, words=note_id)
