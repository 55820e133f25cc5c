"""Received files: sealed once their rows are stored, readable by us alone, gone when somebody in them is forgotten."""

import pytest

from adapters import received_files, therapy_store_keys
from adapters.operational_store import writing
from adapters.settings import settings
from models.codes import QuarantineStatus
from models.columns import utc_now
from models.errors import Forgotten, SealBroken
from models.operational import IntakeFile, QuarantinedRow

DATA = b"given_name,referral_text\r\nAlex,krindlespat\r\n"


@pytest.fixture
def file(home) -> IntakeFile:
    """A finished file whose open copy still lies there."""
    made = IntakeFile(id="IF-1", digest="d" * 64, kind="csv", name="Alex Sample.csv", finished_at=utc_now())
    with writing() as db:
        db.add(made)
    put_plain(made)
    return made


def put_plain(file: IntakeFile) -> None:
    (settings().received_folder / f"{file.digest[:32]}.csv").write_bytes(DATA)


def kept() -> list[str]:
    return sorted(path.name for path in settings().received_folder.iterdir())


def test_finished_file_is_sealed_and_still_read_by_us(file: IntakeFile):
    assert received_files.put_away(file) == 1
    assert kept() == [f"{'d' * 32}.sealed"]
    [path] = settings().received_folder.iterdir()
    assert b"krindlespat" not in path.read_bytes() and path.stat().st_mode & 0o777 == 0o600
    assert received_files.content(file) == DATA
    assert received_files.put_away(file) == 0


def test_open_copy_that_a_crash_left_is_sealed_at_the_next_look(file: IntakeFile):
    other = IntakeFile(id="IF-2", digest="e" * 64, kind="csv")
    with writing() as db:
        db.add(other)
    put_plain(other)
    received_files.put_away_finished()
    assert kept() == [f"{'d' * 32}.sealed", f"{'e' * 32}.csv"], "a file that is not finished is still needed"
    assert received_files.content(other) == DATA


@pytest.mark.parametrize("spoil", [lambda data: data[:-1], lambda data: data[:-1] + b"?", lambda data: b"open text"])
def test_spoilt_file_is_refused_and_named(file: IntakeFile, spoil):
    received_files.put_away(file)
    [path] = settings().received_folder.iterdir()
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(SealBroken, match="received_file IF-1"):
        received_files.content(file)


def test_file_of_a_forgotten_person_is_unreadable_and_not_kept_when_it_comes_again(file: IntakeFile):
    received_files.put_away(file)
    therapy_store_keys.destroy_keys([file.id], "ST-1", "forget")
    with pytest.raises(Forgotten):
        received_files.content(file)
    put_plain(file)
    assert received_files.put_away(file) == 1
    assert kept() == [f"{'d' * 32}.sealed"]
    with pytest.raises(Forgotten):
        received_files.content(file)


def test_file_that_has_gone_is_none(file: IntakeFile):
    for path in settings().received_folder.iterdir():
        path.unlink()
    assert received_files.content(file) is None


@pytest.mark.parametrize(
    ("statuses", "stays"),
    [
        ((QuarantineStatus.OPEN, QuarantineStatus.REPLACED), True),
        ((QuarantineStatus.DISMISSED, QuarantineStatus.REPLACED), False),
    ],
)
def test_file_to_fix_goes_once_all_its_rows_are_done(file: IntakeFile, statuses, stays: bool):
    settings().to_fix_folder.mkdir(exist_ok=True)
    path = settings().to_fix_folder / "Alex Sample.to-fix.csv"
    path.write_bytes(DATA)
    with writing() as db:
        for number, status in enumerate(statuses):
            db.add(
                QuarantinedRow(
                    id=f"QR-{number}", file_id=file.id, row=number, field="f", rule="r", reason="r",
                    external_key="k", content_id=f"QC-{number}", status=status,
                )
            )  # fmt: skip
    assert received_files.remove_settled_fix_files() == (0 if stays else 1)
    assert path.exists() == stays
