"""A refused file waits for a biller until one of them says what became of it."""

import pytest
from sqlmodel import select

from acts.clearinghouse_files import put_aside
from adapters import therapy_store
from adapters.operational_store import one, reading
from models.claim_codes import FileKind, FileStatus
from models.codes import Role
from models.errors import MovedOn, NotAllowed
from models.operational import AuditEvent, ClearinghouseFile
from models.therapy_text import TherapyText
from tasks.waiting import waiting
from tests.factories import make_file, make_staff

pytestmark = pytest.mark.usefixtures("home")
REASON = TherapyText("sent anew as another file")


def status_of(file: ClearinghouseFile) -> FileStatus:
    with reading() as db:
        return one(db, ClearinghouseFile, file.id).status


@pytest.mark.parametrize("role", [Role.BILLER, Role.ADMIN])
def test_refused_file_that_is_put_aside_waits_for_nobody(role: Role) -> None:
    file, staff = make_file(), make_staff(role=role)
    assert [one.case_number for one in waiting()] == [file.id]
    put_aside(file.id, staff_id=staff.id, reason=REASON)
    assert (status_of(file), waiting()) == (FileStatus.PUT_ASIDE, [])
    with reading() as db:
        [event] = db.exec(select(AuditEvent).where(AuditEvent.action == "file.put_aside")).all()
    assert event.actor == staff.id
    kept = therapy_store.to_do_words(event.details["words"], actor="test", where="test")
    assert kept is not None and kept.answer == REASON
    with pytest.raises(MovedOn, match="not one that was refused"):
        put_aside(file.id, staff_id=staff.id, reason=REASON)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.BILLER, Role.ADMIN}))
def test_other_roles_put_no_file_aside(role: Role) -> None:
    file = make_file()
    with pytest.raises(NotAllowed):
        put_aside(file.id, staff_id=make_staff(role=role).id, reason=REASON)
    assert status_of(file) == FileStatus.REFUSED


@pytest.mark.parametrize("status", sorted(set(FileStatus) - {FileStatus.REFUSED, FileStatus.PUT_ASIDE}))
def test_only_a_refused_file_is_put_aside(status: FileStatus) -> None:
    file = make_file(status=status)
    with pytest.raises(MovedOn):
        put_aside(file.id, staff_id=make_staff(role=Role.BILLER).id, reason=REASON)
    assert status_of(file) == status


def test_file_of_ours_is_not_put_aside() -> None:
    file = make_file(FileKind.CLAIMS, outgoing=True, status=FileStatus.REFUSED)
    with pytest.raises(MovedOn):
        put_aside(file.id, staff_id=make_staff(role=Role.BILLER).id, reason=REASON)


def test_putting_aside_needs_a_reason() -> None:
    with pytest.raises(ValueError, match="reason"):
        put_aside(make_file().id, staff_id=make_staff(role=Role.BILLER).id, reason=TherapyText(" "))
