"""The intake folder: whole files only, moved once, and fix files that appear whole."""

import hashlib
import os
import stat
import time
from pathlib import Path

import pytest

from adapters.file_drop import DroppedFile, settle, waiting_files, write_fix_file


def drop(folder: Path, name: str, content: bytes = b"a,b\n1,2\n", age_seconds: float = 60) -> Path:
    path = folder / name
    path.write_bytes(content)
    then = time.time() - age_seconds
    os.utime(path, (then, then))
    return path


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_waiting_files_names_what_each_file_is(tmp_path: Path) -> None:
    content = b'\xef\xbb\xbf {"resourceType": "Bundle"}'
    drop(tmp_path, "bundle.txt", content)
    drop(tmp_path, "table.CSV")
    drop(tmp_path, "letter.pdf", b"%PDF-1.7")
    found = {it.name: it for it in waiting_files(tmp_path)}
    assert {name: it.kind for name, it in found.items()} == {
        "bundle.txt": "fhir",
        "table.CSV": "csv",
        "letter.pdf": "unknown",
    }
    assert found["bundle.txt"].digest == hashlib.sha256(content).hexdigest()
    assert found["bundle.txt"].size == len(content)


def test_waiting_files_come_oldest_first(tmp_path: Path) -> None:
    drop(tmp_path, "a.csv", age_seconds=20)
    drop(tmp_path, "b.csv", age_seconds=40)
    assert [it.name for it in waiting_files(tmp_path)] == ["b.csv", "a.csv"]


@pytest.mark.parametrize("name", ["a.csv.part", "a.TMP", "a.csv.crdownload", ".a.csv", "~$a.csv"])
def test_waiting_files_leave_half_written_names(tmp_path: Path, name: str) -> None:
    drop(tmp_path, name)
    assert waiting_files(tmp_path) == []


def test_waiting_files_leave_a_file_until_it_has_settled(tmp_path: Path) -> None:
    drop(tmp_path, "a.csv", age_seconds=30)
    assert waiting_files(tmp_path, settle_seconds=300) == []
    assert len(waiting_files(tmp_path, settle_seconds=10)) == 1


def test_waiting_files_take_a_file_from_a_clock_that_runs_ahead(tmp_path: Path) -> None:
    drop(tmp_path, "a.csv", age_seconds=-3600)
    assert len(waiting_files(tmp_path)) == 1


def test_waiting_files_leave_links_and_folders(tmp_path: Path) -> None:
    outside = drop(tmp_path, "outside.csv")
    folder = tmp_path / "intake"
    folder.mkdir()
    (folder / "link.csv").symlink_to(outside)
    (folder / "folder.csv").mkdir()
    os.mkfifo(folder / "pipe.csv")
    assert waiting_files(folder) == []


def test_waiting_files_say_when_one_cannot_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    drop(tmp_path, "Quill.csv")

    def refuse(*_: object) -> int:
        raise PermissionError(13, "no", "Quill.csv")

    monkeypatch.setattr("adapters.file_drop.os.open", refuse)
    assert waiting_files(tmp_path) == []
    assert "cannot be opened" in caplog.text and "Quill" not in caplog.text


def test_waiting_files_leave_a_file_that_grows_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drop(tmp_path, "a.csv")
    real = hashlib.sha256

    def grows(*args: bytes) -> object:
        with path.open("ab") as file:
            file.write(b"3,4\n")
        return real(*args)

    monkeypatch.setattr("adapters.file_drop.hashlib.sha256", grows)
    assert waiting_files(tmp_path) == []


def test_settle_moves_the_file_under_its_digest(tmp_path: Path) -> None:
    path = drop(tmp_path, "Ana Quill.csv")
    settled = settle(waiting_files(tmp_path)[0], tmp_path / "taken")
    assert not path.exists()
    assert settled.path.name == f"{settled.digest[:32]}.csv"
    assert settled.path.read_bytes() == b"a,b\n1,2\n"
    assert settled.name == "Ana Quill.csv"
    assert mode_of(settled.path) == 0o600


def test_settle_twice_finds_the_same_file(tmp_path: Path) -> None:
    drop(tmp_path, "a.csv")
    dropped = waiting_files(tmp_path)[0]
    assert settle(dropped, tmp_path / "taken") == settle(dropped, tmp_path / "taken")
    assert len(list((tmp_path / "taken").iterdir())) == 1


def test_settle_names_a_replaced_file_by_what_it_holds(tmp_path: Path) -> None:
    drop(tmp_path, "a.csv")
    dropped = waiting_files(tmp_path)[0]
    drop(tmp_path, "a.csv", b"a,b\n9,9\n")
    settled = settle(dropped, tmp_path / "taken")
    assert settled.digest == hashlib.sha256(b"a,b\n9,9\n").hexdigest()
    assert [it.name for it in (tmp_path / "taken").iterdir()] == [f"{settled.digest[:32]}.csv"]


def test_settle_says_when_the_file_is_nowhere(tmp_path: Path) -> None:
    path = drop(tmp_path, "a.csv")
    dropped = waiting_files(tmp_path)[0]
    path.unlink()
    with pytest.raises(FileNotFoundError):
        settle(dropped, tmp_path / "taken")


def test_dropped_file_does_not_print_its_name(tmp_path: Path) -> None:
    assert "Quill" not in repr(DroppedFile(tmp_path / "Quill.csv", "Quill.csv", "ab" * 32, 1, "csv"))


def test_fix_file_is_private_and_can_be_written_again(tmp_path: Path) -> None:
    first = write_fix_file(tmp_path / "fix", "november.csv", b"one")
    again = write_fix_file(tmp_path / "fix", "november.to-fix.csv", b"two")
    assert first == again == tmp_path / "fix" / "november.to-fix.csv"
    assert (again.read_bytes(), mode_of(again)) == (b"two", 0o600)
    assert [it.name for it in (tmp_path / "fix").iterdir()] == ["november.to-fix.csv"]


def test_fix_file_stays_in_its_folder(tmp_path: Path) -> None:
    assert write_fix_file(tmp_path / "fix", "../../elsewhere.csv", b"x").parent == tmp_path / "fix"


def test_fix_file_does_not_appear_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(descriptor: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("adapters.file_drop.os.fsync", full_disk)
    with pytest.raises(OSError, match="disk full"):
        write_fix_file(tmp_path, "november.csv", b"one")
    assert list(tmp_path.iterdir()) == []
