"""Does a locked ZIP open with its passphrase alone, for programs that are not ours?"""

import shutil
import subprocess
import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from adapters.locked_zip import BITS, GROUP, GROUPS, LETTERS, new_passphrase, packed

AT = datetime(2026, 11, 26, 21, 30)
FILES = {
    "notes/SN-1.pdf": b"%PDF-1.4 " + bytes(range(256)) * 300,
    "index.html": "Größe: ein Wort".encode(),
    "empty": b"",
}
SEVEN_ZIP = shutil.which("7zz") or shutil.which("7z")


def unpacked_by_7_zip(file: Path, passphrase: str, folder: Path) -> int:
    command = [SEVEN_ZIP, "x", "-y", f"-p{passphrase}", f"-o{folder}", str(file)]
    return subprocess.run(command, capture_output=True, timeout=60).returncode


@pytest.mark.skipif(SEVEN_ZIP is None, reason="7-Zip is not installed")
def test_7_zip_opens_it_with_the_passphrase_alone(tmp_path: Path):
    passphrase = new_passphrase()
    file = tmp_path / "file.zip"
    file.write_bytes(packed(FILES, AT, passphrase))
    assert unpacked_by_7_zip(file, passphrase, tmp_path / "open") == 0
    assert {name: (tmp_path / "open" / name).read_bytes() for name in FILES} == FILES
    wrong = passphrase[:-1] + ("A" if passphrase[-1] != "A" else "B")
    assert unpacked_by_7_zip(file, wrong, tmp_path / "shut") != 0


@pytest.mark.skipif(SEVEN_ZIP is None, reason="7-Zip is not installed")
def test_7_zip_says_aes_256_and_notices_a_changed_byte(tmp_path: Path):
    passphrase, file = new_passphrase(), tmp_path / "file.zip"
    whole = packed(FILES, AT, passphrase)
    file.write_bytes(whole)
    listed = subprocess.run([SEVEN_ZIP, "l", "-slt", str(file)], capture_output=True, text=True, timeout=60).stdout
    assert listed.count("AES-256") == len(FILES)
    place = len(whole) // 2
    file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    assert unpacked_by_7_zip(file, passphrase, tmp_path / "open") != 0


def test_locked_entries_are_ae_2_without_a_checksum(tmp_path: Path):
    """Read from the bytes: method 99, AES-256 by WinZip's version 2, and no CRC of what is inside."""
    file = tmp_path / "file.zip"
    file.write_bytes(packed(FILES, AT, new_passphrase()))
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
    assert entries[0].filename == "index.html"
    assert {(entry.compress_type, entry.CRC, entry.flag_bits & 1) for entry in entries} == {(99, 0, 1)}
    assert {entry.extra[:9] for entry in entries} == {b"\x01\x99\x07\x00\x02\x00AE\x03"}


def test_plain_zip_opens_without(tmp_path: Path):
    file = tmp_path / "file.zip"
    file.write_bytes(packed(FILES, AT, None))
    with zipfile.ZipFile(file) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == FILES


def test_passphrase_is_new_each_time_and_long_enough():
    made = {new_passphrase() for _ in range(200)}
    assert len(made) == 200 and BITS > 112
    for each in made:
        assert [len(group) for group in each.split("-")] == [GROUP] * GROUPS
        assert set(each) <= {*LETTERS, "-"}
    assert not set("01OIL") & set(LETTERS)
