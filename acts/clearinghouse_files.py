"""Files of the clearinghouse: one of ours is queued, a payer's that was refused is put aside by a biller."""

from datetime import datetime

from sqlmodel import Session

from adapters import therapy_store
from adapters.operational_store import audit, next_number, one, reading, writing
from models.claim_codes import FileKind, FileStatus
from models.codes import Role
from models.columns import new_id, utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import ClearinghouseFile, Staff
from models.therapy_text import TherapyText

BILLERS = (Role.BILLER, Role.ADMIN)


def queue_file(
    db: Session, kind: FileKind, submitter_id: str, count: int, now: datetime, *, answer_by: datetime | None = None
) -> ClearinghouseFile:
    """Take the next control number for one file of ours, in the caller's transaction; it leaves from its row."""
    control = next_number(db, "interchange")
    file = ClearinghouseFile(
        id=new_id("CF"),
        outgoing=True,
        kind=kind,
        name=f"{submitter_id.lower()}-{kind.value.lower()}-{control:09d}.x12",
        control_number=control,
        sender_id=submitter_id,
        status=FileStatus.QUEUED,
        count=count,
        at=now,
        not_before=now,
        answer_by=answer_by,
    )
    db.add(file)
    db.flush()
    audit(db, "system", "file.queued", file, kind=kind.value, control=control, count=count)
    return file


def put_aside(file_id: str, *, staff_id: str, reason: TherapyText) -> None:
    """End the wait for a refused file: its sender sent it anew, or nothing of it was ours. It stays kept, sealed.

    Raises ValueError without a reason, NotAllowed, MovedOn where the file was not refused or is put aside already.
    """
    if reason.is_blank:
        raise ValueError("a reason is needed")
    with reading() as db:
        staff = one(db, Staff, staff_id)
        if not staff.active or staff.role not in BILLERS:
            raise NotAllowed("a biller does this")
        one(db, ClearinghouseFile, file_id)
    words = new_id("RS")
    therapy_store.keep_to_do_words(words, "", answer=reason, actor=staff_id)
    with writing() as db:
        file = db.get_one(ClearinghouseFile, file_id, with_for_update=True)
        if file.outgoing or file.status != FileStatus.REFUSED:
            raise MovedOn(f"file {file_id} is not one that was refused")
        file.status, file.finished_at = FileStatus.PUT_ASIDE, utc_now()
        db.add(file)
        audit(db, staff_id, "file.put_aside", file, kind=file.kind.value, words=words)
