"""What a biller does about a payer's file that was refused: puts it aside, with a reason."""

from adapters import therapy_store
from adapters.operational_store import audit, one, reading, writing
from models.claim_codes import FileStatus
from models.codes import Role
from models.columns import new_id, utc_now
from models.errors import MovedOn, NotAllowed
from models.operational import ClearinghouseFile, Staff
from models.therapy_text import TherapyText

BILLERS = (Role.BILLER, Role.ADMIN)


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
