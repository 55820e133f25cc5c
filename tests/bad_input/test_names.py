"""Bad names, links and sizes in the intake folder: nothing is lost, nothing blocks the rest."""

import os
import tracemalloc
from pathlib import Path

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from adapters import file_drop
from adapters.operational_store import reading
from adapters.settings import settings
from cli import supervisor
from cli.app import app
from models.columns import utc_now
from models.operational import IntakeFile, Patient, Referral
from tests.bad_input.test_files import GOOD, HEADER, _receive, faults, row, table
from tests.factories import make_location


@pytest.fixture
def folder(home: Path) -> Path:
    make_location(id="LOC-1")
    return settings().intake_folder


NAMES = {
    "a line feed": b"first\nsecond.csv",
    "the longest": b"x" * 251 + b".csv",
    "the longest of wide letters": "\u0424".encode() * 120 + b".csv",
    "no text": b"\xff\xfe\x80.csv",
    "turned round": "\u202evsc.exe.csv".encode(),
    "an option": b"--help.csv",
    "dots": b"x..csv",
    "no suffix": b"referrals",
    "markup": b"<script>alert(1)<.csv",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=list(NAMES))
def test_name_of_a_file_breaks_nothing(folder: Path, name: bytes) -> None:
    path = os.path.join(os.fsencode(folder), name)
    Path(os.fsdecode(path)).write_bytes(table(GOOD, row(external_id="R-2", birth_date="never")))
    _receive()
    with reading() as db:
        [file] = db.exec(select(IntakeFile)).all()
    assert file.finished_at is not None
    assert len(file.name) <= file_drop.LONGEST_NAME and file.name.isprintable()
    assert [fault.field for fault in faults(file)] == ["birth_date"]
    [to_fix] = settings().to_fix_folder.iterdir()
    assert to_fix.name.endswith(".to-fix.csv") and to_fix.resolve().parent == settings().to_fix_folder.resolve()
    assert list(folder.iterdir()) == []


def test_links_and_other_things_in_the_folder_are_left_and_told(
    folder: Path, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_bytes(table(GOOD))
    (folder / "link.csv").symlink_to(secret)
    (folder / "to nowhere.csv").symlink_to(tmp_path / "gone")
    (folder / "to itself.csv").symlink_to(folder / "to itself.csv")
    (folder / "subfolder").mkdir()
    os.mkfifo(folder / "pipe.csv")
    (folder / "good.csv").write_bytes(table(row(external_id="R-9")))
    _receive()
    with reading() as db:
        assert len(db.exec(select(Referral)).all()) == 1
    assert secret.exists() and len(list(folder.iterdir())) == 5
    said = [record.getMessage() for record in caplog.records if record.name == "tasks.intake"]
    assert {"3 of kind link", "1 of kind special file"} == {line.partition(": ")[2].split(" in ")[0] for line in said}


def test_file_still_being_written_is_left_until_it_rests(folder: Path) -> None:
    growing = folder / "growing.csv"
    growing.write_bytes(table(GOOD)[:40])
    assert file_drop.waiting_files(folder, settle_seconds=60) == []
    growing.write_bytes(table(GOOD))
    os.utime(growing, (0, utc_now().timestamp() - 61))
    [dropped] = file_drop.waiting_files(folder, settle_seconds=60)
    assert dropped.size == len(table(GOOD))


def test_two_files_of_one_name_dropped_at_the_terminal_are_both_received(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "trigger_intake", lambda: None)
    people = {"a": "Aster", "b": "Birch", ".hidden": "Cedar"}
    for place, family in people.items():
        (tmp_path / place).mkdir()
        name = ".referrals.csv.part" if place == ".hidden" else "referrals.csv"
        line = row(external_id=family, family_name=family, birth_date=f"198{len(family)}-01-01", email="")
        (tmp_path / place / name).write_bytes(table(f"{line},503-555-01{10 + len(place)}", header=f"{HEADER},phone"))
        CliRunner().invoke(app, ["drop", str(tmp_path / place / name)], catch_exceptions=False)
    _receive()
    with reading() as db:
        assert sorted(db.exec(select(Patient.family_name)).all()) == sorted(people.values())


def test_file_of_50_mb_is_refused_without_being_read_whole(folder: Path) -> None:
    megabyte = table(*[row(external_id=f"R-{n}") for n in range(13_000)])[: 1 << 20]
    with (folder / "large.csv").open("wb") as large:
        for _ in range(50):
            large.write(megabyte)
    tracemalloc.start()
    try:
        _receive()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    with reading() as db:
        [file] = db.exec(select(IntakeFile)).all()
    assert file.refused_reason == "the file is larger than 20 MB: split it and drop the parts"
    [received] = settings().received_folder.iterdir()
    assert received.stat().st_size == 50 << 20
    assert peak < 2 * settings().largest_file
